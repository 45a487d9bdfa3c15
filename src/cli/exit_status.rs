//! Exit statuses: the only place where they are defined.

use crate::failure::Failure;
use crate::judgement::{RunReport, Verdict};
use sim::Interruption;
use std::process::{ExitCode, Termination};

/// How the program ends. Scripts rely on the difference between 1 and 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum ExitStatus {
    /// 0: the scenario's `expect` held, or nothing was expected and the run was decided; a closed output pipe too.
    Success = 0,
    /// 1: the scenario's `expect` did not hold.
    Unexpected = 1,
    /// 2: bad usage or bad input; the message says where and what would be right.
    BadInput = 2,
    /// 3: the host failed us: a file that cannot be read or written, a full disk, a missing permission.
    HostFailed = 3,
    /// 4: an invariant of our own broke: a bug; the message says how to report it with the replay token.
    InternalError = 4,
    /// 5: a budget was used up; what had come by then is reported.
    BudgetUsedUp = 5,
    /// 130: interrupted; what was finished is kept.
    Interrupted = 130,
}

impl ExitStatus {
    /// The number that the shell sees.
    pub(super) const fn code(self) -> u8 {
        self as u8
    }
}

impl From<&RunReport> for ExitStatus {
    fn from(report: &RunReport) -> Self {
        match report.verdict {
            Verdict::Interrupted => report.interruption.map_or(Self::Interrupted, Self::from),
            _ if report.ok() => Self::Success,
            _ => Self::Unexpected,
        }
    }
}

impl From<Interruption> for ExitStatus {
    fn from(why: Interruption) -> Self {
        match why {
            Interruption::Flag => Self::Interrupted,
            Interruption::Operations | Interruption::Events => Self::BudgetUsedUp,
        }
    }
}

impl From<&Failure> for ExitStatus {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::Input(error) if error.is_of_host() => Self::HostFailed,
            Failure::Input(_) => Self::BadInput,
            Failure::Host { .. } => Self::HostFailed,
            Failure::ClosedPipe => Self::Success,
        }
    }
}

impl Termination for ExitStatus {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::diagnostic::InputError;
    use std::io::{Error, ErrorKind};

    #[test]
    fn failures_tell_whose_fault_they_are() {
        let refused = || Error::from(ErrorKind::PermissionDenied);
        let all = [
            (InputError::new("not a scenario").into(), ExitStatus::BadInput),
            (InputError::host("cannot read it").into(), ExitStatus::HostFailed),
            (Failure::writing("the trace", refused()), ExitStatus::HostFailed),
            (Failure::writing("the trace", Error::from(ErrorKind::BrokenPipe)), ExitStatus::Success),
        ];
        for (failure, status) in all {
            assert_eq!(ExitStatus::from(&failure), status, "{failure}");
        }
    }

    #[test]
    fn codes_are_the_contract() {
        let all = [
            (ExitStatus::Success, 0),
            (ExitStatus::Unexpected, 1),
            (ExitStatus::BadInput, 2),
            (ExitStatus::HostFailed, 3),
            (ExitStatus::InternalError, 4),
            (ExitStatus::BudgetUsedUp, 5),
            (ExitStatus::Interrupted, 130),
        ];
        for (status, code) in all {
            assert_eq!(status.code(), code, "{status:?}");
        }
    }
}
