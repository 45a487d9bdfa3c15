//! The kernel functions that can be called by name, to list their accesses: one table, a row each.
//!
//! Not listed: functions that touch no device (locks, the run queue, printing), the primitives that take a register, and
//! of kernels that are not Linux all but their way to send.
#![allow(non_camel_case_types, reason = "kernel functions keep their kernel names")]

use crate::apicdef::APIC_DEST_LOGICAL;
use crate::arch::Access;
use crate::backtrace::__trigger_all_cpu_backtrace;
use crate::bound::{Bound, Site};
use crate::capture_kernel::{ioapic_retrigger_irq, up_send_IPI_self};
use crate::cpumask::CpuMask;
use crate::crash::{crash_kexec, crash_nmi_callback, machine_crash_shutdown, nmi_shootdown_cpus};
use crate::die::{die, die_nmi};
use crate::do_boot_cpu::do_boot_cpu;
use crate::es7000_start_cpu::es7000_start_cpu;
use crate::flush_tlb_others::{flush_tlb_others, smp_invalidate_interrupt};
use crate::icr_wait::wait_icr_idle;
use crate::inquire_remote_apic::inquire_remote_apic;
use crate::io_apic::{clear_IO_APIC, disable_IO_APIC, disconnect_bsp_APIC, restore_boot_irq_mode};
use crate::kernel::{Kernel, this_cpu};
use crate::lapic::{clear_local_APIC, disable_local_APIC, get_maxlvt, lapic_shutdown};
use crate::ldr_init::init_apic_ldr;
use crate::nmi::{do_nmi, nmi_watchdog_tick};
use crate::panic::panic;
use crate::processor::Processor;
use crate::send_ipi_broadcast::{send_IPI_all, send_IPI_allbutself, send_IPI_self};
use crate::send_ipi_dest_field::__send_IPI_dest_field;
use crate::send_ipi_mask::{send_IPI_mask, send_IPI_mask_bitmask, send_IPI_mask_sequence};
use crate::setup_local_apic::setup_local_APIC;
use crate::smp_call_function::{CallLock, Called, smp_call_function, smp_call_function_interrupt};
use crate::smp_callin::smp_callin;
use crate::smp_send_nmi_allbutself::{safe_smp_processor_id, smp_send_nmi_allbutself};
use crate::smp_send_reschedule::{smp_reschedule_interrupt, smp_send_reschedule};
use crate::smp_send_stop::smp_send_stop;
use crate::stop_this_cpu::stop_this_cpu;
use crate::sync_arb_ids::sync_Arb_IDs;
use crate::v6;
use crate::wakeup_secondary::{wakeup_secondary_via_INIT, wakeup_secondary_via_NMI};
use crate::write_around::ack_APIC_irq;

/// What a function is given. It takes what it needs.
///
/// ```
/// use kernel_model::{CpuMask, Given};
///
/// let to_1 = Given { mask: CpuMask::of(1), target: 1, vector: 0x31 };
/// assert_eq!(to_1.mask.count(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// CPUs to send to.
    pub mask: CpuMask,
    /// One CPU to send to, or to start.
    pub target: u16,
    /// Vector, or 2 for an NMI.
    pub vector: u8,
}

/// What a function takes.
///
/// ```
/// use kernel_model::{Call, Takes};
///
/// let mask = Call::from_name("send_IPI_mask").expect("it is listed");
/// assert_eq!(mask.takes(), [Takes::Mask, Takes::Vector]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A mask of CPUs.
    Mask,
    /// One CPU.
    Target,
    /// A vector.
    Vector,
    /// The page of the trampoline, with the CPU that is to be started.
    Trampoline,
}

/// Which kernels have a function.
///
/// ```
/// use kernel_model::{Arch, Call, Kernel, Variant, Whose};
///
/// let scan = Call::from_name("nmi_watchdog_tick").expect("it is listed");
/// assert_eq!(scan.whose(), Whose::Old);
/// assert!(!scan.is_of(&Kernel::new(Arch::ModernXapicFlat, Variant::Modern, 4)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Whose {
    /// All Linux kernels.
    Linux,
    /// Those of 2.6.
    Old,
    /// Those of 2.6 on i386.
    OldI386,
    /// v6.
    V6,
    /// v6, where the APIC is a page.
    V6Page,
    /// v6, where the APIC's registers are MSRs.
    V6Msr,
    /// Those that bound their wait for the ICR somewhere.
    Bounded,
}

