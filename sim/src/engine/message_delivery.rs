//! Deliveries in a machine with faults of messages: what each fault makes of one, and what comes late.
//!
//! Not modelled: a slot that is kept free for a message that comes late; its vector is requested whatever the class holds.

use super::consequences::reached;
use super::fabric::{Fabric, Touched};
use super::slot::Slot;
use crate::bus::{Agent, Message, MessageEffect};
use crate::processor::Core;
use crate::stream::What;
use crate::time::Time;

impl Fabric {
    /// The interconnect delivers `message` to `agent` at `now`. Gives the agent, if it was changed.
    #[cold]
    pub(super) fn deliver_or_not<'c>(
        &mut self,
        now: Time,
        agent: Agent,
        message: &Message,
        cores: &'c mut [Slot],
    ) -> Option<&'c mut Core> {
        let faults = self.message_faults.as_mut()?;
        let Some(effect) = faults.next_fate() else {
            return Some(self.deliver_seldom(now, agent, message, cores));
        };
        match effect {
            MessageEffect::Delay(span) | MessageEffect::Duplicate(span) => faults.delay(now + span, agent, *message),
            MessageEffect::Lose | MessageEffect::Unnoticed => {}
        }
        self.keep_change();
        self.event(now, What::MessageFault(effect, agent, *message));
        self.carrier.disturb(now);
        match effect {
            MessageEffect::Lose | MessageEffect::Delay(_) => {
                if let Some(watch) = &mut self.watch {
                    watch.lost(agent, message, now);
                }
                None
            }
            MessageEffect::Duplicate(_) => Some(self.deliver_seldom(now, agent, message, cores)),
            MessageEffect::Unnoticed => Some(self.deliver_unnoticed(now, agent, message, cores)),
        }
    }

    /// Out of line, so that the delivery of a machine without such faults is not.
    #[inline(never)]
    fn deliver_seldom<'c>(
        &mut self,
        now: Time,
        agent: Agent,
        message: &Message,
        cores: &'c mut [Slot],
    ) -> &'c mut Core {
        self.deliver_now(now, agent, message, cores)
    }

    /// The vector is requested, and the core is not told.
    fn deliver_unnoticed<'c>(
        &mut self,
        now: Time,
        agent: Agent,
        message: &Message,
        cores: &'c mut [Slot],
    ) -> &'c mut Core {
        self.event(now, What::Delivered(agent, *message));
        let core = reached(&mut cores[usize::from(agent)], now);
        if let Some(watch) = &mut self.watch {
            watch.delivered(core, message, now);
        }
        core.unnoticed(now, message);
        core.requests_are_told();
        core
    }

    /// What comes late comes at `now`, unless its target has died. Nothing does, if the interconnect had an event then.
    #[cold]
    pub(super) fn come_late(&mut self, now: Time, cores: &mut [Slot], touched: &mut impl Touched) {
        for (agent, message) in std::mem::take(&mut self.late) {
            if self.is_dead(agent) {
                continue;
            }
            self.carrier.disturb(now);
            self.event(now, What::Delivered(agent, message));
            let core = reached(&mut cores[usize::from(agent)], now);
            if let Some(watch) = &mut self.watch {
                watch.delivered_late(core, &message, now);
            }
            Self::deliver(now, core, &message);
            core.requests_are_told();
            self.collect_facts(core);
            touched.touch(core);
        }
    }
}
