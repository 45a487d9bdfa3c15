//! How a kernel that will not go on stops the other CPUs: by a function call, and so with all that a call waits for.
//!
//! Not modelled: a reboot that is forced, and that later calls no longer wait for CPUs that are stopped.

use crate::kernel::Kernel;
use crate::lapic::disable_local_APIC;
use crate::processor::Processor;
use crate::smp_call_function::{CallLock, Called, smp_call_function};

/// `smp_send_stop` (`arch/i386/kernel/smp.c`, `arch/x86_64/kernel/smp.c`, 2.6.20): calls [`stop_this_cpu`] on all
/// others, then disables its own local APIC. i386 takes the call lock like any caller, and so waits for ever where its
/// holder waits for this CPU. x86_64, and i386 from 2.6.22 on, try the lock once and go ahead without it. The wait for
/// the others to start has no bound in either.
///
/// [`stop_this_cpu`]: fn@crate::stop_this_cpu
pub fn smp_send_stop(kernel: &Kernel, cpu: &impl Processor) {
    let takes = kernel.arch.is_i386() && kernel.stop_takes_call_lock;
    let lock = if takes { CallLock::Take } else { CallLock::Try };
    smp_call_function(kernel, cpu, Called::StopThisCpu, false, lock);
    let flags = cpu.irq_save();
    disable_local_APIC(kernel, cpu);
    cpu.irq_restore(flags);
}
