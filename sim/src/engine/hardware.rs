//! The hardware of a machine under way, as the executors share it.

use super::fabric::{Fabric, Touched};
use super::milestones::{Milestone, Milestones};
use super::outcome::{Ending, Proof};
use super::slot::Slot;
use crate::RunError;
use crate::bus::{Agent, BusEffect, DeliveryMode, DestinationMode, Message, Request, Shorthand};
use crate::coroutine::Site;
use crate::memory::{Key, Master};
use crate::processor::{Core, Outgoing, Outgone, Pin};
use crate::stream::{Access, Interest};
use crate::time::{ClockDomain, Duration, Time};

/// An interrupt that the I/O agent sends: a physical FIXED message.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// let device_interrupts = vec![DeviceInterrupt { at: Time::from_us(5), vector: 0x39, destination: 0, level_triggered: false }];
/// let cpus = vec![(CpuSettings::default(), Program::from_fn(|cpu| cpu.irq_restore(false)))];
/// let bus = Box::new(SerialBus::new(&[0, 14])?);
/// let machine = Machine::new(MachineSettings::new(Generation::P6, bus).with(|machine| {
///     machine.cpus = cpus;
///     machine.device_interrupts = device_interrupts;
/// }))?;
/// assert_eq!(machine.run(Execution::default())?.cpus[0].requested[0].0, 0x39);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceInterrupt {
    /// When the device raises its line.
    pub at: Time,
    /// Vector.
    pub vector: u8,
    /// APIC id of the target.
    pub destination: u8,
    /// Is it level-triggered? Then its EOI is told to the I/O agent.
    pub level_triggered: bool,
}

/// The hardware, as the executors share it.
#[derive(Debug)]
pub(crate) struct Hardware {
    pub(crate) cpus: Vec<Slot>,
    pub(crate) fabric: Fabric,
    /// What the event of the interconnect that is being processed says must happen.
    pub(super) effects: Vec<BusEffect>,
    pub(crate) master: Master,
    pub(crate) initial_words: Vec<u32>,
    pub(crate) milestones: Milestones,
    pub(crate) lookahead: Duration,
    pub(crate) visibility: Duration,
    pub(crate) elision: bool,
    pub(super) devices: Vec<DeviceInterrupt>,
    /// The earliest thing that no machine can do.
    pub(super) failure: Option<RunError>,
    /// When the last write of a shared word is seen by everybody.
    pub(super) words_seen: Time,
    pub(super) proven_at: Option<Time>,
    pub(super) clock: ClockDomain,
    /// When the machine is looked at next.
    pub(super) look: Time,
    /// No effect at or after this instant is executed before the machine has been looked at: the end, or a look before it.
    pub(super) bound: Time,
    /// Where it was ended before its time.
    pub(super) interrupted_at: Option<Time>,
}

impl Hardware {
    /// What the I/O agent will send.
    pub(super) fn device_requests(&self) -> Vec<Outgone> {
        let source = self.cpus.len() as Agent; // the agent after the CPUs
        let request = |(number, device): (usize, &DeviceInterrupt)| Outgone {
            key: Key { time: device.at, source, sequence: number as u64 },
            site: Site::caller(),
            what: Outgoing::Bus(Request::Message(Message {
                source,
                number: number as u32,
                mode: DeliveryMode::Fixed,
                vector: device.vector,
                destination_mode: DestinationMode::Physical,
                destination: u32::from(device.destination),
                shorthand: Shorthand::None,
                level_triggered: device.level_triggered,
                asserted: true,
                written_at: device.at,
                queues: false,
            })),
        };
        self.devices.iter().enumerate().map(request).collect()
    }

    /// Somebody observes: what CPUs and interconnect tell of this is kept until it is handed over.
    pub(super) fn observe(&mut self, wanted: Interest) {
        if wanted.wants_wires() {
            self.fabric.carrier.bus().probe();
        }
        self.fabric.stream.observe(wanted);
        self.cpus.iter_mut().for_each(|cpu| cpu.stream.observe(wanted));
    }

    /// See the field.
    #[inline]
    pub(super) const fn bound(&self) -> Time {
        self.bound
    }

    /// The machine is looked at next at `at`.
    pub(super) fn look_at(&mut self, at: Time) {
        self.look = at;
        self.bound = self.end().min(at);
    }

