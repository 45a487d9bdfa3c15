//! The boundary between software and simulator, and all `unsafe` code of the crate with the argument for it.
//!
//! Software is ordinary blocking code, so each simulated CPU is a coroutine. It has a stack of its own, and the simulator
//! never runs on it: an operation leaves the software's stack before any simulator code runs, and comes back with nothing
//! but its result. What is pending is kept in the core, not in a frame. So a stack of software holds frames of software
//! only, and two equal stacks mean two equal futures, whoever executes the machine and however windows are cut.
//!
//! | file | what |
//! |---|---|
//! | [`hot`] | what an operation touches: the block of a core that the boundary finds at its address |
//! | `x86_64`, `aarch64` | the boundary itself: how to leave a stack and come back |
//! | [`handle`], [`operate`] | what software holds of its CPU, and how it enters the boundary |
//! | [`sides`], [`turn`] | the two sides as the boundary calls them, and what they say to each other |
//! | [`steps`] | who begins an operation, by its kind |
//! | [`site`] | where software asked for an operation, in one word: the address of a line, which is even, or an odd number |
//! | [`seat`] | whom the boundary calls: operations on the engine's stack, handlers and lives on the software's |
//! | [`own_stack`] | a coroutine on a stack of its own, as the engine drives it |
//! | [`threads`] | its slow, safe twin: a thread a CPU; nothing is proven on it |
//! | [`stack_pool`], [`mapping`], [`overflow`] | where stacks come from, what guards them, what is said when a guard is hit |
//! | [`allocation_watch`] | an allocation by software makes its CPU Open |
//! | [`owned`] | core and coroutine under one owner, on one home thread |
//! | [`valgrind`] | what memcheck is told of stacks, so that it can judge this folder |
//! | [`lent`] | something that the core may look at while it runs, and only then |
//!
//! # Why this is sound
//!
//! * **One owner.** [`Owned`] owns its core, at a stable address, and its coroutine. It may be held by another thread
//!   between two visits, but is started, resumed, unwound and dropped on its home thread only; each entry asserts it. So
//!   software may hold an `Rc` or a lock's guard across an operation.
//! * **One reference.** While software runs nobody holds a reference to its core: the engine calls
//!   [`Owned::resume`] with `&mut Owned`, and the functions that the boundary calls make a short-lived reference each.
//!   [`Handle`], which software holds, has the core's address only, is neither `Send` nor `Sync`, and is passed to a
//!   call of software for the length of that call.
//! * **Frames.** Every live frame of software is unwound before its stack is reused, Closed or not. Operations that begin
//!   while frames are unwound are inert: they come back at once with 0, touch nothing and never suspend, so a thread's
//!   count of panics never travels. Software that catches the unwinding again and again ([`own_stack::CATCHES_MAX`]) is
//!   abandoned: its stack and what it captured are leaked, which is safe, because nothing ever runs on them again.
//! * **Stacks.** Each has a guard at its low end, which a stack probe of the compiler cannot miss. A stack is handed out
//!   with the bytes of a fresh one.
//! * **Comparing.** A checkpoint reads the live part of a stack that is suspended in the boundary, word by word, through
//!   `read_volatile` of mapped memory that nobody writes then. Its bytes are software's: initialised or what software
//!   itself left there. Equality of bytes that no variable lives in is never needed for a right proof; that they do not
//!   depend on the execution (but see the registers) makes verdicts equal on every executor.
//! * **Registers.** What the simulator leaves in caller-saved registers is scrubbed on every return, because a compiler may
//!   spill a register whole: vector registers too, on x86-64 as wide as the host's AVX makes them, whatever the build uses
//!   (the C library copies with all of them), and those of AVX-512 in builds that use them. The fast path leaves nothing of the
//!   simulator's either; on x86-64 it leaves general registers as the slow way does. Not closed: vector registers (on
//!   AArch64 general ones, too) hold after the fast path what software had there, and zeros after the slow one. A compiler
//!   that spilled one of them whole, with a part that means nothing, could make a missed proof depend on the window.
//! * **Panics of the simulator.** They never reach a frame of software: what begins an operation is guarded ([`seat`]), and
//!   its panic is raised again on the engine's side. A [`StraightWay`] is not guarded. It calls nothing and looks before it
//!   acts, so that it has nothing to panic about; if it did, the process would end there, because its function is
//!   `extern "C"`. That operations are inert on a thread that panics is looked at before it, on the software's side.
//! * **Floating point.** MXCSR and the x87 control word belong to the contract of [`Software`](crate::Software): software
//!   must not change them (Rust code cannot without `unsafe`), and the boundary neither saves nor compares them.
#![allow(unsafe_code, reason = "the one folder that switches stacks, looks at them and maps them")]

#[cfg(all(unix, target_arch = "aarch64"))]
mod aarch64;
mod allocation_watch;
mod handle;
mod hot;
mod lent;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod mapping;
mod operate;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod overflow;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod own_stack;
mod owned;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod seat;
mod sides;
mod site;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod stack_pool;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod steps;
#[cfg(all(test, unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests;
mod threads;
mod turn;
#[cfg_attr(
    not(all(unix, any(target_arch = "x86_64", target_arch = "aarch64"))),
    allow(dead_code, reason = "there are no stacks to speak of")
)]
mod valgrind;
#[cfg(all(unix, target_arch = "x86_64"))]
mod x86_64;

pub use allocation_watch::AllocationWatch;
pub(crate) use allocation_watch::is_watching;
pub(crate) use handle::{Handle, INERT};
pub(crate) use hot::{Hot, Live, NOTHING, Repeat};
pub(crate) use lent::Lent;
pub(crate) use owned::Owned;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) use seat::{Chosen, Somehow, begin, begin_chosen, begin_straight};
pub(crate) use sides::{Engine, Guest, StraightWay, Way};
pub use site::Site;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
use stack_pool::StackPool;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) use steps::{KINDS, Step, Steps};
pub(crate) use turn::Turn;

/// Can hangs be proven by recurrence on this host? Elsewhere programs run and report a deadline.
pub const PROOFS: bool = cfg!(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")));

/// What the software of a CPU runs on. It never changes an event; on threads no recurrence is proven.
///
/// ```
/// assert_ne!(sim::Stacks::Own, sim::Stacks::Threads); // either way the same events
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stacks {
    /// A coroutine with a stack of its own, where the host has them ([`PROOFS`]); else as `Threads`.
    Own,
    /// A thread a CPU: slow, and without code that is `unsafe`. What the other one is compared with.
    Threads,
}

/// May a machine have `cpus` CPUs on this host? If not: how many mappings it needs, and the limit.
pub(crate) fn room_for(cpus: usize, stacks: Stacks) -> Result<(), (usize, usize)> {
    #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
    if stacks == Stacks::Own {
        return StackPool::room_for(cpus);
    }
    let _ = (cpus, stacks);
    Ok(())
}
