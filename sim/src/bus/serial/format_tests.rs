//! Messages of all formats, cycle by cycle, and the knobs that move their status cycles.

use super::super::Response::{Accept, Retry, Silent};
use super::super::testing::{Fake, broadcast, dispatched, message, run, send};
use super::super::{AttemptOutcome, DeliveryMode, Message, Shorthand};
use super::tests::{CYCLE, bus, scenario_bus};
use super::*;
use crate::generation::BusyClear;

/// What happens to `message`, as (bus cycle, effect), without the attempts.
fn fate(bus: &mut SerialBus, targets: &dyn Targets, message: Message) -> Vec<(u64, BusEffect)> {
    send(bus, 0, message);
    let effects = run(bus, targets, Time::from_us(30));
    let cycle = |at: u64| at / CYCLE - 1;
    effects.into_iter().filter(|(_, e)| !matches!(e, BusEffect::Attempt { .. })).map(|(at, e)| (cycle(at), e)).collect()
}

/// Agents whose priority is their number, of which one may be the focus processor.
struct Bidders(Fake, Option<Agent>);

impl Targets for Bidders {
    fn agents(&self) -> Agent {
        self.0.agents()
    }
    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        self.0.addressed(agent, message)
    }
    fn response(&self, agent: Agent, message: &Message) -> crate::bus::Response {
        self.0.response(agent, message)
    }
    fn bid(&self, agent: Agent, message: &Message) -> crate::bus::Bid {
        crate::bus::Bid { focus: self.1 == Some(agent), ..crate::bus::Bid::of(self.0.bid(agent, message).priority / 2) }
    }
    fn apic_id(&self, agent: Agent) -> Option<u32> {
        self.0.apic_id(agent)
    }
    fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
        self.0.remote_register(agent, slot)
    }
}

fn lowest(source: Agent) -> Message {
    Message { mode: DeliveryMode::LowestPriority, ..broadcast(source, 0) }
}

#[test]
fn the_lowest_priority_takes_a_34_cycle_message() {
    // SDM vol. 3 §10.13.2; priorities 0 0 1 1, so that agents 0 and 1 tie
    let mut bus = bus(4);
    let m = lowest(2);
    let taken = fate(&mut bus, &Bidders(Fake::accepting(4), None), m);
    let dispatched = BusEffect::Dispatched { message: m, busy_still: false };
    assert_eq!(
        taken,
        [(33, BusEffect::Deliver { agent: 1, message: m }), (34, dispatched)],
        "the higher id wins a tie"
    );
    let mut short = super::SerialBus::new(&[0, 1, 2, 3]).expect("legal ids").with_knobs(Knobs {
        lowest_priority_cycles: crate::generation::LowestPriorityCycles::ThirtyThree,
        ..Knobs::default()
    });
    assert_eq!(fate(&mut short, &Bidders(Fake::accepting(4), None), m)[1].0, 33);
}

#[test]
fn a_focus_processor_takes_it_in_21_cycles() {
    for (focus_cycles, cycles) in
        [(crate::generation::FocusCycles::TwentyOne, 21), (crate::generation::FocusCycles::ThirtyFour, 34)]
    {
        let mut bus = bus(4).with_knobs(Knobs { focus_cycles, ..Knobs::default() });
        let m = lowest(2);
        let taken = fate(&mut bus, &Bidders(Fake::accepting(4), Some(3)), m);
        let dispatched = BusEffect::Dispatched { message: m, busy_still: false };
        assert_eq!(taken, [(20, BusEffect::Deliver { agent: 3, message: m }), (cycles, dispatched)], "{focus_cycles}");
    }
}

