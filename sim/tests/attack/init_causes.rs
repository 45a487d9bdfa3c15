//! An INIT acts when it has come and not before, whatever older reason the CPU holds that it cannot take.

use crate::child::in_child;
use crate::code::{Code, fabric, send, serial, settings};
use crate::running::{USUAL, recorded};
use sim::apic::LocalSource;
use sim::{
    Access, Cpu, Duration, Event, Execution, Generation, IcrWriteWhileBusy, Kind, Knobs, LocalEvent, Machine, Program,
    Source, Time, What,
};

/// What the CPU is in when the INIT comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Finished,
    Stalled,
    Halted,
    Shutdown,
    Managed,
    Busy,
    Handling,
}

const STATES: [State; 7] =
    [State::Finished, State::Stalled, State::Halted, State::Shutdown, State::Managed, State::Busy, State::Handling];

/// What came before the INIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Older {
    Nothing,
    Nmi,
    Smi,
    Fixed,
    External,
}

const OLDER: [Older; 5] = [Older::Nothing, Older::Nmi, Older::Smi, Older::Fixed, Older::External];

#[derive(Debug, Clone, Copy)]
struct Case {
    generation: Generation,
    state: State,
    older: Older,
    /// CPU 0, the bootstrap processor, goes on at once; others wait for a start-up message.
    target: u16,
    /// The INIT comes at the pin, not as a message.
    pin: bool,
}

/// When the older reason comes, and when the INIT is sent, in microseconds.
const OLDER_AT: u32 = 50;
const INIT_AT: u32 = 100;
/// System management begins and lasts.
const MANAGED_FROM: u64 = 40;
const MANAGED_FOR: u64 = 100;

fn target_run(cpu: Cpu<'_>, state: u32) {
    cpu.irq_save();
    match STATES[state as usize] {
        State::Finished => {}
        State::Stalled => {
            cpu.delay_us(10);
            send(cpu, 2, 0xF1); // the ICR has been busy since 5 µs: this store never completes
        }
        State::Halted => loop {
            cpu.halt();
        },
        State::Shutdown => cpu.shut_down(),
        State::Managed | State::Busy | State::Handling => loop {
            cpu.load(1);
            cpu.pause();
        },
    }
}

fn watch(cpu: Cpu<'_>) {
    for _ in 0..8 {
        cpu.load(0);
        cpu.delay_us(11);
    }
    cpu.fetch_add(1, 1);
}

fn target(case: Case) -> Code {
    Code {
        run: target_run,
        nmi: |cpu, state| {
            if STATES[state as usize] == State::Handling {
                loop {
                    cpu.load(1);
                    cpu.pause();
                }
            }
        },
        reset: |cpu, _| watch(cpu),
        start_up: |cpu, _| watch(cpu),
        operand: STATES.iter().position(|&state| state == case.state).unwrap_or_default() as u32,
        ..Code::default()
    }
}

/// Sends the older reason and the INIT; stores a growing number meanwhile.
fn sender(case: Case) -> Code {
    let older = match case.older {
        Older::Nmi => 0x400,
        Older::Smi => 0x200,
        Older::Fixed => 0xF0,
        Older::Nothing | Older::External => 0,
    };
    Code {
        run: |cpu, operand| {
            let (target, older, pin) = (operand & 3, operand >> 8, operand & 4 != 0);
            cpu.delay_us(30);
            send(cpu, target, if operand & 8 != 0 { 0x400 } else { 0xF2 });
            cpu.delay_us(OLDER_AT - 30);
            if older != 0 {
                send(cpu, target, older);
            }
            for number in 1..6 {
                cpu.delay_us(10);
                cpu.store(0, number);
            }
            if !pin {
                send(cpu, target, 0x4500);
            }
            for number in 6..12 {
                cpu.delay_us(10);
                cpu.store(0, number);
            }
            send(cpu, target, 0x4608); // a start-up message
            for number in 12..30 {
                cpu.delay_us(10);
                cpu.store(0, number);
            }
        },
        operand: u32::from(case.target)
            | u32::from(case.pin) << 2
            | u32::from(case.state == State::Handling) << 3
            | older << 8,
        ..Code::default()
    }
}

fn machine(case: Case, elision: bool) -> Machine {
    let bus = if case.generation == Generation::P6 { serial(3) } else { fabric(3) };
    let idle = Code::default();
    let programs = (0..2).map(|cpu| Program::closed(if cpu == case.target { target(case) } else { idle }));
    let mut settings = settings(case.generation, bus, programs.chain([Program::closed(sender(case))]));
    let mut events = vec![];
    match case.state {
        State::Stalled => events.push((Time::from_us(5), LocalEvent::JamDeliveryStatus)),
        State::Managed => {
            let window = LocalEvent::SystemManagement(Duration::from_us(MANAGED_FOR));
            events.push((Time::from_us(MANAGED_FROM), window));
        }
        _ => {}
    }
    if case.older == Older::External {
        let pin = LocalSource::Lint { pin: 0, high: true, vector: 0x21 };
        events.push((Time::from_us(u64::from(OLDER_AT)), LocalEvent::Interrupt(pin)));
    }
    if case.pin {
        events.push((Time::from_ps(u64::from(INIT_AT) * 1_000_000 + 777), LocalEvent::Init));
    }
    let cpu = &mut settings.cpus[usize::from(case.target)].0;
    cpu.local_events = events;
    cpu.apic = cpu.apic.with(|preset| preset.lvt_lint0 = Some(0x700));
    settings.knobs = Knobs::default().with(|knobs| knobs.icr_write_while_busy = IcrWriteWhileBusy::Stall);
    settings.limit = Time::from_us(500);
    settings.elision = elision;
    Machine::new(settings).expect("the machine is possible")
}

