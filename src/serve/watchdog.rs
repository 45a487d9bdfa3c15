//! What ends a request that takes too long: it cuts the connection, and ends the run. No clock is read for that.

use sim::Handle;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// As long as this lives, the time of a request runs.
#[derive(Debug)]
pub(super) struct Watchdog {
    _over: Sender<()>,
}

impl Watchdog {
    /// After `patience` the run that `handle` holds is ended; after as much again, the connection is.
    pub(super) fn watch(stream: &TcpStream, handle: Handle, patience: Duration) -> std::io::Result<Self> {
        let stream = stream.try_clone()?;
        let (over, ended) = channel::<()>();
        let bite = move || {
            if ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                handle.stop();
                if ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                    let _already_gone = stream.shutdown(Shutdown::Both);
                }
            }
        };
        std::thread::Builder::new().spawn(bite)?;
        Ok(Self { _over: over })
    }
}
