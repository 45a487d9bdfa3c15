//! The boundary between software and simulator: all `unsafe` code of the crate, and the argument for it.
//!
//! Software runs on a coroutine of its own and calls [`Cpu`]. Every call goes through one tiny function below every
//! simulator frame: where a checkpoint is due it saves the callee-saved registers and the stack pointer, and then jumps
//! to the out-of-line operation. So at a checkpoint the live stack holds frames of software only, and two equal stacks
//! mean two equal futures.
//!
//! # Why this is sound
//!
//! * A [`CoreBox`] owns its core at a stable address, through a raw pointer: no reference to a core is alive while its
//!   coroutine runs ([`Flow::resume`] takes the box, not the core), so the handle's pointer may be used then.
//! * [`Cpu`] is neither `Send` nor `Sync` and borrows nothing longer than a call of [`Software`]; it exists only on the
//!   coroutine of its core, which runs only inside `resume`, on the thread that then holds the box.
//! * [`drive`] makes short-lived references to the core and holds none over software, a suspension or a nested call.
//! * A coroutine never moves between threads ([`Flow`] is not `Send`); a core may ([`CoreBox`] is `Send`): what it
//!   holds is `Send` but for two addresses in [`Shim`], which only its coroutine uses.
//! * [`Shim::stack`] reads stack memory between the saved stack pointer and the base, while the coroutine stands above
//!   it in the same call: that memory is live and nobody writes it. It may hold padding; it is read as raw bytes
//!   through volatile-free copies of initialised or at least mapped memory, and used for comparison only: an
//!   undefined byte can make a proof be missed, never be found wrongly, because all bytes of live variables are in it.
#![allow(unsafe_code, reason = "the one module that switches stacks and looks at them")]

use super::activity::{Entry, Initialised, RESET_VECTOR};
use super::core::Core;
use super::operation::{Kind, Operation};
use super::software::Software;
use super::step::{Pending, Step};
use crate::apic::GeneralProtection;
use crate::stream::Context;
use crate::time::Time;
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::ptr::NonNull;

/// Can hangs be proven by recurrence on this host? Elsewhere programs run and report a deadline.
pub const PROOFS: bool = cfg!(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")));

/// Registers that a checkpoint saves, the stack pointer first.
pub(super) const REGISTERS: usize = if cfg!(target_arch = "aarch64") { 21 } else { 7 };

/// Bytes of stack a CPU has (its pages are mapped when touched).
const STACK_BYTES: usize = 256 * 1024;

/// What the boundary function finds at the address of a core.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Shim {
    /// Non-zero: save the registers. Must be at offset 0.
    watch: u64,
    /// Must be at offset 8.
    registers: [u64; REGISTERS],
    /// Address above every frame of software.
    base: usize,
    /// Address of the coroutine's yielder.
    yielder: usize,
}

const _: () = assert!(std::mem::offset_of!(Core, shim) == 0 && std::mem::offset_of!(Shim, registers) == 8);

impl Default for Shim {
    fn default() -> Self {
        Self { watch: 0, registers: [0; REGISTERS], base: 0, yielder: 0 }
    }
}

impl Shim {
    /// From the next operation on, save registers or not. Gives whether they were saved for this one.
    pub(super) fn watch(&mut self, on: bool) -> bool {
        let before = self.watch != 0;
        self.watch = u64::from(on && PROOFS);
        before
    }

    /// The live stack of software at the operation for which registers were saved last.
    fn stack(&self) -> &[u8] {
        let start = self.registers[0] as usize;
        assert!(start <= self.base && self.base - start <= STACK_BYTES, "the saved stack pointer is in the stack");
        // SAFETY: the range is the live part of this coroutine's stack (see the module's argument): mapped, and not
        // written while this slice is alive, because the only code running is simulator code below it.
        unsafe { std::slice::from_raw_parts(start as *const u8, self.base - start) }
    }

    /// Copies of the saved registers and of the live stack.
    pub(super) fn capture(&self) -> ([u64; REGISTERS], Vec<u8>) {
        (self.registers, self.stack().to_vec())
    }

    /// Are registers and live stack as they were?
    pub(super) fn equals(&self, registers: &[u64; REGISTERS], stack: &[u8]) -> bool {
        // A counter in a register is the commonest difference: look there first, word by word.
        self.registers.iter().zip(registers).all(|(now, then)| now == then) && self.stack() == stack
    }
}

