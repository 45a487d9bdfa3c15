//! Machines with several domains of ids: which messages can get from one to another.
//!
//! Not modelled: how they travel. This is the checker's own reading of the scopes, from the places of the agents alone.

use super::identity::Addressed::{self, Certain, No, Perhaps};
use crate::bus::{Agent, DeliveryMode, DestinationMode, Domains, Message, PhysicalScope, Shorthand, ShorthandScope};
use crate::generation::ClusterFifteen;

/// How surely `message` of an agent in one domain gets to where `receiver` is, if it is addressed there.
pub(super) fn reach(domains: &Domains, fifteen: ClusterFifteen, message: &Message, receiver: Agent) -> Addressed {
    let home = |agent: Agent| domains.homes.get(usize::from(agent));
    let (Some(from), Some(to)) = (home(message.source), home(receiver)) else { return Perhaps };
    let same = from == to;
    let lowest = message.mode == DeliveryMode::LowestPriority;
    match (message.shorthand, message.destination_mode) {
        (Shorthand::Own, _) => Certain,
        // which domains hear an INIT de-assert is nowhere published
        _ if message.is_init_deassert() && !same => Perhaps,
        (Shorthand::None, DestinationMode::Logical) => {
            let destination = message.destination as u8;
            let every = destination == 0xFF || destination >> 4 == 0xF && fifteen == ClusterFifteen::EveryCluster;
            let named = destination >> 4 == *to;
            match () {
                // a lowest-priority broadcast stays where it is
                () if every && (same || !lowest) => Certain,
                // it names the domain, and there no member of a cluster, but perhaps somebody in the flat model
                () if named && !same && destination & 0xF == 0 => Perhaps,
                () if named => Certain,
                // an agent whose logical id names another domain than its own
                () if same => Perhaps,
                () => No,
            }
        }
        _ if same => Certain,
        (Shorthand::None, DestinationMode::Physical) => across(domains.physical == PhysicalScope::Machine),
        _ => across(domains.shorthands == ShorthandScope::Machine && !lowest),
    }
}

const fn across(reaches: bool) -> Addressed {
    if reaches { Certain } else { No }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    const FROM_DOMAIN_0: Message = Message {
        source: 0,
        number: 0,
        mode: DeliveryMode::Fixed,
        vector: 0x41,
        destination_mode: DestinationMode::Physical,
        destination: 2,
        shorthand: Shorthand::None,
        level_triggered: false,
        asserted: true,
        written_at: Time::ZERO,
        queues: false,
    };

    /// Agents 0 and 1 in domain 0, agents 2 and 3 in domain 5.
    fn domains(physical: PhysicalScope, shorthands: ShorthandScope) -> Domains {
        Domains { homes: vec![0, 0, 5, 5], physical, shorthands }
    }

    /// To agent 1, a fellow, and to agent 2 beyond.
    fn reached(domains: &Domains, message: Message) -> [Addressed; 2] {
        [1, 2].map(|agent| reach(domains, ClusterFifteen::Exact, &message, agent))
    }

    #[test]
    fn physical_destinations_and_shorthands_have_their_scopes() {
        let narrow = domains(PhysicalScope::Cluster, ShorthandScope::Cluster);
        let wide = domains(PhysicalScope::Machine, ShorthandScope::Machine);
        let others = Message { shorthand: Shorthand::AllExcludingSelf, ..FROM_DOMAIN_0 };
        for message in [FROM_DOMAIN_0, others] {
            assert_eq!(reached(&narrow, message), [Certain, No]);
            assert_eq!(reached(&wide, message), [Certain, Certain]);
        }
        let lowest = Message { mode: DeliveryMode::LowestPriority, ..others };
        assert_eq!(reached(&wide, lowest), [Certain, No]);
    }

    #[test]
    fn logical_destinations_name_a_domain() {
        let domains = domains(PhysicalScope::Cluster, ShorthandScope::Cluster);
        let logical =
            |destination| Message { destination_mode: DestinationMode::Logical, destination, ..FROM_DOMAIN_0 };
        let lowest = |destination| Message { mode: DeliveryMode::LowestPriority, ..logical(destination) };
        let table = [
            (logical(0x02), [Certain, No]),
            (logical(0x51), [Perhaps, Certain]),
            (logical(0x31), [Perhaps, No]),
            (logical(0x50), [Perhaps, Perhaps]),
            (logical(0x00), [Certain, No]),
            (logical(0xF1), [Perhaps, No]),
            (logical(0xFF), [Certain, Certain]),
            (lowest(0xFF), [Certain, No]),
            (lowest(0x51), [Perhaps, Certain]),
        ];
        for (message, expected) in table {
            assert_eq!(reached(&domains, message), expected, "{:02X}", message.destination);
        }
        let every = reach(&domains, ClusterFifteen::EveryCluster, &logical(0xF1), 2);
        assert_eq!(every, Certain);
    }
}
