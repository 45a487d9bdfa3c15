//! The trace for Perfetto (perfetto.dev, `protos/perfetto/trace/`): a track a CPU and a bus, handlers and waits as slices, every
//! event as an instant, flows from the write of an ICR over the bus to the handler, and a counter of each busy ICR.
//!
//! Instants are in ns there; each event has its picoseconds as an annotation. Not modelled: the polls of a run one by one.

use super::protobuf::Message as Proto;
use super::trace::Names;
use super::trace_form::TraceForm;
use crate::judgement::state::State;
use crate::scenario::Scenario;
use sim::bus::{DeliveryMode, Message};
use sim::{Context, Event, Source, Time, Told, What};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Fields of the schema.
mod field {
    pub(super) const PACKET: u32 = 1;
    pub(super) const TIMESTAMP: u32 = 8;
    pub(super) const SEQUENCE: u32 = 10;
    pub(super) const TRACK_EVENT: u32 = 11;
    pub(super) const TRACK_DESCRIPTOR: u32 = 60;
    /// Of a descriptor.
    pub(super) const UUID: u32 = 1;
    pub(super) const NAME: u32 = 2;
    pub(super) const PROCESS: u32 = 3;
    pub(super) const THREAD: u32 = 4;
    pub(super) const PARENT: u32 = 5;
    pub(super) const COUNTER: u32 = 8;
    /// Of an event.
    pub(super) const ANNOTATION: u32 = 4;
    pub(super) const KIND: u32 = 9;
    pub(super) const TRACK: u32 = 11;
    pub(super) const EVENT_NAME: u32 = 23;
    pub(super) const COUNTER_VALUE: u32 = 30;
    pub(super) const FLOW: u32 = 47;
    pub(super) const LAST_FLOW: u32 = 48;
}

/// Kinds of events on a track.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Begin = 1,
    End = 2,
    Instant = 3,
    Counter = 4,
}

/// The machine, as its process.
const MACHINE: u64 = 1;

/// The first CPU, bus, counter.
const CPUS: u64 = 0x1_0000;
const BUSES: u64 = 0x2_0000;
const COUNTERS: u64 = 0x3_0000;

/// What is open on the track of a CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Handler,
    Wait(u32),
    Halt,
}

/// What writes it.
pub(super) struct Perfetto<'a> {
    names: Names<'a>,
    state: State,
    open: Vec<Vec<Open>>,
    busy: Vec<bool>,
    /// The messages that what waits at a CPU has come by.
    waiting: BTreeMap<(u16, u16), u64>,
    buses: Vec<u8>,
    end: Time,
}

/// The flow that a message is.
const fn flow(message: &Message) -> u64 {
    (message.source as u64) << 32 | message.number as u64
}

impl<'a> Perfetto<'a> {
    pub(super) fn of(names: Names<'a>, scenario: &Scenario) -> Self {
        let state = State::before(scenario);
        let cpus = state.cpus.len();
        let mut buses: Vec<u8> = (0..cpus as u16).map(|cpu| state.bus_of(cpu)).collect();
        buses.sort_unstable();
        buses.dedup();
        let (open, busy) = (vec![Vec::new(); cpus], vec![false; cpus]);
        Self { names, state, open, busy, waiting: BTreeMap::new(), buses, end: Time::ZERO }
    }

    /// The track on which an event stands: of the bus that has its message.
    fn track(&self, event: &Event) -> u64 {
        let message = match (event.source, event.what) {
            (Source::Cpu(cpu), _) => return CPUS + u64::from(cpu),
            (_, What::Attempts { message, .. } | What::Delivered(_, message) | What::Dispatched(message, _)) => message,
            _ => return BUSES + self.buses.first().map_or(0, |bus| u64::from(*bus)),
        };
        BUSES + u64::from(self.state.bus_of(message.source))
    }