    /// It ends at `at`, before its time.
    pub(super) fn interrupt(&mut self, at: Time) {
        self.interrupted_at = Some(at);
        self.milestones.end = at;
    }

    /// Its stop rule has ended it, and it goes on without. The machine is looked at next at `at`.
    pub(super) fn go_on(&mut self, at: Time) {
        self.milestones.go_on();
        self.look_at(at);
    }

    /// Software reached a milestone.
    pub(super) fn reach(&mut self, milestone: Milestone) {
        self.milestones.take(milestone);
        self.look_at(self.look);
    }

    /// No effect at or after this instant is executed.
    pub(super) fn end(&self) -> Time {
        let failed = self.failure.as_ref().map_or(Time::NEVER, |error| error.place().0 + Duration::from_ps(1));
        self.milestones.end.min(failed)
    }

    /// Something happened that no machine can do. Others go on to its instant, so that the earliest is found everywhere.
    fn fail(&mut self, error: RunError) {
        if self.failure.as_ref().is_none_or(|before| error.place() < before.place()) {
            self.failure = Some(error);
            self.look_at(self.look);
        }
    }

    /// CPU `number` has run: takes what it has to tell.
    pub(super) fn collect(&mut self, number: usize) {
        let core = &mut self.cpus[number];
        self.fabric.collect(core);
        if core.has_failed() {
            self.note_failure(number);
        }
    }

    /// CPU `number` has done what no machine can.
    #[cold]
    pub(super) fn note_failure(&mut self, number: usize) {
        if let Some(error) = self.cpus[number].failure.clone() {
            self.fail(error);
        }
    }

    /// The next event of the interconnect; gives its instant. What it says must happen waits for [`apply`](Self::apply).
    #[inline(always)]
    pub(super) fn advance(&mut self) -> Time {
        self.effects.clear();
        self.fabric.advance(&self.cpus, &mut self.effects)
    }

    /// Pushes the CPUs that this event changes.
    pub(super) fn touched(&self, found: &mut Vec<usize>) {
        self.fabric.touched(&self.effects, &self.cpus, found);
    }

    /// Does to the CPUs what the event of the interconnect at `now` said must happen, and tells of each that it may have
    /// changed.
    ///
    /// # Panics
    /// If a CPU is further than that already.
    #[inline(always)]
    pub(super) fn apply(&mut self, now: Time, touched: &mut impl Touched) {
        self.fabric.apply(now, &self.effects, &mut self.cpus, touched);
    }

    /// A shared word was written at `time`; gives when others see that.
    pub(super) fn written(&mut self, time: Time) -> Time {
        let at = time + self.visibility;
        self.words_seen = self.words_seen.max(at);
        at
    }

    /// Software drives a pin of CPU `target` at `time`: it sees that when it would see a store. Gives the CPU, if there is one.
    pub(super) fn drive_pin(&mut self, target: Agent, pin: Pin, time: Time) -> Option<&mut Core> {
        let at = time + self.visibility;
        let core: &mut Core = self.cpus.get_mut(usize::from(target))?;
        core.drive_pin(pin, at);
        Some(core)
    }

    /// An access of CPU `source` to a device at `now`.
    pub(super) fn device(&mut self, source: Agent, now: Time, access: Access, value: u32) {
        let answer = self.fabric.access_device(now, access, value).unwrap_or_else(|error| {
            self.fail(RunError::Device { cpu: source, at: now, error });
            0
        });
        self.cpus[usize::from(source)].answered(answer);
    }

    /// Can nothing ever happen any more, but the same for ever? Everybody is asked. The proof's instant, the greatest of
    /// all its parts, must lie before the end, and the looks before it come first.
    pub(super) fn proven(&mut self) -> Option<Ending> {
        if self.milestones.stopped || !self.fabric.is_settled() || !self.cpus.iter().all(|core| core.is_settled()) {
            return None;
        }
        let parts = self.cpus.iter().map(|core| core.settled_at());
        let at = parts.chain([self.fabric.settled_at(), self.words_seen]).max()?;
        if at >= self.bound {
            return None;
        }
        self.proven_at = Some(at);
        let polled = self.cpus.iter().any(|core| core.polls());
        Some(Ending::Proven(if polled { Proof::Recurrence } else { Proof::Quiescent }))
    }

    pub(super) fn ending_at_end(&self) -> Ending {
        if self.milestones.stopped { Ending::Stopped } else { Ending::Deadline }
    }
}
