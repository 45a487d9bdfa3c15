//! The cause of each event: the earlier one of which it is a consequence, and how. Followed back, they lead from anything
//! on the page to its root, which is something that software did, a source of a CPU's own, or an injected fault.
//!
//! Not modelled: a cause that no event tells, as why software does what it does; it goes on, from its last event.

use super::cells::Cells;
use crate::judgement::state::State;
use sim::bus::{DeliveryMode, Message};
use sim::{Context, Event, Source, What};
use std::collections::BTreeMap;

/// How an event follows from its cause; 0 is for one that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Software goes on.
    Program = 1,
    /// The write that asked for it.
    Asked,
    /// The message went onto the bus.
    Sent,
    /// The bus carried it there.
    Carried,
    /// It waited there.
    Taken,
    /// It had been entered.
    Entered,
    /// It reads what was written, or set, then.
    Reads,
}

/// What is said of each kind of link, by its number.
pub(super) const LINKS: [&str; 8] = [
    "nothing before it: this is a root",
    "its software went on from",
    "asked for by",
    "sent by",
    "carried there after",
    "what it took had come by",
    "it had been entered by",
    "what it read was set by",
];

/// What a CPU may take that has come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Waiting {
    Vector(u8),
    Nmi,
    Smi,
    Init,
    StartUp,
    /// A triple fault, or a source of its own.
    Own,
}

/// What has happened so far, as far as later events follow from it.
#[derive(Debug, Default)]
pub(super) struct Causes {
    last: BTreeMap<Source, usize>,
    sent: BTreeMap<(u16, u32), usize>,
    attempted: BTreeMap<(u16, u32), usize>,
    delivered: BTreeMap<(u16, u32), usize>,
    waiting: BTreeMap<(u16, Waiting), usize>,
    handlers: BTreeMap<u16, Vec<usize>>,
    icr_free: BTreeMap<u16, usize>,
}

const fn name(message: &Message) -> (u16, u32) {
    (message.source, message.number)
}

impl Causes {
    /// The cause of event number `index`; `changed`: the events that changed each cell last.
    pub(super) fn of(
        &mut self,
        index: usize,
        event: &Event,
        (state, cells, changed): (&State, &Cells, &[i64]),
    ) -> Option<(usize, Link)> {
        let cause = self.look(event, |cpu, kind, operand| {
            let cell = cells
                .register(cpu, kind, operand)
                .or_else(|| cells.word(operand as u16).filter(|_| kind == sim::Kind::Load));
            cell.and_then(|cell| usize::try_from(changed[cell]).ok())
        });
        self.note(index, event, state);
        cause
    }

    fn look(&self, event: &Event, changed: impl Fn(usize, sim::Kind, u32) -> Option<usize>) -> Option<(usize, Link)> {
        let before = || self.last.get(&event.source).map(|&last| (last, Link::Program));
        let cpu = if let Source::Cpu(cpu) = event.source { cpu } else { 0 };
        let waited = |what| self.waiting.get(&(cpu, what)).map(|&at| (at, Link::Taken));
        let sent = |message: &Message| self.sent.get(&name(message)).map(|&at| (at, Link::Sent));
        let carried =
            |message: &Message| self.attempted.get(&name(message)).map(|&at| (at, Link::Carried)).or(sent(message));
        match event.what {
            What::Run { access, .. } | What::TimedRead { access, .. } => {
                let read = changed(usize::from(cpu), access.kind, access.operand);
                read.map(|at| (at, Link::Reads)).or_else(before)
            }
            What::Sent(_) => before().map(|(at, _)| (at, Link::Asked)),
            What::Attempts { message, .. } => sent(&message),
            What::Dispatched(message, _) => {
                let delivered = self.delivered.get(&name(&message)).map(|&at| (at, Link::Carried));
                delivered.or(carried(&message))
            }
            What::Delivered(_, message) | What::MessageFault(_, _, message) | What::RemoteRead(message, _) => {
                carried(&message)
            }
            What::Entered(context) => waited(waiting(context)).or(waited(Waiting::Own)).or_else(before),
            What::Woken => self.newest(cpu).or_else(before),
            What::Left(_) => self.handlers.get(&cpu)?.last().map(|&at| (at, Link::Entered)),
            What::Initialised => waited(Waiting::Init).or(waited(Waiting::Own)).or_else(before),
            What::Started(_) => waited(Waiting::StartUp).or_else(before),
            What::Shutdown => waited(Waiting::Own).or_else(before),
            What::NmiLatched => waited(Waiting::Nmi).or(waited(Waiting::Own)),
            What::WaitEnded(code, 0) if code == kernel_model::Wait::IcrIdle as u32 => {
                self.icr_free.get(&cpu).map(|&at| (at, Link::Reads)).or_else(before)
            }
            What::Error(..) => self.attempted.values().max().map(|&at| (at, Link::Carried)),
            What::Local(_) | What::ApicDead(_) | What::EndOfInterrupt(_) => None,
            _ => before(),
        }
    }

    /// What has come to a CPU last, and waits.
    fn newest(&self, cpu: u16) -> Option<(usize, Link)> {
        let here = self.waiting.iter().filter(|((at, _), _)| *at == cpu).map(|(_, &index)| index);
        here.max().map(|at| (at, Link::Taken))
    }

    /// What later events follow from.
    fn note(&mut self, index: usize, event: &Event, state: &State) {
        self.last.insert(event.source, index);
        let cpu = if let Source::Cpu(cpu) = event.source { cpu } else { 0 };
        match event.what {
            What::Sent(message) => _ = self.sent.insert(name(&message), index),
            What::Attempts { message, .. } => _ = self.attempted.insert(name(&message), index),
            What::Delivered(agent, message) => {
                self.delivered.insert(name(&message), index);
                let key = (agent, arrives(&message));
                let merges = match key.1 {
                    Waiting::Vector(vector) => {
                        let cpu = state.cpus.get(usize::from(agent));
                        cpu.is_some_and(|cpu| cpu.apic.requests().contains(vector))
                    }
                    Waiting::StartUp => false,
                    _ => self.waiting.contains_key(&key),
                };
                if !merges {
                    self.waiting.insert(key, index);
                }
            }
            What::Dispatched(message, _) => _ = self.icr_free.insert(message.source, index),
            What::Local(_) | What::NmiLatched => _ = self.waiting.insert((cpu, Waiting::Own), index),
            What::Entered(context) => {
                self.waiting.remove(&(cpu, waiting(context)));
                self.handlers.entry(cpu).or_default().push(index);
            }
            What::Left(_) => _ = self.handlers.entry(cpu).or_default().pop(),
            What::Initialised => {
                self.waiting.retain(|(at, _), _| *at != cpu);
                self.handlers.remove(&cpu);
            }
            _ => {}
        }
    }
}

/// As what a message waits at its target.
const fn arrives(message: &Message) -> Waiting {
    match message.mode {
        DeliveryMode::Nmi => Waiting::Nmi,
        DeliveryMode::Smi => Waiting::Smi,
        DeliveryMode::Init => Waiting::Init,
        DeliveryMode::StartUp => Waiting::StartUp,
        _ => Waiting::Vector(message.vector),
    }
}

/// What a handler takes.
const fn waiting(context: Context) -> Waiting {
    match context {
        Context::Interrupt(vector) => Waiting::Vector(vector),
        Context::Nmi => Waiting::Nmi,
        Context::SystemManagement => Waiting::Smi,
        Context::Program | Context::Shutdown => Waiting::Own,
    }
}
