//! Arbitration ids of the serial bus.
//!
//! Not modelled: an agent's own idea of the ids of others (each keeps its own only, as SDM vol. 3 §10.7 has it).

use super::Agent;
use std::fmt;

/// Most agents on one serial bus: ids 0 to 14, FH is the broadcast destination (SDM vol. 3 §10.4.6).
const AGENTS_MAX: usize = 15;

/// Why a bus cannot be built from a list of APIC ids.
///
/// ```
/// use sim::bus::{BusError, SerialBus};
///
/// assert_eq!(SerialBus::new(&[1, 0x11]).err(), Some(BusError::DuplicateId { first: 0, second: 1, id: 1 })); // four bits count
/// assert_eq!(SerialBus::new(&[0xF]).err(), Some(BusError::BroadcastId { agent: 0 }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BusError {
    /// More agents than a serial bus can tell apart.
    TooManyAgents {
        /// How many were asked for.
        agents: usize,
    },
    /// Two agents have the same low four bits of their APIC id.
    DuplicateId {
        /// The agent that came first.
        first: Agent,
        /// The one that came second.
        second: Agent,
        /// The four bits they share.
        id: u8,
    },
    /// The low four bits of an APIC id are FH, the broadcast destination.
    BroadcastId {
        /// The agent.
        agent: Agent,
    },
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyAgents { agents } => {
                write!(f, "{agents} agents on a serial bus, which has ids for {AGENTS_MAX}")
            }
            Self::DuplicateId { first, second, id } => {
                write!(f, "agents {first} and {second} have the same id {id:X} (low four bits) on a serial bus")
            }
            Self::BroadcastId { agent } => {
                write!(f, "agent {agent} has id F (low four bits), which is the broadcast destination")
            }
        }
    }
}

impl std::error::Error for BusError {}

/// The 4-bit arbitration ids of all agents, which every APIC tracks for itself (SDM vol. 3 §10.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArbitrationIds {
    /// Current ids, by agent. All different while everybody is in step.
    ids: Vec<u8>,
    /// What the bus was built with.
    initial: Vec<u8>,
    /// Has an agent lost step since the last resynchronisation?
    out_of_step: bool,
}

impl ArbitrationIds {
    /// After reset an arbitration id is the low four bits of the APIC id (SDM vol. 3 §10.4.7.1). `apic_ids`: by agent.
    ///
    /// # Errors
    /// If the ids cannot share a serial bus.
    pub fn new(apic_ids: &[u8]) -> Result<Self, BusError> {
        if apic_ids.len() > AGENTS_MAX {
            return Err(BusError::TooManyAgents { agents: apic_ids.len() });
        }
        let ids: Vec<u8> = apic_ids.iter().map(|id| id & 0xF).collect();
        for (agent, &id) in (0..).zip(&ids) {
            if id == 0xF {
                return Err(BusError::BroadcastId { agent });
            }
            if let Some(first) = (0..agent).find(|&other| ids[usize::from(other)] == id) {
                return Err(BusError::DuplicateId { first, second: agent, id });
            }
        }
        Ok(Self { initial: ids.clone(), ids, out_of_step: false })
    }

    /// The ids, by agent.
    pub fn ids(&self) -> &[u8] {
        &self.ids
    }

    /// The id of `agent`.
    ///
    /// # Panics
    /// If it is not on the bus.
    pub fn of(&self, agent: Agent) -> u8 {
        self.ids[usize::from(agent)]
    }

    /// Injected: `agent` loses step, its id becomes `id` (low four bits), whoever else has that.
    ///
    /// # Panics
    /// If it is not on the bus.
    pub fn corrupt(&mut self, agent: Agent, id: u8) {
        self.ids[usize::from(agent)] = id & 0xF;
        self.out_of_step = true;
    }

