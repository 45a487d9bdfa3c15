//! What every form of a trace does. A form writes as the run goes on, and keeps what does not grow with it.

use sim::bus::WireChange;
use sim::{Time, Told};
use std::io::{self, Write};

/// What writes a trace.
pub(crate) trait TraceForm: Send {
    /// What stands first.
    fn begin(&mut self) -> Vec<u8>;
    /// What is written of the next event. A form that needs all of them first keeps it on disk, which may be full.
    fn event(&mut self, told: &Told) -> io::Result<Vec<u8>>;
    /// Does it show what the wires of buses carry?
    fn shows_wires(&self) -> bool {
        false
    }
    /// All events before `until` have come, and these changes on wires. Writes what had to wait for that.
    fn committed(&mut self, _wires: &[WireChange], _until: Time, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
    /// Writes what stands last, of a trace that is whole.
    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
