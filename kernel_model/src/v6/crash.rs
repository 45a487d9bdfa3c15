//! The crash path of today: from `crash_kexec` to the capture kernel, and how the others are stopped, whether the NMI
//! reaches them or not (`kernel/crash_core.c`, `arch/x86/kernel/crash.c`, `arch/x86/kernel/reboot.c`, v6.13).
//!
//! Not modelled: the HPET, virtualization and tracing that are switched off, and what the saved registers hold.

use crate::apicdef::NMI_VECTOR;
use crate::capture_kernel::machine_kexec;
use crate::crash::crash_save_cpu;
use crate::io_apic::{clear_IO_APIC, restore_boot_irq_mode};
use crate::kernel::{Kernel, this_cpu};
use crate::lapic::{disable_local_APIC, lapic_shutdown};
use crate::processor::Processor;
use crate::v6::apic_send_ipi::apic_send_IPI_allbutself;
use crate::v6::lapic::safe_smp_processor_id;
use crate::v6::nmi::register_nmi_handler;
use crate::wait::{Point, Wait, WaitOutcome};
use crate::words::{NOBODY, Word};

/// How often the crashing CPU waits a millisecond for the others.
const SHOOTDOWN_MS: u32 = 1000;

/// `crash_kexec` (`kernel/crash_core.c`, v6.13): only the CPU that becomes the one that panics goes on.
pub fn crash_kexec(kernel: &Kernel, cpu: &impl Processor) {
    let panic_cpu = kernel.layout().panic_cpu();
    if cpu.compare_exchange(panic_cpu, NOBODY, cpu.smp_processor_id()) == NOBODY {
        __crash_kexec(kernel, cpu);
        cpu.store(panic_cpu, NOBODY);
    }
}

/// `__crash_kexec` (`kernel/crash_core.c`, v6.13): takes the lock of kexec, and with a crash image shuts down and jumps.
pub fn __crash_kexec(kernel: &Kernel, cpu: &impl Processor) {
    if cpu.exchange(Word::KEXEC_LOCK, 1) != 0 {
        return;
    }
    if !kernel.crash_image {
        cpu.store(Word::KEXEC_LOCK, 0);
        return;
    }
    cpu.reached(Point::CrashEntered);
    native_machine_crash_shutdown(kernel, cpu);
    machine_kexec(kernel, cpu);
}

/// `native_machine_crash_shutdown` (`arch/x86/kernel/crash.c`, v6.13): interrupts off, the others shot down, the I/O APIC
/// masked, the local APIC shut down (for the second time) and given back to firmware's use, this CPU's registers saved.
pub fn native_machine_crash_shutdown(kernel: &Kernel, cpu: &impl Processor) {
    cpu.irq_save();
    kdump_nmi_shootdown_cpus(kernel, cpu);
    clear_IO_APIC(kernel, cpu);
    lapic_shutdown(kernel, cpu);
    restore_boot_irq_mode(kernel, cpu);
    crash_save_cpu(kernel, cpu, safe_smp_processor_id(kernel, cpu));
}

/// `kdump_nmi_shootdown_cpus` (`arch/x86/kernel/crash.c`, v6.13).
pub fn kdump_nmi_shootdown_cpus(kernel: &Kernel, cpu: &impl Processor) {
    nmi_shootdown_cpus(kernel, cpu);
    disable_local_APIC(kernel, cpu);
}

/// `nmi_shootdown_cpus` (`arch/x86/kernel/reboot.c`, v6.13): registers the callback, sends the NMI, and only then says
/// that it was sent, so that CPUs that cannot take it run the callback themselves; waits at most 1000 ms.
pub fn nmi_shootdown_cpus(kernel: &Kernel, cpu: &impl Processor) {
    cpu.irq_save();
    cpu.store(Word::CRASHING_CPU, u32::from(safe_smp_processor_id(kernel, cpu)));
    cpu.store(Word::WAITING_FOR_CRASH_IPI, kernel.cpu_online_map(cpu).count() - 1);
    register_nmi_handler(kernel, cpu, Word::CRASH_CALLBACK);
    cpu.reached(Point::CallbackRegistered);

    apic_send_IPI_allbutself(&kernel.of_kdump(), cpu, NMI_VECTOR);
    cpu.reached(Point::NmiSendReturned);
    cpu.store(kernel.layout().crash_ipi_issued(), 1);

    cpu.wait_begin(Wait::Shootdown);
    let mut msecs = SHOOTDOWN_MS;
    let outcome = loop {
        if cpu.load(Word::WAITING_FOR_CRASH_IPI) as i32 <= 0 {
            break WaitOutcome::Done;
        }
        if msecs == 0 {
            break WaitOutcome::TimedOut;
        }
        cpu.udelay(1000);
        msecs -= 1;
    };
    cpu.wait_end(outcome);
    cpu.reached(Point::ShootdownOver);
}

/// `crash_nmi_callback` (`arch/x86/kernel/reboot.c`, v6.13) with `kdump_nmi_callback`: nothing on the crashing CPU. Any
/// other saves its registers, disables its local APIC, *then* says that it is stopped, and stays: one HLT, then PAUSEs for ever.
pub fn crash_nmi_callback(kernel: &Kernel, cpu: &impl Processor) {
    if cpu.load(Word::CRASHING_CPU) == cpu.smp_processor_id() {
        return;
    }
    cpu.irq_save();
    crash_save_cpu(kernel, cpu, this_cpu(cpu));
    disable_local_APIC(kernel, cpu);
    cpu.fetch_add(Word::WAITING_FOR_CRASH_IPI, u32::MAX);
    cpu.reached(Point::Stopped);
    cpu.halt();
    loop {
        cpu.cpu_relax();
    }
}

/// `run_crash_ipi_callback` (`arch/x86/kernel/reboot.c`, v6.13): what a CPU that spins in NMI context polls. Once the
/// crash NMI has been sent it runs the callback as if that had come.
pub fn run_crash_ipi_callback(kernel: &Kernel, cpu: &impl Processor) {
    if cpu.load(kernel.layout().crash_ipi_issued()) != 0 {
        crash_nmi_callback(kernel, cpu);
    }
}
