//! What a CPU runs: its program, and the handlers on top.

use sim::Site;
use sim::{Context, Time};

/// What runs, or was interrupted by what runs on top of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) context: Context,
    /// Since when.
    pub(crate) since: Time,
    /// The line that it came before.
    pub(crate) interrupted: Option<Site>,
    pub(super) interrupt_flag: bool,
}
