//! Spinlocks.
//!
//! Not modelled: preemption counts, lock debugging, and that i386 lets interrupts in while `spin_lock_irqsave` spins.

use crate::processor::Processor;
use crate::wait::{Wait, WaitOutcome};
use crate::words::Word;

/// `spin_lock` (`include/asm-i386/spinlock.h`, `include/asm-x86_64/spinlock.h`, 2.6.20): one atomic attempt; as long as
/// somebody else has the lock PAUSE and look, and only when it looks free try again. Reports name the caller's line.
#[track_caller]
pub fn spin_lock(cpu: &impl Processor, lock: Word) {
    if spin_trylock(cpu, lock) {
        return;
    }
    cpu.wait_begin(Wait::Lock);
    loop {
        cpu.cpu_relax();
        if cpu.load(lock) == 0 && spin_trylock(cpu, lock) {
            break;
        }
    }
    cpu.wait_end(WaitOutcome::Done);
}

/// `spin_trylock` (the same files): one atomic attempt. Gives whether the lock is ours.
#[track_caller]
pub fn spin_trylock(cpu: &impl Processor, lock: Word) -> bool {
    cpu.exchange(lock, 1) == 0
}

/// `spin_unlock` (the same files): a plain store.
#[track_caller]
pub fn spin_unlock(cpu: &impl Processor, lock: Word) {
    cpu.store(lock, 0);
}
