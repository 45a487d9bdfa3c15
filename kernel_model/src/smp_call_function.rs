//! Functions called on all other CPUs: the second IPI whose acknowledgement is waited for without bound.
//!
//! Not modelled: the function (it does nothing, in no time), calls to a single CPU, the warning when interrupts are off.

use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::send_ipi_broadcast::send_IPI_allbutself;
use crate::spinlock::{spin_lock, spin_unlock};
use crate::v6;
use crate::wait::{Wait, WaitOutcome};
use crate::words::Word;
use crate::write_around::ack_APIC_irq;

/// `smp_call_function` (`arch/i386/kernel/smp.c`, `arch/x86_64/kernel/smp.c`, 2.6.20): under the call lock publishes
/// the call, sends the IPI to all others, and spins until all have started, and if `wait` until all have finished. A
/// target that does not answer is neither given up nor asked again. In v6 [`v6::smp_call_function`].
pub fn smp_call_function(kernel: &Kernel, cpu: &impl Processor, wait: bool) {
    if kernel.arch.is_modern() {
        return v6::smp_call_function(kernel, cpu, wait);
    }
    spin_lock(cpu, Word::CALL_LOCK);
    let cpus = kernel.online_but_self(cpu).count();
    if cpus == 0 {
        return spin_unlock(cpu, Word::CALL_LOCK);
    }
    cpu.store(Word::CALL_STARTED, 0);
    cpu.store(Word::CALL_WAIT, u32::from(wait));
    if wait {
        cpu.store(Word::CALL_FINISHED, 0);
    }
    send_IPI_allbutself(kernel, cpu, kernel.arch.call_function_vector());

    cpu.wait_begin(Wait::Acknowledgement);
    while cpu.load(Word::CALL_STARTED) != cpus {
        cpu.cpu_relax();
    }
    while wait && cpu.load(Word::CALL_FINISHED) != cpus {
        cpu.cpu_relax();
    }
    cpu.wait_end(WaitOutcome::Done);
    spin_unlock(cpu, Word::CALL_LOCK);
}

/// `smp_call_function_interrupt` (the same files): ends the interrupt *first*, then says that it has started, runs the
/// function, and says that it has finished if the caller wants to know.
pub fn smp_call_function_interrupt(kernel: &Kernel, cpu: &impl Processor) {
    let wait = cpu.load(Word::CALL_WAIT) != 0;
    ack_APIC_irq(kernel, cpu);
    cpu.fetch_add(Word::CALL_STARTED, 1);
    if wait {
        cpu.fetch_add(Word::CALL_FINISHED, 1);
    }
}