    /// The slices that an event of a CPU begins and ends. What it leaves takes with it what was begun on top.
    fn slices(&mut self, cpu: u16, event: &Event, out: &mut Vec<u8>) {
        let (track, ns) = (CPUS + u64::from(cpu), nanoseconds(event.time));
        let place = usize::from(cpu);
        let begin = |name: &str, flows: Option<u64>| {
            let event = Proto::default()
                .number(field::KIND, Kind::Begin as u64)
                .number(field::TRACK, track)
                .text(field::EVENT_NAME, name);
            let event = flows.into_iter().fold(event, |event, flow| event.fixed(field::LAST_FLOW, flow));
            packet(ns, &event)
        };
        match event.what {
            What::Entered(context) => {
                let by = self.waiting.remove(&(cpu, key(context)));
                out.extend(begin(&handler(context), by));
                self.open[place].push(Open::Handler);
            }
            What::WaitBegan(code) => {
                out.extend(begin(&format!("waits {}", self.names.software.wait(code)), None));
                self.open[place].push(Open::Wait(code));
            }
            What::Halted => {
                out.extend(begin("HLT", None));
                self.open[place].push(Open::Halt);
            }
            What::Left(Context::Program) => {}
            What::Left(_) => self.close(place, ns, |open| open == Open::Handler, out),
            What::WaitEnded(code, _) => self.close(place, ns, |open| open == Open::Wait(code), out),
            What::Woken => self.close(place, ns, |open| open == Open::Halt, out),
            What::Initialised => self.close(place, ns, |_| false, out),
            _ => {}
        }
    }

    /// Ends what is open, down to the innermost that `is_it`; all of it if none is.
    fn close(&mut self, cpu: usize, ns: u64, is_it: impl Fn(Open) -> bool, out: &mut Vec<u8>) {
        let all = &mut self.open[cpu];
        let keep = all.iter().rposition(|open| is_it(*open)).unwrap_or(0);
        for _ in keep..all.len() {
            let event = Proto::default().number(field::KIND, Kind::End as u64).number(field::TRACK, CPUS + cpu as u64);
            out.extend(packet(ns, &event));
        }
        all.truncate(keep);
    }

    /// Every event, at the instant at which it began.
    fn instant(&self, event: &Event) -> Vec<u8> {
        let note = |name: &str, value: u64| Proto::default().text(10, name).number(3, value);
        let mut said = Proto::default()
            .number(field::KIND, Kind::Instant as u64)
            .number(field::TRACK, self.track(event))
            .text(field::EVENT_NAME, &self.names.say_once(event))
            .message(field::ANNOTATION, &note("ps", event.time.as_ps()));
        if let What::Run { last, count, .. } | What::Attempts { last, count, .. } = event.what {
            said = said.message(field::ANNOTATION, &note("count", count));
            said = said.message(field::ANNOTATION, &note("last_ps", last.as_ps()));
        }
        if let Some(site) = event.site {
            let place = Proto::default().text(10, "at").text(6, &self.names.software.place(site));
            said = said.message(field::ANNOTATION, &place);
        }
        let carried = match event.what {
            What::Sent(message)
            | What::Attempts { message, .. }
            | What::Delivered(_, message)
            | What::Dispatched(message, _) => Some(flow(&message)),
            _ => None,
        };
        let said = carried.into_iter().fold(said, |said, flow| said.fixed(field::FLOW, flow));
        packet(nanoseconds(event.time), &said)
    }

    /// The counters that an event changes.
    fn counters(&mut self, event: &Event, out: &mut Vec<u8>) {
        for (cpu, shown) in self.busy.iter_mut().enumerate() {
            let state = &self.state.cpus[cpu];
            let busy = state.busy_since.is_some() || state.jammed_since.is_some();
            if *shown != busy {
                *shown = busy;
                out.extend(counter(cpu, nanoseconds(event.time), busy));
            }
        }
    }
}

fn counter(cpu: usize, ns: u64, busy: bool) -> Vec<u8> {
    let event = Proto::default()
        .number(field::KIND, Kind::Counter as u64)
        .number(field::TRACK, COUNTERS + cpu as u64)
        .number(field::COUNTER_VALUE, u64::from(busy));
    packet(ns, &event)
}

