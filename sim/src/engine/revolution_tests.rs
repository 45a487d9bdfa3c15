//! What is known by heart against the same interconnect gone through event by event.

use super::attempts::AttemptRun;
use super::carrier::Carrier;
use super::cycle::Cycle;
use super::revolution::Revolution;
use crate::bus::testing::{Fake, message, send};
use crate::bus::{BusEffect, DeliveryMode, FrontSideBus, Interconnect, Message, Response, SerialBus};
use crate::time::{Duration, Time};

/// A carrier that is driven as the engine drives it.
struct Driven {
    carrier: Carrier,
    runs: Vec<AttemptRun>,
    targets: Fake,
    advanced: usize,
}

impl Driven {
    fn new(mut bus: Box<dyn Interconnect>, senders: u16) -> Self {
        for source in 0..senders {
            let message = Message { mode: DeliveryMode::LowestPriority, ..message(source, source.into(), 4) };
            send(&mut *bus, 1_000 * u64::from(source), message);
        }
        let targets = Fake::accepting(5).with(4, Response::Retry);
        Self { carrier: Carrier::new(bus), runs: Vec::new(), targets, advanced: 0 }
    }

    /// All events before `until`: with what is proven skipped, or each of them.
    fn go_to(&mut self, until: Time, skips: bool) {
        loop {
            if skips {
                self.carrier.skip(until, &mut self.runs);
            }
            let (now, _) = self.carrier.times();
            if now >= until {
                return;
            }
            let mut effects = Vec::new();
            self.carrier.bus().advance(&self.targets, &mut effects);
            self.advanced += 1;
            for effect in &effects {
                let &BusEffect::Attempt { message, outcome } = effect else {
                    panic!("nobody takes anything: {effect:?}")
                };
                match self.runs.iter_mut().find(|run| run.message == message) {
                    Some(run) => (run.last, run.count) = (now, run.count + 1),
                    None => self.runs.push(AttemptRun { message, outcome, first: now, last: now, count: 1 }),
                }
            }
            self.carrier.went_on(now, !effects.is_empty(), &self.runs);
        }
    }

    /// All that can be told of it.
    fn told(&mut self) -> String {
        let times = self.carrier.times();
        let mut state = Vec::new();
        self.carrier.bus().state(&mut state);
        let real = (self.carrier.bus().next_event(), self.carrier.bus().bound(), self.carrier.bus().undispatched());
        format!("{times:?} {real:?} {state:?} {:?}", self.runs)
    }
}

fn compare(name: &str, bus: impl Fn() -> Box<dyn Interconnect>, senders: u16) {
    let (mut skipped, mut walked) = (Driven::new(bus(), senders), Driven::new(bus(), senders));
    let (mut at, mut drawn) = (0_u64, 12_345_u64);
    for round in 0..400 {
        drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Steps of a few events, of part of a period, of many of them.
        at += drawn >> [42, 40, 38, 36][round % 4];
        let until = Time::from_ps(at);
        walked.go_to(until, false);
        skipped.go_to(until, true);
        // It is not always asked for: then only said where it would be.
        let same = if round % 3 == 0 {
            skipped.told() == walked.told()
        } else {
            let [one, other] = [&skipped, &walked].map(|it| (it.carrier.times(), it.runs.clone()));
            format!("{one:?}") == format!("{other:?}")
        };
        assert!(same, "{name}, {senders} senders, round {round} at {until}\n{}\n{}", skipped.told(), walked.told());
    }
    assert!(skipped.carrier.cycle().is_some(), "{name}: nothing is proven");
    assert!(skipped.advanced * 5 < walked.advanced, "{name}: {} of {}", skipped.advanced, walked.advanced);
}

/// Its chipset retries all that can be redirected.
fn that_retries() -> FrontSideBus {
    let mut bus = FrontSideBus::new();
    bus.retry_redirectable(Time::ZERO, None, None);
    bus
}

#[test]
fn a_period_known_by_heart_is_the_one_that_is_walked() {
    for senders in 1..=4 {
        compare("serial", || Box::new(SerialBus::new(&[0, 1, 2, 3, 4]).expect("five ids")), senders);
        compare("fsb", || Box::new(that_retries()), senders);
    }
}

/// A request in the middle of a skipped period meets the interconnect where it would have been.
#[test]
fn who_comes_in_between_meets_it_where_it_would_be() {
    for extra in 0..300_u64 {
        let bus = || Box::new(SerialBus::new(&[0, 1, 2, 3, 4]).expect("five ids"));
        let told = [true, false].map(|skips| {
            let mut driven = Driven::new(bus(), 2);
            for (step, until) in [100_000_000, 200_000_000, 300_000_000 + extra * 61_000].into_iter().enumerate() {
                let until = Time::from_ps(until);
                driven.go_to(until, skips);
                if step == 2 {
                    driven.carrier.disturb(until);
                    driven.carrier.bus().request(until, crate::bus::Request::Message(message(3, 9, 1)), 0);
                }
            }
            let mut effects = Vec::new();
            for _ in 0..40 {
                driven.carrier.bus().advance(&driven.targets, &mut effects);
            }
            format!("{effects:?} {}", driven.told())
        });
        assert_eq!(told[0], told[1], "{extra}");
    }
}

/// Each place costs memory: a period of thousands of events is gone through.
#[test]
fn a_long_period_is_not_learned() {
    let mut bus = SerialBus::new(&[0, 1]).expect("two ids");
    send(&mut bus, 0, message(0, 0, 1));
    let learned = |events| {
        let cycle = Cycle { period: Duration::from_us(1), attempts: Vec::new(), events, at: Time::ZERO };
        Revolution::begin(&bus, &cycle, &[]).is_some()
    };
    assert_eq!([256, 257, 100_000].map(learned), [true, false, false]);
}
