//! What an NMI does on the CPU that takes it.
//!
//! Not modelled: the answers to a parity or I/O check error beyond their message, port output, and the watchdog's counts
//! of timer interrupts and ticks: a word says whether timer interrupts go on, another whether the counter has overflowed,
//! and the threshold is one tick.

use crate::apic_access::apic_write;
use crate::apicdef::{APIC_DM_NMI, Register};
use crate::backtrace::print_backtrace_if_asked;
use crate::crash::crash_nmi_callback;
use crate::die::die_nmi;
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::schedule::printk;
use crate::v6::default_do_nmi;
use crate::words::Word;

/// The port that says why the chipset raised an NMI.
pub(crate) const NMI_STATUS_PORT: u16 = 0x61;

/// Its bits for a memory parity error and an I/O check.
const NMI_REASONS: u8 = 0xC0;

/// `do_nmi` (`default_do_nmi` in `arch/i386/kernel/traps.c` and `arch/x86_64/kernel/traps.c`, 2.6.20): CPU 0 asks the
/// chipset. If that has a reason, it is told and nobody else gets the NMI; else the notifier chain has it first, in
/// which the crash callback may be, then the watchdog. In v6 [`default_do_nmi`]; where the kernel is not Linux, nobody
/// does anything.
pub fn do_nmi(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.other().is_some() {
        return;
    }
    if kernel.arch.is_modern() {
        return default_do_nmi(kernel, cpu);
    }
    if this_cpu(cpu) == 0 && cpu.inb(NMI_STATUS_PORT) & NMI_REASONS != 0 {
        return printk(kernel, cpu, 0);
    }
    if cpu.load(Word::CRASH_CALLBACK) != 0 {
        return crash_nmi_callback(kernel, cpu);
    }
    if kernel.nmi_watchdog {
        return nmi_watchdog_tick(kernel, cpu);
    }
    printk(kernel, cpu, 0);
}

/// `nmi_watchdog_tick` (`arch/i386/kernel/nmi.c`, `arch/x86_64/kernel/nmi.c`, 2.6.20): prints a backtrace if one is asked
/// for; with a threshold of one tick finds a CPU without timer interrupts locked up; else, if its counter has overflowed,
/// opens the counter's entry again, which the NMI has masked, where the part wants that. The write is plain on builds for
/// the erratum too.
pub fn nmi_watchdog_tick(kernel: &Kernel, cpu: &impl Processor) {
    print_backtrace_if_asked(kernel, cpu);
    if cpu.load(kernel.layout().timer_goes_on(this_cpu(cpu))) == 0 {
        die_nmi(kernel, cpu);
    }
    let overflowed = cpu.load(kernel.layout().counter_runs_on(this_cpu(cpu))) == 0;
    if overflowed && kernel.performance_counter.wants_its_entry_opened(kernel.arch) {
        apic_write(kernel, cpu, Register::LVTPC, APIC_DM_NMI);
    }
}
