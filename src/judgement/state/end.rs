//! How what waits at a CPU, in its IRR or in a latch of its core, comes to its end.

use sim::{Context, Time};

/// How what waited at a CPU came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The CPU took it: it entered this handler, or started, or was initialised.
    Taken(Time, Option<Context>),
    /// An INIT wiped it.
    Initialised(Time),
    /// The APIC was globally disabled, which wiped it.
    Disabled(Time),
}
