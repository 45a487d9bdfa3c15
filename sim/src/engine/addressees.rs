//! Whom a message may address, found by id instead of by asking every CPU.
//!
//! It never decides: it names a few CPUs that the interconnect then asks ([`Targets::candidates`]). Where it has no good
//! answer (broadcasts, logical ids of the page) everybody is asked.
//!
//! [`Targets::candidates`]: crate::bus::Targets::candidates

use crate::apic::{LocalApic, Mode};
use crate::bus::{Agent, DeliveryMode, DestinationMode, Message, Shorthand};
use std::collections::BTreeSet;

/// From here on two x2APIC ids may have one logical id (SDM vol. 3 §10.12.10.2: 16 bits of cluster).
const LOGICAL_IDS: u32 = 1 << 20;

/// What a CPU is listed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nowhere: its APIC is off.
    Nowhere,
    /// By the bits of its id that are compared outside x2APIC mode.
    Page(u32),
    /// By its id in x2APIC mode.
    Wide(u32),
}

/// Who has an id of eight bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Nobody,
    One(Agent),
    /// Several: everybody is asked.
    Several,
}

/// Those listed by ids.
#[derive(Debug)]
struct Index {
    /// By the bits of an id that are compared outside x2APIC mode.
    pages: Vec<Holder>,
    /// In x2APIC mode.
    wides: BTreeSet<(u32, Agent)>,
}

/// The CPUs by id.
#[derive(Debug)]
pub(super) struct Addressees {
    places: Vec<Place>,
    /// It is made when it is first asked for: many machines never do.
    index: Option<Index>,
    /// Bits of an id that are compared outside x2APIC mode.
    mask: u32,
    /// Logical destinations have 32 bits without clusters (82489DX).
    external: bool,
}

impl Addressees {
    /// Of `cpus` CPUs that are not listed yet, with ids of `id_bits` outside x2APIC mode.
    pub(super) fn new(cpus: usize, id_bits: u32, external: bool) -> Self {
        Self { places: vec![Place::Nowhere; cpus], index: None, mask: (1 << id_bits) - 1, external }
    }

    /// The APIC of `agent` may have another id or mode than before.
    pub(super) fn list(&mut self, agent: Agent, apic: &LocalApic) {
        let place = match apic.mode() {
            Mode::Disabled => Place::Nowhere,
            Mode::XApic => Place::Page(apic.id() & self.mask),
            Mode::X2Apic => Place::Wide(apic.id()),
        };
        let before = std::mem::replace(&mut self.places[usize::from(agent)], place);
        if before == place {
            return;
        }
        let Some(index) = &mut self.index else { return };
        match before {
            Place::Nowhere => {}
            Place::Page(id) => index.pages[id as usize] = holder(&self.places, id),
            Place::Wide(id) => drop(index.wides.remove(&(id, agent))),
        }
        match place {
            Place::Nowhere => {}
            Place::Page(id) => index.pages[id as usize].join(agent),
            Place::Wide(id) => drop(index.wides.insert((id, agent))),
        }
    }

    /// To be called before it is asked.
    #[inline]
    pub(super) fn make(&mut self) {
        if self.index.is_none() {
            self.make_anew();
        }
    }

    #[cold]
    fn make_anew(&mut self) {
        let mut index = Index { pages: vec![Holder::Nobody; self.mask as usize + 1], wides: BTreeSet::new() };
        for (&place, agent) in self.places.iter().zip(0..) {
            match place {
                Place::Nowhere => {}
                Place::Page(id) => index.pages[id as usize].join(agent),
                Place::Wide(id) => drop(index.wides.insert((id, agent))),
            }
        }
        self.index = Some(index);
    }

    /// Pushes everybody whom `message` may address, lowest first. False: ask each.
    #[inline]
    pub(super) fn find(&self, message: &Message, found: &mut Vec<Agent>) -> bool {
        let Some(index) = &self.index else { return false };
        if message.is_init_deassert() {
            return false;
        }
        match (message.shorthand, message.destination_mode) {
            (Shorthand::Own, _) => found.push(message.source),
            (Shorthand::None, DestinationMode::Physical) => return self.physical(index, message.destination, found),
            (Shorthand::None, DestinationMode::Logical) => return self.logical(index, message.destination, found),
            (Shorthand::AllIncludingSelf | Shorthand::AllExcludingSelf, _) => return false,
        }
        true
    }

    /// The only one whom `message` addresses. `None`: it is another kind of message, or there are not just one.
    #[inline]
    pub(super) fn sole(&self, message: &Message) -> Option<Agent> {
        let index = self.index.as_ref()?;
        let is_plain = matches!(message.mode, DeliveryMode::Fixed | DeliveryMode::Nmi)
            && message.shorthand == Shorthand::None
            && message.destination_mode == DestinationMode::Physical;
        // No id of a page is all ones in the bits that are compared: that destination is everybody.
        if !is_plain || message.destination > 0xFF || message.destination & self.mask == self.mask {
            return None;
        }
        match index.pages.get(message.destination as usize & self.mask as usize)? {
            &Holder::One(agent) if index.wides.is_empty() => Some(agent),
            _ => None,
        }
    }