impl Whose {
    /// In a few words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Linux => "all",
            Self::Old => "2.6",
            Self::OldI386 => "2.6 on i386",
            Self::V6 => "v6",
            Self::V6Page => "v6 without x2APIC",
            Self::V6Msr => "v6 with x2APIC",
            Self::Bounded => "those with a bounded wait",
        }
    }

    /// Is `kernel` one of them?
    fn includes(self, kernel: &Kernel) -> bool {
        let (modern, access) = (kernel.arch.is_modern(), kernel.arch.facts().access);
        match self {
            Self::Linux => true,
            Self::Old => !modern,
            Self::OldI386 => kernel.arch.is_i386(),
            Self::V6 => modern,
            Self::V6Page => modern && access == Access::Page,
            Self::V6Msr => modern && access == Access::Msr,
            Self::Bounded => {
                let variant = kernel.of_kdump().variant;
                let bound = variant.bound(kernel.release, Site::DestFieldNmi, kernel.wait_shape);
                let own = kernel.own.and_then(|own| own.is_bounded(Site::DestFieldNmi));
                own.unwrap_or(!matches!(bound, Bound::None | Bound::Unbounded))
            }
        }
    }
}

/// Makes [`Call`] of the table's rows: `name [what it takes] how it is called`, under the kernels that have it.
macro_rules! calls {
    (
        |$kernel:ident, $cpu:ident, $given:ident|
        $($whose:ident { $($name:ident [$($takes:ident)*] $body:expr;)* })*
    ) => {
        /// A kernel function that can be called by name. Its variants have the functions' own names.
        ///
        /// ```
        /// use kernel_model::{Call, Takes};
        ///
        /// let call = Call::from_name("send_IPI_mask").expect("a function");
        /// assert!(call.takes().contains(&Takes::Vector));
        /// ```
        #[allow(missing_docs, reason = "the functions of these names have their own")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Call { $($($name,)*)* }

        impl Call {
            /// All of them.
            pub const ALL: &'static [Self] = &[$($(Self::$name,)*)*];

            /// Their names.
            pub const NAMES: &'static [&'static str] = &[$($(stringify!($name),)*)*];

            /// Which kernels have it.
            pub const fn whose(self) -> Whose {
                match self { $($(Self::$name => Whose::$whose,)*)* }
            }

            /// What it takes.
            pub const fn takes(self) -> &'static [Takes] {
                match self { $($(Self::$name => &[$(Takes::$takes,)*],)*)* }
            }

            /// Calls the function on `cpu`. What it does not take is ignored.
            pub fn run(self, $kernel: &Kernel, $cpu: &impl Processor, $given: &Given) {
                match self { $($(Self::$name => discard(|| $body),)*)* }
            }
        }
    };
}