/// Saves the callee-saved registers if a checkpoint is due, and jumps to [`perform`].
#[cfg(all(unix, target_arch = "x86_64"))]
#[unsafe(naked)]
unsafe extern "C-unwind" fn boundary(
    core: *mut Core,
    operation: u64,
    value: u64,
    site: &'static Location<'static>,
) -> u64 {
    core::arch::naked_asm!(
        "cmp qword ptr [rdi], 0",
        "je {perform}",
        "mov [rdi + 8], rsp",
        "mov [rdi + 16], rbx",
        "mov [rdi + 24], rbp",
        "mov [rdi + 32], r12",
        "mov [rdi + 40], r13",
        "mov [rdi + 48], r14",
        "mov [rdi + 56], r15",
        "jmp {perform}",
        perform = sym perform,
    )
}

/// Saves the callee-saved registers if a checkpoint is due, and jumps to [`perform`].
#[cfg(all(unix, target_arch = "aarch64"))]
#[unsafe(naked)]
unsafe extern "C-unwind" fn boundary(
    core: *mut Core,
    operation: u64,
    value: u64,
    site: &'static Location<'static>,
) -> u64 {
    core::arch::naked_asm!(
        "ldr x9, [x0]",
        "cbz x9, 2f",
        "mov x9, sp",
        "stp x9, x19, [x0, #8]",
        "stp x20, x21, [x0, #24]",
        "stp x22, x23, [x0, #40]",
        "stp x24, x25, [x0, #56]",
        "stp x26, x27, [x0, #72]",
        "stp x28, x29, [x0, #88]",
        "str x30, [x0, #104]",
        "stp d8, d9, [x0, #112]",
        "stp d10, d11, [x0, #128]",
        "stp d12, d13, [x0, #144]",
        "stp d14, d15, [x0, #160]",
        "2:",
        "b {perform}",
        perform = sym perform,
    )
}

/// Without a shim for this ABI nothing is saved, and nothing is proven.
#[cfg(not(all(unix, any(target_arch = "x86_64", target_arch = "aarch64"))))]
unsafe extern "C-unwind" fn boundary(
    core: *mut Core,
    operation: u64,
    value: u64,
    site: &'static Location<'static>,
) -> u64 {
    // SAFETY: the same contract.
    unsafe { perform(core, operation, value, site) }
}

/// One operation of software, below the boundary.
///
/// # Safety
/// `core` is the core of the coroutine that this runs on.
unsafe extern "C-unwind" fn perform(
    core: *mut Core,
    operation: u64,
    value: u64,
    site: &'static Location<'static>,
) -> u64 {
    let mut pending = Pending::new(Operation::unpack(operation), value, site, true);
    // SAFETY: passed on from the caller.
    unsafe { drive(core, &mut pending) }
}

/// Drives an operation to its end: suspends at the end of a window, runs handlers that come in between.
///
/// # Safety
/// `core` is the core of the coroutine that this runs on.
unsafe fn drive(core: *mut Core, pending: &mut Pending) -> u64 {
    loop {
        // SAFETY: nobody else uses the core while its coroutine runs; the reference ends with the statement.
        let step = unsafe { (*core).step(pending) };
        match step {
            Step::Done(result) => return result,
            Step::Suspend => {
                // SAFETY: the yielder lives as long as the coroutine, and we are on its stack.
                unsafe { &*((*core).shim.yielder as *const Yielder<(), ()>) }.suspend(());
            }
            Step::Handle(context) => {
                // SAFETY: we are on the coroutine of this core, and hold no reference to it.
                unsafe { handle(core, context, pending.site) };
                // SAFETY: as above.
                unsafe { (*core).resume_after_handler(pending, context) };
            }
            Step::Initialise => {
                // Not a panic: what runs is unwound to the base of the coroutine, which knows what to do.
                std::panic::resume_unwind(Box::new(Initialised));
            }
        }
    }
}

