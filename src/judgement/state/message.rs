//! The messages of a run: who sent each, for whom, what the bus made of it, and what became of it at each CPU.
//!
//! Of messages that have come to their end at every CPU only the last ones are kept, so that a long run needs no more
//! memory than a short one.

use super::cpu::HeldStore;
use super::delivery::{Arrival, Effect, Miss};
use super::end::End;
use super::unsent::UnsentMessage;
use sim::Site;
use sim::bus::{AttemptOutcome, Message, MessageEffect};
use sim::{Duration, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Messages that are kept at most, beside those that are under way.
const KEPT: usize = 4096;

/// Attempts with one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempts {
    pub(crate) outcome: AttemptOutcome,
    /// The first of them.
    pub(crate) first: Time,
    /// The last one so far: of a run that is not over it depends on when one looks.
    pub(crate) last: Time,
    /// From one to the next, once there were two.
    pub(crate) period: Option<Duration>,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct MessageState {
    pub(crate) message: Message,
    /// The line that sent it.
    pub(crate) site: Option<Site>,
    pub(crate) sent: Time,
    /// The CPUs that it is for, as the kernel would say.
    pub(crate) meant: Vec<u16>,
    /// The last attempts.
    pub(crate) attempts: Option<Attempts>,
    /// Who got it.
    pub(crate) arrivals: Vec<Arrival>,
    /// When the sender's bus was done with it.
    pub(crate) dispatched: Option<Time>,
    /// Who did not take it, and why.
    pub(crate) missed: Vec<(u16, Miss)>,
    /// The CPUs to which a fault of the machine keeps it back, each with when it comes (injected).
    pub(crate) late: Vec<(u16, Time)>,
    /// The CPUs that have not been told of it (injected).
    pub(crate) unnoticed: Vec<u16>,
    /// Stores of its sender before it that others did not see yet.
    pub(crate) overtook: Vec<HeldStore>,
    /// When a newer one of its sender took its place, and the number of that one.
    pub(crate) replaced: Option<(Time, u32)>,
}

impl MessageState {
    fn new(message: Message) -> Self {
        Self {
            message,
            site: None,
            sent: message.written_at,
            meant: Vec::new(),
            attempts: None,
            arrivals: Vec::new(),
            dispatched: None,
            missed: Vec::new(),
            late: Vec::new(),
            unnoticed: Vec::new(),
            overtook: Vec::new(),
            replaced: None,
        }
    }

    pub(super) fn attempted(&mut self, outcome: AttemptOutcome, first: Time, last: Time, count: u64) {
        let before = self.attempts.filter(|attempts| attempts.outcome == outcome);
        let period = match count {
            0 | 1 => before.map(|before| first.since(before.last)),
            count => Some(Duration::from_ps(last.since(first).as_ps() / (count - 1))),
        };
        let since = before.map_or(first, |before| before.first);
        self.attempts = Some(Attempts { outcome, first: since, last, period });
    }

    pub(super) fn delivered(&mut self, agent: u16, at: Time, effect: Effect) {
        let end = match effect {
            Effect::Started => Some(End::Taken(at, None)),
            _ => None,
        };
        self.arrivals.push(Arrival { cpu: agent, at, effect, end });
        self.missed.retain(|(missed, _)| *missed != agent);
    }

    fn dispatched(&mut self, now: Time, misses: impl Fn(u16) -> Option<Miss>) {
        self.dispatched = Some(now);
        self.replaced = None;
        self.missed.retain(|(_, miss)| matches!(miss, Miss::Lost(_)));
        let comes =
            |cpu: &u16| self.has(*cpu) || self.is_kept_from(*cpu) || self.late.iter().any(|(late, _)| late == cpu);
        let others = self.meant.iter().filter(|cpu| !comes(cpu));
        let missed: Vec<(u16, Miss)> = others.filter_map(|&cpu| Some((cpu, misses(cpu)?))).collect();
        self.missed.extend(missed);
    }

    /// A fault of the machine meets it on its way to CPU `cpu`.
    pub(super) fn met_a_fault(&mut self, cpu: u16, now: Time, effect: MessageEffect) {
        match effect {
            MessageEffect::Lose => self.missed.push((cpu, Miss::Lost(now))),
            MessageEffect::Delay(span) => self.late.push((cpu, now + span)),
            MessageEffect::Unnoticed => self.unnoticed.push(cpu),
            MessageEffect::Duplicate(_) => {}
        }
    }

    /// Is it certain that it does not come to CPU `cpu`?
    fn is_kept_from(&self, cpu: u16) -> bool {
        self.missed.iter().any(|(missed, _)| *missed == cpu)
    }

    fn has(&self, cpu: u16) -> bool {
        self.arrival(cpu).is_some()
    }

    /// How CPU `cpu` got it, if it did.
    pub(crate) fn arrival(&self, cpu: u16) -> Option<&Arrival> {
        self.arrivals.iter().find(|arrival| arrival.cpu == cpu)
    }

    /// Is there nothing more to come of it? (One that was replaced may be on the wire still, for an attempt.)
    pub(crate) fn is_over(&self) -> bool {
        let waits = self.arrivals.iter().any(Arrival::waits);
        (self.replaced.is_some() || self.dispatched.is_some() && self.under_way().is_empty()) && !waits
    }

    /// The CPUs that it is for, that have not got it, and that nothing keeps from taking it.
    pub(crate) fn under_way(&self) -> Vec<u16> {
        use sim::bus::DeliveryMode::LowestPriority;
        if self.replaced.is_some() || self.message.mode == LowestPriority && !self.arrivals.is_empty() {
            return Vec::new();
        }
        self.meant.iter().copied().filter(|&cpu| !self.has(cpu) && !self.is_kept_from(cpu)).collect()
    }
}

/// The messages, by sender and number.
#[derive(Debug, Clone)]
pub(crate) struct Messages {
    all: BTreeMap<(u16, u32), MessageState>,
    /// Those of them that are neither dispatched nor replaced: few.
    waiting: BTreeSet<(u16, u32)>,
    /// A newer message takes the place of one that is not dispatched.
    one_a_sender: bool,
    /// What has come to its end since somebody took it, if anybody wants it.
    over: Option<Over>,
}

/// What nothing more is to come of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Over {
    pub(crate) messages: Vec<MessageState>,
    pub(crate) unsent: Vec<UnsentMessage>,
}