fn packet(ns: u64, event: &Proto) -> Vec<u8> {
    let packet =
        Proto::default().number(field::TIMESTAMP, ns).number(field::SEQUENCE, 1).message(field::TRACK_EVENT, event);
    Proto::default().message(field::PACKET, &packet).into_bytes()
}

fn descriptor(uuid: u64, parent: u64, what: Proto) -> Vec<u8> {
    let described = what.number(field::UUID, uuid);
    let described = if parent == 0 { described } else { described.number(field::PARENT, parent) };
    let packet = Proto::default().number(field::SEQUENCE, 1).message(field::TRACK_DESCRIPTOR, &described);
    Proto::default().message(field::PACKET, &packet).into_bytes()
}

const fn nanoseconds(time: Time) -> u64 {
    time.as_ps() / 1000
}

/// What may wait at a CPU, as a number: vectors, and above them what has none.
const fn key(context: Context) -> u16 {
    match context {
        Context::Interrupt(vector) => vector as u16,
        Context::Nmi => 0x100,
        Context::SystemManagement => 0x101,
        Context::Shutdown | Context::Program => 0x102,
    }
}

fn handler(context: Context) -> String {
    match context {
        Context::Interrupt(vector) => format!("handler of {vector:02X}"),
        Context::Nmi => "NMI handler".to_owned(),
        Context::SystemManagement => "SMM".to_owned(),
        Context::Shutdown => "shutdown".to_owned(),
        Context::Program => "program".to_owned(),
    }
}

/// What takes a message, once it is delivered.
const fn taken_by(message: &Message) -> Option<Context> {
    match message.mode {
        DeliveryMode::Fixed | DeliveryMode::LowestPriority => Some(Context::Interrupt(message.vector)),
        DeliveryMode::Nmi => Some(Context::Nmi),
        DeliveryMode::Smi => Some(Context::SystemManagement),
        _ => None,
    }
}

impl TraceForm for Perfetto<'_> {
    fn begin(&mut self) -> Vec<u8> {
        let named = |name: &str| Proto::default().text(field::NAME, name);
        let machine = Proto::default().number(1, MACHINE).text(6, "machine");
        let mut out = descriptor(MACHINE, 0, Proto::default().message(field::PROCESS, &machine));
        for cpu in 0..self.busy.len() as u64 {
            let thread = Proto::default().number(1, MACHINE).number(2, cpu + 2).text(5, &format!("CPU{cpu}"));
            out.extend(descriptor(CPUS + cpu, MACHINE, Proto::default().message(field::THREAD, &thread)));
            let busy = named(&format!("ICR of CPU{cpu} busy")).message(field::COUNTER, &Proto::default());
            out.extend(descriptor(COUNTERS + cpu, MACHINE, busy));
            out.extend(counter(cpu as usize, 0, false));
        }
        for &bus in &self.buses {
            let name = if self.buses.len() == 1 { "bus".to_owned() } else { format!("bus {bus}") };
            out.extend(descriptor(BUSES + u64::from(bus), MACHINE, named(&name)));
        }
        out
    }

    fn event(&mut self, told: &Told) -> io::Result<Vec<u8>> {
        let event = &told.event;
        self.end = self.end.max(told.at);
        self.state.take(event);
        let mut out = self.instant(event);
        if let What::Delivered(agent, message) = event.what
            && let Some(context) = taken_by(&message)
        {
            self.waiting.entry((agent, key(context))).or_insert(flow(&message));
        }
        if let Source::Cpu(cpu) = event.source {
            self.slices(cpu, event, &mut out);
        }
        self.counters(event, &mut out);
        Ok(out)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut bytes = Vec::new();
        let end = nanoseconds(self.end);
        (0..self.open.len()).for_each(|cpu| self.close(cpu, end, |_| false, &mut bytes));
        out.write_all(&bytes)
    }
}
