//! Ctrl-C: the first one ends the run under way at its next look, the second one the program at once. While nothing runs,
//! the first one ends the program, with the same exit status.
//!
//! Nothing is registered before the first run, and no code of ours runs in a signal handler: it sets flags.

use super::exit_status::ExitStatus;
use crate::failure::Failure;
use signal_hook::consts::SIGINT;
use signal_hook::flag;
use sim::Handle;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// What the signal handler sets and asks.
#[derive(Debug)]
struct Flags {
    /// A run under way is to end.
    stop: Arc<AtomicBool>,
    /// Nobody will listen to that: the program is to end.
    at_once: Arc<AtomicBool>,
}

static FLAGS: OnceLock<Flags> = OnceLock::new();

/// As long as this lives, Ctrl-C ends the runs that its handle holds, and not the program.
#[derive(Debug)]
pub(crate) struct Interruptible {
    handle: Handle,
}

impl Interruptible {
    /// From now on. What was interrupted before is forgotten.
    ///
    /// # Errors
    /// The host does not let us handle the signal.
    pub(crate) fn begin() -> Result<Self, Failure> {
        let flags = match FLAGS.get() {
            Some(flags) => flags,
            None => {
                let flags =
                    register().map_err(|error| Failure::Host { what: "cannot handle Ctrl-C".to_owned(), error })?;
                FLAGS.get_or_init(|| flags)
            }
        };
        flags.stop.store(false, Ordering::SeqCst);
        flags.at_once.store(false, Ordering::SeqCst);
        Ok(Self { handle: Handle::of_flag(Arc::clone(&flags.stop)) })
    }

    /// The hand on the runs.
    pub(crate) fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        if let Some(flags) = FLAGS.get() {
            flags.at_once.store(true, Ordering::SeqCst);
        }
    }
}

/// Actions of a signal are done in the order of their registration: so the second Ctrl-C finds what the first one set.
fn register() -> io::Result<Flags> {
    let (stop, at_once) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    flag::register_conditional_shutdown(SIGINT, ExitStatus::Interrupted.code().into(), Arc::clone(&at_once))?;
    flag::register(SIGINT, Arc::clone(&stop))?;
    flag::register(SIGINT, Arc::clone(&at_once))?;
    Ok(Flags { stop, at_once })
}
