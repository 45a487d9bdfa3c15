//! Nothing happens before its cause: in random machines, each INIT, start-up, NMI and SMI that acts has come.

use crate::machines::{Setup, machine};
use crate::running::recorded;
use sim::bus::DeliveryMode;
use sim::{Context, Event, Execution, LocalEvent, Pin, Source, Time, What};

/// Something that acts only if it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Init,
    StartUp,
    Nmi,
    Smi,
}

/// What acts by this event, on its own CPU.
fn acting(event: &Event) -> Option<(u16, Kind)> {
    let Source::Cpu(cpu) = event.source else { return None };
    let kind = match event.what {
        What::Initialised => Kind::Init,
        What::Started(_) => Kind::StartUp,
        What::Entered(Context::Nmi) => Kind::Nmi,
        What::Entered(Context::SystemManagement) => Kind::Smi,
        _ => return None,
    };
    Some((cpu, kind))
}

/// May this event be the cause of a `kind` on `cpu`? A local source may be set to anything.
fn causes(event: &Event, cpu: u16, kind: Kind) -> bool {
    match event.what {
        What::Delivered(agent, message) if agent == cpu => match kind {
            Kind::Init => message.mode == DeliveryMode::Init,
            // Older parts start when the level of an INIT goes away.
            Kind::StartUp => matches!(message.mode, DeliveryMode::StartUp | DeliveryMode::Init),
            Kind::Nmi => message.mode == DeliveryMode::Nmi,
            Kind::Smi => message.mode == DeliveryMode::Smi,
        },
        What::Local(local) if event.source == Source::Cpu(cpu) => match local {
            LocalEvent::Init => kind == Kind::Init,
            LocalEvent::SystemManagement(_) => kind == Kind::Smi,
            LocalEvent::Interrupt(_) | LocalEvent::Pin(Pin::Nmi) => kind != Kind::StartUp,
            LocalEvent::Pin(Pin::Smi(_)) => kind == Kind::Smi,
            LocalEvent::Pin(Pin::Init) => kind == Kind::Init,
            _ => false,
        },
        What::NmiLatched if event.source == Source::Cpu(cpu) => kind == Kind::Nmi,
        _ => false,
    }
}

/// The first event that has no cause of its own at or before its instant.
fn uncaused(events: &[Event]) -> Option<String> {
    let acts: Vec<(Time, u16, Kind)> =
        events.iter().filter_map(|event| acting(event).map(|(cpu, kind)| (event.time, cpu, kind))).collect();
    for &(at, cpu, kind) in &acts {
        let acted = acts.iter().filter(|&&(then, other, what)| then <= at && (other, what) == (cpu, kind)).count();
        let came = events.iter().filter(|event| event.time <= at && causes(event, cpu, kind)).count();
        if came < acted {
            return Some(format!("CPU{cpu} at {at}: {kind:?} number {acted}, but only {came} had come"));
        }
    }
    None
}

/// Random machines that are looked at.
const MACHINES: u64 = 200;

// Old: its reference executor loops for ever (see local_events.rs); with that put right, seed 62: the INIT of 33.23 us
// acts at 11.32; seed 86 too.
#[test]
fn nothing_acts_before_it_has_come() {
    let only = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
    let mut wrong = Vec::new();
    for seed in only.map_or(0..MACHINES, |seed: u64| seed..seed + 1) {
        for (elision, execution) in [(true, Execution::default()), (false, Execution::Reference)] {
            let setup = Setup { elision, checks: false, ..Setup::plain(seed) };
            if let (Ok(_), events) = recorded(machine(setup), execution)
                && let Some(fault) = uncaused(&events)
            {
                wrong.push(format!("SEED={seed}, {execution:?}: {fault}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} runs:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
}
