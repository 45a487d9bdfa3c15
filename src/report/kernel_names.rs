//! What the modelled kernels call their shared words, milestones and waits, in a trace.

use super::trace::Vocabulary;
use crate::judgement::source_lines::Places;
use crate::machine::{player, program};
use crate::scenario::{Act, Role, Scenario};
use kernel_model::{Layout, Point, Wait, Word};
use sim::Site;
use std::collections::BTreeSet;

/// The kernel of a scenario's machine, and the scenario's programs.
#[derive(Debug, Clone)]
pub(crate) struct KernelNames {
    cpus: u16,
    places: Places,
    /// The vectors by which a key of the keyboard crashes the machine.
    crashes: BTreeSet<u8>,
}

impl KernelNames {
    /// Those of `scenario`.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let vectors = scenario.events.iter().filter_map(|event| match event.role {
            Role::SysrqCrash { vector, .. } => Some(vector),
            _ => None,
        });
        Self { cpus: scenario.machine.cpus as u16, places: Places::of(scenario), crashes: vectors.collect() }
    }

    /// Is the handler of that vector the crash, by SysRq-C?
    pub(crate) fn crashes(&self, vector: u8) -> bool {
        self.crashes.contains(&vector)
    }

    /// What a program says of itself.
    fn told(&self, code: u32, site: Option<Site>) -> Option<String> {
        let programs = self.places.programs();
        let act = programs.steps.get(site?.as_step()? as usize)?;
        Some(match (code, *act) {
            (player::SAYS, Act::Say(text)) => format!("says \"{}\"", programs.said[text as usize]),
            (player::PASSED | player::REACHED, Act::Reach(name)) => {
                format!("reaches {}", programs.reached[name as usize])
            }
            (player::CALLS, Act::Call { call, .. }) => format!("calls {}", call.name()),
            (player::RETURNS, Act::Call { call, .. }) => format!("is back from {}", call.name()),
            (player::FREES_ANOTHERS, Act::Unlock(_)) => "gives back a lock that is not its own".to_owned(),
            _ => return None,
        })
    }
}

impl Vocabulary for KernelNames {
    fn word(&self, word: u16) -> String {
        let own = self.places.programs().word_name(word);
        own.map_or_else(|| Layout::new(self.cpus).name(Word(word)).to_string(), str::to_owned)
    }

    fn milestone(&self, code: u32, site: Option<Site>) -> String {
        self.told(code, site).unwrap_or_else(|| format!("reaches {}", milestone(code)))
    }

    fn place(&self, site: Site) -> String {
        self.places.describe(site)
    }

    fn wait(&self, code: u32) -> &'static str {
        wait(code)
    }
}

fn wait(code: u32) -> &'static str {
    const WAITS: [(Wait, &str); 13] = [
        (Wait::IcrIdle, "for the ICR"),
        (Wait::Acknowledgement, "for acknowledgements"),
        (Wait::Lock, "for a lock"),
        (Wait::RunQueue, "for the end of a list"),
        (Wait::Shootdown, "for the others to stop"),
        (Wait::Backtrace, "for backtraces"),
        (Wait::Stop, "for the others to stop"),
        (Wait::SelfStop, "to be stopped"),
        (Wait::Callin, "for a CPU to call in"),
        (Wait::Callout, "to be called out"),
        (Wait::Mailbox, "for the mailbox"),
        (Wait::RemoteRead, "for a remote read"),
        (Wait::InitDeassert, "for INIT to go away"),
    ];
    WAITS
        .iter()
        .find(|(wait, _)| *wait as u32 == code)
        .map_or(if code == player::AWAITS { "for a word" } else { "for something" }, |(_, name)| name)
}

fn milestone(code: u32) -> String {
    const POINTS: [Point; 27] = [
        Point::CrashEntered,
        Point::CallbackRegistered,
        Point::NmiSendReturned,
        Point::Stopped,
        Point::ShootdownOver,
        Point::CaptureKernelEntered,
        Point::CaptureKernelReady,
        Point::Panicked,
        Point::RegistersSaved,
        Point::IoApicDisabled,
        Point::ArbitrationIdsSynced,
        Point::OthersStopped,
        Point::StoppedByCall,
        Point::BacktracePrinted,
        Point::BacktracesOver,
        Point::WakeUpBegins,
        Point::StartupWritten,
        Point::NeverDelivered,
        Point::DeliveryError,
        Point::WakeUpReturned,
        Point::TrampolineEntered,
        Point::CalledIn,
        Point::Booted,
        Point::Stuck,
        Point::NotResponding,
        Point::InquiryAnswered,
        Point::InquiryFailed,
    ];
    match POINTS.into_iter().find(|point| *point as u32 == code) {
        Some(point) => format!("{point:?}"),
        None if code == program::PROGRAM_ENDED => "ProgramEnded".to_owned(),
        None if code == program::SEQUENCE_RETURNED => "SequenceReturned".to_owned(),
        None if code == program::CALLS_RETURNED => "CallsReturned".to_owned(),
        None if code == program::BOOT_RETURNED => "BootReturned".to_owned(),
        None => format!("milestone {code}"),
    }
}
