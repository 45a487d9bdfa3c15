//! CPUs in xAPIC mode by their logical ids: whom a logical destination may address, without a look at the others.
//!
//! Not modelled: the destination of all ones, which addresses everybody.

use super::groups::{Group, Groups};
use super::identity::{ApicMode, Identity};
use crate::bus::Agent;

/// Logical ids of one model: 256, in rows of 16 by their high four bits.
const IDS: Group = 256;
/// Groups of the flat model begin here.
const FLAT: Group = 0;
/// Groups of the cluster model begin here.
const CLUSTER: Group = IDS;
/// The group of all whose DFR has a reserved model.
const RESERVED: Group = 2 * IDS;

/// For each set of four members: the sets that share a member with it, a bit each.
const SHARING: [u16; 16] = {
    let mut table = [0; 16];
    let mut pair = 0;
    while pair < 256 {
        if pair >> 4 & pair & 0xF != 0 {
            table[pair >> 4] |= 1 << (pair & 0xF);
        }
        pair += 1;
    }
    table
};

/// The index.
#[derive(Debug, Clone)]
pub(super) struct LogicalIndex {
    groups: Groups,
    /// The logical ids of either model that somebody has, a row a word.
    taken: [u16; 32],
    /// The rows of either model with any of them.
    rows: u32,
}

/// Where `identity` is; nowhere, unless in xAPIC mode.
fn group(identity: &Identity) -> Option<Group> {
    if identity.mode != ApicMode::XApic {
        return None;
    }
    let id = identity.ldr >> 24;
    Some(match identity.dfr >> 28 {
        0xF => FLAT + id,
        0 => CLUSTER + id,
        _ => RESERVED,
    })
}

impl LogicalIndex {
    pub(super) fn new(agents: usize) -> Self {
        Self { groups: Groups::new(RESERVED as usize + 1, agents), taken: [0; 32], rows: 0 }
    }

    /// `agent` is `new`, and was `old`.
    pub(super) fn change(&mut self, agent: Agent, old: &Identity, new: &Identity) {
        let (old, new) = (group(old), group(new));
        if old == new {
            return;
        }
        if let Some(emptied) = self.groups.put(agent, new) {
            self.mark(emptied, false);
        }
        if let Some(group) = new {
            self.mark(group, true);
        }
    }

    /// Has anybody the logical id of `group`?
    fn mark(&mut self, group: Group, taken: bool) {
        let row = group / 16;
        if let Some(ids) = self.taken.get_mut(row as usize) {
            *ids = *ids & !(1 << (group % 16)) | u16::from(taken) << (group % 16);
            self.rows = self.rows & !(1 << row) | u32::from(*ids != 0) << row;
        }
    }

    /// Calls `visit` at least for everybody whom `destination` addresses; `every_cluster`: F in its high bits means
    /// all clusters. Not for the destination of all ones.
    pub(super) fn candidates(&self, destination: u8, every_cluster: bool, visit: &mut dyn FnMut(Agent)) {
        let (high, sharing) = (u32::from(destination >> 4), SHARING[usize::from(destination & 0xF)]);
        let mut rows = self.rows;
        while rows != 0 {
            let row = rows.trailing_zeros();
            let flat = row < CLUSTER / 16;
            let every_id = flat && row & high != 0;
            if flat || row % 16 == high || every_cluster && high == 0xF {
                self.row(row, if every_id { u16::MAX } else { sharing }, visit);
            }
            rows &= rows - 1;
        }
        self.groups.each(RESERVED, visit);
    }

    /// Visits those of a row whose low bits are among `ids`.
    #[inline]
    fn row(&self, row: Group, ids: u16, visit: &mut dyn FnMut(Agent)) {
        let mut found = self.taken[row as usize] & ids;
        while found != 0 {
            self.groups.each(16 * row + found.trailing_zeros(), visit);
            found &= found - 1;
        }
    }
}