#[test]
fn a_lowest_priority_message_is_retried_only_if_nobody_has_a_slot() {
    let table = [
        ([Retry, Accept, Accept, Retry], Some(1)),
        ([Retry, Retry, Accept, Retry], None),
        ([Silent, Silent, Accept, Silent], None),
    ];
    for (responses, winner) in table {
        let mut bus = bus(4);
        let effects = fate(&mut bus, &Bidders(Fake::new(&responses), None), lowest(2));
        let taker = effects.iter().find_map(|(_, effect)| match effect {
            BusEffect::Deliver { agent, .. } => Some(*agent),
            _ => None,
        });
        assert_eq!(taker, winner, "{responses:?}");
        let last = bus.undispatched().first().and_then(|held| held.last);
        let expected = match responses[0] {
            Silent => Some(AttemptOutcome::AcceptError),
            _ if winner.is_none() => Some(AttemptOutcome::Retry),
            _ => None,
        };
        assert_eq!(last, expected, "{responses:?}");
        if expected.is_some() {
            assert_eq!(bus.undispatched()[0].attempt_period, Some(Duration::from_ps(34 * CYCLE)), "{responses:?}");
        }
    }
}

/// All take part in the arbitration, and nobody has room if they win: 82489DX (SDM vol. 3 §22.27.1).
struct Full(Bidders);

impl Targets for Full {
    fn agents(&self) -> Agent {
        self.0.agents()
    }
    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        self.0.addressed(agent, message)
    }
    fn response(&self, agent: Agent, message: &Message) -> crate::bus::Response {
        self.0.response(agent, message)
    }
    fn bid(&self, agent: Agent, message: &Message) -> crate::bus::Bid {
        crate::bus::Bid { room: agent != 1, ..self.0.bid(agent, message) }
    }
    fn apic_id(&self, agent: Agent) -> Option<u32> {
        self.0.apic_id(agent)
    }
    fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
        self.0.remote_register(agent, slot)
    }
}

#[test]
fn a_winner_without_room_refuses_though_others_have_it() {
    // Agent 1 wins by its priority (and its id); the third status cycle, which only it drives, then says Retry (11).
    let mut bus = bus(4);
    let effects = fate(&mut bus, &Full(Bidders(Fake::accepting(4), None)), lowest(2));
    assert_eq!(effects, [], "nobody takes it, and the sender goes on");
    assert_eq!(bus.undispatched().first().and_then(|held| held.last), Some(AttemptOutcome::Retry));
}

#[test]
fn a_remote_read_takes_39_cycles_and_always_ends() {
    // 82801BA p. 117: reported successful, never retried
    for (responses, value) in [([Accept, Accept], Some(0x102)), ([Accept, Silent], None)] {
        let mut bus = bus(2);
        let m = Message { mode: DeliveryMode::RemoteRead, vector: 2, ..message(0, 0, 1) };
        let answered = fate(&mut bus, &Fake::new(&responses), m);
        let dispatched = BusEffect::Dispatched { message: m, busy_still: false };
        assert_eq!(answered, [(37, BusEffect::RemoteRead { message: m, value }), (39, dispatched)], "{responses:?}");
    }
}

#[test]
fn a_failed_start_up_message_is_not_sent_again() {
    // SDM vol. 3 §10.6.1 against the status table (knob)
    use crate::generation::StartUpResend;
    for (start_up_resend, ends) in [(StartUpResend::Never, true), (StartUpResend::StatusTable, false)] {
        for failure in [Silent, Retry] {
            let mut bus = bus(2).with_knobs(Knobs { start_up_resend, ..Knobs::default() });
            let m = Message { mode: DeliveryMode::StartUp, vector: 0x99, ..message(0, 0, 1) };
            let effects = fate(&mut bus, &Fake::accepting(2).with(1, failure), m);
            let end = effects.iter().find(|(_, effect)| matches!(effect, BusEffect::Dispatched { .. }));
            assert_eq!(end.map(|(cycle, _)| *cycle), ends.then_some(21), "{start_up_resend} {failure:?}");
            assert!(!effects.iter().any(|(_, effect)| matches!(effect, BusEffect::Deliver { .. })));
        }
    }
}