calls! {
    |kernel, cpu, given|
    Linux {
        send_IPI_mask [Mask Vector] send_IPI_mask(kernel, cpu, given.mask, given.vector);
        send_IPI_allbutself [Vector] send_IPI_allbutself(kernel, cpu, given.vector);
        send_IPI_all [Vector] send_IPI_all(kernel, cpu, given.vector);
        send_IPI_self [Vector] send_IPI_self(kernel, cpu, given.vector);
        smp_send_nmi_allbutself [] smp_send_nmi_allbutself(kernel, cpu);
        smp_send_reschedule [Target] smp_send_reschedule(kernel, cpu, given.target);
        smp_reschedule_interrupt [] smp_reschedule_interrupt(kernel, cpu);
        smp_call_function [] smp_call_function(kernel, cpu, Called::Nothing, true, CallLock::Take);
        flush_tlb_others [Mask] flush_tlb_others(kernel, cpu, given.mask);
        ack_APIC_irq [] ack_APIC_irq(kernel, cpu);
        apic_wait_icr_idle [] wait_icr_idle(kernel, cpu, Site::DestField);
        sync_Arb_IDs [] sync_Arb_IDs(kernel, cpu);
        get_maxlvt [] get_maxlvt(kernel, cpu);
        setup_local_APIC [] setup_local_APIC(kernel, cpu);
        clear_local_APIC [] clear_local_APIC(kernel, cpu);
        disable_local_APIC [] disable_local_APIC(kernel, cpu);
        lapic_shutdown [] lapic_shutdown(kernel, cpu);
        clear_IO_APIC [] clear_IO_APIC(kernel, cpu);
        disconnect_bsp_APIC [] disconnect_bsp_APIC(kernel, cpu, kernel.i8259_pin.is_some());
        ioapic_retrigger_irq [Vector] ioapic_retrigger_irq(kernel, cpu, given.vector);
        do_boot_cpu [Target Trampoline] do_boot_cpu(kernel, cpu, given.target);
        wakeup_secondary_cpu_via_init [Target Trampoline] v6::wakeup_secondary_cpu_via_init(kernel, cpu, kernel.arch.apic_id(given.target));
        smp_callin [] smp_callin(kernel, cpu);
        do_nmi [] do_nmi(kernel, cpu);
        crash_kexec [] crash_kexec(kernel, cpu);
        nmi_shootdown_cpus [] shoot_down(kernel, cpu);
        crash_nmi_callback [] be_shot_down(kernel, cpu);
        stop_this_cpu [] stop(kernel, cpu);
        panic [] panic(kernel, cpu, 0);
        __trigger_all_cpu_backtrace [] __trigger_all_cpu_backtrace(kernel, cpu);
    }
    Bounded {
        safe_apic_wait_icr_idle [] wait_icr_idle(&kernel.of_kdump(), cpu, Site::DestFieldNmi);
    }
    Old {
        __send_IPI_dest_field [Target Vector] {
            let mode = kernel.arch.facts().dest_mode;
            let one_of_a_mask = !kernel.arch.is_i386() && mode == APIC_DEST_LOGICAL;
            let id = u32::from(kernel.cpu_to_logical_apicid(given.target));
            let destination = if one_of_a_mask { CpuMask::of(given.target).word(0) } else { id };
            __send_IPI_dest_field(kernel, cpu, destination, given.vector, mode)
        };
        send_IPI_mask_bitmask [Mask Vector] send_IPI_mask_bitmask(kernel, cpu, given.mask, given.vector);
        send_IPI_mask_sequence [Mask Vector] send_IPI_mask_sequence(kernel, cpu, given.mask, given.vector);
        smp_invalidate_interrupt [] be_asked_to_flush(kernel, cpu);
        smp_call_function_interrupt [] smp_call_function_interrupt(kernel, cpu);
        smp_send_stop [] smp_send_stop(kernel, cpu);
        init_apic_ldr [] init_apic_ldr(kernel, cpu);
        wakeup_secondary_via_INIT [Target Trampoline] wakeup_secondary_via_INIT(kernel, cpu, kernel.arch.apic_id(given.target) as u8);
        wakeup_secondary_via_NMI [Target] wakeup_secondary_via_NMI(kernel, cpu, kernel.arch.apic_id(given.target) as u8);
        es7000_start_cpu [Target] es7000_start_cpu(kernel, cpu, kernel.arch.apic_id(given.target) as u8);
        inquire_remote_apic [Target] inquire_remote_apic(kernel, cpu, kernel.arch.apic_id(given.target) as u8);
        machine_crash_shutdown [] machine_crash_shutdown(kernel, cpu);
        disable_IO_APIC [] disable_IO_APIC(kernel, cpu);
        nmi_watchdog_tick [] nmi_watchdog_tick(kernel, cpu);
        die_nmi [] die_nmi(kernel, cpu);
        die [] die(kernel, cpu, 0);
    }
    OldI386 {
        safe_smp_processor_id [] safe_smp_processor_id(kernel, cpu);
        up_send_IPI_self [Vector] up_send_IPI_self(kernel, cpu, given.vector);
    }
    V6 {
        apic_send_IPI [Target Vector] v6::apic_send_IPI(kernel, cpu, given.target, given.vector);
        apic_send_IPI_mask [Mask Vector] v6::apic_send_IPI_mask(kernel, cpu, given.mask, given.vector);
        apic_send_IPI_mask_allbutself [Mask Vector] v6::apic_send_IPI_mask_allbutself(kernel, cpu, given.mask, given.vector);
        apic_send_IPI_allbutself [Vector] v6::apic_send_IPI_allbutself(kernel, cpu, given.vector);
        apic_send_IPI_all [Vector] v6::apic_send_IPI_all(kernel, cpu, given.vector);
        apic_send_IPI_self [Vector] v6::apic_send_IPI_self(kernel, cpu, given.vector);
        native_smp_send_reschedule [Target] v6::native_smp_send_reschedule(kernel, cpu, given.target);
        native_send_call_func_single_ipi [Target] v6::native_send_call_func_single_ipi(kernel, cpu, given.target);
        native_send_call_func_ipi [Mask] v6::native_send_call_func_ipi(kernel, cpu, given.mask);
        smp_call_function_many [Mask] v6::smp_call_function_many(kernel, cpu, given.mask, true);
        arch_irq_work_raise [] v6::arch_irq_work_raise(kernel, cpu);
        sysvec_irq_work [] v6::sysvec_irq_work(kernel, cpu);
        csd_lock_wait_toolong [Target] report_a_stuck_call(kernel, cpu, given.target);
        generic_smp_call_function_interrupt [] v6::generic_smp_call_function_interrupt(kernel, cpu);
        native_stop_other_cpus [] v6::native_stop_other_cpus(kernel, cpu, false);
        sysvec_reboot [] v6::sysvec_reboot(kernel, cpu);
        smp_stop_nmi_callback [] v6::smp_stop_nmi_callback(kernel, cpu);
        nmi_trigger_cpumask_backtrace [Mask] v6::nmi_trigger_cpumask_backtrace(kernel, cpu, given.mask);
        native_machine_crash_shutdown [] v6::native_machine_crash_shutdown(kernel, cpu);
        kdump_nmi_shootdown_cpus [] v6::kdump_nmi_shootdown_cpus(kernel, cpu);
        restore_boot_irq_mode [] restore_boot_irq_mode(kernel, cpu);
        default_do_nmi [] v6::default_do_nmi(kernel, cpu);
        watchdog_hardlockup_check [] v6::watchdog_hardlockup_check(kernel, cpu);
        nmi_panic [] v6::nmi_panic(kernel, cpu);
        nmi_panic_self_stop [] v6::nmi_panic_self_stop(kernel, cpu);
    }
    V6Page {
        default_send_IPI_single_phys [Target Vector] v6::default_send_IPI_single_phys(kernel, cpu, given.target, given.vector);
        default_send_IPI_mask_sequence_phys [Mask Vector] v6::default_send_IPI_mask_sequence_phys(kernel, cpu, given.mask, given.vector);
        default_send_IPI_mask_allbutself_phys [Mask Vector] v6::default_send_IPI_mask_allbutself_phys(kernel, cpu, given.mask, given.vector);
        default_send_IPI_mask_logical [Mask Vector] v6::default_send_IPI_mask_logical(kernel, cpu, given.mask, given.vector);
        default_send_IPI_mask_allbutself_logical [Mask Vector] v6::default_send_IPI_mask_allbutself_logical(kernel, cpu, given.mask, given.vector);
    }
    V6Msr {
        x2apic_send_IPI [Target Vector] v6::x2apic_send_IPI(kernel, cpu, given.target, given.vector);
        x2apic_send_IPI_mask [Mask Vector] v6::x2apic_send_IPI_mask(kernel, cpu, given.mask, given.vector);
        x2apic_send_IPI_mask_allbutself [Mask Vector] v6::x2apic_send_IPI_mask_allbutself(kernel, cpu, given.mask, given.vector);
        x2apic_send_IPI_self [Vector] v6::x2apic_send_IPI_self(kernel, cpu, given.vector);
    }
}

