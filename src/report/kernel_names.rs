//! What the modelled kernels call their shared words, milestones and waits, in a trace.

use super::trace::Vocabulary;
use crate::machine::program;
use kernel_model::{Layout, Point, Wait, Word};

/// The kernel on a machine of so many CPUs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KernelNames {
    pub(crate) cpus: u16,
}

impl Vocabulary for KernelNames {
    fn word(&self, word: u16) -> String {
        Layout::new(self.cpus).name(Word(word)).to_string()
    }

    fn milestone(&self, code: u32) -> String {
        format!("reaches {}", milestone(code))
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
    WAITS.iter().find(|(wait, _)| *wait as u32 == code).map_or("for something", |(_, name)| name)
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
