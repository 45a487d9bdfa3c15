//! The windowed executor: conservative synchronisation, any number of workers.
//!
//! Each CPU runs on its own state up to the earliest instant at which anything outside it could sample or reach it. What
//! leaves it goes to its outbox. At the barrier, requests older than every CPU's next possible effect are committed in
//! key order, and the interconnect advances, event by event, only up to there.

use super::crew::Crew;
use super::execution::Window;
use super::hardware::Hardware;
use super::milestones::Milestone;
use super::outcome::Ending;
use crate::memory::{Arrival, Key, Writer};
use crate::processor::{Outgoing, Outgone};
use crate::time::{Duration, Time};
use std::collections::VecDeque;

/// The barrier's own state.
pub(super) struct Windowed<'a> {
    hardware: &'a mut Hardware,
    crew: Crew,
    /// Requests that are not committed yet, in key order.
    pending: VecDeque<Outgone>,
    /// No window is longer than this past the earliest next effect.
    cap: Option<Duration>,
    lookahead: Duration,
}

impl<'a> Windowed<'a> {
    pub(super) fn new(hardware: &'a mut Hardware, crew: Crew, window: Window) -> Self {
        let lookahead = hardware.lookahead;
        let mut pending: Vec<Outgone> = hardware.device_requests();
        pending.sort_by_key(|request| request.key);
        Self { crew, pending: pending.into(), cap: window.cap(lookahead), lookahead, hardware }
    }

    /// Runs to the end.
    pub(super) fn run(&mut self) -> Ending {
        loop {
            self.collect();
            if let Some(ending) = self.barrier() {
                return ending;
            }
            let ready = self.windows();
            assert!(!ready.is_empty(), "somebody can act, or the barrier would have ended the run");
            self.crew.run(&mut self.hardware.cores, &ready);
        }
    }

    /// Takes what has left the CPUs, in key order.
    fn collect(&mut self) {
        let before = self.pending.len();
        for core in &mut self.hardware.cores {
            self.pending.extend(core.outbox.drain(..));
            self.hardware.fabric.collect_facts(core);
            if std::mem::take(&mut core.apic_touched) {
                self.hardware.fabric.disturb();
            }
        }
        if self.pending.len() != before {
            self.pending.make_contiguous().sort_by_key(|request| request.key);
        }
    }

    /// The earliest instant at which any CPU may act.
    fn earliest_action(&self) -> Time {
        self.hardware.cores.iter().map(|core| core.next_action()).min().unwrap_or(Time::NEVER)
    }

    fn perform(&mut self, request: Outgone) {
        let Key { time, source, .. } = request.key;
        match request.what {
            Outgoing::Bus(message) => self.hardware.fabric.request(time, message),
            Outgoing::Store { word, value } => self.publish(request, word, value),
            Outgoing::Modify { word, kind, operand } => {
                let old = self.hardware.master.load(word);
                let new = kind.modify(old, operand);
                self.publish(request, word, new);
                self.hardware.cores[usize::from(source)].modify_done(word, old, new, request.key);
            }
            Outgoing::Milestone(code) => {
                self.hardware.milestones.take(Milestone { at: time, cpu: source, code });
            }
            Outgoing::Device { access, value } => self.hardware.device(source, time, access, value),
        }
    }

    /// A value goes to the master now, and to the other CPUs' copies after V.
    fn publish(&mut self, request: Outgone, word: u16, value: u32) {
        let Key { time, source, .. } = request.key;
        self.hardware.master.store(word, Writer { cpu: source, at: time, value, site: request.site });
        let arrival = Arrival { at: time + self.hardware.visibility, word, value, key: request.key };
        for core in &mut self.hardware.cores {
            if core.agent != source {
                core.receive(arrival);
            }
        }
    }

    /// Commits requests and advances the interconnect, in time order, as far as the CPUs allow. Gives the ending, if the
    /// run is over.
    fn barrier(&mut self) -> Option<Ending> {
        loop {
            let earliest = self.earliest_action();
            let hardware = &mut *self.hardware;
            let end = hardware.milestones.end;
            if hardware.has_failed() {
                return Some(Ending::Deadline);
            }
            if self.pending.is_empty()
                && let Some(proof) = hardware.proof()
            {
                return Some(Ending::Proven(proof));
            }
            // A request at the instant of the earliest action waits: somebody with a smaller key may still act then.
            let oldest = self.pending.front().map_or(Time::NEVER, |request| request.key.time);
            let until = earliest.min(oldest);
            if hardware.elision {
                hardware.fabric.skip_until(until.min(end));
            }
            let next = hardware.fabric.next_event();
            if next.min(until) >= end {
                return Some(hardware.ending_at_end());
            }
            if next <= until {
                self.advance_interconnect();
            } else if oldest < earliest {
                let request = self.pending.pop_front().expect("the oldest request is there");
                self.perform(request);
            } else {
                return None;
            }
        }
    }

    /// One event of the interconnect. A CPU that is skipped is brought up to it before it is touched.
    fn advance_interconnect(&mut self) {
        let hardware = &mut *self.hardware;
        let now = hardware.fabric.advance(&hardware.cores);
        let mut behind: Vec<(usize, Time)> = hardware
            .fabric
            .touched(&hardware.cores)
            .filter(|&number| hardware.cores[number].is_parked())
            .map(|number| (number, now))
            .collect();
        if !behind.is_empty() {
            behind.sort_unstable();
            behind.dedup();
            for &(number, _) in &behind {
                hardware.cores[number].catch_up(now);
            }
            self.crew.run(&mut hardware.cores, &behind);
        }
        hardware.fabric.apply(now, &mut hardware.cores);
    }

    /// The end of each CPU's window, for those that have something to do in it.
    fn windows(&self) -> Vec<(usize, Time)> {
        let hardware = &*self.hardware;
        let actions: Vec<Time> = hardware.cores.iter().map(|core| core.next_action()).collect();
        let earliest = actions.iter().copied().min().unwrap_or(Time::NEVER);
        let shared = hardware.milestones.end.min(hardware.fabric.bound()).min(hardware.fabric.next_change());
        let shared = self.cap.map_or(shared, |cap| shared.min(earliest + cap));
        // What each source may do next: act, or see a request of its own committed.
        let mut reach = actions.clone();
        let mut devices = Time::NEVER;
        for request in &self.pending {
            match reach.get_mut(usize::from(request.key.source)) {
                Some(slot) => *slot = (*slot).min(request.key.time),
                None => devices = devices.min(request.key.time),
            }
        }
        let (least, second) = two_least(&reach);
        let mut ready = Vec::new();
        for (number, &action) in actions.iter().enumerate() {
            let others = if least.1 == number { second } else { least.0 };
            let own_request = if reach[number] < action { reach[number] } else { Time::NEVER };
            let end = shared.min(others.min(devices).min(own_request) + self.lookahead);
            if action < end {
                ready.push((number, end));
            }
        }
        ready
    }
}

/// The least of `times` with its index, and the second least.
fn two_least(times: &[Time]) -> ((Time, usize), Time) {
    let (mut least, mut second) = ((Time::NEVER, usize::MAX), Time::NEVER);
    for (index, &time) in times.iter().enumerate() {
        if time < least.0 {
            second = least.0;
            least = (time, index);
        } else {
            second = second.min(time);
        }
    }
    (least, second)
}