    #[inline]
    fn physical(&self, index: &Index, destination: u32, found: &mut Vec<Agent>) -> bool {
        let everybody = destination == u32::MAX || destination <= 0xFF && destination & self.mask == self.mask;
        if everybody || destination == 0xFF {
            return false;
        }
        if !index.wides.is_empty() {
            push(&index.wides, destination, destination, found);
        }
        if destination <= 0xFF {
            match index.pages[(destination & self.mask) as usize] {
                Holder::Nobody => {}
                Holder::One(agent) => found.push(agent),
                Holder::Several => {
                    found.clear();
                    return false;
                }
            }
            if found.len() > 1 {
                found.sort_unstable();
            }
        }
        true
    }

    /// In x2APIC mode a logical destination names a cluster of sixteen ids. One that a page may hear has eight bits.
    #[inline(never)]
    fn logical(&self, index: &Index, destination: u32, found: &mut Vec<Agent>) -> bool {
        let wide = destination > 0xFF && destination != u32::MAX && !self.external;
        if !wide || index.wides.last().is_some_and(|&(id, _)| id >= LOGICAL_IDS) {
            return false;
        }
        let cluster = destination >> 16 << 4;
        push(&index.wides, cluster, cluster | 0xF, found);
        found.sort_unstable();
        true
    }
}

impl Holder {
    /// `agent` has the id, too.
    const fn join(&mut self, agent: Agent) {
        *self = match self {
            Self::Nobody => Self::One(agent),
            Self::One(_) | Self::Several => Self::Several,
        };
    }
}

/// Who has `id` outside x2APIC mode?
fn holder(places: &[Place], id: u32) -> Holder {
    let mut holder = Holder::Nobody;
    for (_, agent) in places.iter().zip(0..).filter(|(place, _)| **place == Place::Page(id)) {
        holder.join(agent);
    }
    holder
}

fn push(ids: &BTreeSet<(u32, Agent)>, first: u32, last: u32, found: &mut Vec<Agent>) {
    found.extend(ids.range((first, 0)..=(last, Agent::MAX)).map(|&(_, agent)| agent));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apic::{Clocks, Preset};
    use crate::generation::{Generation, Knobs};
    use crate::time::{ClockDomain, Time};

    fn apic(generation: Generation, agent: Agent, id: u32, mode: Mode, ldr: u32) -> LocalApic {
        let clock = ClockDomain::new(1000, 1);
        let mut apic = LocalApic::new(generation, Knobs::default(), agent, id, Clocks { core: clock, timer: clock });
        apic.preset(&Preset { mode, ldr, ..Preset::default() });
        apic
    }

    /// Against asking everybody: nobody who is addressed is left out, whatever the modes, ids and destinations.
    #[test]
    fn nobody_who_is_addressed_is_left_out() {
        let mut state = 11u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for round in 0..400 {
            let generation = [Generation::I82489Dx, Generation::P6, Generation::XApic, Generation::X2Apic][round % 4];
            let profile = generation.profile();
            let cpus = 5 + next(30) as usize;
            let mut addressees = Addressees::new(cpus, profile.id_bits, generation == Generation::I82489Dx);
            let mut apics = Vec::new();
            for agent in 0..cpus as Agent {
                let mode = match next(4) {
                    0 => Mode::Disabled,
                    1 | 2 if profile.x2apic => Mode::X2Apic,
                    _ => Mode::XApic,
                };
                let id = [next(16), next(300), next(1 << 22)][next(3) as usize] as u32;
                let earlier = apic(generation, agent, next(99) as u32, Mode::XApic, 0);
                addressees.list(agent, &earlier);
                let apic = apic(generation, agent, id, mode, (next(256) as u32) << 24);
                addressees.list(agent, &apic);
                apics.push(apic);
                if agent == 3 {
                    addressees.make(); // some are listed before, some after
                }
            }
            for _ in 0..200 {
                let own = apics[next(cpus as u64) as usize].id();
                let logical = own >> 4 << 16 | 1 << (own & 15);
                let destinations =
                    [own, logical, next(16) as u32, next(256) as u32, 0xFF, u32::MAX, next(1 << 32) as u32];
                let shorthands = [Shorthand::None, Shorthand::None, Shorthand::Own, Shorthand::AllExcludingSelf];
                let message = Message {
                    source: next(cpus as u64) as Agent,
                    number: 0,
                    mode: if next(8) == 0 { DeliveryMode::Init } else { DeliveryMode::Fixed },
                    vector: 0x41,
                    destination_mode: [DestinationMode::Physical, DestinationMode::Logical][next(2) as usize],
                    destination: destinations[next(7) as usize],
                    shorthand: shorthands[next(4) as usize],
                    level_triggered: next(4) == 0,
                    asserted: next(4) != 0,
                    written_at: Time::ZERO,
                    queues: false,
                };
                let addressed =
                    || apics.iter().zip(0..).filter(|(apic, _)| apic.addressed_by(&message)).map(|(_, agent)| agent);
                if let Some(agent) = addressees.sole(&message) {
                    assert_eq!(addressed().collect::<Vec<Agent>>(), [agent], "{generation:?} {message:?}");
                }
                let mut found = Vec::new();
                if addressees.find(&message, &mut found) {
                    assert!(found.is_sorted_by(|a, b| a < b), "{found:?}");
                    for (agent, apic) in apics.iter().enumerate().filter(|(_, apic)| apic.addressed_by(&message)) {
                        assert!(found.contains(&(agent as Agent)), "{generation:?} {message:?} {:X}", apic.id());
                    }
                }
            }
        }
    }
}
