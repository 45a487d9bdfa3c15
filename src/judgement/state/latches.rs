//! What has come to a CPU and is not taken: each latch with when it was set, and by what.

use sim::Time;

/// Where something came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A message: its sender and its number.
    Message(u16, u32),
    /// A pin, or another local source of the CPU itself.
    Local,
    /// An injected fault.
    Injected,
}

/// When something came, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) at: Time,
    pub(crate) origin: Origin,
}

/// The latches of a CPU's core.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latches {
    pub(crate) init: Option<Cause>,
    pub(crate) nmi: Option<Cause>,
    pub(crate) smi: Option<Cause>,
    /// A triple fault that has not yet led to shutdown.
    pub(crate) shutdown: Option<Cause>,
    /// The vector of an external controller that interrupts, and where it came from.
    pub(crate) external: Option<(u8, Origin)>,
}

/// Of two causes of one kind the first counts. Gives false if there was one.
pub(super) fn latch(place: &mut Option<Cause>, at: Time, origin: Origin) -> bool {
    let free = place.is_none();
    place.get_or_insert(Cause { at, origin });
    free
}
