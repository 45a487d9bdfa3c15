//! A kernel that dies: from an oops, or from its NMI watchdog.
//!
//! Not modelled: other notifiers, the depth limit of nested oopses, and the settings that would spare the
//! machine: an oops is taken to be one that the crash path wants (`kexec_should_crash`), with a crash image loaded.

use crate::bust_spinlocks::bust_spinlocks;
use crate::crash::crash_kexec;
use crate::idle::cpu_idle;
use crate::kernel::Kernel;
use crate::panic::panic;
use crate::printk::printk;
use crate::processor::{IrqFlags, Processor};
use crate::spinlock::{spin_lock, spin_trylock, spin_unlock};
use crate::words::{NOBODY, Word};

/// `die_nmi` (`arch/i386/kernel/traps.c`, `arch/x86_64/kernel/traps.c`, 2.6.20): the NMI watchdog found this CPU locked
/// up. i386 prints under a lock of its own, lets go of it, *then* ends the oops, which wakes the log daemon, and only then
/// comes to the crash path. x86_64 enters like an oops, and ends it after the crash path. Who loses the race into the crash
/// path does not come back: i386 panics, since a task would exit inside an interrupt.
pub fn die_nmi(kernel: &Kernel, cpu: &impl Processor) -> ! {
    if kernel.arch.is_i386() {
        spin_lock(cpu, Word::NMI_PRINT_LOCK);
        bust_spinlocks(kernel, cpu, true);
        printk(kernel, cpu, kernel.watchdog_print_us);
        spin_unlock(cpu, Word::NMI_PRINT_LOCK);
        bust_spinlocks(kernel, cpu, false);
        crash_kexec(kernel, cpu);
        panic(kernel, cpu, 0);
    }
    let flags = oops_begin(kernel, cpu);
    printk(kernel, cpu, kernel.watchdog_print_us);
    crash_kexec(kernel, cpu);
    oops_end(kernel, cpu, flags);
    cpu.irq_restore(IrqFlags(true));
    cpu_idle(cpu)
}

/// `die` (`arch/i386/kernel/traps.c`, `arch/x86_64/kernel/traps.c`, 2.6.20): an oops. Prints for `print_us`, then the
/// crash path: i386 without the lock that it printed and ended the oops under, x86_64 with `die_lock` held and the oops not
/// ended. Who loses the race into the crash path comes back, its task dead.
pub fn die(kernel: &Kernel, cpu: &impl Processor, print_us: u32) {
    if kernel.arch.is_i386() {
        let flags = cpu.irq_save();
        let nested = cpu.load(Word::DIE_OWNER) == cpu.smp_processor_id();
        if !nested {
            spin_lock(cpu, Word::DIE_LOCK);
            cpu.store(Word::DIE_OWNER, cpu.smp_processor_id());
            bust_spinlocks(kernel, cpu, true);
        }
        printk(kernel, cpu, print_us);
        bust_spinlocks(kernel, cpu, false);
        cpu.store(Word::DIE_OWNER, NOBODY);
        spin_unlock(cpu, Word::DIE_LOCK);
        cpu.irq_restore(flags);
        return crash_kexec(kernel, cpu);
    }
    let flags = oops_begin(kernel, cpu);
    printk(kernel, cpu, print_us);
    crash_kexec(kernel, cpu);
    oops_end(kernel, cpu, flags);
}

/// `oops_begin` (`arch/x86_64/kernel/traps.c`, 2.6.20): interrupts off, takes `die_lock` unless this CPU has it.
pub fn oops_begin(kernel: &Kernel, cpu: &impl Processor) -> IrqFlags {
    let flags = cpu.irq_save();
    if !spin_trylock(cpu, Word::DIE_LOCK) && cpu.load(Word::DIE_OWNER) != cpu.smp_processor_id() {
        spin_lock(cpu, Word::DIE_LOCK);
    }
    cpu.store(Word::DIE_NEST_COUNT, cpu.load(Word::DIE_NEST_COUNT) + 1);
    cpu.store(Word::DIE_OWNER, cpu.smp_processor_id());
    bust_spinlocks(kernel, cpu, true);
    flags
}

/// `oops_end` (`arch/x86_64/kernel/traps.c`, 2.6.20): ends the oops, *then* lets go of `die_lock`, if this is the outermost
/// one.
pub fn oops_end(kernel: &Kernel, cpu: &impl Processor, flags: IrqFlags) {
    cpu.store(Word::DIE_OWNER, NOBODY);
    bust_spinlocks(kernel, cpu, false);
    let depth = cpu.load(Word::DIE_NEST_COUNT) - 1;
    cpu.store(Word::DIE_NEST_COUNT, depth);
    if depth == 0 {
        spin_unlock(cpu, Word::DIE_LOCK);
    }
    cpu.irq_restore(flags);
}