fn cases() -> impl Iterator<Item = Case> {
    let generations = [Generation::XApic, Generation::P6];
    generations.into_iter().flat_map(|generation| {
        STATES.into_iter().flat_map(move |state| {
            OLDER.into_iter().flat_map(move |older| {
                [(0, false), (1, false), (0, true), (1, true)].map(|(target, pin)| Case {
                    generation,
                    state,
                    older,
                    target,
                    pin,
                })
            })
        })
    })
}

/// When the INIT reached the target, and when it acted.
fn init_instants(case: Case, events: &[Event]) -> (Vec<Time>, Vec<Time>) {
    let came = events.iter().filter(|event| match event.what {
        What::Delivered(agent, message) => agent == case.target && message.mode == sim::bus::DeliveryMode::Init,
        What::Local(LocalEvent::Init) => event.source == Source::Cpu(case.target),
        _ => false,
    });
    let acted =
        events.iter().filter(|event| event.what == What::Initialised && event.source == Source::Cpu(case.target));
    (came.map(|event| event.time).collect(), acted.map(|event| event.time).collect())
}

/// Every load of the target gave the last value that was visible then: 100 ns after its store.
fn loads_are_of_their_time(case: Case, events: &[Event]) -> Result<(), String> {
    let stores: Vec<(Time, u64)> = events
        .iter()
        .filter_map(|event| match event.what {
            What::Write { access: Access { kind: Kind::Store, operand: 0 }, value } => Some((event.time, value)),
            _ => None,
        })
        .collect();
    let visible = |at: Time| {
        let seen = |stored: Time| stored + Duration::from_ns(100) <= at;
        stores.iter().rev().find(|(stored, _)| seen(*stored)).map_or(0, |&(_, value)| value)
    };
    for event in events.iter().filter(|event| event.source == Source::Cpu(case.target)) {
        if let What::Run { access: Access { kind: Kind::Load, operand: 0 }, value, last, .. } = event.what {
            let expected = (visible(event.time), visible(last));
            if expected != (value, value) {
                return Err(format!("loads of {value} from {} to {last}, but {expected:?} was visible", event.time));
            }
        }
    }
    Ok(())
}

fn check(case: Case, elision: bool, execution: Execution) -> Result<u64, String> {
    let (outcome, events) = recorded(machine(case, elision), execution);
    let outcome = outcome.map_err(|failure| format!("{failure:?}"))?;
    let (came, acted) = init_instants(case, &events);
    let ([came], [acted]) = (&came[..], &acted[..]) else {
        return Err(format!("INIT came at {came:?} and acted at {acted:?}"));
    };
    let open = if case.state == State::Managed { Time::from_us(MANAGED_FROM + MANAGED_FOR) } else { Time::ZERO };
    let due = open.max(*came);
    if *acted < due || due + Duration::from_us(3) < *acted {
        return Err(format!("INIT came at {came}, was due at {due} and acted at {acted}"));
    }
    loads_are_of_their_time(case, &events)?;
    Ok(outcome.digest)
}

/// What is wrong with a case, in any execution.
fn fault(case: Case) -> Option<String> {
    let results = USUAL.map(|(elision, execution)| check(case, elision, execution));
    let differs = results.iter().any(|result| *result != results[0]);
    let wrong = results.iter().find(|result| result.is_err());
    (differs || wrong.is_some()).then(|| {
        let shown = wrong.unwrap_or(&results[0]);
        format!("{shown:?}{}", if differs { ", executions differ" } else { "" })
    })
}

/// The number of a case.
pub(crate) fn case(words: &[&str]) -> String {
    let number: usize = words[0].parse().expect("a number");
    let case = cases().nth(number).expect("so many cases");
    fault(case).unwrap_or_else(|| String::from("right"))
}

// Old: 16 of 140 cases: INIT came at 100.65625 us and acted at 50.566667 (finished or stalled, older NMI or SMI).
#[test]
fn an_init_message_acts_when_it_has_come() {
    let tried: Vec<Case> = cases().filter(|case| !case.pin).collect();
    let wrong: Vec<String> =
        tried.iter().filter_map(|&case| fault(case).map(|fault| format!("{case:?}: {fault}"))).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), tried.len(), wrong.join("\n"));
}

// Old: 28 of 140: 8 act at 50.566667 or 51.42 us, and for 20 of a finished CPU the reference executor never ends.
#[test]
fn an_init_at_the_pin_acts_when_it_has_come() {
    let mut wrong = Vec::new();
    for (number, case) in cases().enumerate().filter(|(_, case)| case.pin) {
        let ended = in_child(&format!("init {number}"));
        if ended.result.as_deref() != Some("right") {
            wrong.push(format!("{case:?}: hung {}, {:?}", ended.hung, ended.result));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
