//! The block of a core that an operation touches, as the boundary's assembler finds it.

use super::valgrind;
use std::mem::offset_of;

/// Registers that are saved of suspended software, the stack pointer first: the frame pointer is in the live stack.
pub(super) const REGISTERS: usize = if cfg!(target_arch = "aarch64") { 19 } else { 6 };

/// Value of [`Hot::limit`] while registers are wanted: every stack pointer is below it.
const WATCH: u64 = u64::MAX;

/// An access that may repeat: the boundary compares an operation with it, and if it is the same, and its effect lies
/// before anything that may change its value, repeats it without any further look.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Repeat {
    /// Packed operation.
    pub(crate) operation: u64,
    /// Its value operand.
    pub(crate) argument: u64,
    /// Address of its line.
    pub(crate) site: usize,
    /// The result.
    pub(crate) value: u64,
    /// Core cycles it costs, more than none.
    pub(crate) cost: u64,
    /// Address of the one that is expected next.
    pub(crate) next: usize,
    /// Cycle of the last repetition.
    pub(crate) last: u64,
    /// How many there were.
    pub(crate) count: u64,
}

impl Repeat {
    /// What no operation fits.
    const NONE: Self =
        Self { operation: u64::MAX, argument: 0, site: 0, value: 0, cost: 0, next: 0, last: 0, count: 0 };
}

static NOTHING_REPEATS: Repeat = Repeat::NONE;

/// Address of an access that nothing repeats.
#[derive(Debug)]
pub(crate) struct Nothing;

/// See [`Nothing`].
pub(crate) const NOTHING: Nothing = Nothing;

impl Nothing {
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(&NOTHING_REPEATS).expose_provenance()
    }
}

/// What an operation touches. At most 256 bytes.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Hot {
    /// Lowest stack pointer for which an operation needs no closer look; the greatest number while registers are wanted.
    limit: u64,
    /// Address of the access ([`Repeat`]) that the next operation is expected to repeat.
    pub(crate) next: usize,
    /// Cycle of the last effect.
    pub(crate) clock: u64,
    /// First cycle at which an operation must be looked at: the window's end, a reason to stop, a value that may change.
    pub(crate) slow_at: u64,
    /// Operations until the search for a recurrence wants to see one.
    pub(crate) left: u64,
    /// The engine's stack pointer while software runs.
    pub(super) engine_stack: u64,
    /// Non-zero: the software is on a thread of its own.
    pub(super) twin: u64,
    /// Lowest stack pointer that leaves room for a panic.
    pub(super) true_limit: u64,
    /// Of suspended software, or of the operation for which they were wanted.
    pub(super) registers: [u64; REGISTERS],
    /// Address above every frame of software.
    pub(super) base: u64,
    /// Whom the boundary calls.
    pub(super) seat: usize,
    /// Address of those who begin its operations, by kind.
    pub(super) steps: usize,
    /// Non-zero: the software has allocated.
    allocated: u64,
    /// Non-zero: the host has vector registers of 256 bits, and one instruction that clears them.
    wide_vectors: u64,
}

const _: () = assert!(size_of::<Hot>() <= 256 && size_of::<Repeat>() == 64);

/// Offsets for the assembler.
pub(super) mod at {
    use super::{Hot, Repeat, offset_of};
    pub(in super::super) const LIMIT: usize = offset_of!(Hot, limit);
    pub(in super::super) const NEXT: usize = offset_of!(Hot, next);
    pub(in super::super) const CLOCK: usize = offset_of!(Hot, clock);
    pub(in super::super) const SLOW_AT: usize = offset_of!(Hot, slow_at);
    pub(in super::super) const LEFT: usize = offset_of!(Hot, left);
    pub(in super::super) const ENGINE_STACK: usize = offset_of!(Hot, engine_stack);
    pub(in super::super) const TWIN: usize = offset_of!(Hot, twin);
    pub(in super::super) const REGISTERS: usize = offset_of!(Hot, registers);
    pub(in super::super) const SEAT: usize = offset_of!(Hot, seat);
    #[cfg(target_arch = "x86_64")]
    pub(in super::super) const STEPS: usize = offset_of!(Hot, steps);
    #[cfg(target_arch = "x86_64")]
    pub(in super::super) const WIDE_VECTORS: usize = offset_of!(Hot, wide_vectors);
    pub(in super::super) const OPERATION: usize = offset_of!(Repeat, operation);
    pub(in super::super) const ARGUMENT: usize = offset_of!(Repeat, argument);
    pub(in super::super) const SITE: usize = offset_of!(Repeat, site);
    pub(in super::super) const VALUE: usize = offset_of!(Repeat, value);
    pub(in super::super) const COST: usize = offset_of!(Repeat, cost);
    pub(in super::super) const FOLLOWER: usize = offset_of!(Repeat, next);
    pub(in super::super) const LAST: usize = offset_of!(Repeat, last);
    pub(in super::super) const COUNT: usize = offset_of!(Repeat, count);
}

