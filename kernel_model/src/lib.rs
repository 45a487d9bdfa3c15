//! The code by which Linux kernels of 2007, and of today, send IPIs and wait for their local APIC, over a register trait.
//!
//! A function here has the name of its kernel function, makes the same accesses in the same order, and cites its file
//! and version. None of them knows what runs it: all they need is a [`Processor`], which may be a simulated CPU, a
//! recorder in a test, or a real one.
//!
//! Where to look first:
//!
//! * [`apic_wait_icr_idle`], the wait without a bound, and [`safe_apic_wait_icr_idle`], the fix;
//! * [`__send_IPI_dest_field`], where a [`Variant`] chooses between them, and [`__send_IPI_shortcut`], where none does;
//! * [`send_IPI_mask`] with its two shapes, one message or many, and what an [`Arch`] makes of it;
//! * [`crash_kexec`], the path on which the hang was found, [`do_nmi`], how the others are stopped, and [`die_nmi`], how
//!   they come not to be;
//! * [`printk`], [`bust_spinlocks`] and [`wake_up_klogd`], the locks on the way to the crash path;
//! * [`flush_tlb_others`], [`smp_call_function`] and [`smp_send_reschedule`], the IPIs that fill a locked-up CPU;
//! * [`do_boot_cpu`] and [`wakeup_secondary_via_INIT`], the messages that start another CPU, and [`smp_callin`], what that
//!   CPU does;
//! * [`panic()`] and [`smp_send_stop`], what a kernel without a crash image does, [`__trigger_all_cpu_backtrace`], what
//!   it asks for before;
//! * [`other`], how kernels that are not Linux send and wait;
//! * [`OwnWait`], how a wait that is not here gets in, and [`PlannedWait`], how one is described.
//!
//! [`v6`] is where today's kernels differ.
//!
//! A [`Variant`] is a way to wait, a [`Release`] what else changed with it; [`was_one_kernel`] says whether they ever met. A
//! [`Kernel`] says what was built and booted. What CPUs share is in [`Word`]s of one [`Layout`].
//!
//! ```
//! use kernel_model::{Arch, CpuMask, Kernel, Variant, Word};
//!
//! let kernel = Kernel::new(Arch::I386Summit, Variant::Merged, 8);
//! assert_eq!(kernel.cpu_to_logical_apicid(5), 0x12); // second CPU of the second cluster
//! assert_eq!(CpuMask::first(8).without(0).word(0), 0xFE);
//! assert_eq!(kernel.layout().name(Word::DIE_LOCK).to_string(), "die_lock");
//! ```
//!
//! Not modelled: everything that is neither on a send path nor on the way of a crash or of a CPU that comes up. Each module says what it leaves
//! out.
//!
//! Nothing here is kept outside the stack and the shared words: no static, no cell, no atomic, no allocation. Proofs of
//! a hang compare stacks, and a counter anywhere else would make them false; `clippy.toml` forbids the types.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![allow(non_snake_case, reason = "kernel functions keep their kernel names")]

pub mod apicdef;
pub mod v6;

mod apic_access;
mod apic_wait_icr_idle;
mod arch;
mod backtrace;
mod bound;
mod bust_spinlocks;
mod call;
mod capture_kernel;
mod cpumask;
mod crash;
mod delay;
mod die;
mod do_boot_cpu;
mod es7000_start_cpu;
mod flush_tlb_others;
mod icr_wait;
mod idle;
mod inquire_remote_apic;
mod interrupt;
mod io_apic;
mod kernel;
mod lapic;
mod ldr_init;
mod mps_dispatch;
mod nmi;
pub mod other;
mod own_wait;
mod panic;
mod performance_counter;
mod plan;
mod planned_wait;
mod printk;
mod processor;
mod processor_by_reference;
mod release;
mod safe_apic_wait_icr_idle;
mod schedule;
mod send_ipi_broadcast;
mod send_ipi_dest_field;
mod send_ipi_mask;
mod send_ipi_shortcut;
mod setup_local_apic;
mod smp_call_function;
mod smp_callin;
mod smp_send_nmi_allbutself;
mod smp_send_reschedule;
mod smp_send_stop;
mod spinlock;
mod stop_this_cpu;
mod sync_arb_ids;
mod variant;
mod wait;
mod wake_up;
mod wake_up_klogd;
mod wakeup_secondary;
mod words;
mod write_around;

