//! Workers: each owns the coroutines of its CPUs for the whole run; cores travel to them for a window and back.
//!
//! CPU *i* belongs to worker *i* mod *n*. Worker 0 is the engine's own thread, so that a machine with one worker, or a
//! window in which only its CPUs run, needs no hand-over.

use crate::processor::{CoreBox, Flow};
use crate::time::Time;
use crossbeam::channel::{Receiver, Sender, bounded};
use std::any::Any;
use std::thread::Scope;

/// A core, its number, and the end of its window.
type Visit = (usize, Time, CoreBox);
/// What a worker gives back: the cores, or the panic that one of them ended in.
type Reply = Result<Vec<Visit>, Box<dyn Any + Send>>;

/// The coroutines of one worker, made at a CPU's first activation.
#[derive(Debug, Default)]
struct Flows(Vec<Option<Flow>>);

impl Flows {
    fn visit(&mut self, number: usize, end: Time, core: &mut CoreBox) {
        if self.0.len() <= number {
            self.0.resize_with(number + 1, || None);
        }
        core.open_window(end);
        self.0[number].get_or_insert_with(|| Flow::new(core)).resume(core);
    }
}

/// A worker on a thread of its own.
#[derive(Debug)]
struct Worker {
    orders: Sender<Vec<Visit>>,
    replies: Receiver<Reply>,
}

/// All workers of a run.
#[derive(Debug)]
pub(crate) struct Crew {
    own: Flows,
    others: Vec<Worker>,
}

impl Crew {
    /// A crew of `workers`, of which all but one get a thread in `scope`.
    pub(crate) fn new<'scope>(scope: &'scope Scope<'scope, '_>, workers: usize) -> Self {
        Self { own: Flows::default(), others: (1..workers).map(|_| Worker::start(scope)).collect() }
    }

    /// Runs each of the `ready` CPUs to the end of its window. They come in CPU order.
    pub(crate) fn run(&mut self, cores: &mut Vec<CoreBox>, ready: &[(usize, Time)]) {
        let workers = self.others.len() + 1;
        if ready.iter().all(|(number, _)| number % workers == 0) {
            for &(number, end) in ready {
                self.own.visit(number, end, &mut cores[number]);
            }
        } else {
            self.run_on_all(cores, ready);
        }
    }

    fn run_on_all(&mut self, cores: &mut Vec<CoreBox>, ready: &[(usize, Time)]) {
        let workers = self.others.len() + 1;
        let mut batches: Vec<Vec<Visit>> = (0..workers).map(|_| Vec::new()).collect();
        let mut resting: Vec<Visit> = Vec::with_capacity(cores.len());
        let mut order = ready.iter().peekable();
        for (number, core) in cores.drain(..).enumerate() {
            match order.next_if(|(next, _)| *next == number) {
                Some(&(_, end)) => batches[number % workers].push((number, end, core)),
                None => resting.push((number, Time::ZERO, core)),
            }
        }
        let mut batches = batches.into_iter();
        let mut own = batches.next().unwrap_or_default();
        let asked: Vec<&Worker> = self
            .others
            .iter()
            .zip(batches)
            .filter(|(_, batch)| !batch.is_empty())
            .map(|(worker, batch)| {
                worker.orders.send(batch).expect("a worker lives as long as its crew");
                worker
            })
            .collect();
        for (number, end, core) in &mut own {
            self.own.visit(*number, *end, core);
        }
        resting.append(&mut own);
        for worker in asked {
            match worker.replies.recv().expect("a worker answers every order") {
                Ok(mut visited) => resting.append(&mut visited),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        resting.sort_unstable_by_key(|(number, ..)| *number);
        cores.extend(resting.into_iter().map(|(_, _, core)| core));
    }
}

impl Worker {
    fn start<'scope>(scope: &'scope Scope<'scope, '_>) -> Self {
        let (orders, taken) = bounded::<Vec<Visit>>(1);
        let (answer, replies) = bounded::<Reply>(1);
        scope.spawn(move || {
            let mut flows = Flows::default();
            for mut batch in taken {
                let run = std::panic::AssertUnwindSafe(|| {
                    for (number, end, core) in &mut batch {
                        flows.visit(*number, *end, core);
                    }
                });
                let reply = std::panic::catch_unwind(run).map(|()| batch);
                if answer.send(reply).is_err() {
                    break;
                }
            }
        });
        Self { orders, replies }
    }
}
