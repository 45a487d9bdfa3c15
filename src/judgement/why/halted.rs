//! A CPU in HLT that waits for nothing in particular: since when, what it took last, and why its own timer does not wake it.
//!
//! Not modelled: whether a one-shot timer has fired already; the state does not count.

use super::chain::Chain;
use crate::judgement::keeps::Untaken;
use crate::judgement::state::Sleep;
use kernel_model::Point;
use sim::{Context, HaltedTimer, Milestone, Named};

/// Offsets of the timer's entry and of its initial count (SDM vol. 3 table 10-1).
const TIMER_ENTRY: u16 = 0x320;
const INITIAL_COUNT: u16 = 0x380;
/// Bit 16 of the timer's entry: masked. Bit 18: TSC-deadline mode, without an initial count (SDM vol. 3 §10.5.1, §10.5.4.1).
const MASKED: u32 = 1 << 16;
const TSC_DEADLINE: u32 = 1 << 18;

impl Chain<'_> {
    pub(super) fn halted(&mut self, number: u16, at: &str) {
        let cpu = self.cpu(number);
        let Some(Sleep::Halt(since)) = cpu.sleep() else { return };
        self.say(format!("CPU{number} is in HLT since {since} us: {at}"));
        self.capture_kernel(number);
        if !Untaken::of(cpu).is_empty() {
            return self.untaken(number);
        }
        let taken = cpu.entered.filter(|(_, entered)| *entered <= since);
        let taken = taken.and_then(|(context, entered)| match context {
            Context::Interrupt(vector) => Some((format!("{vector:02X}"), entered)),
            Context::Nmi => Some(("an NMI".to_owned(), entered)),
            _ => None,
        });
        if let Some((what, entered)) = taken {
            self.say(format!("CPU{number} took {what} at {entered} us, before it halted, and nothing has come since"));
        }
        self.silent_timer(number);
    }

    /// Of one that has left the kernel that crashed, and whatever it held there.
    fn capture_kernel(&mut self, number: u16) {
        let ready = |reached: &&Milestone| reached.cpu == number && reached.code == Point::CaptureKernelReady as u32;
        if let Some(reached) = self.state.milestones.iter().find(ready) {
            self.say(format!("CPU{number} is in the capture kernel, which was up at {} us", reached.at));
        }
    }

    /// A timer that is set, and that does not end this HLT.
    fn silent_timer(&mut self, number: u16) {
        let cpu = self.cpu(number);
        let does = match cpu.halted_timer {
            HaltedTimer::Runs => return,
            HaltedTimer::Stops => "stands still while it is in HLT",
            HaltedTimer::DoesNotWake => "does not wake it from HLT",
        };
        let read = |offset: u16| cpu.register(offset).unwrap_or(MASKED);
        let entry = read(TIMER_ENTRY);
        if entry & MASKED == 0 && (entry & TSC_DEADLINE != 0 || read(INITIAL_COUNT) != 0) {
            let (vector, knob) = (entry & 0xFF, cpu.halted_timer);
            self.say(format!(
                "CPU{number}'s APIC timer (vector {vector:02X}) {does} (`halted_timer`, {})",
                knob.name()
            ));
            self.root(format!("its APIC timer {does}"));
        }
    }
}
