//! The windowed executor: conservative synchronisation, any number of workers.
//!
//! Each CPU runs on its own state up to the earliest instant at which anything outside it could sample or reach it. What
//! leaves it goes to its outbox. At the barrier, requests older than every CPU's next possible effect are committed in
//! key order, and the interconnect advances, event by event, only up to there. A barrier looks at CPUs that have
//! something, and at no others.

use super::crew::{Crew, End, LastEnd, visit};
use super::execution::Window;
use super::fabric::Fabric;
use super::hardware::Hardware;
use super::looks::Looks;
use super::outcome::{Effort, Ending};
use super::pollers::Pollers;
use super::requests::Requests;
use super::standings::Standings;
use crate::memory::{History, Words};
use crate::processor::{Core, Processor};
use crate::time::{Duration, Time};
use std::ops::BitOr;

/// The barrier's own state.
pub(super) struct Windowed<'a, 'o> {
    pub(super) hardware: &'a mut Hardware,
    looks: &'a mut Looks<'o>,
    crew: &'a Crew,
    /// What the CPUs see of the shared words: everybody's to read during a window, the barrier's to write.
    pub(super) words: Words,
    pub(super) pollers: Pollers,
    pub(super) standings: Standings,
    pub(super) requests: Requests,
    /// No window is longer than this past the earliest next effect.
    cap: Option<Duration>,
    lookahead: Duration,
    ready: Vec<(usize, End)>,
    /// How many were visited in the last window.
    visited: usize,
    last_end: LastEnd,
    pub(super) numbers: Vec<usize>,
    pub(super) effort: Effort,
}

/// What comes next at a barrier.
enum Step {
    /// The oldest request is committed.
    Commit,
    /// The interconnect has an event.
    Advance,
    /// What is proven was skipped, or the bound is another one now.
    Skipped,
    /// CPUs act, the first at this instant.
    Act(Time),
    /// The run is over.
    End(Ending),
}

impl<'a, 'o> Windowed<'a, 'o> {
    pub(super) fn new(hardware: &'a mut Hardware, looks: &'a mut Looks<'o>, crew: &'a Crew, window: Window) -> Self {
        let lookahead = hardware.lookahead;
        let requests = Requests::new(hardware.device_requests());
        let cpus = hardware.cpus.len();
        Self {
            crew,
            looks,
            words: Words::History(History::new(&hardware.initial_words, hardware.visibility)),
            pollers: Pollers::new(hardware.initial_words.len(), cpus),
            standings: Standings::new(cpus, hardware.elision),
            requests,
            cap: window.cap(lookahead),
            lookahead,
            ready: Vec::new(),
            visited: 0,
            last_end: LastEnd::default(),
            numbers: Vec::new(),
            effort: Effort::default(),
            hardware,
        }
    }

    /// Runs to the end.
    pub(super) fn run(&mut self) -> Ending {
        loop {
            if let Some(ending) = self.barrier() {
                return ending;
            }
            let alone = self.open_windows();
            self.effort.windows += 1;
            match alone {
                Some((number, end)) if self.crew.is_alone() => self.visit_one(number, end),
                Some(first) => {
                    self.ready.clear();
                    self.ready.push(first);
                    self.visit_ready();
                }
                None => self.visit_ready(),
            }
        }
    }

    /// Lets this one run, and takes what has left it.
    #[inline(always)]
    fn visit_one(&mut self, number: usize, end: End) {
        self.visited = 1;
        self.effort.visits += 1;
        let Hardware { cpus, fabric, .. } = &mut *self.hardware;
        let processor: &mut Processor = &mut cpus[number];
        visit(processor, end, &self.words);
        if collect(number, processor, fabric, &mut self.requests, &mut self.pollers, &mut self.standings) {
            self.hardware.note_failure(number);
        }
    }

    /// Lets those who are ready run, and takes what has left them.
    #[inline(never)]
    fn visit_ready(&mut self) {
        assert!(!self.ready.is_empty(), "somebody can act, or the barrier would have ended the run");
        self.visited = self.ready.len();
        self.effort.visits += self.ready.len() as u64;
        let many = self.standings.schedule.change(self.ready.len());
        let failed = if self.crew.is_alone() { self.visit_each() } else { self.visit_with_crew() };
        if many {
            self.standings.schedule.changed();
        }
        if failed {
            self.note_failures();
        }
    }