/// Runs a handler, nested, and its IRET.
///
/// # Safety
/// `core` is the core of the coroutine that this runs on.
unsafe fn handle(core: *mut Core, context: Context, site: &'static Location<'static>) {
    // SAFETY: the software is behind an `Arc` that the core never replaces; it outlives the coroutine.
    let (software, cpu): (&dyn Software, _) = unsafe { (&*std::ptr::from_ref(&*(*core).software), Cpu::new(core)) };
    match context {
        Context::Interrupt(vector) => software.interrupt(cpu, vector),
        Context::Nmi => software.non_maskable(cpu),
        Context::SystemManagement => {
            // SAFETY: as above.
            match unsafe { (*core).next_window() } {
                Some(cycles) => {
                    let mut window = Pending::new(Operation::new(Kind::DelayCycles, 0), cycles, site, false);
                    // SAFETY: passed on from the caller.
                    unsafe { drive(core, &mut window) };
                }
                None => software.system_management(cpu),
            }
        }
        Context::Shutdown => {
            let mut shutdown = Pending::new(Operation::new(Kind::Shutdown, 0), 0, site, false);
            // SAFETY: passed on from the caller.
            unsafe { drive(core, &mut shutdown) };
        }
        Context::Program => unreachable!("the program is not a handler"),
    }
    let mut iret = Pending::new(Operation::new(Kind::Iret, 0), 0, site, false);
    // SAFETY: passed on from the caller.
    unsafe { drive(core, &mut iret) };
}

/// Runs a CPU from `entry` until it is initialised: by returning if its program has ended, else by unwinding.
///
/// # Safety
/// `core` is the core of the coroutine that this runs on, and `yielder` that coroutine's.
unsafe fn live(core: *mut Core, entry: Entry, yielder: &Yielder<(), ()>) {
    // SAFETY: the software outlives the coroutine (see `handle`).
    let (software, cpu): (&dyn Software, _) = unsafe { (&*std::ptr::from_ref(&*(*core).software), Cpu::new(core)) };
    let here = Location::caller();
    match entry {
        Entry::Program => software.run(cpu),
        Entry::Reset => software.reset(cpu),
        Entry::Wait => {
            let mut wait = Pending::new(Operation::new(Kind::AwaitStartUp, 0), 0, here, false);
            // SAFETY: passed on from the caller.
            match unsafe { drive(core, &mut wait) } {
                RESET_VECTOR => software.reset(cpu),
                vector => software.start_up(cpu, vector as u8),
            }
        }
    }
    let mut end = Pending::new(Operation::new(Kind::End, 0), 0, here, false);
    // SAFETY: passed on from the caller.
    unsafe { drive(core, &mut end) };
    // SAFETY: as above; the reference ends with the call.
    while unsafe { !(*core).ended_program_is_initialised() } {
        yielder.suspend(());
    }
}

/// A core at a stable address, owned.
#[derive(Debug)]
pub(crate) struct CoreBox(NonNull<Core>);

// SAFETY: the box owns its core; see the module's argument for the addresses that a core holds.
unsafe impl Send for CoreBox {}

impl CoreBox {
    pub(crate) fn new(core: Core) -> Self {
        Self(NonNull::from(Box::leak(Box::new(core))))
    }
}

impl Drop for CoreBox {
    fn drop(&mut self) {
        // SAFETY: made from a leaked box, and dropped once.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl Deref for CoreBox {
    type Target = Core;
    fn deref(&self) -> &Core {
        // SAFETY: the box owns the core, and its coroutine does not run now.
        unsafe { self.0.as_ref() }
    }
}

impl DerefMut for CoreBox {
    fn deref_mut(&mut self) -> &mut Core {
        // SAFETY: as above, exclusively.
        unsafe { self.0.as_mut() }
    }
}

/// The coroutine of a core, pinned to the thread that made it.
pub(crate) struct Flow(Coroutine<(), (), ()>);

impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flow")
    }
}

