//! How far a long run has come, on standard error, and only if that is a terminal: a line that is written over, and gone when
//! the run is over. A run of less than a second shows none.
//!
//! Not shown: how long it will still take. Nobody knows how much there is to simulate until the limit.

use sim::{Handle, Time};
use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

/// From one line to the next.
const PACE: Duration = Duration::from_millis(1_000);

/// A run whose progress is shown, until this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Shows the progress of runs that `handle` holds. `streams`: standard output is written to while they go on, and two
    /// things on one terminal would be none.
    pub(crate) fn of(handle: Handle, streams: bool) -> Self {
        Self::told(streams, move || line(handle.reached()))
    }

    /// Shows what `line` says.
    pub(crate) fn told(streams: bool, line: impl Fn() -> String + Send + 'static) -> Self {
        let clashes = streams && stdout().is_terminal();
        let shown = (stderr().is_terminal() && !clashes).then(|| {
            let (over, ended) = channel::<()>();
            let show = move || {
                let mut drawn = false;
                while ended.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                    drawn = true;
                    draw(&line());
                }
                if drawn {
                    draw("");
                }
            };
            (over, spawn(show))
        });
        Self { shown }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((over, thread)) = self.shown.take() {
            drop(over);
            let _a_lost_line_is_nothing = thread.join();
        }
    }
}

/// The line.
fn line(reached: Time) -> String {
    format!("{} ms simulated; Ctrl-C ends the run, and reports what has come by then", reached.as_ps() / 1_000_000_000)
}

/// In place of what stands there.
fn draw(line: &str) {
    let mut out = stderr().lock();
    let _closed_stderr_is_nothing = write!(out, "\r\x1b[K{line}").and_then(|()| out.flush());
}
