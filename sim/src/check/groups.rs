//! Agents in groups, each in one at most: the members of a group are found without a look at anybody else.
//!
//! Not modelled: an order of the members.

use crate::bus::Agent;

/// A member of a group, or the end of its list.
type Link = u32;
const END: Link = Link::MAX;

/// The number of a group.
pub(super) type Group = u32;
/// Of an agent in no group.
const NONE: Group = Group::MAX;

/// An agent's place in the list of its group.
#[derive(Debug, Clone, Copy)]
struct Member {
    group: Group,
    previous: Link,
    next: Link,
}

/// The groups. Joining and leaving cost the same in a group of any size.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    first: Vec<Link>,
    members: Vec<Member>,
}

impl Groups {
    /// `groups` groups, all empty, for the agents from 0 to below `agents`.
    pub(super) fn new(groups: usize, agents: usize) -> Self {
        let nowhere = Member { group: NONE, previous: END, next: END };
        Self { first: vec![END; groups], members: vec![nowhere; agents] }
    }

    /// Moves `agent` to `group`, or to none. Gives the group that it leaves empty behind it.
    pub(super) fn put(&mut self, agent: Agent, group: Option<Group>) -> Option<Group> {
        let left = self.leave(agent);
        if let Some(group) = group {
            self.join(agent, group);
        }
        left.filter(|&left| self.first[left as usize] == END)
    }

    fn join(&mut self, agent: Agent, group: Group) {
        let next = std::mem::replace(&mut self.first[group as usize], agent as Link);
        if let Some(next) = self.members.get_mut(next as usize) {
            next.previous = agent as Link;
        }
        self.members[agent as usize] = Member { group, previous: END, next };
    }

    fn leave(&mut self, agent: Agent) -> Option<Group> {
        let Member { group, previous, next } = self.members[agent as usize];
        if group == NONE {
            return None;
        }
        match self.members.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => self.first[group as usize] = next,
        }
        if let Some(next) = self.members.get_mut(next as usize) {
            next.previous = previous;
        }
        self.members[agent as usize].group = NONE;
        Some(group)
    }

    /// The member of `group`, if it has just one.
    #[inline]
    pub(super) fn only(&self, group: Group) -> Option<Agent> {
        let first = self.first[group as usize];
        let member = self.members.get(first as usize)?;
        (member.next == END).then_some(first as Agent)
    }

    /// Calls `visit` for each member of `group`.
    pub(super) fn each(&self, group: Group, visit: &mut (impl FnMut(Agent) + ?Sized)) {
        let mut link = self.first[group as usize];
        while let Some(member) = self.members.get(link as usize) {
            visit(link as Agent);
            link = member.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_agent_is_in_the_group_that_it_was_put_in_last() {
        let mut groups = Groups::new(5, 20);
        let mut model: [Option<Group>; 20] = [None; 20];
        let mut number = 1_u32;
        for _ in 0..2000 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (agent, group) = ((number >> 8) % 20, Some((number >> 16) % 6).filter(|&group| group < 5));
            let old = std::mem::replace(&mut model[agent as usize], group);
            let emptied = old.filter(|_| !model.contains(&old));
            assert_eq!(groups.put(agent as Agent, group), emptied);
            for group in 0..5 {
                let mut members = BTreeSet::new();
                groups.each(group, &mut |agent| assert!(members.insert(agent)));
                let expected = (0..20).filter(|&agent| model[agent as usize] == Some(group));
                assert_eq!(members, expected.collect());
                assert_eq!(groups.only(group), members.first().copied().filter(|_| members.len() == 1));
            }
        }
    }
}