impl Call {
    /// The function's kernel name.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The function of that kernel name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|call| call.name() == name)
    }

    /// Has `kernel` that function? A kernel that is not Linux has one: [`send_IPI_mask`] is its own way to send.
    pub fn is_of(self, kernel: &Kernel) -> bool {
        if kernel.arch.other().is_some() { self == Self::send_IPI_mask } else { self.whose().includes(kernel) }
    }

    /// Is the function about one CPU?
    pub fn takes_target(self) -> bool {
        self.takes().contains(&Takes::Target)
    }

    /// Does the function start a CPU at a page?
    pub fn takes_trampoline(self) -> bool {
        self.takes().contains(&Takes::Trampoline)
    }
}

/// Runs a function whose result nobody wants, or that does not return.
fn discard<T>(run: impl FnOnce() -> T) {
    run();
}

/// `nmi_shootdown_cpus` of either time.
fn shoot_down(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.is_modern() { v6::nmi_shootdown_cpus(kernel, cpu) } else { nmi_shootdown_cpus(kernel, cpu) }
}

/// `crash_nmi_callback` of either time.
fn be_shot_down(kernel: &Kernel, cpu: &impl Processor) {
    if kernel.arch.is_modern() { v6::crash_nmi_callback(kernel, cpu) } else { crash_nmi_callback(kernel, cpu) }
}

/// `stop_this_cpu` of either time.
fn stop(kernel: &Kernel, cpu: &impl Processor) -> ! {
    if kernel.arch.is_modern() { v6::stop_this_cpu(kernel, cpu) } else { stop_this_cpu(kernel, cpu) }
}

/// `csd_lock_wait_toolong` with the debug option, for a call that `target` has not ended in 6 s.
fn report_a_stuck_call(kernel: &Kernel, cpu: &impl Processor, target: u16) {
    let kernel = &Kernel { csd_lock_wait_debug: true, ..*kernel };
    cpu.fetch_or(kernel.layout().csd_locked(this_cpu(cpu), target / 32), 1 << (target % 32));
    let long_ago = cpu.rdtsc().wrapping_sub(kernel.tsc_ticks_per_ms * 6_000);
    v6::csd_lock_wait_toolong(kernel, cpu, target, &mut v6::StuckCall::unwatched(long_ago));
}

/// `smp_invalidate_interrupt` on a CPU that is in the first slot's mask.
fn be_asked_to_flush(kernel: &Kernel, cpu: &impl Processor) {
    let own = this_cpu(cpu);
    cpu.fetch_or(kernel.layout().flush_cpumask(0, own / 32), 1 << (own % 32));
    smp_invalidate_interrupt(kernel, cpu, 0);
}
