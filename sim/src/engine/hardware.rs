//! The hardware of a machine under way, as the executors share it.

use super::fabric::Fabric;
use super::milestones::Milestones;
use super::outcome::{Ending, Proof, RunError};
use crate::bus::{Agent, DeliveryMode, DestinationMode, Message, Request, Shorthand};
use crate::memory::{Key, Master};
use crate::processor::{CoreBox, Outgoing, Outgone};
use crate::stream::Access;
use crate::time::{ClockDomain, Duration, Time};
use std::panic::Location;

/// An interrupt that the I/O agent sends: a physical FIXED edge message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceInterrupt {
    /// When the device raises its line.
    pub at: Time,
    /// Vector.
    pub vector: u8,
    /// APIC id of the target.
    pub destination: u8,
}

/// The hardware, as the executors share it.
#[derive(Debug)]
pub(crate) struct Hardware {
    pub(crate) cores: Vec<CoreBox>,
    pub(crate) fabric: Fabric,
    pub(crate) master: Master,
    pub(crate) milestones: Milestones,
    pub(crate) lookahead: Duration,
    pub(crate) visibility: Duration,
    pub(crate) elision: bool,
    pub(super) devices: Vec<DeviceInterrupt>,
    pub(super) failure: Option<RunError>,
    pub(super) clock: ClockDomain,
}

impl Hardware {
    /// What the I/O agent will send.
    pub(super) fn device_requests(&self) -> Vec<Outgone> {
        let source = self.cores.len() as Agent; // the agent after the CPUs
        let request = |(number, device): (usize, &DeviceInterrupt)| Outgone {
            key: Key { time: device.at, source, sequence: number as u64 },
            site: Location::caller(),
            what: Outgoing::Bus(Request::Message(Message {
                source,
                number: number as u32,
                mode: DeliveryMode::Fixed,
                vector: device.vector,
                destination_mode: DestinationMode::Physical,
                destination: u32::from(device.destination),
                shorthand: Shorthand::None,
                level_triggered: false,
                asserted: true,
                written_at: device.at,
                queues: false,
            })),
        };
        self.devices.iter().enumerate().map(request).collect()
    }

    pub(super) const fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// An access of CPU `source` to a device at `now`.
    pub(super) fn device(&mut self, source: Agent, now: Time, access: Access, value: u32) {
        let answer = self.fabric.access_device(now, access, value).unwrap_or_else(|error| {
            self.failure.get_or_insert(RunError::Device { cpu: source, at: now, error });
            0
        });
        self.cores[usize::from(source)].device_answers(answer);
    }

    /// Can nothing ever happen any more, but the same for ever?
    pub(super) fn proof(&self) -> Option<Proof> {
        if self.milestones.stopped {
            return None;
        }
        let settled = self.cores.iter().all(|core| core.is_settled()) && self.fabric.is_settled();
        let polled = || self.cores.iter().any(|core| core.polls());
        settled.then(|| if polled() { Proof::Recurrence } else { Proof::Quiescent })
    }

    pub(super) fn ending_at_end(&self) -> Ending {
        if self.milestones.stopped { Ending::Stopped } else { Ending::Deadline }
    }
}
