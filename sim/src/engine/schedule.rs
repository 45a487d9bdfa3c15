//! When each CPU may act next, as a tournament: the least and the second least are found, and one is changed, by looking
//! at one path; nobody looks at all CPUs.

use crate::time::Time;

/// So many leaves or fewer are looked at one by one.
const BUNCH: usize = 16;

/// So many CPUs, or fewer, are changed one by one.
const FEW: usize = 16;

/// The next actions of all CPUs.
#[derive(Debug)]
pub(super) struct Schedule {
    /// A complete binary tree over the leaves: each inner node has the least of its two.
    nodes: Vec<Time>,
    leaves: usize,
    /// Many CPUs change at once: the inner nodes are worked out when all are done.
    many: bool,
}

impl Schedule {
    /// Of `cpus` CPUs, which may all act at once.
    pub(super) fn new(cpus: usize) -> Self {
        let leaves = cpus.next_power_of_two();
        let mut schedule = Self { nodes: vec![Time::NEVER; 2 * leaves], leaves, many: false };
        (0..cpus).for_each(|cpu| schedule.set(cpu, Time::ZERO));
        schedule
    }

    /// CPU `cpu` may act next at `at`.
    pub(super) fn set(&mut self, cpu: usize, at: Time) {
        let mut node = self.leaves + cpu;
        self.nodes[node] = at;
        if self.many {
            return;
        }
        while node > 1 {
            let least = self.nodes[node].min(self.nodes[node ^ 1]);
            node /= 2;
            if self.nodes[node] == least {
                return;
            }
            self.nodes[node] = least;
        }
    }

    /// So many CPUs will be changed, before anything is asked: if they are many, a look at all nodes is cheaper than as many
    /// paths. Gives whether it must be told of the [end](Self::changed).
    #[inline]
    pub(super) fn change(&mut self, cpus: usize) -> bool {
        cpus > FEW && self.change_many(cpus)
    }

    #[cold]
    const fn change_many(&mut self, cpus: usize) -> bool {
        self.many = cpus > self.leaves / 8;
        self.many
    }

    /// All of them have been changed.
    #[cold]
    pub(super) fn changed(&mut self) {
        self.many = false;
        let mut level = self.leaves;
        while level > 1 {
            let (above, below) = self.nodes[level / 2..2 * level].split_at_mut(level / 2);
            let (pairs, _) = below.as_chunks::<2>();
            for (least, &[one, other]) in above.iter_mut().zip(pairs) {
                *least = one.min(other);
            }
            level /= 2;
        }
    }

    /// The earliest action.
    pub(super) fn least(&self) -> Time {
        self.nodes[1]
    }

    /// Who acts earliest (of several the first), and the earliest action of all others.
    pub(super) fn first_two(&self) -> (usize, Time) {
        let (mut node, mut second) = (1, Time::NEVER);
        while node < self.leaves {
            let (left, right) = (self.nodes[2 * node], self.nodes[2 * node + 1]);
            node = 2 * node + usize::from(right < left);
            second = second.min(left.max(right));
        }
        (node - self.leaves, second)
    }

    /// Pushes every CPU that may act before `end`, in the order of numbers. Gives the earliest action of all others.
    pub(super) fn before(&self, end: Time, found: &mut Vec<usize>) -> Time {
        self.collect(1, end, found)
    }

    fn collect(&self, node: usize, end: Time, found: &mut Vec<usize>) -> Time {
        if self.nodes[node] >= end {
            return self.nodes[node];
        }
        if node * BUNCH >= self.leaves {
            return self.collect_leaves(node, end, found);
        }
        let left = self.collect(2 * node, end, found);
        left.min(self.collect(2 * node + 1, end, found))
    }

    /// The same, leaf by leaf.
    fn collect_leaves(&self, node: usize, end: Time, found: &mut Vec<usize>) -> Time {
        let bunch = self.leaves >> node.ilog2();
        let first = node * bunch;
        let mut rest = Time::NEVER;
        for (place, &at) in self.nodes[first..first + bunch].iter().enumerate() {
            if at < end {
                found.push(first + place - self.leaves);
            } else {
                rest = rest.min(at);
            }
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against looking at everybody.
    #[test]
    fn the_tree_gives_what_a_look_at_everybody_gives() {
        let mut state = 3u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for cpus in [1, 2, 3, 8, 13, 33, 64] {
            let mut schedule = Schedule::new(cpus);
            let mut plain = vec![Time::ZERO; cpus];
            for _ in 0..2_000 {
                let cpu = next(cpus as u64) as usize;
                let at = if next(5) == 0 { Time::NEVER } else { Time::from_ps(next(30)) };
                schedule.set(cpu, at);
                plain[cpu] = at;
                if next(50) == 0 && schedule.change((FEW + 1).max(cpus)) {
                    for (cpu, plain) in plain.iter_mut().enumerate() {
                        *plain = Time::from_ps(next(30));
                        schedule.set(cpu, *plain);
                    }
                    schedule.changed();
                }
                let least = plain.iter().copied().min().expect("there is a CPU");
                let who = plain.iter().position(|&at| at == least).expect("somebody is least");
                let others = (0..cpus).filter(|&cpu| cpu != who).map(|cpu| plain[cpu]).min();
                assert_eq!(schedule.least(), least);
                assert_eq!(schedule.first_two(), (who, others.unwrap_or(Time::NEVER)));
                let end = Time::from_ps(next(30));
                let mut found = Vec::new();
                let rest = schedule.before(end, &mut found);
                let expected = plain.iter().copied().filter(|&at| at >= end).min();
                assert_eq!(rest, expected.unwrap_or(Time::NEVER));
                assert_eq!(found, (0..cpus).filter(|&cpu| plain[cpu] < end).collect::<Vec<_>>());
            }
        }
    }
}
