//! `apicsim show`: a scenario file, to read, to copy and to change.

use crate::cli::arguments::Show;
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::scenario;

pub(super) fn show(arguments: &Show) -> Result<ExitStatus, Failure> {
    output::print(&scenario::text(&arguments.scenario)?)?;
    Ok(ExitStatus::Success)
}