impl Default for Hot {
    fn default() -> Self {
        Self {
            limit: 0,
            next: NOTHING.address(),
            clock: 0,
            slow_at: 0,
            left: u64::MAX,
            engine_stack: 0,
            twin: 0,
            true_limit: 0,
            registers: [0; REGISTERS],
            base: 0,
            seat: 0,
            steps: 0,
            allocated: 0,
            wide_vectors: has_wide_vectors().into(),
        }
    }
}

/// See [`Hot::wide_vectors`].
fn has_wide_vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    let they_are_there = std::arch::is_x86_feature_detected!("avx");
    #[cfg(not(target_arch = "x86_64"))]
    let they_are_there = false;
    they_are_there
}

impl Hot {
    /// The block that software on a thread of its own has in its hands: every operation leaves by the slow way.
    pub(super) fn for_twin() -> Self {
        Self { limit: WATCH, twin: 1, ..Self::default() }
    }

    /// The software has this stack from now on.
    pub(super) fn set_stack(&mut self, base: u64, true_limit: u64) {
        (self.base, self.true_limit, self.limit) = (base, true_limit, true_limit);
    }

    /// From the next operation on, save registers or not.
    pub(crate) fn watch(&mut self, on: bool) {
        self.limit = if on { WATCH } else { self.true_limit };
    }

    /// The software allocates: perhaps for a panic, so that the next operation must be looked at.
    pub(super) fn note_allocation(&mut self) {
        self.allocated = 1;
        self.expect_nothing();
    }

    /// As on a host without them.
    #[cfg(all(test, target_arch = "x86_64"))]
    pub(super) fn without_wide_vectors(&mut self) {
        self.wide_vectors = 0;
    }

    /// Has the software allocated since this was asked last?
    pub(crate) fn take_allocated(&mut self) -> bool {
        std::mem::take(&mut self.allocated) != 0
    }

    /// Is the saved stack pointer below what leaves room for a panic?
    pub(super) fn is_used_up(&self) -> bool {
        self.registers[0] < self.true_limit
    }

    /// The next operation repeats nothing without a look at it.
    pub(crate) fn expect_nothing(&mut self) {
        self.next = NOTHING.address();
    }
}

/// Registers and live stack of software at an operation.
///
/// Under memcheck two of them are compared as copies whose bytes count as defined. Padding and slots that software never
/// wrote are compared, too, and memcheck would report that; it must not be told that they are defined on the stack itself,
/// or in the registers that software gets back, because then it could not report software or the simulator that uses such
/// a value. That every live byte is one of a stack still in use it judges when the copy is made. Bytes of the simulator
/// are no case for memcheck: they have values, and that none is in a live stack is what the tests of equal stacks judge.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    registers: [u64; REGISTERS],
    stack: Vec<u64>,
    /// Memcheck looks on.
    judged: bool,
}

impl Live {
    /// Of the operation for which registers were saved.
    pub(crate) fn capture(hot: &Hot) -> Self {
        let mut stack = Vec::with_capacity(words(hot));
        stack.extend((0..words(hot)).map(|index| word(hot, index)));
        let live = Self { registers: hot.registers, stack, judged: valgrind::is_there() };
        if live.judged {
            valgrind::make_defined(live.registers.as_ptr().addr(), size_of_val(&live.registers));
            valgrind::make_defined(live.stack.as_ptr().addr(), size_of_val(live.stack.as_slice()));
        }
        live
    }

    /// Are registers and live stack as they were? A counter in a register is the commonest difference: looked at first.
    #[inline]
    pub(crate) fn equals(&self, hot: &Hot) -> bool {
        if self.judged { self.equals_copy(hot) } else { self.registers == hot.registers && self.equal_stacks(hot) }
    }

    #[cold]
    fn equals_copy(&self, hot: &Hot) -> bool {
        let now = Self::capture(hot);
        (self.registers, &self.stack) == (now.registers, &now.stack)
    }

    fn equal_stacks(&self, hot: &Hot) -> bool {
        self.stack.len() == words(hot) && self.stack.iter().enumerate().all(|(index, then)| word(hot, index) == *then)
    }
}

/// Words of the live stack.
fn words(hot: &Hot) -> usize {
    let start = hot.registers[0];
    assert!(start <= hot.base && start.is_multiple_of(8), "the saved stack pointer is in the stack");
    ((hot.base - start) / 8) as usize
}

fn word(hot: &Hot, index: usize) -> u64 {
    let address = hot.registers[0] as usize + 8 * index;
    // SAFETY: between the saved stack pointer and the base: the live part of a stack whose software stands in the
    // boundary, mapped, aligned, and written by nobody now.
    unsafe { std::ptr::with_exposed_provenance::<u64>(address).read_volatile() }
}

/// What stands at the top of a stack, above its base: to whom it belongs.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Label {
    pub(super) hot: *mut Hot,
    /// Number of the CPU.
    pub(super) cpu: u64,
}
