//! What happens on a CPU by itself: events that are listed before the run, and when the next one is due.

use crate::apic::LocalSource;
use crate::time::{ClockDomain, Duration, Time};
use std::collections::VecDeque;

/// Something that happens on one CPU at a given instant.
///
/// ```
/// use sim::{CpuSettings, Duration, LocalEvent, Time};
///
/// let smi = (Time::from_us(5), LocalEvent::SystemManagement(Duration::from_ns(40_000)));
/// assert_eq!(CpuSettings::default().with(|cpu| cpu.local_events = vec![smi]).local_events.len(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalEvent {
    /// A source of local interrupts fires: what its entry makes of it happens.
    Interrupt(LocalSource),
    /// A system-management interrupt whose handler lasts so long.
    SystemManagement(Duration),
    /// The INIT pin.
    Init,
    /// The CPU enters shutdown (a triple fault), from which only NMI, SMI and INIT bring it out.
    Shutdown,
    /// Injected: the delivery status of its ICR reads "send pending" from now on.
    JamDeliveryStatus,
    /// A deep sleep state loses the low half of the ICR (SDM vol. 3 §10.6.1).
    LoseCommand,
    /// Injected: a pulse at the NMI pin (LINT1) exactly after the next write of ICR high; in x2APIC mode, after the next
    /// write of the ICR, which holds both halves.
    ArmNmiPulse,
    /// A pulse at one of its pins, which software drives.
    Pin(Pin),
    /// What has waited long enough in its store buffer leaves it (knob `x2apic_send`). It lists itself.
    StoresLeave,
    /// A store to this word has left the store buffer, and is on its way to the others. It is told, and never listed.
    StoreLeft(u16),
    /// The APIC has a task priority that was written before (knob `tpr_write`). It lists itself.
    PriorityWritten,
}

/// A pin of a CPU that software can drive.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Outcome {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default()).unwrap()
/// # }
/// let pulse = Program::from_fn(|cpu| cpu.drive_pin(1, Pin::Init));
/// let outcome = run(vec![pulse, Program::from_fn(|cpu| cpu.halt())]);
/// assert_eq!(outcome.cpus[1].activity, Activity::WaitForStartUp); // SDM vol. 3 §8.4.2
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// LINT1: a rising and a falling edge. As firmware leaves it, it is the NMI pin.
    Nmi,
    /// SMI#. With a span nobody's code runs for so long, and else the handler of the CPU's software.
    Smi(Option<Duration>),
    /// INIT#.
    Init,
}

impl Pin {
    /// Its number, and the span in picoseconds: none is 0.
    pub(crate) const fn code(self) -> (u32, u64) {
        match self {
            Self::Nmi => (0, 0),
            Self::Smi(None) => (1, 0),
            Self::Smi(Some(span)) => (1, span.as_ps()),
            Self::Init => (2, 0),
        }
    }

    pub(super) const fn of_code(number: u32, ps: u64) -> Self {
        match (number, ps) {
            (0, _) => Self::Nmi,
            (1, 0) => Self::Smi(None),
            (1, _) => Self::Smi(Some(Duration::from_ps(ps))),
            _ => Self::Init,
        }
    }
}

impl LocalEvent {
    pub(crate) const fn code(&self) -> (u64, u64) {
        match *self {
            Self::Interrupt(LocalSource::Timer) => (0, 0),
            Self::Interrupt(LocalSource::Thermal) => (1, 0),
            Self::Interrupt(LocalSource::PerformanceCounter) => (2, 0),
            Self::Interrupt(LocalSource::CorrectedMachineCheck) => (3, 0),
            Self::Interrupt(LocalSource::Lint { pin, high, vector }) => {
                (4, pin as u64 | (high as u64) << 8 | (vector as u64) << 16)
            }
            Self::SystemManagement(span) => (5, span.as_ps()),
            Self::Init => (6, 0),
            Self::Shutdown => (7, 0),
            Self::JamDeliveryStatus => (8, 0),
            Self::LoseCommand => (9, 0),
            Self::ArmNmiPulse => (10, 0),
            Self::Pin(pin) => {
                let (number, ps) = pin.code();
                (11 + number as u64, ps)
            }
            Self::StoresLeave => (14, 0),
            Self::StoreLeft(word) => (15, word as u64),
            Self::PriorityWritten => (16, 0),
        }
    }
}

/// The listed events of a CPU, and when anything happens by itself next.
#[derive(Debug)]
pub(super) struct LocalSources {
    listed: VecDeque<(Time, LocalEvent)>,
    /// Lengths of injected system-management windows that wait for their SMI.
    windows: VecDeque<Duration>,
    at: Time,
    cycle: u64,
}

impl LocalSources {
    pub(super) fn new(events: &[(Time, LocalEvent)], clock: ClockDomain) -> Self {
        let mut listed = events.to_vec();
        listed.sort_by_key(|&(at, _)| at); // stable: those of one instant keep their order
        let mut sources = Self { listed: listed.into(), windows: VecDeque::new(), at: Time::NEVER, cycle: u64::MAX };
        sources.refresh(None, Time::ZERO, clock);
        sources
    }

    /// Works out anew when the next event is due: a listed one, or the APIC timer's. One that lies in the past when it is
    /// armed, at `now`, happens then.
    #[inline]
    pub(super) fn refresh(&mut self, timer: Option<Time>, now: Time, clock: ClockDomain) {
        let listed = self.listed.front().map_or(Time::NEVER, |&(at, _)| at);
        let at = timer.map_or(listed, |timer| timer.min(listed)).max(now);
        if at != self.at {
            self.at = at;
            self.cycle = if at == Time::NEVER { u64::MAX } else { clock.first_at_or_after(at) };
        }
    }

    /// One more that will happen, at `at`. It comes after those that are listed for that instant already.
    pub(super) fn add(&mut self, at: Time, event: LocalEvent, clock: ClockDomain) {
        let place = self.listed.partition_point(|&(other, _)| other <= at);
        self.listed.insert(place, (at, event));
        if at < self.at {
            self.at = at;
            self.cycle = clock.first_at_or_after(at);
        }
    }

    /// The first of these is not to happen any more. When the next event is due is to be worked out anew.
    pub(super) fn withdraw(&mut self, event: LocalEvent) {
        if let Some(place) = self.listed.iter().position(|&(_, listed)| listed == event) {
            self.listed.remove(place);
        }
    }

    /// When the next event is due.
    pub(super) const fn at(&self) -> Time {
        self.at
    }

    /// Its cycle.
    #[inline]
    pub(super) const fn cycle(&self) -> u64 {
        self.cycle
    }

    /// The listed event that is due now; else it is the timer's. Listed ones come first.
    pub(super) fn take_due(&mut self) -> Option<LocalEvent> {
        let due = self.listed.front().is_some_and(|&(due, _)| due <= self.at);
        if due { self.listed.pop_front().map(|(_, event)| event) } else { None }
    }

    pub(super) fn add_window(&mut self, span: Duration) {
        self.windows.push_back(span);
    }

    /// How long the next injected system-management window lasts; `None`: software's own code runs.
    pub(super) fn next_window(&mut self) -> Option<Duration> {
        self.windows.pop_front()
    }
}
