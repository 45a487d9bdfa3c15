//! Workers: each is the home of its CPUs for the whole run; CPUs travel there for a window and back.
//!
//! CPU *i* belongs to worker *i* mod *n*. Worker 0 is the engine's own thread, so that a machine with one worker, or a
//! window in which only its CPUs run, needs no hand-over.

use super::slot::Slot;
use crate::memory::Words;
use crate::processor::Processor;
use crate::time::{ClockDomain, Time};
use crossbeam::channel::{Receiver, Sender, bounded};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread::Scope;

/// The end of a window: the first cycle at which no effect may be executed, and no poll.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) effects: u64,
    pub(super) polls: u64,
}

impl End {
    /// The same for all.
    pub(super) const fn at(end: u64) -> Self {
        Self { effects: end, polls: end }
    }
}

/// The end of the last window of one CPU, and its first cycle: the next one's is mostly the same, that of the machine.
#[derive(Debug, Default)]
pub(super) struct LastEnd {
    at: Time,
    cycle: u64,
}

impl LastEnd {
    /// The first cycle at or after `at`.
    #[inline(always)]
    pub(super) fn of(&mut self, at: Time, clock: &ClockDomain) -> u64 {
        if at != self.at {
            *self = Self { at, cycle: clock.first_at_or_after(at) };
        }
        self.cycle
    }
}

/// A CPU, its number, and the end of its window.
type Visit = (usize, End, Processor);

/// What a worker is asked.
enum Order {
    /// Run each to the end of its window.
    Run(Vec<Visit>, Arc<Words>),
    /// The run is over: unwind what they have.
    Finish(Vec<Visit>),
}

/// What it gives back: always the CPUs, and a panic of the simulator, if there was one.
type Reply = (Vec<Visit>, Option<Box<dyn Any + Send>>);

/// A worker on a thread of its own.
#[derive(Debug)]
struct Worker {
    orders: Sender<Order>,
    replies: Receiver<Reply>,
}

/// All workers of a run.
#[derive(Debug)]
pub(crate) struct Crew {
    others: Vec<Worker>,
}

/// Runs `processor` to the end of its window.
#[inline]
pub(super) fn visit(processor: &mut Processor, end: End, words: &Words) {
    processor.open_window(end.effects, end.polls);
    processor.resume(words);
}

impl Crew {
    /// A crew of `workers`, of which all but one get a thread in `scope`.
    pub(crate) fn new<'scope>(scope: &'scope Scope<'scope, '_>, workers: usize) -> Self {
        Self { others: (1..workers).map(|_| Worker::start(scope)).collect() }
    }

    /// Is the engine's own thread its only worker? Then it may visit CPUs itself.
    pub(super) const fn is_alone(&self) -> bool {
        self.others.is_empty()
    }

    /// Runs each of the `ready` CPUs to the end of its window. The workers share `words` meanwhile.
    ///
    /// # Panics
    /// If an invariant of the simulator breaks on any worker.
    pub(crate) fn run(&self, cpus: &mut [Slot], ready: &[(usize, End)], words: &mut Words) {
        let workers = self.others.len() + 1;
        if ready.iter().all(|(number, _)| number % workers == 0) {
            for &(number, end) in ready {
                visit(&mut cpus[number], end, words);
            }
            return;
        }
        let batches = self.batches(cpus, ready.iter().copied());
        let shared = Arc::new(std::mem::take(words));
        self.order(
            cpus,
            batches,
            |batch| Order::Run(batch, Arc::clone(&shared)),
            |visits| {
                for (_, end, processor) in visits {
                    visit(processor, *end, &shared);
                }
            },
        );
        *words = Arc::into_inner(shared).expect("outside windows nobody else reads the words");
    }

    /// The run is over: every CPU unwinds its software at home.
    pub(crate) fn finish(&self, cpus: &mut [Slot]) {
        let everybody = (0..cpus.len()).map(|number| (number, End::at(0)));
        let batches = self.batches(cpus, everybody);
        self.order(cpus, batches, Order::Finish, |visits| visits.iter_mut().for_each(|(.., cpu)| cpu.finish()));
    }

    fn batches(&self, cpus: &mut [Slot], ready: impl Iterator<Item = (usize, End)>) -> Vec<Vec<Visit>> {
        let workers = self.others.len() + 1;
        let mut batches: Vec<Vec<Visit>> = (0..workers).map(|_| Vec::new()).collect();
        for (number, end) in ready {
            batches[number % workers].push((number, end, cpus[number].take()));
        }
        batches
    }

    /// Hands each batch to its worker, does the engine's own, and puts everybody back, even after a panic.
    fn order(
        &self,
        cpus: &mut [Slot],
        batches: Vec<Vec<Visit>>,
        order: impl Fn(Vec<Visit>) -> Order,
        own_work: impl FnOnce(&mut Vec<Visit>),
    ) {
        let mut batches = batches.into_iter();
        let mut own = batches.next().unwrap_or_default();
        let mut asked = Vec::new();
        for (worker, batch) in self.others.iter().zip(batches).filter(|(_, batch)| !batch.is_empty()) {
            worker.orders.send(order(batch)).expect("a worker lives as long as its crew");
            asked.push(worker);
        }
        let mut panic = catch_unwind(AssertUnwindSafe(|| own_work(&mut own))).err();
        for worker in asked {
            let (visits, trouble) = worker.replies.recv().expect("a worker answers every order");
            own.extend(visits);
            panic = panic.or(trouble);
        }
        for (number, _, processor) in own {
            cpus[number].put(processor);
        }
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Worker {
    fn start<'scope>(scope: &'scope Scope<'scope, '_>) -> Self {
        let (orders, taken) = bounded::<Order>(1);
        let (answer, replies) = bounded::<Reply>(1);
        scope.spawn(move || {
            for order in taken {
                if answer.send(Self::obey(order)).is_err() {
                    break;
                }
            }
        });
        Self { orders, replies }
    }

    fn obey(order: Order) -> Reply {
        match order {
            Order::Run(mut visits, words) => {
                let run = || visits.iter_mut().for_each(|(_, end, processor)| visit(processor, *end, &words));
                let panic = catch_unwind(AssertUnwindSafe(run)).err();
                drop(words);
                (visits, panic)
            }
            Order::Finish(mut visits) => {
                visits.iter_mut().for_each(|(.., processor)| processor.finish());
                (visits, None)
            }
        }
    }
}
