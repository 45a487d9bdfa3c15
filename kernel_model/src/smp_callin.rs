//! What a CPU does that is being started: from firmware or its start-up message to the idle loop.
//!
//! Not modelled: what v6 does instead of calling in (its CPUs do as those of 2007 but set up their APICs their own way), real mode and tables, the calibration of delays (at which x86_64 lets interrupts in), clocks, and the
//! wait for the order to go online. Jiffies are counted in short delays here.

use crate::apic_access::apic_read;
use crate::apicdef::{APIC_LVT_MASKED, LOCAL_TIMER_VECTOR, Register};
use crate::arch::{Family, WakeUp};
use crate::die::die;
use crate::do_boot_cpu::TRAMPOLINE_ENTERED;
use crate::es7000_start_cpu::{MAILBOX_APICID, MAILBOX_BUSY};
use crate::kernel::{Kernel, this_cpu};
use crate::lapic::clear_local_APIC;
use crate::panic::panic;
use crate::processor::{IrqFlags, Processor};
use crate::setup_local_apic::setup_local_APIC;
use crate::spinlock::{spin_lock, spin_unlock};
use crate::wait::{Point, Wait, WaitOutcome};
use crate::words::Word;
use crate::write_around::apic_write_around;

/// How long a CPU waits to be called out: 2 s.
const CALLOUT_POLLS: u32 = 200_000;
const CALLOUT_POLL_US: u32 = 10;

/// Where a CPU is that no start-up message starts: halted until INIT comes (before there was such a message), or in
/// NUMA-Q's firmware until an NMI, or in an ES7000's until the mailbox register names it. (Firmware's side of it is not published: this is the least that the kernel's side needs.)
pub fn firmware(kernel: &Kernel, cpu: &impl Processor) {
    match kernel.arch.facts().wake_up {
        WakeUp::Init => loop {
            cpu.halt();
        },
        WakeUp::Nmi => cpu.halt(),
        WakeUp::Mailbox => {
            let mailbox = kernel.layout().es7000_mailbox();
            let apicid = kernel.arch.apic_id(this_cpu(cpu));
            cpu.wait_begin(Wait::Mailbox);
            loop {
                let request = cpu.load(mailbox);
                if request & MAILBOX_BUSY != 0 && request & MAILBOX_APICID == apicid {
                    break;
                }
                cpu.cpu_relax();
            }
            cpu.wait_end(WaitOutcome::Done);
            cpu.store(mailbox, 0);
        }
    }
}

/// The trampoline (`arch/i386/kernel/trampoline.S`, `arch/x86_64/kernel/trampoline.S`, 2.6.20): writes its mark, and goes
/// on to [`start_secondary`].
pub fn trampoline(kernel: &Kernel, cpu: &impl Processor) {
    cpu.store(kernel.layout().trampoline_data(), TRAMPOLINE_ENTERED);
    cpu.reached(Point::TrampolineEntered);
    start_secondary(kernel, cpu);
}

/// `start_secondary` (`arch/i386/kernel/smpboot.c`, `arch/x86_64/kernel/smpboot.c`, 2.6.20): calls in, is
/// online, and lets interrupts come. What follows is the idle loop.
pub fn start_secondary(kernel: &Kernel, cpu: &impl Processor) {
    smp_callin(kernel, cpu);
    let online = kernel.layout().cpu_online(this_cpu(cpu));
    if kernel.arch.is_modern() {
        cpu.fetch_or(online, 1);
    } else {
        set_online(kernel, cpu, online);
    }
    cpu.irq_restore(IrqFlags(true));
}