    /// The update at the status cycle of a message of `winner` that was accepted or retried (not after an error): the
    /// winner gets 0, the others one more, and one that holds 15 the winner's old id plus one (SDM vol. 3 §10.7;
    /// 82093AA §3.2.3; which messages: status table in SDM vol. 3 §10.13.2.3).
    ///
    /// # Panics
    /// If `winner` is not on the bus.
    pub fn rotate(&mut self, winner: Agent) {
        self.rotate_all(&[winner]);
    }

    /// The same after an arbitration that several have won, being out of step.
    ///
    /// # Panics
    /// If there is no winner, or one is not on the bus.
    pub fn rotate_all(&mut self, winners: &[Agent]) {
        let old = winners.iter().map(|&agent| self.of(agent)).max().expect("somebody has won");
        for (agent, id) in (0..).zip(&mut self.ids) {
            *id = match *id {
                _ if winners.contains(&agent) => 0,
                0xF => (old + 1) & 0xF,
                other => other + 1,
            };
        }
        self.out_of_step |= winners.len() > 1;
        debug_assert!(self.out_of_step || self.are_unique(), "arbitration ids collide: {:?}", self.ids);
    }

    /// INIT level de-assert: every agent reloads its APIC id (SDM vol. 3 §10.6.1), as it is now: `apic_id` by agent. One
    /// without gets what the bus was built with.
    pub fn resynchronise(&mut self, apic_id: impl Fn(Agent) -> Option<u32>) {
        for (agent, (id, initial)) in (0..).zip(self.ids.iter_mut().zip(&self.initial)) {
            *id = apic_id(agent).map_or(*initial, |apic_id| apic_id as u8 & 0xF);
        }
        self.out_of_step = !self.are_unique(); // software may have given two APICs one id
    }

    fn are_unique(&self) -> bool {
        let seen = self.ids.iter().fold(0_u32, |seen, id| seen | 1 << id);
        seen.count_ones() as usize == self.ids.len()
    }

    /// All ids in one word, four bits an agent.
    pub(super) fn word(&self) -> u64 {
        self.ids.iter().rev().fold(0, |word, &id| word << 4 | u64::from(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_unique_whoever_wins() {
        let mut ids = ArbitrationIds::new(&[0, 1, 2, 3, 14]).expect("legal ids");
        let mut random = 1_u32;
        for _ in 0..10_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ids.rotate((random >> 16) as Agent % 5); // asserts that they are unique
        }
    }

    #[test]
    fn a_lone_winner_meets_the_same_ids_after_15_messages() {
        for apic_ids in [vec![0, 1, 2, 3, 14], (0..15).collect()] {
            let mut ids = ArbitrationIds::new(&apic_ids).expect("legal ids");
            ids.rotate(2);
            let first = ids.clone();
            let period = (1..).take_while(|_| {
                ids.rotate(2);
                ids != first
            });
            assert_eq!(period.count() + 1, 15, "{apic_ids:?}");
        }
    }

    #[test]
    fn rotation_and_resynchronisation_follow_section_10_7() {
        let mut ids = ArbitrationIds::new(&[4, 14, 9]).expect("legal ids");
        ids.rotate(0);
        assert_eq!(ids.ids(), [0, 15, 10]);
        ids.rotate(2);
        assert_eq!(ids.ids(), [1, 11, 0], "15 becomes the winner's old id plus one");
        ids.resynchronise(|agent| [None, Some(14), Some(9)][usize::from(agent)]);
        assert_eq!(ids.ids(), [4, 14, 9]);
        ids.corrupt(0, 9);
        ids.rotate_all(&[0, 2]);
        assert_eq!(ids.ids(), [0, 15, 0], "out of step: both won");
    }

    #[test]
    fn impossible_id_lists_are_refused() {
        let table: [(&[u8], BusError); 3] = [
            (&[0; 16], BusError::TooManyAgents { agents: 16 }),
            (&[0, 1, 0x11], BusError::DuplicateId { first: 1, second: 2, id: 1 }),
            (&[0, 15], BusError::BroadcastId { agent: 1 }),
        ];
        for (ids, error) in table {
            assert_eq!(ArbitrationIds::new(ids), Err(error), "{error}");
        }
    }
}
