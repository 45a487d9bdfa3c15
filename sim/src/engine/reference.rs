//! The reference executor: one thread, always the globally next effect. Slow and plain: what the windowed executor is
//! compared with. It shares the hardware's state machines with it, but neither barrier nor commit, nor the way in which
//! the shared words are kept.

use super::fabric::Touched;
use super::hardware::Hardware;
use super::looks::Looks;
use super::milestones::Milestone;
use super::outcome::{Effort, Ending};
use crate::bus::Agent;
use crate::memory::{Copies, Key, Words, Writer, Written};
use crate::processor::{Core, Outgoing, Outgone};
use crate::time::{Duration, Time};
use std::collections::VecDeque;

/// Order of what happens at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Interconnect,
    Visibility,
    Cpu(usize),
    Device,
}

/// Everybody is looked at anyhow.
struct Nobody;

impl Touched for Nobody {
    fn touch(&mut self, _: &mut Core) {}
}

/// The executor's own state.
pub(super) struct Reference<'a, 'o> {
    hardware: &'a mut Hardware,
    looks: &'a mut Looks<'o>,
    words: Words,
    devices: VecDeque<Outgone>,
    pub(super) effort: Effort,
}

impl<'a, 'o> Reference<'a, 'o> {
    pub(super) fn new(hardware: &'a mut Hardware, looks: &'a mut Looks<'o>) -> Self {
        let mut devices = hardware.device_requests();
        devices.sort_by_key(|request| request.key);
        let words = Words::Copies(Copies::new(&hardware.initial_words, hardware.cpus.len()));
        Self { hardware, looks, words, devices: devices.into(), effort: Effort::default() }
    }

    fn copies(&mut self) -> &mut Copies {
        match &mut self.words {
            Words::Copies(copies) => copies,
            Words::History(_) => unreachable!("this executor keeps copies"),
        }
    }

    /// Runs to the end.
    pub(super) fn run(&mut self) -> Ending {
        loop {
            let nothing_on_its_way = self.copies().next_arrival() == Time::NEVER && self.devices.is_empty();
            if nothing_on_its_way && let Some(ending) = self.hardware.proven() {
                return ending;
            }
            let (time, rank) = self.next();
            if time >= self.hardware.bound() {
                match self.looks.at_bound(self.hardware, time) {
                    Some(ending) => return ending,
                    None => continue,
                }
            }
            self.looks.committed(self.hardware, time, 1);
            match rank {
                Rank::Interconnect => self.advance_interconnect(),
                Rank::Visibility => self.arrive(time),
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
        let cpus = self.hardware.cpus.iter().enumerate();
        let cpu = cpus.map(|(number, core)| (core.next_action(), Rank::Cpu(number))).min();
        let others = [
            Some((self.copies().next_arrival(), Rank::Visibility)),
            self.devices.front().map(|request| (request.key.time, Rank::Device)),
            cpu,
        ];
        let other = others.into_iter().flatten().min().unwrap_or((Time::NEVER, Rank::Device));
        if self.hardware.elision {
            let until = other.0.min(self.hardware.bound());
            self.hardware.fabric.skip_until(until);
        }
        other.min((self.hardware.fabric.next_event(), Rank::Interconnect))
    }

    /// One event of the interconnect. A CPU that is skipped is brought up to it before it is touched.
    fn advance_interconnect(&mut self) {
        let now = self.hardware.advance();
        let mut touched = Vec::new();
        self.hardware.touched(&mut touched);
        for &number in &touched {
            if self.hardware.cpus[number].is_parked() {
                self.bring_up(number, now);
            }
        }
        self.hardware.apply(now, &mut Nobody);
    }

    /// What a skipped CPU rests on changes at `now`: its accesses before that are executed.
    fn bring_up(&mut self, number: usize, now: Time) {
        let parked = self.hardware.cpus[number].is_parked();
        self.hardware.cpus[number].wake(now);
        if parked {
            self.visit(number, now);
        }
    }

    fn visit(&mut self, number: usize, end: Time) {
        self.effort.windows += 1;
        self.effort.visits += 1;
        let end = self.hardware.clock.first_at_or_after(end);
        let cpu = &mut self.hardware.cpus[number];
        cpu.open_window(end, end);
        cpu.resume(&self.words);
        self.hardware.collect(number);
    }

    /// Values become visible. Whoever polls one that changes is brought up to this instant first.
    fn arrive(&mut self, now: Time) {
        let due = self.copies().due();
        for number in 0..self.hardware.cpus.len() {
            let agent = number as Agent;
            let words: Vec<u16> = self.hardware.cpus[number].watched_words().collect();
            let changes = |copies: &Copies, word| {
                self.hardware.cpus[number].watched_value(word) != Some(copies.after(agent, word, &due))
            };
            let Words::Copies(copies) = &self.words else { return };
            if words.into_iter().any(|word| changes(copies, word)) {
                self.bring_up(number, now);
            }
        }
        self.copies().arrive();
        self.hardware.cpus.iter_mut().for_each(|core| core.words_changed());
    }

    /// Lets one CPU do its next effect, and commits at once what leaves it.
    fn step(&mut self, number: usize, time: Time) {
        self.visit(number, time + Duration::from_ps(1));
        for request in std::mem::take(&mut self.hardware.cpus[number].outbox).iter() {
            self.perform(*request);
        }
    }

    fn perform(&mut self, request: Outgone) {
        let Key { time, source, .. } = request.key;
        let hardware = &mut *self.hardware;
        let (word, value) = match request.what {
            Outgoing::Bus(message) => return hardware.fabric.request(time, &message),
            Outgoing::Milestone(code) => return hardware.reach(Milestone { at: time, cpu: source, code }),
            Outgoing::Pin { target, pin } => {
                hardware.drive_pin(target, pin, time);
                return;
            }
            Outgoing::Device { access, value } => return hardware.device(source, time, access, value),
            Outgoing::Store { word, value } => (word, value),
            Outgoing::Modify { word, kind, operand } => {
                let old = hardware.master.load(word);
                hardware.cpus[usize::from(source)].answered(old);
                (word, kind.modify(old, operand))
            }
        };
        hardware.master.store(word, Writer { cpu: source, at: time, value, site: request.site });
        let at = hardware.written(time);
        self.copies().send(word, Written { value, key: Some(request.key) }, at);
    }
}
