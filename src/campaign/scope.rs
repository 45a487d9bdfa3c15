//! Which of the things that have a closed list (mechanisms, refusals on the bus, fates of messages) a machine could show: what it
//! cannot do is no gap of a campaign.
//!
//! Not scoped: lines of software, of which nobody has a list of those that a story can come to.

use super::reached::REFUSALS;
use super::summary::Summary;
use crate::judgement::MessageFate;
use crate::scenario::named::{Named, by_name};
use crate::scenario::{Bus, Mechanism};
use sim::Generation;

/// What of a machine decides what it can show.
struct Abilities<'m> {
    /// It has the wires of the serial bus, on which targets answer.
    wires: bool,
    /// It has a front-side bus.
    front_side: bool,
    clusters: bool,
    /// Its ICR is written by two writes, and shows a delivery status.
    two_writes: bool,
    faults: &'m str,
}

impl<'m> Abilities<'m> {
    /// Of a machine by the values of its keys.
    fn of(names: &'m [String]) -> Self {
        let name = |at: usize| names.get(at).map_or("", String::as_str);
        let serial = by_name::<Generation>(name(3)).is_ok_and(|generation| generation.profile().serial);
        let clusters = name(4) == Bus::Cluster.name();
        Self {
            wires: serial && (clusters || name(4) == Bus::Serial.name()),
            front_side: !serial && (clusters || name(4) == Bus::Fsb.name()),
            clusters,
            two_writes: !name(1).starts_with("modern/x2apic"),
            faults: name(7),
        }
    }

    fn shows(&self, mechanism: Mechanism) -> bool {
        match mechanism {
            Mechanism::BackPressure | Mechanism::BlockedFrontSideBus | Mechanism::RedirectionRetried => self.front_side,
            Mechanism::ClusterManager => self.clusters,
            // No mechanisms of hardware: controls, and a bit that is jammed on purpose.
            Mechanism::NoAnswerNeeded | Mechanism::DeepSleep | Mechanism::Hypervisor | Mechanism::JammedBit => false,
            Mechanism::InterleavedSend => self.two_writes,
            _ => self.wires,
        }
    }

    fn has(&self, fate: MessageFate) -> bool {
        match fate {
            MessageFate::Retried | MessageFate::AcceptError => self.wires,
            MessageFate::Replaced | MessageFate::Dropped => self.two_writes,
            MessageFate::Lost => self.faults.contains("effect=lose"),
            _ => true,
        }
    }
}

/// What was never reached, and by how many of the machines it could have been.
pub(super) fn never(summary: &Summary) -> Vec<(String, usize)> {
    let machines: Vec<Abilities<'_>> = summary.machines.iter().map(|machine| Abilities::of(&machine.names)).collect();
    let able = |can: &dyn Fn(&Abilities<'_>) -> bool| machines.iter().filter(|machine| can(machine)).count();
    let mechanisms = Mechanism::ALL
        .iter()
        .map(|&mechanism| (format!("mechanism: {mechanism}"), able(&|machine| machine.shows(mechanism))));
    let refusals = REFUSALS.iter().map(|&name| (name.to_owned(), able(&|machine| machine.wires)));
    let fates =
        MessageFate::ALL.iter().map(|&fate| (format!("fate: {}", fate.name()), able(&|machine| machine.has(fate))));
    let all = mechanisms.chain(refusals).chain(fates);
    all.filter(|(name, able)| *able > 0 && summary.reached.iter().all(|one| one.name != *name)).collect()
}

/// The mechanism of a name, if it is one.
pub(super) fn mechanism(name: &str) -> Option<Mechanism> {
    by_name(name.strip_prefix("mechanism: ")?).ok()
}

/// What was reached, as people read it: a mechanism with what it is.
pub(super) fn told(name: &str) -> String {
    mechanism(name).map_or_else(|| name.to_owned(), |mechanism| format!("mechanism {}", mechanism.with_name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::summary::Machine;

    /// A summary in which nothing was reached, of machines with these sub-architectures, generations, buses and faults.
    fn summary(machines: &[[&str; 4]]) -> Summary {
        let machine = |[arch, generation, bus, fault]: &[&str; 4]| {
            let names = ["s", arch, "2.6.20", generation, bus, "4", "none", fault, "", "before"];
            Machine { names: names.map(str::to_owned).to_vec(), ..Machine::default() }
        };
        Summary { machines: machines.iter().map(machine).collect(), ..Summary::default() }
    }

    fn names(summary: &Summary, kind: &str) -> String {
        let never = never(summary);
        let of_kind = never.iter().filter_map(|(name, _)| name.strip_prefix(kind));
        of_kind.collect::<Vec<_>>().join(" ")
    }

    /// By the table in docs/mechanisms.md: what is of the serial bus, of a front-side bus, of clusters, of none.
    #[test]
    fn machines_show_what_they_can() {
        for (machine, mechanisms, refusals, fates) in [
            (["i386/default", "p6", "serial", "own"], "A B C D E F G H I J K", 3, 10),
            (["i386/numaq", "p6", "cluster", "none"], "A B C D E F G H I J K P", 3, 10),
            (["x86_64/flat", "xapic", "fsb", "own"], "D L M N", 0, 8),
            (["i386/es7000", "xapic", "cluster", "own"], "D L M N P", 0, 8),
            (["modern/x2apic-phys", "x2apic", "fabric", "own"], "", 0, 6),
            (["x86_64/flat", "xapic", "fsb", "message effect=lose every=4"], "D L M N", 0, 9),
            (["i386/default", "p6", "ideal", "own"], "D", 0, 8),
        ] {
            let one = summary(&[machine]);
            assert_eq!(names(&one, "mechanism: "), mechanisms, "{machine:?}");
            let count = |kind: &str| never(&one).iter().filter(|(name, _)| name.starts_with(kind)).count();
            assert_eq!((count("refusal: "), count("fate: ")), (refusals, fates), "{machine:?}");
        }
    }

    #[test]
    fn what_some_machines_can_is_counted_and_has_its_name() {
        let both = summary(&[["i386/default", "p6", "serial", "own"], ["x86_64/flat", "xapic", "fsb", "own"]]);
        let of = |name: &str| never(&both).into_iter().find(|(other, _)| other == name).map(|(_, able)| able);
        assert_eq!((of("mechanism: A"), of("mechanism: D"), of("mechanism: L")), (Some(1), Some(2), Some(1)));
        assert_eq!(told("mechanism: E"), "mechanism E: an NMI refused while one is latched");
        assert_eq!((told("fate: taken"), told("mechanism: Z")), ("fate: taken".to_owned(), "mechanism: Z".to_owned()));
    }
}
