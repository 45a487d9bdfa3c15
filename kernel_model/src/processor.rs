//! What kernel code needs from the machine it runs on: the door between this crate and any hardware.
//!
//! Not modelled: caches, ordering beyond what the shared words give and the fences before an x2APIC send, port output. A busy delay is one operation,
//! [`Processor::udelay`], and no loop over the time-stamp counter.

use crate::apicdef::Register;
use crate::wait::{Point, Wait, WaitOutcome};
use crate::words::Word;

/// Access to the registers of the CPU's own local APIC. Each call is one access on the machine, in program order.
///
/// See [`Processor`] for an example.
pub trait Mmio {
    /// One 32-bit read of `register`.
    #[track_caller]
    fn read(&self, register: Register) -> u32;

    /// One 32-bit write of `value` to `register`.
    #[track_caller]
    fn write(&self, register: Register, value: u32);

    /// One locked exchange: a read and a write of the same register that nothing can come between. Gives the value read.
    #[track_caller]
    fn xchg(&self, register: Register, value: u32) -> u32;
}

/// Whether maskable interrupts were enabled before [`Processor::irq_save`].
///
/// ```
/// use kernel_model::IrqFlags;
///
/// assert_ne!(IrqFlags(true), IrqFlags(false));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IrqFlags(pub bool);

/// The few CPU services that the modelled code calls beside [`Mmio`].
///
/// ```
/// # use core::cell::{Cell, RefCell};
/// # use kernel_model::*;
/// # struct Plain {
/// #     registers: RefCell<std::collections::BTreeMap<u16, u32>>,
/// #     words: RefCell<Vec<u32>>,
/// #     busy_reads: Cell<u32>,
/// #     log: RefCell<Vec<String>>,
/// # }
/// # impl Plain {
/// #     fn of(kernel: &Kernel, busy_reads: u32) -> Self {
/// #         let words = RefCell::new(vec![0; kernel.layout().count()]);
/// #         Self { registers: RefCell::default(), words, busy_reads: Cell::new(busy_reads), log: RefCell::default() }
/// #     }
/// #     fn update(&self, word: Word, new: impl FnOnce(u32) -> u32) -> u32 {
/// #         let place = &mut self.words.borrow_mut()[usize::from(word.0)];
/// #         std::mem::replace(place, new(*place))
/// #     }
/// # }
/// # impl Mmio for Plain {
/// #     fn read(&self, register: Register) -> u32 {
/// #         let left = self.busy_reads.get();
/// #         self.busy_reads.set(left.saturating_sub(1));
/// #         self.registers.borrow().get(&register.0).copied().unwrap_or(0) | if left > 0 { 0x1000 } else { 0 }
/// #     }
/// #     fn write(&self, register: Register, value: u32) {
/// #         self.log.borrow_mut().push(format!("{:03X}={value:X}", register.0));
/// #         self.registers.borrow_mut().insert(register.0, value);
/// #     }
/// #     fn xchg(&self, register: Register, value: u32) -> u32 {
/// #         let old = self.read(register);
/// #         self.write(register, value);
/// #         old
/// #     }
/// # }
/// # impl Processor for Plain {
/// #     fn rdmsr(&self, _: u32) -> u64 { 0 }
/// #     fn wrmsr(&self, _: u32, _: u64) {}
/// #     fn inb(&self, _: u16) -> u8 { 0 }
/// #     fn readl(&self, _: u32) -> u32 { 0 }
/// #     fn writel(&self, _: u32, _: u32) {}
/// #     fn rdtsc(&self) -> u64 { 0 }
/// #     fn cpu_relax(&self) {}
/// #     fn udelay(&self, _: u32) {}
/// #     fn halt(&self) {}
/// #     fn irq_save(&self) -> IrqFlags { IrqFlags(true) }
/// #     fn irq_restore(&self, _: IrqFlags) {}
/// #     fn load(&self, word: Word) -> u32 { self.update(word, |old| old) }
/// #     fn store(&self, word: Word, value: u32) { self.update(word, |_| value); }
/// #     fn exchange(&self, word: Word, value: u32) -> u32 { self.update(word, |_| value) }
/// #     fn fetch_add(&self, word: Word, value: u32) -> u32 { self.update(word, |old| old.wrapping_add(value)) }
/// #     fn fetch_or(&self, word: Word, value: u32) -> u32 { self.update(word, |old| old | value) }
/// #     fn fetch_and(&self, word: Word, value: u32) -> u32 { self.update(word, |old| old & value) }
/// #     fn compare_exchange(&self, word: Word, expected: u32, value: u32) -> u32 {
/// #         self.update(word, |old| if old == expected { value } else { old })
/// #     }
/// #     fn smp_processor_id(&self) -> u32 { 0 }
/// #     fn wait_begin(&self, _: Wait) {}
/// #     fn wait_end(&self, _: WaitOutcome) {}
/// #     fn reached(&self, _: Point) {}
/// # }
/// // `Plain` implements both traits over plain memory; its ICR reads busy twice.
/// let kernel = Kernel::new(Arch::I386Default, Variant::Before, 4);
/// let cpu = Plain::of(&kernel, 2);
/// apic_wait_icr_idle(&cpu);
/// assert_eq!(cpu.read(Register::ICR), 0);
/// smp_send_reschedule(&kernel, &cpu, 1);
/// assert_eq!(*cpu.log.borrow(), ["310=2000000", "300=8FC"]); // ICR high, then ICR low: logical, FCh
///
/// // Alone a CPU has nobody to call: it takes the call lock, and gives it back. Who has the lock already says so.
/// let alone = Kernel::new(Arch::I386Default, Variant::Before, 1);
/// let cpu = Plain::of(&alone, 0);
/// smp_call_function(&alone, &cpu, Called::Nothing, true, CallLock::Take);
/// assert_eq!(cpu.load(Word::CALL_LOCK), 0);
/// cpu.store(Word::CALL_LOCK, 1);
/// smp_call_function(&alone, &cpu, Called::StopThisCpu, false, CallLock::Callers);
/// assert_eq!(cpu.load(Word::CALL_LOCK), 1);
///
/// // v6: lazy work waits for the timer's tick, other work is an interrupt to itself.
/// let today = Kernel::new(Arch::ModernXapicFlat, Variant::Modern, 4);
/// let cpu = Plain::of(&today, 0);
/// v6::irq_work_queue(&today, &cpu, v6::Laziness::Lazy);
/// assert!(cpu.log.borrow().is_empty());
/// v6::irq_work_queue(&today, &cpu, v6::Laziness::Raised);
/// assert_eq!(*cpu.log.borrow(), ["300=400F6"]); // IRQ_WORK_VECTOR
/// ```
pub trait Processor: Mmio {
    /// RDMSR.
    #[track_caller]
    fn rdmsr(&self, msr: u32) -> u64;
    /// WRMSR.
    #[track_caller]
    fn wrmsr(&self, msr: u32, value: u64);
    /// A byte read from an I/O port (only the NMI status port 61h is asked for).
    #[track_caller]
    fn inb(&self, port: u16) -> u8;

