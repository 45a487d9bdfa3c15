//! The two data wires in one cycle: what is driven, what is read, and who is left after arbitration on PICD1.
//!
//! Not modelled: electrical levels (a logical 1 is a wire driven low), set-up and hold times.

use super::agent_set::AgentSet;
use crate::bus::Agent;

/// One cycle of the wires as logical levels: PICD1 in bit 1, PICD0 in bit 0.
pub(super) type Symbol = u8;

/// PICD1, on which agents arbitrate.
pub(super) const PICD1: Symbol = 2;

/// The state of the wires in one cycle. They are wired-OR: a wire reads 1 if anybody drives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Line {
    /// Wires that read 1 whatever is driven.
    pub(super) high: Symbol,
    /// Wires that read 0 whatever is driven.
    pub(super) low: Symbol,
}

impl Line {
    /// What everybody reads while `driven` is driven.
    pub(super) const fn read(self, driven: Symbol) -> Symbol {
        (driven | self.high) & !self.low & 3
    }

    /// Does a wire look driven all the time?
    pub(super) const fn never_idle(self) -> bool {
        self.read(0) != 0
    }
}

/// Who of `contenders` is left after `bits` cycles in which each drives the bits of its `key` on PICD1, the highest
/// first: an agent that sends 0 and reads 1 has lost, and drops out (SDM vol. 3 §10.7; 82801BA §5.8.3.2). `line` gives
/// the wires in each of these cycles, counted from 0.
pub(super) fn drop_out(
    contenders: AgentSet,
    bits: u64,
    key: impl Fn(Agent) -> u32,
    line: impl Fn(u64) -> Line,
) -> AgentSet {
    (0..bits).fold(contenders, |left, cycle| {
        let sends_one = |agent: &Agent| key(*agent) >> (bits - 1 - cycle) & 1 != 0;
        let ones: AgentSet = left.iter().filter(sends_one).collect();
        let driven = if ones.is_empty() { 0 } else { PICD1 };
        if line(cycle).read(driven) & PICD1 == 0 { left } else { ones }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_key_is_left() {
        let keys = [0b0101_u32, 0b1001, 0b1001, 0b0011];
        let table: [(&[Agent], &[Agent]); 4] = [(&[0, 3], &[0]), (&[0, 1, 3], &[1]), (&[1, 2], &[1, 2]), (&[], &[])];
        for (contenders, left) in table {
            let set = contenders.iter().copied().collect();
            let winners = drop_out(set, 4, |agent| keys[usize::from(agent)], |_| Line::default());
            assert_eq!(winners.iter().collect::<Vec<_>>(), left, "{contenders:?}");
        }
    }

    #[test]
    fn stuck_wires_spoil_arbitration() {
        let all: AgentSet = (0..3).collect();
        let key = |agent: Agent| [0b00_u32, 0b01, 0b11][usize::from(agent)];
        let left = |line: Line| drop_out(all, 2, key, |_| line);
        assert_eq!(left(Line { low: PICD1, ..Line::default() }), all, "nobody reads that another one sends 1");
        assert_eq!(left(Line { high: PICD1, ..Line::default() }).iter().collect::<Vec<_>>(), [2], "only all ones");
        assert_eq!(left(Line { high: 1, low: 1 }).iter().collect::<Vec<_>>(), [2], "PICD0 is not used");
    }
}
