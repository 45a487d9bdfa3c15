//! How a machine is executed. Nothing here ever changes a result.

use crate::time::Duration;

/// How windows are cut. Results never depend on it.
///
/// ```
/// use sim::{Duration, Window};
///
/// assert_ne!(Window::AtMost(Duration::from_ns(5)), Window::Full);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Window {
    /// As long as the rules allow.
    Full,
    /// At most half the lookahead past the earliest next effect.
    Half,
    /// At most this long past it.
    AtMost(Duration),
}

impl Window {
    pub(super) fn cap(self, lookahead: Duration) -> Option<Duration> {
        match self {
            Self::Full => None,
            Self::Half => Some(Duration::from_ps((lookahead.as_ps() / 2).max(1))),
            Self::AtMost(span) => Some(Duration::from_ps(span.as_ps().max(1))),
        }
    }
}

/// Which executor runs a machine.
///
/// ```
/// use sim::{Execution, Window};
///
/// let two_threads = Execution::Windowed { workers: 2, window: Window::Full };
/// assert_ne!(two_threads, Execution::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Execution {
    /// Windows, on this many workers (at least 1; worker 0 is the calling thread).
    Windowed {
        /// Number of workers.
        workers: usize,
        /// Window length.
        window: Window,
    },
    /// One thread, strictly in order.
    Reference,
}

impl Default for Execution {
    /// One worker, full windows: below about 2 µs of work a worker and window, more workers never pay.
    fn default() -> Self {
        Self::Windowed { workers: 1, window: Window::Full }
    }
}