/// Under the call lock, so that a call counts this CPU and sends to it, or does neither. x86_64 takes over the interrupts'
/// vectors, under their lock, inside.
fn set_online(kernel: &Kernel, cpu: &impl Processor, online: Word) {
    let vector_lock = kernel.layout().vector_lock();
    cpu.irq_save();
    spin_lock(cpu, Word::CALL_LOCK);
    if kernel.arch.is_i386() {
        cpu.fetch_or(online, 1);
    } else {
        spin_lock(cpu, vector_lock);
        cpu.fetch_or(online, 1);
        spin_unlock(cpu, vector_lock);
    }
    spin_unlock(cpu, Word::CALL_LOCK);
    cpu.irq_restore(IrqFlags(true)); // `spin_unlock_irq`
}

/// `smp_callin` (the same files): where INIT was used waits until it is de-asserted, reads its APIC id, waits to be called
/// out, sets up its APIC, masks its timer, and says that it has come. Without a call-out in 2 s it is a BUG on i386, and a panic.
pub fn smp_callin(kernel: &Kernel, cpu: &impl Processor) {
    let layout = kernel.layout();
    let number = this_cpu(cpu);
    let wake_up = kernel.arch.facts().wake_up;
    if wake_up == WakeUp::Init {
        wait_for_init_deassert(kernel, cpu);
    }
    apic_read(kernel, cpu, Register::ID);
    if !wait_for_callout(kernel, cpu) {
        if kernel.arch.is_i386() {
            die(kernel, cpu, 0);
        }
        panic(kernel, cpu, 0); // i386 comes to it because it would be the idle task that is killed
    }
    // An NMI leaves the APIC as firmware had it; INIT has reset it.
    if wake_up == WakeUp::Nmi {
        clear_local_APIC(kernel, cpu);
    }
    setup_local_APIC(kernel, cpu);
    if kernel.arch.is_i386() {
        cpu.read(Register::LDR); // `map_cpu_to_logical_apicid`
    }
    disable_APIC_timer(kernel, cpu);
    cpu.fetch_or(layout.cpu_callin(number), 1);
    cpu.reached(Point::CalledIn);
}

/// `wait_for_init_deassert` (`include/asm-i386/mach-default/mach_wakecpu.h`, `arch/x86_64/kernel/smpboot.c`, 2.6.20): on
/// i386 without a PAUSE.
fn wait_for_init_deassert(kernel: &Kernel, cpu: &impl Processor) {
    cpu.wait_begin(Wait::InitDeassert);
    while cpu.load(kernel.layout().init_deasserted()) == 0 {
        if !kernel.arch.is_i386() {
            cpu.cpu_relax();
        }
    }
    cpu.wait_end(WaitOutcome::Done);
}

/// `disable_APIC_timer` (`arch/i386/kernel/apic.c`, `arch/x86_64/kernel/apic.c`, 2.6.20): masks the timer, if the kernel
/// uses it: x86_64 at every start of a CPU, i386 not before the boot CPU's is set up, and so only when one is plugged in; from
/// 2.6.22 on `setup_local_APIC` does it there.
pub fn disable_APIC_timer(kernel: &Kernel, cpu: &impl Processor) {
    let uses_timer = match kernel.arch.facts().family {
        Family::I386 => kernel.hot_plug && !kernel.release.is_from_2_6_22(),
        Family::X8664 => true,
        Family::Modern | Family::Other(_) => false,
    };
    if uses_timer {
        let value = apic_read(kernel, cpu, Register::LVTT);
        apic_write_around(kernel, cpu, Register::LVTT, value | APIC_LVT_MASKED | u32::from(LOCAL_TIMER_VECTOR));
    }
}

fn wait_for_callout(kernel: &Kernel, cpu: &impl Processor) -> bool {
    let callout = kernel.layout().cpu_callout(this_cpu(cpu));
    let mut called_out = false;
    cpu.wait_begin(Wait::Callout);
    for _ in 0..CALLOUT_POLLS {
        called_out = cpu.load(callout) != 0;
        if called_out {
            break;
        }
        cpu.udelay(CALLOUT_POLL_US);
    }
    cpu.wait_end(if called_out { WaitOutcome::Done } else { WaitOutcome::TimedOut });
    called_out
}