    /// One after the other: what has left one concerns no other before the barrier. Gives whether the software of any has failed.
    #[inline(always)]
    fn visit_each(&mut self) -> bool {
        let Self { hardware, ready, words, requests, pollers, standings, .. } = self;
        let Hardware { cpus, fabric, .. } = &mut **hardware;
        let mut failed = false;
        for &(number, end) in &*ready {
            let processor: &mut Processor = &mut cpus[number];
            visit(processor, end, words);
            failed |= collect(number, processor, fabric, requests, pollers, standings);
        }
        failed
    }

    #[inline(never)]
    fn visit_with_crew(&mut self) -> bool {
        self.crew.run(&mut self.hardware.cpus, &self.ready, &mut self.words);
        let Self { hardware, ready, requests, pollers, standings, .. } = self;
        let Hardware { cpus, fabric, .. } = &mut **hardware;
        let collect = |number: usize| collect(number, &mut cpus[number], fabric, requests, pollers, standings);
        ready.iter().map(|&(number, _)| number).map(collect).fold(false, BitOr::bitor)
    }

    #[cold]
    fn note_failures(&mut self) {
        for &(number, _) in &self.ready {
            if self.hardware.cpus[number].has_failed() {
                self.hardware.note_failure(number);
            }
        }
    }

    /// Commits requests and advances the interconnect, in time order, as far as the CPUs allow. Gives the ending, if the
    /// run is over.
    #[inline(always)]
    fn barrier(&mut self) -> Option<Ending> {
        loop {
            match self.next_step() {
                Step::Commit => self.commit(),
                Step::Advance => self.advance_interconnect(),
                Step::Skipped => {}
                Step::Act(earliest) => {
                    self.looks.committed(self.hardware, earliest, self.visited);
                    return None;
                }
                Step::End(ending) => return Some(ending),
            }
        }
    }

    #[inline(always)]
    fn next_step(&mut self) -> Step {
        let (fabric, oldest) = (&self.hardware.fabric, self.requests.oldest_time());
        let (earliest, next, bound) = (self.standings.schedule.least(), fabric.next_event(), self.hardware.bound());
        let others = earliest.min(next).min(bound);
        if fabric.repeats() {
            return self.next_step_somehow();
        }
        // A request at the instant of the earliest action waits: somebody with a smaller key may still act then.
        if oldest < others {
            return Step::Commit;
        }
        if others == bound {
            return self.next_step_somehow();
        }
        if next == others {
            Step::Advance
        } else if next == Time::NEVER && self.standings.may_be_settled() {
            self.next_step_somehow()
        } else {
            Step::Act(earliest)
        }
    }

    /// The same where no request is the first of all: the interconnect may repeat itself, all may be over, or there is a bound.
    #[inline(never)]
    fn next_step_somehow(&mut self) -> Step {
        let earliest = self.standings.schedule.least();
        let hardware = &mut *self.hardware;
        let bound = hardware.bound();
        if self.standings.may_be_settled()
            && self.requests.is_empty()
            && hardware.fabric.may_be_settled()
            && let Some(ending) = hardware.proven()
        {
            return Step::End(ending);
        }
        let oldest = self.requests.oldest_time();
        let until = earliest.min(oldest);
        if hardware.fabric.repeats() && hardware.elision {
            hardware.fabric.skip_until(until.min(bound));
        }
        let next = hardware.fabric.next_event();
        let now = next.min(until);
        if now >= bound {
            return self.looks.at_bound(hardware, now).map_or(Step::Skipped, Step::End);
        }
        if next <= until {
            Step::Advance
        } else if oldest < earliest {
            Step::Commit
        } else {
            Step::Act(earliest)
        }
    }

    /// One event of the interconnect. A CPU that is skipped is brought up to it before it is touched.
    fn advance_interconnect(&mut self) {
        let now = self.hardware.advance();
        if self.standings.is_any_parked() {
            self.bring_up(now);
        }
        let standings = &mut self.standings;
        let many = standings.schedule.change(self.hardware.effects.len());
        self.hardware.apply(now, standings);
        if many {
            standings.schedule.changed();
        }
    }

