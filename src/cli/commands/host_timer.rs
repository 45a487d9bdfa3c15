//! The host's clock: the only one that is read, and never for a result.

/// Host time: printed only as host time, and only if it is asked for.
pub(super) struct HostTimer(std::time::Instant);

impl HostTimer {
    #[expect(clippy::disallowed_methods, reason = "host time is reported as such and decides nothing")]
    pub(super) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(super) fn elapsed_us(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