pub use apic_access::{apic_read, apic_write};
pub use apic_wait_icr_idle::apic_wait_icr_idle;
pub use apicdef::Register;
pub use arch::{Access, Arch, Facts, Family, Ids, LdrInit, LogicalId, Other, Sender, WakeUp};
pub use backtrace::__trigger_all_cpu_backtrace;
pub use bound::{Bound, Site};
pub use bust_spinlocks::bust_spinlocks;
pub use call::{Call, Given, Takes, Whose};
pub use capture_kernel::{capture_kernel_start, ioapic_retrigger_irq, machine_kexec, up_send_IPI_self};
pub use cpumask::{CpuMask, CpuMaskIter, NR_CPUS};
pub use crash::{crash_kexec, crash_nmi_callback, crash_save_cpu, machine_crash_shutdown, nmi_shootdown_cpus};
pub use delay::delay_loops;
pub use die::{die, die_nmi, oops_begin, oops_end};
pub use do_boot_cpu::do_boot_cpu;
pub use es7000_start_cpu::{MAILBOX_APICID, MAILBOX_BUSY, es7000_start_cpu};
pub use flush_tlb_others::{flush_tlb_others, smp_invalidate_interrupt};
pub use icr_wait::wait_icr_idle;
pub use idle::{cpu_idle, idle_task};
pub use inquire_remote_apic::inquire_remote_apic;
pub use interrupt::{do_interrupt, handle_sysrq};
pub use io_apic::{
    clear_IO_APIC, clear_IO_APIC_pin, disable_IO_APIC, disconnect_bsp_APIC, io_apic_read, io_apic_write,
    restore_boot_irq_mode,
};
pub use kernel::Kernel;
pub use lapic::{clear_local_APIC, disable_local_APIC, get_maxlvt, lapic_shutdown};
pub use ldr_init::init_apic_ldr;
pub use mps_dispatch::{mps_dispatch, mps_wait_dispatched};
pub use nmi::{do_nmi, nmi_watchdog_tick};
pub use own_wait::{Message, Own, OwnWait, Waited};
pub use panic::panic;
pub use performance_counter::PerformanceCounter;
pub use plan::{PlannedWait, Shape, Sites, Then};
pub use printk::printk;
pub use processor::{IrqFlags, Mmio, Processor};
pub use release::{Release, was_one_kernel};
pub use safe_apic_wait_icr_idle::{safe_apic_wait_icr_idle, safe_apic_wait_icr_idle_rfc, safe_apic_wait_icr_idle_v6};
pub use schedule::{schedule, try_to_wake_up};
pub use send_ipi_broadcast::{send_IPI_all, send_IPI_allbutself, send_IPI_self};
pub use send_ipi_dest_field::{__prepare_ICR2, __send_IPI_dest_field};
pub use send_ipi_mask::{send_IPI_mask, send_IPI_mask_bitmask, send_IPI_mask_sequence};
pub use send_ipi_shortcut::{__prepare_ICR, __send_IPI_shortcut};
pub use setup_local_apic::setup_local_APIC;
pub use smp_call_function::{CallLock, Called, smp_call_function, smp_call_function_interrupt};
pub use smp_callin::{disable_APIC_timer, firmware, smp_callin, start_secondary, trampoline};
pub use smp_send_nmi_allbutself::{safe_smp_processor_id, smp_send_nmi_allbutself};
pub use smp_send_reschedule::{smp_reschedule_interrupt, smp_send_reschedule};
pub use smp_send_stop::smp_send_stop;
pub use spinlock::{spin_lock, spin_trylock, spin_unlock};
pub use stop_this_cpu::stop_this_cpu;
pub use sync_arb_ids::sync_Arb_IDs;
pub use variant::{MpsTimeout, Variant};
pub use wait::{Point, Wait, WaitOutcome};
pub use wake_up::__wake_up;
pub use wake_up_klogd::wake_up_klogd;
pub use wakeup_secondary::{wakeup_secondary_via_INIT, wakeup_secondary_via_NMI};
pub use words::{LIST_END, Layout, NOBODY, TASKS, Word, WordName};
pub use write_around::{ack_APIC_irq, apic_read_around, apic_write_around};
