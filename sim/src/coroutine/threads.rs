//! The slow, safe twin of a coroutine: a thread a CPU, in lock step with the engine. It has no `unsafe` code, and nothing
//! can be proven on it; events are the same.

use super::handle::{Handle, INERT};
use super::hot::Hot;
use super::sides::{Engine, Guest};
use super::site::Site;
use super::turn::{DONE, HANDLE, START, SUSPEND, Turn, UNWIND, Unwinding};
use crossbeam::channel::{Receiver, Sender, bounded};
use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

/// As many times as on a stack of its own.
const CATCHES_MAX: u32 = 64;

/// What the software's thread says.
enum Ask {
    Operation { operation: u64, value: u64, site: Site },
    HandlerReturned,
    Unwound,
    Panicked(Box<dyn Any + Send>),
}

/// The software's end of the line.
struct Line {
    ask: Sender<Ask>,
    turns: Receiver<Turn>,
    guest: Arc<dyn Guest>,
    cpu: u16,
}

thread_local! {
    static LINE: RefCell<Option<Line>> = const { RefCell::new(None) };
}

fn talk(ask: Ask) -> Option<Turn> {
    LINE.with_borrow(|line| {
        let line = line.as_ref()?;
        line.ask.send(ask).ok()?;
        line.turns.recv().ok()
    })
}

/// An operation of software on its thread; where the boundary goes instead of another stack.
pub(super) extern "C-unwind" fn operate(hot: *mut Hot, operation: u64, value: u64, site: Site) -> u64 {
    let operation = if std::thread::panicking() { INERT } else { operation };
    let mut ask = Ask::Operation { operation, value, site };
    loop {
        let turn = talk(ask);
        match turn.map(Turn::kind) {
            Some(DONE) => return turn.map_or(0, |turn| turn.value),
            Some(HANDLE) => {
                let guest = LINE.with_borrow(|line| line.as_ref().map(|line| (Arc::clone(&line.guest), line.cpu)));
                // SAFETY: the block is this thread's own, and software of this thread calls.
                let handle = unsafe { Handle::new(hot) };
                if let Some((guest, cpu)) = guest {
                    guest.handle(handle, cpu, turn.map_or(0, Turn::code));
                }
                ask = Ask::HandlerReturned;
            }
            Some(UNWIND) => resume_unwind(Box::new(Unwinding)),
            _ => loop {
                std::thread::park(); // abandoned: nothing runs here any more
            },
        }
    }
}

/// A life on this thread.
fn live(line: Line, entry: u32) {
    let (guest, cpu) = (Arc::clone(&line.guest), line.cpu);
    LINE.set(Some(line));
    let mut hot = Hot::for_twin();
    // SAFETY: the block outlives the life.
    let handle = unsafe { Handle::new(&raw mut hot) };
    let end = match catch_unwind(AssertUnwindSafe(|| guest.live(handle, cpu, entry))) {
        Err(payload) if !payload.is::<Unwinding>() => Ask::Panicked(payload),
        _ => Ask::Unwound,
    };
    let ask = LINE.take().map(|line| line.ask);
    ask.map(|ask| ask.send(end).ok());
}

/// A life under way.
struct Life {
    asks: Receiver<Ask>,
    turns: Sender<Turn>,
    thread: JoinHandle<()>,
}

/// The twin of a coroutine.
pub(super) struct Twin {
    cpu: u16,
    guest: Arc<dyn Guest>,
    life: Option<Life>,
    catches: u32,
}

impl Twin {
    pub(super) fn new(cpu: u16, guest: Arc<dyn Guest>) -> Self {
        Self { cpu, guest, life: None, catches: 0 }
    }

    pub(super) const fn is_live(&self) -> bool {
        self.life.is_some()
    }

    /// Runs `core` until it waits.
    #[inline(never)]
    pub(super) fn run<E: Engine>(&mut self, core: &mut E) {
        let mut turn = core.advance();
        loop {
            match turn.kind() {
                SUSPEND if core.is_unwinding() => self.answer(Turn::UNWIND), // it caught the first
                SUSPEND => return,
                START => self.start(turn.code()),
                _ => self.answer(turn),
            }
            turn = match self.ask() {
                Ask::Operation { operation, value, site } => core.begin(operation, value, site),
                Ask::HandlerReturned => core.handler_returned(),
                Ask::Unwound => {
                    core.unwound();
                    core.advance()
                }
                Ask::Panicked(payload) => return core.panicked(payload),
            };
        }
    }

    fn start(&mut self, entry: u32) {
        self.catches = 0;
        let ((ask, asks), (turns, receiver)) = (bounded(1), bounded(1));
        let line = Line { ask, turns: receiver, guest: Arc::clone(&self.guest), cpu: self.cpu };
        let thread = std::thread::spawn(move || live(line, entry));
        self.life = Some(Life { asks, turns, thread });
    }

    /// Tells software; one that caught its unwinding too often is told nothing any more.
    fn answer(&mut self, turn: Turn) {
        self.catches += u32::from(turn == Turn::UNWIND);
        if self.catches > CATCHES_MAX {
            self.life = None; // its thread waits for ever
        }
        if let Some(life) = &self.life {
            life.turns.send(turn).expect("the thread lives as long as the life on it");
        }
    }

    fn ask(&mut self) -> Ask {
        let Some(life) = &self.life else { return Ask::Unwound };
        let ask = life.asks.recv().expect("the thread says how its life ends");
        if matches!(ask, Ask::Unwound | Ask::Panicked(_)) {
            self.life.take().map(|life| life.thread.join());
        }
        ask
    }

    /// Unwinds what software has on its thread; `core` makes every operation inert.
    pub(super) fn unwind<E: Engine>(&mut self, core: &mut E) {
        while self.life.is_some() {
            self.answer(Turn::UNWIND);
            while let Ask::Operation { operation, value, site } = self.ask() {
                match core.begin(operation, value, site) {
                    turn if turn.kind() == DONE => self.answer(turn),
                    _ => break,
                }
            }
        }
    }

    /// A program that has returned has no frame: its thread waits for ever, and is left to that.
    pub(super) fn leave(&mut self) {
        self.life = None;
    }
}
