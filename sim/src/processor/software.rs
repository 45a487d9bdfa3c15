//! The software of a CPU: blocking code with entry points for interrupts and NMIs.

use super::activity_kind::Entry;
use super::cpu::Cpu;
use crate::coroutine::{Guest, Handle};
use crate::stream::Context;
use std::sync::Arc;

/// Software as the CPU sees it: where it starts, and where interrupts and NMIs enter.
///
/// Handlers run nested on the interrupted code's stack; returning from them is the IRET. Its frames are unwound by an INIT
/// and at the end of a run: operations in a `Drop` then do nothing and give 0. A panic ends the run with an error. Software
/// must leave the floating-point control words as they are, and its stack has 256 KiB.
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
/// struct Counts;
/// impl Software for Counts {
///     fn run(&self, cpu: Cpu<'_>) {
///         cpu.write_register(0x300, 0x4_0041); // to itself
///         cpu.halt();
///     }
///     fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
///         cpu.write_register(0x0B0, 0); // EOI
///         cpu.reached(vector.into());
///     }
/// }
/// assert_eq!(run(vec![Program::open(Counts)]).milestones[0].code, 0x41);
/// ```
pub trait Software: Send + Sync {
    /// The program. When it returns, the CPU does nothing more.
    fn run(&self, cpu: Cpu<'_>);

    /// Handler of an interrupt that the local APIC delivered.
    fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
        let _ = (cpu, vector);
    }

    /// Handler of an NMI.
    fn non_maskable(&self, cpu: Cpu<'_>) {
        let _ = cpu;
    }

    /// System-management code; returning from it is the RSM.
    fn system_management(&self, cpu: Cpu<'_>) {
        let _ = cpu;
    }

    /// What runs after a start-up message with this vector: real-mode code at address `vector` times 1000h. An INIT has
    /// unwound all that ran before.
    fn start_up(&self, cpu: Cpu<'_>, vector: u8) {
        let _ = (cpu, vector);
    }

    /// What is at the reset vector: the bootstrap processor goes there after INIT, and so does every CPU whose APIC is
    /// older than the start-up message, when the level of the INIT goes away.
    fn reset(&self, cpu: Cpu<'_>) {
        let _ = cpu;
    }
}

/// Software whose whole mutable state is in its stack, its registers and the simulated machine.
///
/// Only such software can be *proven* to hang, because only then does an equal stack mean an equal future. A counter
/// in a static, on the heap, in a captured cell or in thread-local storage would make a false proof: software that has
/// any of these must not be Closed. Data that nobody changes while the machine runs may be shared, by an [`Arc`](std::sync::Arc) too: a
/// program that is data, a table. A compiler cannot rule out the others; a lint of the implementing crate should. Where an
/// [`AllocationWatch`](crate::AllocationWatch) is installed, software that allocates is Open from then on, whatever it
/// promised.
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
/// struct Spins; // no state but its stack
/// impl Software for Spins {
///     fn run(&self, cpu: Cpu<'_>) {
///         while cpu.load(0) == 0 {
///             cpu.pause();
///         }
///     }
/// }
/// impl Closed for Spins {}
/// let hung = Ending::Proven(Proof::Recurrence);
/// assert_eq!(run(vec![Program::closed(Spins)]).ending, if PROOFS { hung } else { Ending::Deadline });
/// ```
pub trait Closed: Software + 'static {}

/// A program for one CPU, Closed or Open.
///
/// ```
/// use sim::{Cpu, Program};
///
/// let sleeps = Program::from_fn(|cpu: Cpu<'_>| cpu.halt()); // a closure is Open: never proven to hang
/// # let _ = sleeps;
/// ```
pub struct Program {
    pub(crate) guest: Arc<dyn Guest>,
    pub(crate) closed: bool,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl Program {
    /// Closed software: it can be parked, skipped and proven to hang.
    pub fn closed(software: impl Closed) -> Self {
        Self { guest: Arc::new(Seated(software)), closed: true }
    }

    /// Any software. It is never proven to hang: a run that does not end reports a deadline.
    pub fn open(software: impl Software + 'static) -> Self {
        Self { guest: Arc::new(Seated(software)), closed: false }
    }

    /// A host closure without handlers, always Open.
    pub fn from_fn(run: impl Fn(Cpu<'_>) + Send + Sync + 'static) -> Self {
        struct Function<F>(F);
        impl<F: Fn(Cpu<'_>) + Send + Sync> Software for Function<F> {
            fn run(&self, cpu: Cpu<'_>) {
                (self.0)(cpu);
            }
        }
        Self::open(Function(run))
    }
}

/// The software of one CPU, as the boundary runs it.
struct Seated<S>(S);

impl<S: Software> Guest for Seated<S> {
    fn live(&self, handle: Handle, cpu: u16, entry: u32) {
        let cpu = Cpu::new(handle, cpu);
        match Entry::from_code(entry) {
            Entry::Program => self.0.run(cpu),
            Entry::Reset => self.0.reset(cpu),
            Entry::StartUp(vector) => self.0.start_up(cpu, vector),
            Entry::Wait => {}
        }
        cpu.end();
    }

    fn handle(&self, handle: Handle, cpu: u16, context: u32) {
        let cpu = Cpu::new(handle, cpu);
        match Context::from_code(context) {
            Context::Interrupt(vector) => self.0.interrupt(cpu, vector),
            Context::Nmi => self.0.non_maskable(cpu),
            Context::SystemManagement => self.0.system_management(cpu),
            Context::Program | Context::Shutdown => {}
        }
    }
}
