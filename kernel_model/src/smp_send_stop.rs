//! How a kernel that will not go on stops the other CPUs: by a function call, and so with all that a call waits for.
//!
//! Not modelled: that later calls no longer wait for CPUs that are stopped.

use crate::kernel::Kernel;
use crate::lapic::disable_local_APIC;
use crate::processor::{IrqFlags, Processor};
use crate::smp_call_function::{CallLock, Called, smp_call_function};
use crate::spinlock::{spin_trylock, spin_unlock};
use crate::words::Word;

/// `smp_send_stop` (`arch/i386/kernel/smp.c`, `arch/x86_64/kernel/smp.c`, 2.6.20 and 2.6.22): calls [`stop_this_cpu`] on
/// all others, then disables its own local APIC. i386 of 2.6.20 takes the call lock like any caller, and so waits for ever
/// where its holder waits for this CPU; all others try the lock once and go ahead without it. 2.6.20 lets interrupts in at the
/// end, whatever they were before; 2.6.22 has them off from before the call and restores them, so that its wait for the others
/// to start, which has no bound in either, is with interrupts off. In a forced reboot x86_64 stops nobody.
///
/// [`stop_this_cpu`]: fn@crate::stop_this_cpu
pub fn smp_send_stop(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.reboot_force && !kernel.arch.is_i386() {
        return;
    }
    let takes = kernel.arch.is_i386() && kernel.stop_takes_call_lock;
    let lock = if takes { CallLock::Take } else { CallLock::Callers };
    let locked = !takes && spin_trylock(cpu, Word::CALL_LOCK);
    let before_call = kernel.release.is_from_2_6_22().then(|| cpu.irq_save());
    smp_call_function(kernel, cpu, Called::StopThisCpu, false, lock);
    if locked {
        spin_unlock(cpu, Word::CALL_LOCK);
    }
    let flags = before_call.unwrap_or_else(|| {
        cpu.irq_save();
        IrqFlags(true)
    });
    disable_local_APIC(kernel, cpu);
    cpu.irq_restore(flags);
}
