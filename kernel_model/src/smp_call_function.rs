//! Functions called on all other CPUs: the second IPI whose acknowledgement is waited for without bound.
//!
//! Not modelled: calls to a single CPU, the warning when interrupts are off, and what a called function does, unless it
//! stops the CPU.

use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::send_ipi_broadcast::send_IPI_allbutself;
use crate::spinlock::{spin_lock, spin_unlock};
use crate::stop_this_cpu::stop_this_cpu;
use crate::v6;
use crate::wait::{Wait, WaitOutcome};
use crate::words::Word;
use crate::write_around::ack_APIC_irq;

/// What is called. See [`Processor`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Called {
    /// A function that does nothing, in no time.
    Nothing,
    /// [`stop_this_cpu`].
    StopThisCpu,
}

/// Who deals with the call lock. See [`Processor`] for an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallLock {
    /// `smp_call_function` takes it.
    Take,
    /// Its caller has done what it wanted: `__smp_call_function`, where there is such (x86_64, i386 from 2.6.22 on).
    Callers,
}

/// `smp_call_function` (`arch/i386/kernel/smp.c`, `arch/x86_64/kernel/smp.c`, 2.6.20): takes the call lock, counts the
/// others, and unless there are none publishes the call, sends the IPI to all of them, and spins until all have started, and
/// if `wait` until all have finished. A target that does not answer is neither given up nor asked again. In v6
/// [`v6::smp_call_function`].
pub fn smp_call_function(kernel: &Kernel, cpu: &impl Processor, function: Called, wait: bool, lock: CallLock) {
    if kernel.arch.is_modern() {
        return v6::smp_call_function(kernel, cpu, wait);
    }
    if lock == CallLock::Take {
        spin_lock(cpu, Word::CALL_LOCK);
    }
    let cpus = kernel.online_but_self(cpu).count();
    if cpus != 0 {
        let (started, finished) = publish(kernel, cpu, function, wait);
        send_IPI_allbutself(kernel, cpu, kernel.arch.call_function_vector());

        cpu.wait_begin(Wait::Acknowledgement);
        while cpu.load(started) != cpus {
            cpu.cpu_relax();
        }
        while wait && cpu.load(finished) != cpus {
            cpu.cpu_relax();
        }
        cpu.wait_end(WaitOutcome::Done);
    }
    if lock == CallLock::Take {
        spin_unlock(cpu, Word::CALL_LOCK);
    }
}

/// Writes down what is called, and that nobody has started or finished it. Gives the words that count.
fn publish(kernel: &Kernel, cpu: &impl Processor, function: Called, wait: bool) -> (Word, Word) {
    let (layout, own) = (kernel.layout(), this_cpu(cpu));
    let (started, finished) = (layout.call_started(own), layout.call_finished(own));
    cpu.store(layout.call_function(own), function as u32);
    cpu.store(started, 0);
    cpu.store(layout.call_wait(own), u32::from(wait));
    if wait {
        cpu.store(finished, 0);
    }
    cpu.store(Word::CALL_DATA, u32::from(own));
    (started, finished)
}

/// `smp_call_function_interrupt` (the same files): ends the interrupt *first*, then says that it has started, runs the
/// function, and says that it has finished if the caller wants to know.
pub fn smp_call_function_interrupt(kernel: &Kernel, cpu: &impl Processor) {
    let layout = kernel.layout();
    let caller = cpu.load(Word::CALL_DATA) as u16;
    let function = cpu.load(layout.call_function(caller));
    let wait = cpu.load(layout.call_wait(caller)) != 0;
    ack_APIC_irq(kernel, cpu);
    cpu.fetch_add(layout.call_started(caller), 1);
    if function == Called::StopThisCpu as u32 {
        stop_this_cpu(kernel, cpu);
    }
    if wait {
        cpu.fetch_add(layout.call_finished(caller), 1);
    }
}
