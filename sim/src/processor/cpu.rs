//! What software sees of its CPU: every method is one operation.

use super::local_events::Pin;
use super::operation::{Kind, Operation};
use crate::apic::GeneralProtection;
use crate::coroutine::{Handle, Site};
use crate::time::Time;
use std::marker::PhantomData;

/// The CPU as software sees it. Every method is one operation: it takes simulated time, and interrupts may come in.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Outcome {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default()).unwrap()
/// # }
/// let outcome = run(vec![Program::from_fn(|cpu| {
///     cpu.store(0, 5);
///     assert_eq!(cpu.fetch_add(0, 1), 5);
///     cpu.delay_us(10);
///     cpu.reached(1);
/// })]);
/// assert!(outcome.milestones[0].at > Time::from_us(10));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Cpu<'run> {
    handle: Handle,
    number: u16,
    lifetime: PhantomData<&'run ()>,
}

#[inline(always)] // of which kind it is, is known where it is called
fn operate(handle: Handle, kind: Kind, operand: u32, value: u64, site: Site) -> u64 {
    let operation = Operation::new(kind, operand).pack();
    if kind.is_straight() {
        handle.operate_straight(operation, value, site)
    } else {
        handle.operate(operation, value, site)
    }
}

impl Cpu<'_> {
    pub(super) const fn new(handle: Handle, number: u16) -> Self {
        Self { handle, number, lifetime: PhantomData }
    }

    /// The program has returned. Never comes back.
    #[track_caller]
    pub(super) fn end(self) {
        self.operate(Kind::End, 0, 0);
    }

    /// The number of this CPU.
    #[inline(always)]
    pub fn number(&self) -> u16 {
        self.number
    }

    #[inline(always)]
    #[track_caller]
    fn operate(&self, kind: Kind, operand: u32, value: u64) -> u64 {
        operate(self.handle, kind, operand, value, Site::caller())
    }
}

impl<'run> Cpu<'run> {
    /// The same CPU, for software that executes a program that is data: its operations are those of a step, and not of the
    /// line of Rust that executes it.
    #[inline(always)]
    pub const fn at(self, site: Site) -> CpuAt<'run> {
        CpuAt { cpu: self, site }
    }
}

/// A CPU whose operations come from one [`Site`], whatever line executes them.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Outcome {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default()).unwrap()
/// # }
/// let outcome = run(vec![Program::from_fn(|cpu| {
///     cpu.at(Site::step(3)).halt(); // step 3 of a program that is data
/// })]);
/// assert_eq!(outcome.cpus[0].site.and_then(Site::as_step), Some(3));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct CpuAt<'run> {
    cpu: Cpu<'run>,
    site: Site,
}

impl CpuAt<'_> {
    /// The number of this CPU.
    #[inline(always)]
    pub fn number(&self) -> u16 {
        self.cpu.number
    }

    #[inline(always)]
    fn operate(&self, kind: Kind, operand: u32, value: u64) -> u64 {
        operate(self.cpu.handle, kind, operand, value, self.site)
    }
}

macro_rules! privileged {
    ($cpu:ident) => {
        impl $cpu<'_> {
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

            /// CPUID: EAX, EBX, ECX, EDX of `leaf`, as far as they concern the APIC (leaves 0, 1, 6, 0Bh).
            #[inline(always)]
            #[track_caller]
            pub fn identification(&self, leaf: u32) -> [u32; 4] {
                let low = self.operate(Kind::Identification, leaf, 0);
                let high = self.operate(Kind::Identification, leaf, 1);
                [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32]
            }
        }
    };
}

privileged!(Cpu);
privileged!(CpuAt);

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

        impl CpuAt<'_> {
            $($(#[$doc])*
            #[inline(always)]
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
    /// MFENCE: V after it every other CPU sees every store that this CPU has made.
    fence() -> () = Fence, 0, 0;
    /// Drives a pin of CPU `target`, which sees it V later, as it would see a store. A CPU that is not there has no pin.
    drive_pin(target: u16, pin: Pin) -> () = DrivePin, u32::from(target) | pin.code().0 << 16, pin.code().1;
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
    /// Software has reached milestone `code`; one with the bit [`TOLD_ONLY`](crate::TOLD_ONLY) is an event, and nothing that
    /// the outcome keeps. Takes no time.
    reached(code: u32) -> () = Reached, code, 0;
}
