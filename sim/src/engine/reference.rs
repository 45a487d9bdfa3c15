//! The reference executor: one thread, always the globally next effect. Slow and plain: what the windowed executor is
//! compared with. It shares the hardware's state machines with it, but neither barrier nor commit.

use super::hardware::Hardware;
use super::milestones::Milestone;
use super::outcome::Ending;
use crate::memory::{Arrival, Key, Writer};
use crate::processor::{Flow, Outgoing, Outgone};
use crate::time::{Duration, Time};
use std::collections::{BTreeMap, VecDeque};

/// Order of what happens at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Interconnect,
    Visibility,
    Cpu(usize),
    Device,
}

/// The executor's own state.
pub(super) struct Reference<'a> {
    hardware: &'a mut Hardware,
    flows: Vec<Option<Flow>>,
    /// Values on their way to other CPUs' copies: by instant and key, to whom.
    in_flight: BTreeMap<(Time, Key), Arrival>,
    devices: VecDeque<Outgone>,
}

impl<'a> Reference<'a> {
    pub(super) fn new(hardware: &'a mut Hardware) -> Self {
        let mut devices = hardware.device_requests();
        devices.sort_by_key(|request| request.key);
        let flows = (0..hardware.cores.len()).map(|_| None).collect();
        Self { hardware, flows, in_flight: BTreeMap::new(), devices: devices.into() }
    }

    /// Runs to the end.
    pub(super) fn run(&mut self) -> Ending {
        loop {
            if self.hardware.has_failed() {
                return Ending::Deadline;
            }
            let nothing_on_its_way = self.in_flight.is_empty() && self.devices.is_empty();
            if nothing_on_its_way && let Some(proof) = self.hardware.proof() {
                return Ending::Proven(proof);
            }
            let (time, rank) = self.next();
            if time >= self.hardware.milestones.end {
                return self.hardware.ending_at_end();
            }
            match rank {
                Rank::Interconnect => self.advance_interconnect(),
                Rank::Visibility => self.arrive(),
                Rank::Cpu(number) => self.step(number, time),
                Rank::Device => {
                    if let Some(request) = self.devices.pop_front() {
                        self.perform(request);
                    }
                }
            }
        }
    }

    /// What happens next, of everything.
    fn next(&mut self) -> (Time, Rank) {
        let others = [
            self.in_flight.first_key_value().map(|(&(at, _), _)| (at, Rank::Visibility)),
            self.devices.front().map(|request| (request.key.time, Rank::Device)),
            self.hardware.cores.iter().enumerate().map(|(number, core)| (core.next_action(), Rank::Cpu(number))).min(),
        ];
        let other = others.into_iter().flatten().min().unwrap_or((Time::NEVER, Rank::Device));
        if self.hardware.elision {
            let until = other.0.min(self.hardware.milestones.end);
            self.hardware.fabric.skip_until(until);
        }
        other.min((self.hardware.fabric.next_event(), Rank::Interconnect))
    }

    /// One event of the interconnect. A CPU that is skipped is brought up to it before it is touched.
    fn advance_interconnect(&mut self) {
        let now = self.hardware.fabric.advance(&self.hardware.cores);
        let touched: Vec<usize> = self.hardware.fabric.touched(&self.hardware.cores).collect();
        for number in touched {
            let core = &mut self.hardware.cores[number];
            if core.is_parked() {
                core.catch_up(now);
                self.visit(number, now);
            }
        }
        self.hardware.fabric.apply(now, &mut self.hardware.cores);
    }

    fn visit(&mut self, number: usize, end: Time) {
        let core = &mut self.hardware.cores[number];
        core.open_window(end);
        self.flows[number].get_or_insert_with(|| Flow::new(core)).resume(core);
    }

    fn arrive(&mut self) {
        let Some((_, arrival)) = self.in_flight.pop_first() else { return };
        for core in &mut self.hardware.cores {
            if core.agent != arrival.key.source {
                core.see(arrival);
            }
        }
    }

    /// Lets one CPU do its next effect, and commits at once what leaves it.
    fn step(&mut self, number: usize, time: Time) {
        self.visit(number, time + Duration::from_ps(1));
        if std::mem::take(&mut self.hardware.cores[number].apic_touched) {
            self.hardware.fabric.disturb();
        }
        self.hardware.fabric.collect_facts(&mut self.hardware.cores[number]);
        for request in std::mem::take(&mut self.hardware.cores[number].outbox) {
            self.perform(request);
        }
    }

    fn perform(&mut self, request: Outgone) {
        let Key { time, source, .. } = request.key;
        let hardware = &mut *self.hardware;
        let value = match request.what {
            Outgoing::Bus(message) => return hardware.fabric.request(time, message),
            Outgoing::Milestone(code) => return hardware.milestones.take(Milestone { at: time, cpu: source, code }),
            Outgoing::Device { access, value } => return hardware.device(source, time, access, value),
            Outgoing::Store { word, value } => (word, value),
            Outgoing::Modify { word, kind, operand } => {
                let old = hardware.master.load(word);
                let new = kind.modify(old, operand);
                hardware.cores[usize::from(source)].modify_done(word, old, new, request.key);
                (word, new)
            }
        };
        let (word, value) = value;
        hardware.master.store(word, Writer { cpu: source, at: time, value, site: request.site });
        let arrival = Arrival { at: time + hardware.visibility, word, value, key: request.key };
        self.in_flight.insert((arrival.at, arrival.key), arrival);
    }
}
