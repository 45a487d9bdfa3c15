//! TLB flushes on other CPUs: the first IPI with an acknowledgement that is waited for without bound.
//!
//! Not modelled: the flush itself, lazy TLB mode, and the memory barrier that 2.6.20 on i386 has where 2.6.22 PAUSEs.

use crate::cpumask::CpuMask;
use crate::kernel::{Kernel, this_cpu};
use crate::processor::Processor;
use crate::send_ipi_mask::send_IPI_mask;
use crate::spinlock::{spin_lock, spin_unlock};
use crate::v6;
use crate::wait::{Wait, WaitOutcome};
use crate::write_around::ack_APIC_irq;

/// The modelled address to be flushed; any value but 0.
const ADDRESS: u32 = 1;

/// `flush_tlb_others` (`arch/i386/kernel/smp.c`, `arch/x86_64/kernel/smp.c`, 2.6.20): under the slot's lock (i386 has
/// one, x86_64 eight, by the sender's number) publishes what to flush, adds the mask to the slot's, sends the IPI, and
/// spins until every target has taken itself out. Its callers leave this CPU out and do not call for nobody; both is
/// done here. In v6 [`v6::flush_tlb_multi`].
pub fn flush_tlb_others(kernel: &Kernel, cpu: &impl Processor, cpumask: CpuMask) {
    let sender = this_cpu(cpu);
    let cpumask = cpumask.without(sender);
    if cpumask.is_empty() {
        return;
    }
    if kernel.arch.is_modern() {
        return v6::flush_tlb_multi(kernel, cpu, cpumask);
    }
    let layout = kernel.layout();
    let slot = sender % kernel.arch.invalidate_tlb_slots();
    let words = 0..layout.flush_mask_words();

    spin_lock(cpu, layout.tlbstate_lock(slot));
    cpu.store(layout.flush_va(slot), ADDRESS);
    for index in words.clone().filter(|&index| cpumask.word(index) != 0) {
        cpu.fetch_or(layout.flush_cpumask(slot, index), cpumask.word(index));
    }
    send_IPI_mask(kernel, cpu, cpumask, kernel.arch.invalidate_tlb_vector(sender));

    cpu.wait_begin(Wait::Acknowledgement);
    for index in words {
        while cpu.load(layout.flush_cpumask(slot, index)) != 0 {
            cpu.cpu_relax();
        }
    }
    cpu.wait_end(WaitOutcome::Done);
    cpu.store(layout.flush_va(slot), 0);
    spin_unlock(cpu, layout.tlbstate_lock(slot));
}

/// `smp_invalidate_interrupt` (`arch/i386/kernel/smp.c`, `arch/x86_64/kernel/smp.c`, 2.6.20): flushes, ends the
/// interrupt, takes this CPU out of the mask. If it is not in the mask, i386 returns *without* ending the interrupt.
pub fn smp_invalidate_interrupt(kernel: &Kernel, cpu: &impl Processor, slot: u16) {
    let layout = kernel.layout();
    let own = this_cpu(cpu);
    let (word, bit) = (layout.flush_cpumask(slot, own / 32), 1 << (own % 32));
    if cpu.load(word) & bit != 0 {
        cpu.load(layout.flush_va(slot));
    } else if kernel.arch.is_i386() {
        return;
    }
    ack_APIC_irq(kernel, cpu);
    cpu.fetch_and(word, !bit);
}
