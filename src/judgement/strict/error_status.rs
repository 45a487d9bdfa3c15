//! Reads of the error status register: from the P6 on a write makes readable what has gathered, and a read without one gives
//! what was there at the last write (SDM vol. 3 §10.5.3). So the write has to come after the command whose errors are asked for.
//!
//! On the Pentium errors are readable at once, and a write before the read loses them (erratum 3AP). So software has to ask
//! which part it is on, which the version register tells it: where errors are readable at once, reads by a CPU that has read
//! its version are taken to be meant. Whether the answer was understood is not modelled.

use sim::{ErrorProtocol, Generation};

/// Are errors readable without a write?
pub(super) fn is_direct(generation: Generation) -> bool {
    generation.profile().error_protocol == ErrorProtocol::Direct
}

/// Is there such a register? (The 82489DX has none.)
pub(super) fn exists(generation: Generation) -> bool {
    generation.profile().error_protocol != ErrorProtocol::Absent
}

/// What a CPU has done to it since it was reset.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ErrorReads {
    /// It was written, and since then neither read nor a command sent.
    written: bool,
    knows_version: bool,
}

impl ErrorReads {
    pub(super) const fn written(&mut self) {
        self.written = true;
    }

    /// Its errors are gathered, and nobody sees them before the next write.
    pub(super) const fn command_written(&mut self) {
        self.written = false;
    }

    pub(super) const fn version_read(&mut self) {
        self.knows_version = true;
    }

    /// So many reads, one after the other; gives how many of them had no write before them.
    pub(super) const fn read(&mut self, count: u64, direct: bool) -> u64 {
        let unwritten = if self.written { count - 1 } else { count };
        self.written = false;
        if direct && self.knows_version { 0 } else { unwritten }
    }
}
