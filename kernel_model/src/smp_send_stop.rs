//! How a kernel that will not go on stops the other CPUs: by a function call, and so with all that a call waits for.
//!
//! Not modelled: that later calls no longer wait for CPUs that are stopped.

use crate::kernel::Kernel;
use crate::lapic::disable_local_APIC;
use crate::processor::{IrqFlags, Processor};
use crate::smp_call_function::{CallLock, Called, smp_call_function};
use crate::spinlock::{spin_trylock, spin_unlock};
use crate::wait::Point;
use crate::words::Word;

/// `smp_send_stop` (`arch/i386/kernel/smp.c`, `arch/x86_64/kernel/smp.c`, 2.6.20): calls [`stop_this_cpu`] on all
/// others, then disables its own local APIC, and lets interrupts in whatever they were before. i386 takes the call lock
/// like any caller, and so waits for ever where its holder waits for this CPU. x86_64, and i386 from 2.6.22 on, try the
/// lock once and go ahead without it; in a forced reboot x86_64 stops nobody. The wait for the others to start has no
/// bound in either.
pub fn smp_send_stop(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.reboot_force && !kernel.arch.is_i386() {
        return;
    }
    if kernel.arch.is_i386() && kernel.stop_takes_call_lock {
        smp_call_function(kernel, cpu, Called::StopThisCpu, false, CallLock::Take);
    } else {
        let locked = spin_trylock(cpu, Word::CALL_LOCK);
        smp_call_function(kernel, cpu, Called::StopThisCpu, false, CallLock::Callers);
        if locked {
            spin_unlock(cpu, Word::CALL_LOCK);
        }
    }
    cpu.irq_save();
    disable_local_APIC(kernel, cpu);
    cpu.irq_restore(IrqFlags(true));
}

/// `stop_this_cpu` (`arch/i386/kernel/smp.c`, 2.6.20; on x86_64 `smp_really_stop_cpu`): the local APIC disabled, HLT for
/// ever, and interrupts off: i386 turns them off, x86_64 restores what they were, which in an interrupt is off.
pub fn stop_this_cpu(kernel: &Kernel, cpu: &impl Processor) -> ! {
    cpu.fetch_add(Word::TAKEN_OUT, 1);
    let flags = cpu.irq_save();
    disable_local_APIC(kernel, cpu);
    if !kernel.arch.is_i386() {
        cpu.irq_restore(flags);
    }
    cpu.reached(Point::StoppedByCall);
    loop {
        cpu.halt();
    }
}
