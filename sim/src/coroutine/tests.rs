//! What can only be seen from inside this folder, with a core that does next to nothing.

use super::hot::Label;
use super::mapping::{GUARD_BYTES, STACK_BYTES};
use super::own_stack::CATCHES_MAX;
use super::stack_pool::{StackPool, stack_at};
use super::{Engine, Guest, Handle, Hot, INERT, Lent, Live, Owned, Site, Somehow, Stacks, Steps, Turn, begin};
use parking_lot::Mutex;
use std::any::Any;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Operations: gives the value, and one.
const MORE: u64 = 1;
/// Waits, and gives twice the value.
const WAIT: u64 = 2;
/// A handler runs on top, with the value as its code; then gives the value and a thousand.
const HANDLED: u64 = 3;
/// All is unwound, and the next life begins.
const RESTART: u64 = 4;
/// Leaves garbage in registers.
const LITTER: u64 = 5;
/// Are registers and live stack those of the last such operation? From the second on.
const LOOK: u64 = 6;

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Fresh,
    Runs,
    Waits(u64),
    Ended,
}

/// A core without time: it does each operation at once, and notes it.
#[repr(C)]
struct Tiny {
    hot: Hot,
    lent: Lent<()>,
    stage: Stage,
    lives: u32,
    interrupted: Vec<u64>,
    unwinding: bool,
    over: bool,
    reference: Option<Live>,
    notes: Vec<String>,
}

impl Tiny {
    fn new() -> Self {
        let hot = Hot::default();
        let (lent, interrupted, notes) = (Lent::default(), Vec::new(), Vec::new());
        let (stage, lives, unwinding, over, reference) = (Stage::Fresh, 0, false, false, None);
        Self { hot, lent, stage, lives, interrupted, unwinding, over, reference, notes }
    }
}

impl Engine for Tiny {
    type Lent = ();
    const STEPS: &'static Steps = &Steps::all(begin::<Self, Somehow>);

    fn lent(&self) -> &Lent<()> {
        &self.lent
    }

    fn hot(&mut self) -> &mut Hot {
        &mut self.hot
    }

    fn begin(&mut self, operation: u64, value: u64, _site: Site) -> Turn {
        if operation == INERT {
            return Turn::done(0);
        }
        if self.unwinding {
            return Turn::SUSPEND; // caught: once more
        }
        self.notes.push(format!("{operation} {value}"));
        match operation {
            MORE => Turn::done(value + 1),
            WAIT => {
                self.stage = Stage::Waits(2 * value);
                Turn::SUSPEND
            }
            HANDLED => {
                self.interrupted.push(value);
                Turn::handle(value as u32)
            }
            RESTART => {
                self.unwinding = true;
                Turn::UNWIND
            }
            LITTER => {
                litter();
                Turn::done(value)
            }
            LOOK => {
                self.hot.watch(true);
                Turn::done(0)
            }
            other => unreachable!("no operation {other}"),
        }
    }

    fn begin_watched(&mut self, _operation: u64, _value: u64, _site: Site) -> Turn {
        let same = self.reference.replace(Live::capture(&self.hot)).map(|reference| reference.equals(&self.hot));
        self.notes.push(format!("{same:?}"));
        if self.notes.len() > 5 {
            self.stage = Stage::Waits(0);
            return Turn::SUSPEND;
        }
        Turn::done(0)
    }

    fn exhausted(&mut self, _site: Site) -> Turn {
        unreachable!("no test is so deep")
    }

    fn handler_returned(&mut self) -> Turn {
        Turn::done(1000 + self.interrupted.pop().expect("something was interrupted"))
    }

    fn handler_returned_straight(&mut self) -> Option<Turn> {
        None
    }

    fn advance(&mut self) -> Turn {
        match std::mem::replace(&mut self.stage, Stage::Runs) {
            Stage::Fresh => {
                self.lives += 1;
                Turn::start(self.lives)
            }
            Stage::Waits(result) => Turn::done(result),
            stage => {
                self.stage = stage;
                Turn::SUSPEND
            }
        }
    }