impl Messages {
    /// None yet. `one_a_sender`: a newer one takes the place of one that is not dispatched.
    pub(super) const fn new(one_a_sender: bool) -> Self {
        Self { all: BTreeMap::new(), waiting: BTreeSet::new(), one_a_sender, over: None }
    }

    /// All that are kept.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &MessageState> {
        self.all.values()
    }

    /// Those of a sender, in their order.
    pub(crate) fn of(&self, source: u16) -> impl DoubleEndedIterator<Item = &MessageState> {
        self.all.range((source, 0)..=(source, u32::MAX)).map(|(_, message)| message)
    }

    pub(crate) fn named(&self, source: u16, number: u32) -> Option<&MessageState> {
        self.all.get(&(source, number))
    }

    /// Those that are neither dispatched nor replaced, by sender and number.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &MessageState> {
        self.waiting.iter().filter_map(|key| self.all.get(key))
    }

    /// The sender's bus is done with `message`.
    pub(super) fn dispatched(&mut self, message: Message, now: Time, misses: impl Fn(u16) -> Option<Miss>) {
        self.seen(message).dispatched(now, misses);
        self.waiting.remove(&(message.source, message.number));
    }

    /// An event speaks of `message`.
    pub(super) fn seen(&mut self, message: Message) -> &mut MessageState {
        let key = (message.source, message.number);
        self.all.entry(key).or_insert_with(|| {
            self.waiting.insert(key);
            MessageState::new(message)
        })
    }

    /// What waited at CPU `cpu`, of that sender and number, has come to its end.
    pub(super) fn ended(&mut self, cpu: u16, source: u16, number: u32, end: End) {
        let held = self.all.get_mut(&(source, number));
        let waits = |arrival: &&mut Arrival| arrival.cpu == cpu && arrival.waits();
        if let Some(arrival) = held.and_then(|held| held.arrivals.iter_mut().find(waits)) {
            arrival.end = Some(end);
        }
    }

    /// From now on, what is forgotten is kept for [`take_over`](Self::take_over).
    pub(crate) fn keep_over(&mut self) {
        self.over = Some(Over::default());
    }

    /// What has come to its end and was forgotten since this was called last.
    pub(crate) fn take_over(&mut self) -> Over {
        self.over.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// These commands have never become messages.
    pub(super) fn unsent(&mut self, unsent: &mut Vec<UnsentMessage>) {
        match &mut self.over {
            Some(over) => over.unsent.append(unsent),
            None => unsent.clear(),
        }
    }

    /// `message` is sent. Unless it queues, it takes the place of those of its sender that are not dispatched, but of
    /// `kept`.
    pub(super) fn sent(&mut self, message: Message, site: Option<Site>, at: Time, meant: Vec<u16>, kept: Option<u32>) {
        if self.one_a_sender && !message.queues {
            let older = self.all.range_mut((message.source, 0)..(message.source, message.number)).map(|(_, held)| held);
            for held in older.rev().take_while(|held| held.dispatched.is_none() && held.replaced.is_none()) {
                if !held.message.queues && kept != Some(held.message.number) {
                    held.replaced = Some((at, message.number));
                    self.waiting.remove(&(held.message.source, held.message.number));
                }
            }
        }
        let held = self.seen(message);
        (held.site, held.sent, held.meant) = (site, at, meant);
        if self.all.len() > 2 * KEPT {
            self.forget();
        }
    }

    /// Forgets the older half of those that have come to their end.
    fn forget(&mut self) {
        let mut times: Vec<Time> = self.all.values().filter(|held| held.is_over()).map(|held| held.sent).collect();
        times.sort_unstable();
        let Some(&half) = times.get(times.len() / 2) else { return };
        let over = &mut self.over;
        self.all.retain(|_, held| {
            let forgotten = held.is_over() && held.sent <= half;
            if let (true, Some(over)) = (forgotten, over.as_mut()) {
                over.messages.push(held.clone());
            }
            !forgotten
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::bus::{DeliveryMode, DestinationMode, Shorthand};

    fn message(number: u32) -> Message {
        Message {
            source: 0,
            number,
            mode: DeliveryMode::Fixed,
            vector: 0x41,
            destination_mode: DestinationMode::Physical,
            destination: 1,
            shorthand: Shorthand::None,
            level_triggered: false,
            asserted: true,
            written_at: Time::from_us(u64::from(number)),
            queues: false,
        }
    }

    #[test]
    fn a_long_run_keeps_the_last_messages_and_those_under_way() {
        let mut messages = Messages::new(true);
        for number in 0..5 * KEPT as u32 {
            let (sent, at) = (message(number), Time::from_us(u64::from(number)));
            messages.sent(sent, None, at, vec![1], None);
            if number != 7 {
                messages.seen(sent).delivered(1, at, Effect::Requested);
                messages.ended(1, 0, number, End::Taken(at, None));
            }
            messages.dispatched(sent, at, |_| None);
            assert!(messages.all.len() <= 2 * KEPT, "{}", messages.all.len());
        }
        let kept: Vec<u32> = messages.of(0).map(|held| held.message.number).collect();
        assert_eq!((kept[0], *kept.last().expect("some")), (7, 5 * KEPT as u32 - 1));
    }

    #[test]
    fn a_newer_message_takes_the_place_of_one_that_is_not_dispatched() {
        let mut messages = Messages::new(true);
        for number in 0..3 {
            messages.sent(message(number), None, Time::from_us(u64::from(number)), vec![1], None);
        }
        let replaced: Vec<Option<(Time, u32)>> = messages.of(0).map(|held| held.replaced).collect();
        assert_eq!(replaced, [Some((Time::from_us(1), 1)), Some((Time::from_us(2), 2)), None]);
        // an attempt that is on the wire ends under its own status
        messages.dispatched(message(0), Time::from_us(3), |_| None);
        assert_eq!(messages.named(0, 0).and_then(|held| held.replaced), None);
        assert!(messages.named(0, 1).expect("it is kept").is_over());
        assert!(!messages.named(0, 2).expect("it is kept").is_over());
    }

    /// A sender that gives up and writes again, for ever.
    #[test]
    fn messages_that_were_replaced_are_forgotten_too() {
        let mut messages = Messages::new(true);
        for number in 0..5 * KEPT as u32 {
            messages.sent(message(number), None, Time::from_us(u64::from(number)), vec![1], None);
            assert!(messages.all.len() <= 2 * KEPT, "{}", messages.all.len());
            assert_eq!(messages.waiting().map(|held| held.message.number).collect::<Vec<_>>(), [number]);
        }
    }
}
