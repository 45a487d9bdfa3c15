//! The crash path: from `crash_kexec` to the capture kernel, and what the other CPUs do meanwhile.
//!
//! Not modelled: what the saved registers hold, and the HPET.

use crate::capture_kernel::machine_kexec;
use crate::io_apic::disable_IO_APIC;
use crate::kernel::{Kernel, this_cpu};
use crate::lapic::{disable_local_APIC, lapic_shutdown};
use crate::processor::Processor;
use crate::smp_send_nmi_allbutself::{safe_smp_processor_id, smp_send_nmi_allbutself};
use crate::v6;
use crate::wait::{Point, Wait, WaitOutcome};
use crate::words::Word;

/// How often the crashing CPU waits a millisecond for the others.
const SHOOTDOWN_MS: u32 = 1000;

/// `crash_kexec` (`kernel/kexec.c`, 2.6.20): the first CPU that comes here goes to the capture kernel; any other
/// returns at once, and so does everybody where no crash image is loaded. In v6 [`v6::crash_kexec`].
pub fn crash_kexec(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.is_modern() {
        return v6::crash_kexec(kernel, cpu);
    }
    if cpu.exchange(Word::KEXEC_LOCK, 1) != 0 {
        return;
    }
    if !kernel.crash_image {
        cpu.exchange(Word::KEXEC_LOCK, 0);
        return;
    }
    cpu.reached(Point::CrashEntered);
    machine_crash_shutdown(kernel, cpu);
    machine_kexec(kernel, cpu);
}

/// `machine_crash_shutdown` (`arch/i386/kernel/crash.c`, `arch/x86_64/kernel/crash.c`, 2.6.20): interrupts off, the
/// others shot down, the local APIC shut down (for the second time), the I/O APIC disabled, this CPU's registers saved.
/// i386 asks its APIC who it is, at the start and again when it saves its registers.
pub fn machine_crash_shutdown(kernel: &Kernel, cpu: &impl Processor) {
    cpu.irq_save();
    if kernel.arch.is_i386() {
        let crashing_cpu = safe_smp_processor_id(kernel, cpu);
        cpu.store(Word::CRASHING_CPU, u32::from(crashing_cpu));
        nmi_shootdown_cpus(kernel, cpu);
        lapic_shutdown(kernel, cpu);
        disable_IO_APIC(kernel, cpu);
        crash_save_cpu(kernel, cpu, safe_smp_processor_id(kernel, cpu));
    } else {
        cpu.store(Word::CRASHING_CPU, cpu.smp_processor_id());
        nmi_shootdown_cpus(kernel, cpu);
        disable_local_APIC(kernel, cpu);
        disable_IO_APIC(kernel, cpu);
        crash_save_cpu(kernel, cpu, this_cpu(cpu));
    }
}

/// `crash_save_cpu` (`kernel/kexec.c`, 2.6.20): writes this CPU's registers into the note of the CPU `number`, where
/// the capture kernel finds them.
pub fn crash_save_cpu(kernel: &Kernel, cpu: &impl Processor, number: u16) {
    cpu.store(kernel.layout().crash_notes(number), 1);
    cpu.reached(Point::RegistersSaved);
}

/// `nmi_shootdown_cpus` (`arch/i386/kernel/crash.c`, `arch/x86_64/kernel/crash.c`, 2.6.20): registers the callback,
/// sends the NMI, waits for the others at most 1000 ms, disables the local APIC whatever came of it. The send's own
/// wait comes before that bound.
pub fn nmi_shootdown_cpus(kernel: &Kernel, cpu: &impl Processor) {
    cpu.store(Word::WAITING_FOR_CRASH_IPI, kernel.cpu_online_map(cpu).count() - 1);
    cpu.store(Word::CRASH_CALLBACK, 1);
    cpu.reached(Point::CallbackRegistered);

    smp_send_nmi_allbutself(kernel, cpu);
    cpu.reached(Point::NmiSendReturned);

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
    disable_local_APIC(kernel, cpu);
}

/// `crash_nmi_callback` (`arch/i386/kernel/crash.c`, `arch/x86_64/kernel/crash.c`, 2.6.20): swallows NMIs on the
/// crashing CPU. Any other CPU saves its registers, disables its local APIC, *then* says that it is stopped, and stays:
/// on i386 one HLT and PAUSEs for ever, on x86_64 HLT for ever.
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
        if kernel.arch.is_i386() {
            cpu.cpu_relax();
        } else {
            cpu.halt();
        }
    }
}