    /// Those who are skipped, and whom the event at `now` touches, do what lies before it.
    #[cold]
    fn bring_up(&mut self, now: Time) {
        self.numbers.clear();
        self.hardware.touched(&mut self.numbers);
        self.ready.clear();
        let end = End::at(self.hardware.clock.first_at_or_after(now));
        for &number in &self.numbers {
            if self.hardware.cpus[number].is_parked() {
                self.hardware.cpus[number].wake(now);
                self.ready.push((number, end));
            }
        }
        if !self.ready.is_empty() {
            self.visit_ready();
        }
    }

    /// The end of each CPU's window, for those that have something to do in it. Gives the only one who has, or lists all.
    #[inline(always)]
    fn open_windows(&mut self) -> Option<(usize, End)> {
        let hardware = &*self.hardware;
        let (first, second) = self.standings.schedule.first_two();
        let earliest = self.standings.schedule.least();
        let quiet = hardware.bound().min(hardware.fabric.next_change());
        let quiet = self.cap.map_or(quiet, |cap| quiet.min(earliest + cap));
        let shared = quiet.min(hardware.fabric.bound());
        let others = second.min(self.requests.oldest_time());
        if others == Time::NEVER && !hardware.fabric.repeats() && earliest < shared {
            let end = End::at(self.last_end.of(shared, &hardware.clock));
            return Some((first, end)); // nobody else is to do anything
        }
        self.open_windows_of_several(first, second, quiet, shared)
    }

    /// Others than the `first` will act, the earliest of them at `second`. No window is longer than `quiet`, none in which
    /// anything may leave a CPU than `shared`.
    #[inline(never)]
    fn open_windows_of_several(
        &mut self,
        first: usize,
        second: Time,
        quiet: Time,
        shared: Time,
    ) -> Option<(usize, End)> {
        let hardware = &*self.hardware;
        let schedule = &self.standings.schedule;
        let earliest = schedule.least();
        // The first may go on until another one acts, or sees a request of its own committed. (It has none itself: it
        // would be older than its action, and so committed.)
        let oldest = self.requests.oldest_time();
        let mut of_first = shared.min(second.min(oldest) + self.lookahead);
        // An interconnect that only repeats itself changes nothing that a poll sees, until somebody acts.
        let repeats = hardware.fabric.repeats() && hardware.elision;
        let near = shared.min(earliest + self.lookahead);
        self.ready.clear();
        let alone = second >= near;
        if !alone {
            self.numbers.clear();
            let rest = schedule.before(near, &mut self.numbers);
            // Nothing leaves those who act soon before what they promise, nor the others before they act.
            let promises = self.numbers.iter().map(|&number| hardware.cpus[number].next_request());
            let first_cycle = promises.min().unwrap_or(u64::MAX);
            let promised = if first_cycle == u64::MAX { Time::NEVER } else { hardware.clock.instant(first_cycle) };
            let promised = promised.min(rest).min(oldest);
            let of_others = shared.min(promised + self.lookahead).max(near);
            of_first = of_first.max(of_others);
            let end = End::at(hardware.clock.first_at_or_after(of_others));
            // The first, who acts before them all, is one of them.
            let (lower, higher) = self.numbers.split_at(self.numbers.partition_point(|&number| number < first));
            self.ready.extend(lower.iter().map(|&number| (number, end)));
            self.ready.extend(higher[1..].iter().map(|&number| (number, end)));
        }
        let polls = if repeats { quiet.min(second.min(oldest)).max(of_first) } else { of_first };
        if earliest < of_first {
            let effects = self.last_end.of(of_first, &hardware.clock);
            let polls = if polls > of_first { hardware.clock.first_at_or_after(polls) } else { effects };
            let end = End { effects, polls };
            if alone {
                return Some((first, end));
            }
            self.ready.push((first, end));
        }
        None
    }
}

/// Takes what has left CPU `number`, which has run. Gives whether its software has failed.
#[inline(always)]
fn collect(
    number: usize,
    core: &mut Core,
    fabric: &mut Fabric,
    requests: &mut Requests,
    pollers: &mut Pollers,
    standings: &mut Standings,
) -> bool {
    if !core.outbox.is_empty() {
        requests.take(&mut core.outbox);
    }
    pollers.note(number, core);
    fabric.collect(core);
    standings.note(core);
    core.has_failed()
}