    fn is_unwinding(&self) -> bool {
        self.unwinding
    }

    fn end(&mut self) {
        (self.over, self.unwinding) = (true, true);
    }

    fn unwound(&mut self) {
        self.notes.push("unwound".to_owned());
        self.stage = if self.unwinding && !self.over { Stage::Fresh } else { Stage::Ended };
        self.unwinding = false;
        self.interrupted.clear();
    }

    fn panicked(&mut self, payload: Box<dyn Any + Send>) {
        self.notes.push(format!("panic: {}", payload.downcast_ref::<&str>().expect("a text")));
        self.stage = Stage::Ended;
    }

    fn has_returned(&self) -> bool {
        false
    }
}

/// Software: what it does, in which life or as which handler.
struct Does<F>(F);

impl<F: Fn(Handle, What) + Send + Sync> Guest for Does<F> {
    fn live(&self, handle: Handle, _: u16, entry: u32) {
        self.0(handle, What::Life(entry));
    }
    fn handle(&self, handle: Handle, _: u16, context: u32) {
        self.0(handle, What::Handler(context));
    }
}

#[derive(Clone, Copy)]
enum What {
    Life(u32),
    Handler(u32),
}

fn machine(stacks: Stacks, cpu: u16, does: impl Fn(Handle, What) + Send + Sync + 'static) -> Owned<Tiny> {
    Owned::new(Tiny::new(), cpu, Arc::new(Does(does)), stacks)
}

fn operate(handle: Handle, operation: u64, value: u64) -> u64 {
    handle.operate(operation, value, Site::caller())
}

const BOTH: [Stacks; 2] = [Stacks::Own, Stacks::Threads];

#[test]
fn a_stack_is_handed_out_with_the_bytes_of_a_fresh_one() {
    let take = || StackPool::take(Label { hot: std::ptr::null_mut(), cpu: 0 });
    let used = take();
    let (low, top) = (used.base() as usize + size_of::<Label>() - STACK_BYTES, used.base() as usize);
    let words = || (low + GUARD_BYTES..top).step_by(8).map(std::ptr::with_exposed_provenance_mut::<u64>);
    // SAFETY: here and below: a stack of ours above its guard, on which nothing runs.
    words().for_each(|word| unsafe { word.write(0xA5A5_A5A5_A5A5_A5A5) });
    StackPool::give_back(used);
    let mut others = Vec::new();
    let again = loop {
        let stack = take();
        if stack.base() as usize == top {
            break stack;
        }
        others.push(stack);
        assert!(others.len() < 1000, "a stack that was given back is handed out again");
    };
    // SAFETY: as above.
    assert!(words().all(|word| unsafe { word.read() } == 0), "nothing is left of the last tenant");
    others.into_iter().chain([again]).for_each(StackPool::give_back);
}

/// The variable that says to a child process what to do.
const CHILD: &str = "COROUTINE_CHILD";

#[test]
fn the_guard_of_a_stack_names_the_cpu() {
    if std::env::var_os(CHILD).is_some() {
        let touch = |_: Handle, _: What| {
            let local = 0_u8;
            let low = stack_at(std::ptr::from_ref(&local).addr()).expect("software has a stack of its own");
            let last = std::ptr::with_exposed_provenance_mut::<u8>(low + GUARD_BYTES - 1);
            // SAFETY: it is not sound, which is the point: the process ends here.
            unsafe { last.write_volatile(1) };
        };
        machine(Stacks::Own, 41, touch).resume(&());
        return;
    }
    let this = std::env::current_exe().expect("the test binary has a path");
    let name = "coroutine::tests::the_guard_of_a_stack_names_the_cpu";
    let child = Command::new(this).args([name, "--exact", "--nocapture"]).env(CHILD, "1").output().expect("it runs");
    let errors = String::from_utf8_lossy(&child.stderr);
    assert!(errors.contains("error: the software of CPU41 has used up its stack of 256 KiB"), "{errors}");
    assert_eq!(child.status.code(), None, "it ends by a signal: {}", child.status);
}

