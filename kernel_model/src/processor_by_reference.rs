//! A reference to a processor is one, too: so code that has a `&dyn Processor` can call functions that take any.
//!
//! Not modelled: nothing; each method is the processor's own, and says the caller's line.

use crate::apicdef::Register;
use crate::processor::{IrqFlags, Mmio, Processor};
use crate::wait::{Point, Wait, WaitOutcome};
use crate::words::Word;

impl<T: Mmio + ?Sized> Mmio for &T {
    #[inline(always)]
    fn read(&self, register: Register) -> u32 {
        (**self).read(register)
    }
    #[inline(always)]
    fn write(&self, register: Register, value: u32) {
        (**self).write(register, value);
    }
    #[inline(always)]
    fn xchg(&self, register: Register, value: u32) -> u32 {
        (**self).xchg(register, value)
    }
}

impl<T: Processor + ?Sized> Processor for &T {
    #[inline(always)]
    fn rdmsr(&self, msr: u32) -> u64 {
        (**self).rdmsr(msr)
    }
    #[inline(always)]
    fn wrmsr(&self, msr: u32, value: u64) {
        (**self).wrmsr(msr, value);
    }
    #[inline(always)]
    fn inb(&self, port: u16) -> u8 {
        (**self).inb(port)
    }
    #[inline(always)]
    fn readl(&self, address: u32) -> u32 {
        (**self).readl(address)
    }
    #[inline(always)]
    fn writel(&self, value: u32, address: u32) {
        (**self).writel(value, address);
    }
    #[inline(always)]
    fn rdtsc(&self) -> u64 {
        (**self).rdtsc()
    }
    #[inline(always)]
    fn cpu_relax(&self) {
        (**self).cpu_relax();
    }
    #[inline(always)]
    fn udelay(&self, us: u32) {
        (**self).udelay(us);
    }
    #[inline(always)]
    fn halt(&self) {
        (**self).halt();
    }
    #[inline(always)]
    fn fence(&self) {
        (**self).fence();
    }
    #[inline(always)]
    fn irq_save(&self) -> IrqFlags {
        (**self).irq_save()
    }
    #[inline(always)]
    fn irq_restore(&self, flags: IrqFlags) {
        (**self).irq_restore(flags);
    }
    #[inline(always)]
    fn load(&self, word: Word) -> u32 {
        (**self).load(word)
    }
    #[inline(always)]
    fn store(&self, word: Word, value: u32) {
        (**self).store(word, value);
    }
    #[inline(always)]
    fn exchange(&self, word: Word, value: u32) -> u32 {
        (**self).exchange(word, value)
    }
    #[inline(always)]
    fn fetch_add(&self, word: Word, value: u32) -> u32 {
        (**self).fetch_add(word, value)
    }
    #[inline(always)]
    fn fetch_or(&self, word: Word, value: u32) -> u32 {
        (**self).fetch_or(word, value)
    }
    #[inline(always)]
    fn fetch_and(&self, word: Word, value: u32) -> u32 {
        (**self).fetch_and(word, value)
    }
    #[inline(always)]
    fn compare_exchange(&self, word: Word, expected: u32, value: u32) -> u32 {
        (**self).compare_exchange(word, expected, value)
    }
    #[inline(always)]
    fn smp_processor_id(&self) -> u32 {
        (**self).smp_processor_id()
    }
    #[inline(always)]
    fn wait_begin(&self, wait: Wait) {
        (**self).wait_begin(wait);
    }
    #[inline(always)]
    fn wait_end(&self, outcome: WaitOutcome) {
        (**self).wait_end(outcome);
    }
    #[inline(always)]
    fn reached(&self, point: Point) {
        (**self).reached(point);
    }
}