impl Flow {
    /// A coroutine that will run the program of `core`. The core must outlive it.
    ///
    /// # Panics
    /// If the host has no memory for its stack.
    pub(crate) fn new(core: &CoreBox) -> Self {
        let core = core.0.as_ptr();
        let stack = DefaultStack::new(STACK_BYTES).expect("the host has address space for a stack");
        Self(Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            let marker = 0u8;
            // SAFETY: this runs inside `resume` of the box that owns `core`.
            unsafe {
                (*core).shim.base = std::ptr::from_ref(&marker).addr();
                (*core).shim.yielder = std::ptr::from_ref(yielder).addr();
                std::ptr::from_ref(&marker).expose_provenance();
                std::ptr::from_ref(yielder).expose_provenance();
            }
            // SAFETY: this runs inside `resume` of the box that owns `core`.
            let mut entry = unsafe { (*core).first_entry() };
            loop {
                let life = std::panic::AssertUnwindSafe(|| {
                    // SAFETY: we are on the coroutine of this core.
                    unsafe { live(core, entry, yielder) };
                });
                match std::panic::catch_unwind(life) {
                    Ok(()) => {}
                    Err(payload) if payload.is::<Initialised>() => {}
                    Err(payload) => std::panic::resume_unwind(payload),
                }
                // SAFETY: as above; nothing of the software is left on the stack.
                entry = unsafe { (*core).initialise() };
            }
        }))
    }

    /// Runs the program of `core` to the end of its window.
    pub(crate) fn resume(&mut self, _core: &mut CoreBox) {
        if self.0.done() {
            return;
        }
        match self.0.resume(()) {
            CoroutineResult::Yield(()) | CoroutineResult::Return(()) => {}
        }
    }
}

/// The CPU as software sees it. Every method is one operation: it takes simulated time, and interrupts may come in.
#[derive(Debug, Clone, Copy)]
pub struct Cpu<'run> {
    core: *mut Core,
    number: u16,
    lifetime: PhantomData<&'run ()>,
}

impl Cpu<'_> {
    fn new(core: *mut Core) -> Self {
        // SAFETY: called on the coroutine of `core`, without another reference to it.
        let number = unsafe { (*core).agent };
        Self { core, number, lifetime: PhantomData }
    }

    /// The number of this CPU.
    #[inline(always)]
    pub fn number(&self) -> u16 {
        self.number
    }

    #[inline(always)]
    #[track_caller]
    fn operate(&self, kind: Kind, operand: u32, value: u64) -> u64 {
        // SAFETY: the handle exists only on the coroutine of its core.
        unsafe { boundary(self.core, Operation::new(kind, operand).pack(), value, Location::caller()) }
    }
}

impl Cpu<'_> {
    /// RDMSR.
    ///
    /// # Errors
    /// A general-protection fault: software that does not expect it treats it like the kernel's own `rdmsr_safe`.
    #[inline(always)]
    #[track_caller]
    pub fn read_msr(&self, msr: u32) -> Result<u64, GeneralProtection> {
        let value = self.operate(Kind::MsrRead, msr, 0);
        if self.operate(Kind::Faulted, 0, 0) == 0 { Ok(value) } else { Err(GeneralProtection) }
    }

    /// WRMSR.
    ///
    /// # Errors
    /// A general-protection fault; nothing was written.
    #[inline(always)]
    #[track_caller]
    pub fn write_msr(&self, msr: u32, value: u64) -> Result<(), GeneralProtection> {
        self.operate(Kind::MsrWrite, msr, value);
        if self.operate(Kind::Faulted, 0, 0) == 0 { Ok(()) } else { Err(GeneralProtection) }
    }

    /// CPUID: EAX, EBX, ECX, EDX of `leaf`, as far as they concern the APIC (leaves 0, 1, 0Bh).
    #[inline(always)]
    #[track_caller]
    pub fn identification(&self, leaf: u32) -> [u32; 4] {
        let low = self.operate(Kind::Identification, leaf, 0);
        let high = self.operate(Kind::Identification, leaf, 1);
        [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32]
    }
}

/// What the result word of an operation becomes.
trait Give {
    fn give(word: u64) -> Self;
}

macro_rules! give {
    ($($type:ty: $word:ident => $given:expr;)*) => {
        $(impl Give for $type {
            #[inline(always)]
            fn give($word: u64) -> Self {
                $given
            }
        })*
    };
}

give! {
    (): _word => ();
    bool: word => word != 0;
    u8: word => word as Self;
    u32: word => word as Self;
    u64: word => word;
    Time: word => Self::from_ps(word);
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) -> $result:ty = $kind:ident, $operand:expr, $value:expr;)*) => {
        impl Cpu<'_> {
            $($(#[$doc])*
            #[inline(always)]
            #[track_caller]
            pub fn $name(&self $(, $argument: $type)*) -> $result {
                Give::give(self.operate(Kind::$kind, $operand, $value))
            })*
        }
    };
}

