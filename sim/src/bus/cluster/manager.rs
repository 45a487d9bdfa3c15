//! Cluster managers: the queues between a cluster's bus and the others, and the links between managers.
//!
//! Not modelled: the protocol of the links, which nobody published. A manager knows at once when another one has room
//! again, and a link carries any number of messages side by side.

use super::map::{ClusterSet, places};
use crate::bus::Message;
use crate::time::{Duration, Time};
use std::collections::VecDeque;

/// A message on its way out of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) message: Message,
    /// Clusters it has not left for yet.
    pub(super) remaining: ClusterSet,
    /// Order among all managers: who waits longest goes first.
    pub(super) order: u64,
}

/// One cluster's manager.
#[derive(Debug, Clone, Default)]
pub(super) struct Manager {
    /// Taken from its bus, not on their way yet.
    pub(super) outgoing: VecDeque<Outgoing>,
    /// Arrived from other clusters. The first one is being sent on its bus.
    pub(super) incoming: VecDeque<Message>,
    /// Messages on their way here, which have their room already.
    pub(super) expected: usize,
}

/// What crosses a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cargo {
    /// A message, to this cluster.
    Message {
        /// Its place.
        to: usize,
        /// The message.
        message: Message,
    },
    /// The answer that this cluster has taken a message.
    Taken {
        /// Its place.
        by: usize,
        /// The message.
        message: Message,
    },
}

/// The links between all managers.
#[derive(Debug, Clone)]
pub(super) struct Links {
    hop: Duration,
    depth: usize,
    /// On their way, in the order of arrival, which is that of departures.
    pub(super) crossing: VecDeque<(Time, Cargo)>,
    /// Injected: from then on nothing passes to or from that cluster.
    dead: Vec<(Time, usize)>,
    departed: u64,
}

impl Links {
    pub(super) const fn new(hop: Duration, depth: usize) -> Self {
        Self { hop, depth, crossing: VecDeque::new(), dead: Vec::new(), departed: 0 }
    }

    pub(super) fn kill(&mut self, from: Time, place: usize) {
        self.dead.push((from, place));
    }

    /// Since when nothing passes between two clusters, if that is so at `at`.
    fn dead_since(&self, one: usize, other: usize, at: Time) -> Option<Time> {
        let dead = self.dead.iter().filter(|&&(from, place)| from <= at && (place == one || place == other));
        dead.map(|&(from, _)| from).min()
    }

    /// Since when a link is dead for what departs at `now`.
    pub(super) fn dead_for(&self, one: usize, other: usize, now: Time) -> Option<Time> {
        self.dead_since(one, other, now + self.hop)
    }

    /// Will something that departs now between two clusters arrive?
    pub(super) fn passes(&self, one: usize, other: usize, now: Time) -> bool {
        self.dead_for(one, other, now).is_none()
    }

    /// Has the manager room for one more message of its own bus?
    pub(super) fn has_room(&self, manager: &Manager) -> bool {
        manager.outgoing.len() < self.depth
    }

    /// Puts a message of its own bus into the manager's queue.
    pub(super) fn enqueue(&mut self, manager: &mut Manager, message: Message, remaining: ClusterSet) {
        manager.outgoing.push_back(Outgoing { message, remaining, order: self.departed });
        self.departed += 1;
    }

    pub(super) fn depart(&mut self, now: Time, cargo: Cargo) {
        self.crossing.push_back((now + self.hop, cargo));
    }

    /// Lets depart what can: the first message of each queue, for each cluster whose manager has room. One that cannot
    /// leave for all its clusters holds up those behind it. Gives the places of managers with room again.
    pub(super) fn pump(&mut self, managers: &mut [Manager], now: Time) -> ClusterSet {
        let mut relieved = 0;
        loop {
            let mut heads = [(0, 0); ClusterSet::BITS as usize];
            let mut count = 0;
            for (place, manager) in managers.iter().enumerate() {
                if let Some(head) = manager.outgoing.front() {
                    heads[count] = (head.order, place);
                    count += 1;
                }
            }
            heads[..count].sort_unstable();
            let mut left = false;
            for &(_, from) in &heads[..count] {
                left |= self.pump_one(managers, from, now);
                if managers[from].outgoing.front().is_some_and(|head| head.remaining == 0) {
                    managers[from].outgoing.pop_front();
                    relieved |= 1 << from;
                }
            }
            if !left {
                return relieved;
            }
        }
    }

    /// The first message of one queue. Did it leave for any cluster?
    fn pump_one(&mut self, managers: &mut [Manager], from: usize, now: Time) -> bool {
        let Some(Outgoing { message, mut remaining, .. }) = managers[from].outgoing.front().copied() else {
            return false;
        };
        let before = remaining;
        for to in places(remaining) {
            let far = &mut managers[to];
            if far.incoming.len() + far.expected < self.depth && self.passes(from, to, now) {
                far.expected += 1;
                remaining &= !(1 << to);
                self.depart(now, Cargo::Message { to, message });
            }
        }
        if let Some(head) = managers[from].outgoing.front_mut() {
            head.remaining = remaining;
        }
        remaining != before
    }

    /// What decides the future of queues and links, relative to `base`. A link that will die later makes it unique.
    pub(super) fn state(&self, managers: &[Manager], base: Time, words: &mut Vec<u64>) {
        let name = |message: &Message| u64::from(message.source) << 32 | u64::from(message.number);
        let oldest = managers.iter().flat_map(|manager| &manager.outgoing).map(|outgoing| outgoing.order).min();
        for manager in managers {
            words.extend([manager.outgoing.len() as u64, manager.incoming.len() as u64]);
            for outgoing in &manager.outgoing {
                let order = outgoing.order - oldest.unwrap_or(0);
                words.extend([name(&outgoing.message), u64::from(outgoing.remaining), order]);
            }
            words.extend(manager.incoming.iter().map(name));
        }
        for (at, cargo) in &self.crossing {
            words.push(at.since(base).as_ps());
            words.extend(match cargo {
                Cargo::Message { to, message } => [*to as u64, name(message)],
                Cargo::Taken { by, message } => [1 << 32 | *by as u64, name(message)],
            });
        }
        let dies_later = self.dead.iter().any(|&(from, _)| from > base);
        words.push(if dies_later { base.as_ps() } else { u64::MAX });
    }

    pub(super) fn skip(&mut self, span: Duration) {
        self.crossing.iter_mut().for_each(|(at, _)| *at += span);
    }
}
