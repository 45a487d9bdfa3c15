//! What can go wrong between a request and its report: the input, the machine, the host.
//!
//! What the program ends with is the command line's affair (`cli/exit_status.rs`).

use crate::machine::AssemblyError;
use crate::run::RunFailure;
use crate::scenario::diagnostic::InputError;
use sim::RunError;
use std::io;

/// A command that could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Bad usage or input.
    #[error("{0}")]
    Input(Box<InputError>),
    /// The host: a file, the disk, a permission.
    #[error("{what}: {error}")]
    Host {
        /// What we were doing.
        what: String,
        /// What the host says.
        error: io::Error,
    },
    /// Our output is closed: not an error.
    #[error("the output is closed")]
    ClosedPipe,
}

impl Failure {
    /// The message for standard error, with colours if `styled`; none where there is nothing to say.
    pub fn render(&self, styled: bool) -> Option<String> {
        match self {
            Self::Input(error) => Some(error.render(styled)),
            Self::Host { .. } => Some(format!("error: {self}")),
            Self::ClosedPipe => None,
        }
    }

    /// A failure to write to `what`.
    pub(crate) fn writing(what: &str, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Host { what: format!("cannot write {what}"), error },
        }
    }
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Self::Input(Box::new(error))
    }
}

impl From<RunFailure> for Failure {
    /// A scenario that its machine cannot run is bad input.
    ///
    /// # Panics
    /// If the fault is our software's.
    fn from(failure: RunFailure) -> Self {
        if let RunFailure::Program { place, .. } = &failure {
            return InputError::new(failure.to_string())
                .at(&place.place, "here")
                .help("a handler that lets its own interrupt in again nests; a loop without an operation stands still")
                .into();
        }
        let help = match &failure {
            RunFailure::Assembly(AssemblyError::Bus(_)) => {
                "every agent of a serial bus needs an APIC id of its own, 0 to 14"
            }
            RunFailure::Assembly(AssemblyError::TooManyRoles(_)) => "spread the roles over more CPUs",
            RunFailure::Program { .. } => unreachable!("it has a place, and was told above"),
            RunFailure::Assembly(_) => "change the costs or the faults of the scenario",
            RunFailure::Run(RunError::Device { .. }) => "leave it out of the scenario, or wait for a later version",
            RunFailure::Run(RunError::Standstill { .. }) => "give operations a cost: `costs` of the scenario has zeros",
            RunFailure::OwnCode { .. } => {
                "it runs wherever a CPU waits or sends: look at the line, and at the call before it"
            }
            // The software is ours, or a kernel's as we wrote it down: a panic of it is a bug.
            RunFailure::Run(error) => panic!("{error}"),
        };
        InputError::new(failure.to_string()).help(help).into()
    }
}
