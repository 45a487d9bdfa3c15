//! A CPU in HLT that waits for nothing in particular: since when, what it took last, and why its own timer does not wake it.
//!
//! Not modelled: whether a one-shot timer has fired already; the state does not count.

use super::chain::Chain;
use crate::judgement::keeps::Untaken;
use crate::judgement::state::Sleep;
use sim::apic::Mode;
use sim::{Context, HaltedTimer, Named};

/// Offsets of the timer's entry and of its initial count, and the MSR of offset 0 (SDM vol. 3 tables 10-1 and 10-6).
const TIMER_ENTRY: u16 = 0x320;
const INITIAL_COUNT: u16 = 0x380;
const X2APIC_BASE: u32 = 0x800;
/// Bit 16 of the timer's entry: masked. Bit 18: TSC-deadline mode, without an initial count (SDM vol. 3 §10.5.1, §10.5.4.1).
const MASKED: u32 = 1 << 16;
const TSC_DEADLINE: u32 = 1 << 18;

impl Chain<'_> {
    pub(super) fn halted(&mut self, number: u16, at: &str) {
        let cpu = self.cpu(number);
        let Some(Sleep::Halt(since)) = cpu.sleep() else { return };
        self.say(format!("CPU{number} is in HLT since {since} us: {at}"));
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

    /// A timer that is set, and that does not end this HLT.
    fn silent_timer(&mut self, number: u16) {
        let cpu = self.cpu(number);
        let does = match cpu.halted_timer {
            HaltedTimer::Runs => return,
            HaltedTimer::Stops => "stands still while it is in HLT",
            HaltedTimer::DoesNotWake => "does not wake it from HLT",
        };
        let read = |offset: u16| match cpu.apic.mode() {
            Mode::X2Apic => {
                let value = cpu.apic.peek_msr(X2APIC_BASE + u32::from(offset >> 4));
                value.and_then(Result::ok).map_or(MASKED, |value| value as u32)
            }
            Mode::XApic => cpu.apic.peek(offset).unwrap_or(MASKED),
            Mode::Disabled => MASKED,
        };
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
