//! The start of another CPU, from the trampoline to its calling in.
//!
//! Not modelled: v6's states of hotplug (its kernels wait for the CPU as those of 2007 do, but longer), the idle task,
//! tables of CPUs and nodes, clock synchronisation, the warm-reset vector, and what is printed.

use crate::apic_access::{apic_read, apic_write};
use crate::apicdef::{APIC_INTEGRATED, Register};
use crate::arch::{Access, Family, WakeUp};
use crate::es7000_start_cpu::es7000_start_cpu;
use crate::inquire_remote_apic::inquire_remote_apic;
use crate::kernel::Kernel;
use crate::processor::Processor;
use crate::v6::wakeup_secondary_cpu_via_init;
use crate::wait::{Point, Wait, WaitOutcome};
use crate::wakeup_secondary::{wakeup_secondary_via_INIT, wakeup_secondary_via_NMI};

/// 5 s for a CPU to call in, in v6 10 s (`kernel/cpu.c`).
const CALLIN_POLLS: u32 = 50_000;
const CALLIN_POLLS_V6: u32 = 100_000;
const CALLIN_POLL_US: u32 = 100;

/// What a CPU writes over the first bytes of the trampoline.
pub(crate) const TRAMPOLINE_ENTERED: u32 = 0xA5A5_A5A5;

/// `do_boot_cpu` (`arch/i386/kernel/smpboot.c`, `arch/x86_64/kernel/smpboot.c`, 2.6.20 and 2.6.22): starts a CPU; if its
/// messages were sent lets it go on, and waits 5 s for it. If it does not come, the kernel looks how far it got, and asks
/// its APIC. Gives 0, or what was wrong. v6 (`arch/x86/kernel/smpboot.c`) clears the error status first, as x86_64 of 2.6
/// does, where the APIC has one and the warm-reset vector may be used.
pub fn do_boot_cpu(kernel: &Kernel, cpu: &impl Processor, target: u16) -> u32 {
    let layout = kernel.layout();
    let apicid = kernel.arch.apic_id(target);
    cpu.store(layout.init_deasserted(), 0);
    let clears_errors = match kernel.arch.facts().family {
        Family::X8664 => true,
        Family::Modern => kernel.warm_reset && APIC_INTEGRATED(u32::from(kernel.apic_version)),
        Family::I386 | Family::Other(_) => false,
    };
    if clears_errors {
        apic_write(kernel, cpu, Register::ESR, 0);
        apic_read(kernel, cpu, Register::ESR);
    }

    let mut boot_error = wakeup_secondary_cpu(kernel, cpu, apicid);
    if boot_error == 0 {
        cpu.fetch_or(layout.cpu_callout(target), 1);
        if wait_for_callin(kernel, cpu, target) {
            cpu.reached(Point::Booted);
        } else {
            boot_error = 1;
            let entered = cpu.load(layout.trampoline_data()) & 0xFF == TRAMPOLINE_ENTERED & 0xFF;
            cpu.reached(if entered { Point::Stuck } else { Point::NotResponding });
            // On NUMA-Q the name stands for nothing, and v6 knows no inquiry.
            if kernel.arch.facts().wake_up != WakeUp::Nmi && !kernel.arch.is_modern() {
                inquire_remote_apic(kernel, cpu, apicid as u8);
            }
        }
    }
    if boot_error != 0 {
        cpu.fetch_and(layout.cpu_callout(target), 0);
    }
    cpu.store(layout.trampoline_data(), 0);
    boot_error
}

/// The sub-architecture's way to start a CPU (`include/asm-i386/mach-*/mach_wakecpu.h`, 2.6.20).
fn wakeup_secondary_cpu(kernel: &Kernel, cpu: &impl Processor, apicid: u32) -> u32 {
    match kernel.arch.facts().wake_up {
        _ if kernel.arch.facts().access == Access::Nothing => u32::MAX, // `noop_wakeup_secondary_cpu` gives -1
        WakeUp::Mailbox => es7000_start_cpu(kernel, cpu, apicid as u8),
        WakeUp::Nmi => wakeup_secondary_via_NMI(kernel, cpu, apicid as u8),
        WakeUp::Init if kernel.v6_start_up || kernel.arch.is_modern() => {
            wakeup_secondary_cpu_via_init(kernel, cpu, apicid)
        }
        WakeUp::Init => wakeup_secondary_via_INIT(kernel, cpu, apicid as u8),
    }
}

/// Looks 50 000 times (v6: 100 000), 100 µs apart, and once more.
fn wait_for_callin(kernel: &Kernel, cpu: &impl Processor, target: u16) -> bool {
    let callin = kernel.layout().cpu_callin(target);
    cpu.wait_begin(Wait::Callin);
    for _ in 0..if kernel.arch.is_modern() { CALLIN_POLLS_V6 } else { CALLIN_POLLS } {
        if cpu.load(callin) != 0 {
            break;
        }
        cpu.udelay(CALLIN_POLL_US);
    }
    let called_in = cpu.load(callin) != 0;
    cpu.wait_end(if called_in { WaitOutcome::Done } else { WaitOutcome::TimedOut });
    called_in
}
