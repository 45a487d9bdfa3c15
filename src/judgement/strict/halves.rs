//! The two halves of the ICR: the write of the low one sends, to where the high one says at that instant (SDM vol. 3 §10.6.1).
//!
//! A command is found that goes out before ICR high was ever written since the reset, and one to which ICR high was written
//! afterwards. The second is seen when its piece of code (a program, or a handler) ends: a write of ICR high that no command has followed by
//! then belongs to the command before it, which had none of its own, and so on back. Code that writes ICR high once and sends
//! twice to the same place is right, and is not found.

use super::command::is_deassert;
use super::findings::{Findings, Found};

/// The shorthand field: anything but 0 needs no destination (SDM vol. 3 §10.6.1).
const SHORTHAND: u32 = 3 << 18;

/// One piece of code.
#[derive(Debug, Clone, Default)]
struct Piece {
    level: usize,
    /// ICR high was written, and no command has gone out since.
    fresh: bool,
    /// Commands whose ICR high may have come after them.
    doubtful: Findings,
    /// The last command had no ICR high of its own, or followed one that had none.
    late: bool,
}

/// The pieces of code of a CPU, the innermost last.
#[derive(Debug, Clone, Default)]
pub(super) struct Halves {
    ever: bool,
    pieces: Vec<Piece>,
}

impl Halves {
    fn piece(&mut self, level: usize) -> &mut Piece {
        if self.pieces.last().is_none_or(|piece| piece.level < level) {
            self.pieces.push(Piece { level, ..Piece::default() });
        }
        self.pieces.last_mut().expect("there is one")
    }

    /// ICR high is written.
    pub(super) fn high(&mut self, level: usize) {
        self.ever = true;
        self.piece(level).fresh = true;
    }

    /// ICR low is written.
    pub(super) fn low(&mut self, level: usize, command: u32, found: impl Fn(String) -> Found, findings: &mut Findings) {
        if command & SHORTHAND != 0 || is_deassert(command) {
            return; // nobody looks at the destination
        }
        let ever = self.ever;
        let piece = self.piece(level);
        let fresh = std::mem::take(&mut piece.fresh);
        if !fresh {
            piece.late = true;
            piece.doubtful = Findings::default(); // two commands in a row: the one before had not missed its half
        }
        if !ever {
            findings.add(found(format!("command {command:08X} before ICR high was ever written")));
        } else if piece.late {
            piece.doubtful.add(found(format!("command {command:08X}, and ICR high is written after it")));
        }
    }

    /// The innermost piece of code ends.
    pub(super) fn piece_ends(&mut self, level: usize, findings: &mut Findings) {
        if let Some(piece) = self.pieces.pop_if(|piece| piece.level >= level)
            && piece.late
            && piece.fresh
        {
            findings.absorb(piece.doubtful);
        }
    }

    /// All of them end.
    pub(super) fn all_end(&mut self, findings: &mut Findings) {
        while !self.pieces.is_empty() {
            self.piece_ends(0, findings);
        }
    }
}