operations! {
    /// Reads the APIC register at byte `offset` of its page.
    read_register(offset: u16) -> u32 = RegisterRead, u32::from(offset), 0;
    /// Writes the APIC register at byte `offset`.
    write_register(offset: u16, value: u32) -> () = RegisterWrite, u32::from(offset), u64::from(value);
    /// Locked exchange on the APIC register at byte `offset`; gives the value read.
    exchange_register(offset: u16, value: u32) -> u32 = RegisterExchange, u32::from(offset), u64::from(value);
    /// Reads a byte from an I/O port; ports without a device read 0.
    read_port(port: u16) -> u8 = PortRead, u32::from(port), 0;
    /// Writes a byte to an I/O port; ports without a device ignore it.
    write_port(port: u16, value: u8) -> () = PortWrite, u32::from(port), u64::from(value);
    /// Uncached read of the 32-bit word at a physical address: the page of this CPU's APIC, where APIC_BASE has it, or a
    /// device. Where nothing answers it gives all ones.
    read_memory(address: u32) -> u32 = MemoryRead, address, 0;
    /// Uncached write of a 32-bit word.
    write_memory(address: u32, value: u32) -> () = MemoryWrite, address, u64::from(value);
    /// Reads CR8, the task priority class.
    read_cr8() -> u8 = PriorityRead, 0, 0;
    /// Writes CR8, bits 3:0.
    write_cr8(class: u8) -> () = PriorityWrite, 0, u64::from(class);
    /// A triple fault: the CPU enters shutdown, and never comes back here.
    shut_down() -> () = Shutdown, 0, 0;
    /// STI: enables maskable interrupts, but lets none in before the next operation has taken effect.
    enable_interrupts() -> () = EnableInterrupts, 0, 0;
    /// PAUSE.
    pause() -> () = Pause, 0, 0;
    /// Busy delay of exactly `us` microseconds.
    delay_us(us: u32) -> () = Delay, 0, u64::from(us);
    /// Busy delay of exactly `cycles` core cycles (what a time-stamp-counter loop counts).
    delay_cycles(cycles: u64) -> () = DelayCycles, 0, cycles;
    /// HLT: returns after a handler has run.
    halt() -> () = Halt, 0, 0;
    /// An idle CPU until `at`: interrupts are served meanwhile.
    sleep_until(at: Time) -> () = Sleep, 0, at.as_ps();
    /// Disables maskable interrupts; gives whether they were enabled.
    irq_save() -> bool = IrqSave, 0, 0;
    /// Sets the interrupt flag.
    irq_restore(enabled: bool) -> () = IrqRestore, 0, u64::from(enabled);
    /// Loads a shared word.
    ///
    /// # Panics
    /// Like all accesses to shared words: if the machine has no such word.
    load(word: u16) -> u32 = Load, u32::from(word), 0;
    /// Stores to a shared word.
    store(word: u16, value: u32) -> () = Store, u32::from(word), u64::from(value);
    /// Atomically replaces a shared word; gives the old value.
    exchange(word: u16, value: u32) -> u32 = Exchange, u32::from(word), u64::from(value);
    /// Atomically adds to a shared word; gives the old value.
    fetch_add(word: u16, value: u32) -> u32 = FetchAdd, u32::from(word), u64::from(value);
    /// Atomically ORs into a shared word; gives the old value.
    fetch_or(word: u16, value: u32) -> u32 = FetchOr, u32::from(word), u64::from(value);
    /// Atomically ANDs a shared word; gives the old value.
    fetch_and(word: u16, value: u32) -> u32 = FetchAnd, u32::from(word), u64::from(value);
    /// Atomically replaces a shared word if it has the `expected` value; gives the old value.
    compare_exchange(word: u16, expected: u32, value: u32) -> u32 =
        CompareExchange, u32::from(word), u64::from(expected) << 32 | u64::from(value);
    /// Reads the simulated clock. Software that does is never proven to hang by what it does until it stops reading it.
    clock() -> Time = Clock, 0, 0;
    /// One of `alternatives`, drawn from the machine's chooser under `label`.
    choose(label: u16, alternatives: u32) -> u32 = Choose, u32::from(label), u64::from(alternatives);
    /// A loop begins that may wait for somebody else; `code` is software's own name for it. Takes no time.
    wait_begin(code: u32) -> () = WaitBegin, code, 0;
    /// The innermost such loop has ended with software's own `outcome`. Takes no time.
    wait_end(outcome: u32) -> () = WaitEnd, outcome, 0;
    /// Software has reached milestone `code`. Takes no time.
    reached(code: u32) -> () = Reached, code, 0;
}