#[test]
fn long_messages_of_fifteen_agents_exceed_20_us() {
    // hardware facts behind MP specification B-4: 15 x 34 cycles
    let mut bus = bus(15);
    (0..15).for_each(|agent| send(&mut bus, 0, lowest(agent)));
    let effects = run(&mut bus, &Fake::accepting(15), Time::NEVER);
    assert_eq!(dispatched(&effects).last().map(|last| last.0), Some(CYCLE + 510 * CYCLE));
}

/// Agents whose answer and priority depend on how often they were asked for a bid: the bids change after the first look.
#[derive(Debug)]
struct Late(std::cell::Cell<bool>, Option<crate::bus::Response>);

impl Targets for Late {
    fn agents(&self) -> Agent {
        3
    }
    fn addressed(&self, agent: Agent, message: &Message) -> bool {
        agent != message.source
    }
    fn response(&self, _: Agent, _: &Message) -> crate::bus::Response {
        self.1.filter(|_| self.0.get()).unwrap_or(Accept)
    }
    fn bid(&self, agent: Agent, _: &Message) -> crate::bus::Bid {
        let priority = if self.0.get() { 10 - agent as u8 } else { agent as u8 };
        crate::bus::Bid::of(priority)
    }
    fn apic_id(&self, agent: Agent) -> Option<u32> {
        Some(u32::from(agent))
    }
    fn remote_register(&self, _: Agent, _: u8) -> u32 {
        0
    }
}

/// Runs a lowest-priority message of agent 0 to cycle 20, changes the agents, and goes on to its end.
fn change_after_cycle_20(answer: Option<crate::bus::Response>) -> (Vec<(u64, BusEffect)>, SerialBus) {
    let mut bus = bus(3);
    let targets = Late(std::cell::Cell::new(false), answer);
    send(&mut bus, 0, lowest(0));
    let mut effects = run(&mut bus, &targets, Time::from_ps(21 * CYCLE));
    targets.0.set(true);
    effects.extend(run(&mut bus, &targets, Time::from_ps(35 * CYCLE)));
    (effects, bus)
}

#[test]
fn priorities_are_those_that_the_wires_carry() {
    // SDM vol. 3 §10.13: cycles 21 to 28, and the winner alone drives cycle 33
    let (effects, _) = change_after_cycle_20(None);
    let winner = effects.iter().find_map(|(at, effect)| match effect {
        BusEffect::Deliver { agent, .. } => Some((at / CYCLE, *agent)),
        _ => None,
    });
    assert_eq!(winner, Some((34, 1)), "the lowest priority as it was in cycle 20");
}

#[test]
fn a_winner_may_have_lost_its_slot() {
    // status table, SDM vol. 3 §10.13.2.3: third status 11 and 0x
    for (answer, outcome, bits) in
        [(Retry, AttemptOutcome::Retry, vec![]), (Silent, AttemptOutcome::AcceptError, vec![4, 8, 8])]
    {
        let (effects, bus) = change_after_cycle_20(Some(answer));
        let m = lowest(0);
        assert_eq!(effects[0], (34 * CYCLE, BusEffect::Attempt { message: m, outcome }), "{answer:?}");
        let recorded: Vec<u32> = effects
            .iter()
            .filter_map(|(_, effect)| match effect {
                BusEffect::Error { bits, .. } => Some(*bits),
                _ => None,
            })
            .collect();
        assert_eq!(recorded, bits, "{answer:?}");
        assert_eq!(bus.arbitration_ids().ids(), [0, 2, 3], "the ids have moved on: {answer:?}");
        assert_eq!(bus.bound(), Time::from_ps((35 + 19) * CYCLE), "sent again after 34 cycles: {answer:?}");
    }
}