#[test]
#[should_panic(expected = "CPU3 runs on its home thread only")]
fn software_runs_on_its_home_thread_only() {
    let mut owned = machine(Stacks::Own, 3, |handle, _| {
        operate(handle, WAIT, 1);
    });
    owned.resume(&());
    let elsewhere = std::thread::spawn(move || owned.resume(&()));
    elsewhere.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload));
}

#[test]
fn software_that_catches_its_unwinding_too_often_is_abandoned() {
    for stacks in BOTH {
        let caught = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&caught);
        let mut owned = machine(stacks, 0, move |handle, _| {
            loop {
                if catch_unwind(AssertUnwindSafe(|| operate(handle, WAIT, 1))).is_err() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        owned.resume(&());
        drop(owned);
        assert_eq!(caught.load(Ordering::SeqCst), CATCHES_MAX, "{stacks:?}");
        assert_eq!(Arc::strong_count(&caught), 2, "what it captured is alive for ever: {stacks:?}");
        let mut next = machine(stacks, 0, |handle, _| assert_eq!(operate(handle, MORE, 5), 6));
        next.resume(&());
        assert_eq!(next.notes, ["1 5", "unwound"], "{stacks:?}");
    }
}

/// What every kind of turn comes to: notes of the core, and results that software saw.
fn everything(stacks: Stacks) -> (Vec<String>, Vec<u64>) {
    let results = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&results);
    let mut owned = machine(stacks, 0, move |handle, what| {
        let does = |operation, value| {
            let result = operate(handle, operation, value);
            seen.lock().push(result);
        };
        match what {
            What::Life(1) => {
                does(MORE, 1);
                does(WAIT, 21);
                does(HANDLED, 7);
                does(HANDLED, 8);
                does(RESTART, 0);
            }
            What::Life(2) => {
                let _ = catch_unwind(AssertUnwindSafe(|| does(RESTART, 0)));
                does(MORE, 100); // unwound again
            }
            What::Life(entry) => {
                does(MORE, u64::from(entry));
                does(WAIT, 50);
                std::panic::resume_unwind(Box::new("software panics"));
            }
            What::Handler(8) => does(HANDLED, 9),
            What::Handler(code) => {
                does(WAIT, u64::from(code));
                does(MORE, 0);
            }
        }
    });
    for _ in 0..8 {
        owned.resume(&());
    }
    let notes = std::mem::take(&mut owned.notes);
    drop(owned);
    let results = results.lock().clone();
    (notes, results)
}

#[test]
fn threads_do_what_stacks_do() {
    let (notes, results) = everything(Stacks::Own);
    let expected = [2, 42, 14, 1, 1007, 18, 1, 1009, 1008, 4, 100];
    assert_eq!(results, expected);
    assert_eq!(notes.iter().filter(|note| *note == "unwound").count(), 2);
    assert_eq!(notes.last().map(String::as_str), Some("panic: software panics"));
    assert_eq!(everything(Stacks::Threads), (notes, results));
}

/// A frame with a slot that is never written, and with padding.
#[inline(never)]
fn look(handle: Handle, counter: u64) {
    let mut slot = [const { MaybeUninit::<u64>::uninit() }; 5];
    let mut padded = (counter, 3_u8);
    black_box((&mut slot, &mut padded));
    operate(handle, LOOK, 0);
    black_box((&mut slot, &mut padded));
}

#[test]
fn a_loop_repeats_its_live_stack_and_a_counter_does_not() {
    for (step, same) in [(0, "Some(true)"), (1, "Some(false)")] {
        let mut owned = machine(Stacks::Own, 0, move |handle, _| {
            let mut counter = 0;
            loop {
                look(handle, counter);
                counter += step;
            }
        });
        owned.resume(&());
        assert_eq!(owned.notes, ["6 0", "None", same, same, same, same]);
    }
}

#[cfg(target_arch = "x86_64")]
mod registers;
#[cfg(target_arch = "x86_64")]
use registers::litter;
#[cfg(not(target_arch = "x86_64"))]
fn litter() {}
