//! Fates of known stories, and what can be asked for. (Beside witnesses, on every machine: `judgement/everywhere/`.)

use super::{Fates, Filter, MessageFate, MessagesReport};
use crate::machine::{self, Choices};
use crate::scenario::{self, Request, Scenario};
use sim::bus::{DeliveryMode, DestinationMode, Message, Shorthand};
use sim::{Event, Execution, Machine, Source, Stacks, Time, What};

fn of_run(scenario: &Scenario, filter: Filter) -> MessagesReport {
    let choices = Choices { seed: 0, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };
    let machine = Machine::new(machine::assemble(scenario, choices).expect("it fits")).expect("it was assembled");
    let mut fates = Fates::new(scenario, filter);
    let outcome = machine.observed(Execution::default(), &mut fates).expect("it runs");
    fates.end(&outcome)
}

fn fates(name: &str, arch: &str, sets: &[&str]) -> MessagesReport {
    let mut request = Request::new(name);
    request.arch = Some(arch.to_owned());
    request.sets = sets.iter().map(|&set| set.to_owned()).collect();
    let scenario = scenario::load(&request).expect("it is built in");
    of_run(&scenario, Filter::default())
}

/// A vector's class has two slots on a P6 (SDM vol. 3 §10.8.4): CPU 2 takes FD and FB, and answers Retry to FC of the same
/// class for as long as its interrupts are off, which is for ever.
#[test]
fn the_main_story_message_by_message() {
    let report = fates("nmi-stall", "i386/default", &[]);
    let of: Vec<_> = report.messages.iter().map(|message| (message.from, &*message.what, &*message.to)).collect();
    let expected = [
        (Some(1), "FIXED FD", "logical 04"),
        (Some(3), "FIXED FB", "logical 07"),
        (Some(0), "FIXED FC", "logical 04"),
        (None, "FIXED 39", "physical 00"),
    ];
    assert_eq!(of, expected);
    let at_cpu_2 = report.messages.iter().flat_map(|message| &message.fates).filter(|fate| fate.cpu == Some(2));
    let at_cpu_2: Vec<(MessageFate, &str)> = at_cpu_2.map(|fate| (fate.fate, &*fate.because)).collect();
    let off = "in its IRR: it is in its NMI handler since 30.002 us";
    let full = "CPU2 answers Retry: class F holds FB in IRR, FD in IRR";
    assert_eq!(at_cpu_2, [(MessageFate::Pending, off), (MessageFate::Pending, off), (MessageFate::Retried, full)]);
}

/// The three ways in which a write to a busy ICR comes to nothing: knob `icr_write_while_busy`, whose values are those of
/// hardware.md §2.3. The bounded wait gives up and writes.
#[test]
fn a_write_to_a_busy_icr_comes_to_this() {
    let merged = |rule: &str| {
        let knob = format!("knobs.icr_write_while_busy={rule}");
        fates("nmi-stall", "i386/default", &["machine.variant=merged", &knob])
    };
    let count = |report: &MessagesReport, fate| report.totals.get(&fate).copied().unwrap_or_default();
    let replace = merged("replace");
    assert_eq!((count(&replace, MessageFate::Replaced), count(&replace, MessageFate::Dropped)), (1, 0));
    let drop = merged("drop");
    let dropped: Vec<_> = drop.messages.iter().filter(|message| message.number.is_none()).collect();
    assert!(!dropped.is_empty() && dropped.iter().all(|message| message.what == "NMI"), "{dropped:?}");
    assert!(dropped.iter().all(|message| message.fates.iter().all(|fate| fate.fate == MessageFate::Dropped)));
    assert_eq!(count(&drop, MessageFate::Replaced), 0);
    let stall = merged("stall");
    let stalled: Vec<_> = stall.messages.iter().filter(|message| message.number.is_none()).collect();
    assert!(
        stalled.len() == 1 && stalled[0].fates.iter().all(|fate| fate.fate == MessageFate::UnderWay),
        "{stalled:?}"
    );
}

#[test]
fn filters_choose_messages_and_fates() {
    let scenario = scenario::load(&Request::new("nmi-stall")).expect("it is built in");
    let of = |filter: Filter| of_run(&scenario, filter);
    let all = of(Filter::default());
    assert_eq!((all.total, all.messages.len()), (4, 4));
    assert_eq!(of(Filter { from: Some(3), ..Filter::default() }).messages[0].what, "FIXED FB");
    assert_eq!(of(Filter { vector: Some(0xFC), ..Filter::default() }).messages[0].from, Some(0));
    let retried = of(Filter { fate: Some(MessageFate::Retried), ..Filter::default() });
    assert_eq!((retried.total, retried.totals.len()), (1, 1));
    let at_0 = of(Filter { to: Some(0), ..Filter::default() });
    assert!(at_0.messages.iter().all(|message| message.fates.len() == 1 && message.fates[0].cpu == Some(0)));
    assert_eq!(of(Filter { from: Some(2), ..Filter::default() }).total, 0);
    assert!(all.messages.iter().all(|message| message.sent > Time::ZERO));
}

/// A lowest-priority message has a vector; an NMI has none, whatever stands in its field (SDM vol. 3 §10.6.1).
#[test]
fn a_vector_is_asked_of_the_message_and_not_of_its_name() {
    let scenario = scenario::load(&Request::new("nmi-stall")).expect("it is built in");
    let choices = Choices { seed: 0, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };
    let machine = Machine::new(machine::assemble(&scenario, choices).expect("it fits")).expect("it was assembled");
    let outcome = machine.run(Execution::default()).expect("it runs");
    let modes = [DeliveryMode::Fixed, DeliveryMode::LowestPriority, DeliveryMode::Nmi, DeliveryMode::Smi];
    let mut fates = Fates::new(&scenario, Filter { vector: Some(0x31), ..Filter::default() });
    for (number, mode) in (0..).zip(modes) {
        let sent = What::Sent(Message {
            source: 0,
            number,
            mode,
            vector: 0x31,
            destination_mode: DestinationMode::Logical,
            destination: 2,
            shorthand: Shorthand::None,
            level_triggered: false,
            asserted: true,
            written_at: Time::from_us(1),
            queues: true,
        });
        fates.follow(&Event { time: Time::from_us(1), source: Source::Cpu(0), site: None, what: sent });
    }
    let told: Vec<String> = fates.end(&outcome).messages.into_iter().map(|message| message.what).collect();
    assert_eq!(told, ["FIXED 31", "LOWEST 31"]);
}