#[test]
fn ties_are_broken_by_the_ids_after_the_update() {
    // the sender has the highest id until cycle 20, and the lowest from then on
    let mut bus = bus(4);
    let m = Message { shorthand: Shorthand::AllIncludingSelf, ..lowest(3) };
    let taken = fate(&mut bus, &Bidders(Fake::accepting(4), None), m);
    assert_eq!(taken[0], (33, BusEffect::Deliver { agent: 1, message: m }), "agents 0 and 1 tie");
    let mut alone = super::SerialBus::new(&[1, 0]).expect("legal ids");
    let m = Message { shorthand: Shorthand::AllIncludingSelf, ..lowest(0) };
    let taken = fate(&mut alone, &Bidders(Fake::accepting(2), None), m);
    assert_eq!(taken[0], (33, BusEffect::Deliver { agent: 1, message: m }), "agent 0 had id 1, and won with it");
}

#[test]
fn software_may_have_changed_the_ids_that_are_reloaded() {
    // SDM vol. 3 §10.6.1; agent 4 has no APIC id register
    struct Renamed(Fake);
    impl Targets for Renamed {
        fn agents(&self) -> Agent {
            self.0.agents()
        }
        fn addressed(&self, agent: Agent, message: &Message) -> bool {
            self.0.addressed(agent, message)
        }
        fn response(&self, agent: Agent, message: &Message) -> crate::bus::Response {
            self.0.response(agent, message)
        }
        fn bid(&self, agent: Agent, message: &Message) -> crate::bus::Bid {
            self.0.bid(agent, message)
        }
        fn apic_id(&self, agent: Agent) -> Option<u32> {
            (agent < 4).then_some(0x18 + u32::from(agent))
        }
        fn remote_register(&self, agent: Agent, slot: u8) -> u32 {
            self.0.remote_register(agent, slot)
        }
    }
    let mut bus = scenario_bus();
    let deassert = Message {
        mode: DeliveryMode::Init,
        shorthand: Shorthand::AllIncludingSelf,
        level_triggered: true,
        asserted: false,
        ..message(0, 0, 0)
    };
    fate(&mut bus, &Renamed(Fake::accepting(5)), deassert);
    assert_eq!(bus.arbitration_ids().ids(), [8, 9, 10, 11, 14]);
}

#[test]
fn several_that_answer_a_remote_read_drive_the_wires_together() {
    let mut bus = bus(3);
    let m = Message { mode: DeliveryMode::RemoteRead, vector: 0x42, ..broadcast(0, 0) };
    let answered = fate(&mut bus, &Fake::accepting(3), m);
    let value = Some(0x102 | 0x202); // slot 2: bits 5:0 of the vector
    assert_eq!(answered[0], (37, BusEffect::RemoteRead { message: m, value }));
}

#[test]
fn busy_clears_at_the_deciding_cycle_of_each_format() {
    // knob `busy_clear`: 20 short, 33 lowest priority, 37 remote read
    for (mode, early, late) in [
        (DeliveryMode::Nmi, 20, 21),
        (DeliveryMode::LowestPriority, 33, 34),
        (DeliveryMode::RemoteRead, 37, 39),
        (DeliveryMode::StartUp, 20, 21),
    ] {
        for (busy_clear, cycle) in [(BusyClear::StatusCycle, early), (BusyClear::EndOfMessage, late)] {
            for answer in [Accept, Retry] {
                let fails = answer == Retry && !matches!(mode, DeliveryMode::StartUp | DeliveryMode::RemoteRead);
                let mut bus = bus(2).with_knobs(Knobs { busy_clear, ..Knobs::default() });
                let m = Message { mode, ..message(0, 0, 1) };
                let effects = fate(&mut bus, &Bidders(Fake::accepting(2).with(1, answer), None), m);
                let end = effects.iter().find(|(_, effect)| matches!(effect, BusEffect::Dispatched { .. }));
                assert_eq!(end.map(|(at, _)| *at), (!fails).then_some(cycle), "{mode:?} {busy_clear} {answer:?}");
            }
        }
    }
}