    /// A 32-bit read of device memory at a physical address (only the I/O APIC's page is asked for).
    #[track_caller]
    fn readl(&self, address: u32) -> u32;
    /// A 32-bit write of device memory.
    #[track_caller]
    fn writel(&self, value: u32, address: u32);

    /// RDTSC: ticks of the core clock since power-on.
    #[track_caller]
    fn rdtsc(&self) -> u64;

    /// One PAUSE.
    #[track_caller]
    fn cpu_relax(&self);
    /// A busy delay of exactly `us` microseconds; interrupts, if enabled, and NMIs are taken inside it.
    #[track_caller]
    fn udelay(&self, us: u32);
    /// HLT: returns after an interrupt or NMI has been handled.
    #[track_caller]
    fn halt(&self);

    /// Disables maskable interrupts and says whether they were enabled.
    #[track_caller]
    fn irq_save(&self) -> IrqFlags;
    /// Restores what [`Processor::irq_save`] gave.
    #[track_caller]
    fn irq_restore(&self, flags: IrqFlags);

    /// Reads a shared word.
    #[track_caller]
    fn load(&self, word: Word) -> u32;
    /// Writes a shared word.
    #[track_caller]
    fn store(&self, word: Word, value: u32);
    /// Atomically replaces a shared word; gives the old value.
    #[track_caller]
    fn exchange(&self, word: Word, value: u32) -> u32;
    /// Atomically adds (wrapping) to a shared word; gives the old value.
    #[track_caller]
    fn fetch_add(&self, word: Word, value: u32) -> u32;
    /// Atomically ORs into a shared word; gives the old value.
    #[track_caller]
    fn fetch_or(&self, word: Word, value: u32) -> u32;
    /// Atomically ANDs a shared word; gives the old value.
    #[track_caller]
    fn fetch_and(&self, word: Word, value: u32) -> u32;
    /// Atomically replaces a shared word that has the value `expected`, and leaves any other; gives the old value.
    #[track_caller]
    fn compare_exchange(&self, word: Word, expected: u32, value: u32) -> u32;

    /// MFENCE: the stores before it are seen by everybody before what comes after it, also a write of an MSR that orders none.
    /// Where the machine orders them anyway, there is nothing to do.
    #[track_caller]
    fn fence(&self) {}

    /// The number of the CPU that runs this code; no access to any device.
    fn smp_processor_id(&self) -> u32;

    /// Says that a loop begins whose end depends on somebody else. No time passes.
    #[track_caller]
    fn wait_begin(&self, wait: Wait);
    /// Says that the innermost such loop has ended, and how. No time passes.
    #[track_caller]
    fn wait_end(&self, outcome: WaitOutcome);
    /// The capture kernel is up on this CPU: what it does from then on. Nothing, unless the machine has a program for it.
    fn capture_kernel_goes_on(&self) {}

    /// Says that the code has come to a point that reports and goals speak of. No time passes.
    #[track_caller]
    fn reached(&self, point: Point);
}
