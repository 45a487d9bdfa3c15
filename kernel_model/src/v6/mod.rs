//! The send paths of today's kernels, as of v6.13: `arch/x86/kernel/apic/`, `smp.c`, `reboot.c`, `nmi.c`, and what of
//! `kernel/` and `lib/` calls them.
//!
//! Not modelled: paravirtualised senders, idle CPUs that poll and need no IPI.
//! A function has its name of today; where 2007's did the same under the same name, there is one for both, outside.

mod apic_send_ipi;
mod crash;
mod csd_lock_wait;
mod default_send_ipi;
mod idle;
mod io_apic;
mod irq_work;
mod lapic;
mod nmi;
mod nmi_backtrace;
mod panic;
mod setup_local_apic;
mod smp_call_function;
mod stop_other_cpus;
mod wakeup_secondary;
mod watchdog;
mod x2apic_send_ipi;

pub use apic_send_ipi::{
    apic_send_IPI, apic_send_IPI_all, apic_send_IPI_allbutself, apic_send_IPI_mask, apic_send_IPI_mask_allbutself,
    apic_send_IPI_self, apic_send_IPI_shorthand_allbutself, native_send_call_func_ipi,
    native_send_call_func_single_ipi, native_smp_send_reschedule,
};
pub use crash::{
    __crash_kexec, crash_kexec, crash_nmi_callback, kdump_nmi_shootdown_cpus, native_machine_crash_shutdown,
    nmi_shootdown_cpus, run_crash_ipi_callback,
};
pub use csd_lock_wait::{__csd_lock_wait, StuckCall, csd_lock_wait, csd_lock_wait_toolong};
pub use default_send_ipi::{
    __default_send_IPI_dest_field, __default_send_IPI_shortcut, default_send_IPI_mask_allbutself_logical,
    default_send_IPI_mask_allbutself_phys, default_send_IPI_mask_logical, default_send_IPI_mask_sequence_phys,
    default_send_IPI_single_phys,
};
pub use idle::{cpu_startup_entry, resched_cpu};
pub use io_apic::clear_IO_APIC_pin;
pub(crate) use io_apic::own_destination;
pub use irq_work::{Laziness, arch_irq_work_raise, irq_work_queue, sysvec_irq_work};
pub use lapic::{
    clear_local_APIC, disable_local_APIC, lapic_get_maxlvt, lapic_shutdown, read_apic_id, safe_smp_processor_id,
};
pub use nmi::default_do_nmi;
pub use nmi_backtrace::{nmi_cpu_backtrace, nmi_trigger_cpumask_backtrace};
pub use panic::{nmi_panic, nmi_panic_self_stop, panic};
pub use setup_local_apic::setup_local_APIC;
pub use smp_call_function::{
    flush_smp_call_function_queue, flush_tlb_multi, generic_smp_call_function_interrupt, smp_call_function,
    smp_call_function_many,
};
pub use stop_other_cpus::{native_stop_other_cpus, smp_stop_nmi_callback, stop_this_cpu, sysvec_reboot};
pub use wakeup_secondary::wakeup_secondary_cpu_via_init;
pub use watchdog::{perf_event_nmi_handler, watchdog_hardlockup_check};
pub use x2apic_send_ipi::{
    __x2apic_send_IPI_dest, __x2apic_send_IPI_shorthand, x2apic_send_IPI, x2apic_send_IPI_mask,
    x2apic_send_IPI_mask_allbutself, x2apic_send_IPI_self,
};
