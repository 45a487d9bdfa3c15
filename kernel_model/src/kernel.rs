//! One kernel as built, configured and booted: what its functions would find in constants and boot-time variables.
//!
//! Not modelled: CPUs that go. A CPU that runs from the start is online from the first access to the last; one that is
//! still to be started is from its calling in.

use crate::apicdef::{BAD_APICID, SYSRQ_VECTOR};
use crate::arch::Arch;
use crate::bound::Bound;
use crate::cpumask::CpuMask;
use crate::own_wait::Own;
use crate::performance_counter::PerformanceCounter;
use crate::processor::Processor;
use crate::release::Release;
use crate::variant::{MpsTimeout, Variant};
use crate::words::Layout;

/// Where x86_64 has its trampoline (2.6.20); i386 has it wherever low memory was free.
const TRAMPOLINE_PAGE: u8 = 0x06;

/// A kernel. Every kernel function takes one, and the CPU that runs it.
///
/// ```
/// use kernel_model::{Arch, Kernel, Release, Variant};
///
/// let kernel = Kernel::new(Arch::I386Default, Variant::Merged, 4).of_release(Release::V2_6_20);
/// assert!(kernel.stop_takes_call_lock); // 2.6.20 takes the lock, 2.6.22 tries it
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kernel {
    /// Sub-architecture.
    pub arch: Arch,
    /// Which wait comes before a send.
    pub variant: Variant,
    /// A wait, or send functions, instead of the variant's.
    pub own: Option<Own>,
    /// Of which release the rest of the code is; see [`Kernel::of_release`].
    pub release: Release,
    /// The loop of solutions A and B-1, which the cover letter leaves open: delay first or read first.
    pub wait_shape: Bound,
    /// What ends the MP specification's 20 µs.
    pub mps_timeout: MpsTimeout,
    /// How often `mps-retry` sends again before it gives up.
    pub mps_retries: u32,
    /// Ticks of the APIC timer in a µs, as calibrated at boot.
    pub timer_ticks_per_us: u32,
    /// Ticks of the time-stamp counter in 1000 µs, as calibrated at boot.
    pub tsc_ticks_per_ms: u64,
    /// FreeBSD: rounds of its wait in a µs, as calibrated at boot.
    pub lapic_ipi_wait_mult: u64,
    /// CPUs.
    pub cpus: u16,
    /// Those of them that are still to be started. All others are online.
    pub offline: CpuMask,
    /// Version of the CPUs' APICs, as the MP table has it.
    pub apic_version: u8,
    /// Page of the trampoline: the vector of a STARTUP.
    pub trampoline: u8,
    /// v6: how long INIT is held, in µs. Nothing on CPUs that do not need it.
    pub init_udelay: u32,
    /// i386: firmware had the machine in PIC mode. Only `setup_local_APIC` looks at it.
    pub pic_mode: bool,
    /// CPUs that are started are plugged in, after boot.
    pub hot_plug: bool,
    /// v6: CPUs may be started by way of the warm-reset vector (`legacy.warm_reset`).
    pub warm_reset: bool,
    /// CPUs are started by v6's messages, not by those of 2.6. Today's sub-architectures always do that.
    pub v6_start_up: bool,
    /// i386 built for CPUs that lose back-to-back APIC writes (no `CONFIG_X86_GOOD_APIC`): writes are exchanges.
    pub erratum_11ap: bool,
    /// Flat senders use no all-but-self shorthand. On in kernels with CPU hotplug; on x86_64 it means just that option. In
    /// v6 it is the option `no_ipi_broadcast`, for every driver, and off.
    pub no_broadcast: bool,
    /// v6: a CPU that its NMI watchdog finds locked up panics.
    pub hardlockup_panic: bool,
    /// v6: a CPU that its NMI watchdog finds locked up has all others write their backtraces.
    pub hardlockup_all_cpu_backtrace: bool,
    /// i386, and v6 of 32 bits: the kernel itself had to enable the APIC through its MSR, and so disables it there too.
    pub enabled_via_apicbase: bool,
    /// i386: built with the Pentium 4's thermal interrupt (`CONFIG_X86_MCE_P4THERMAL`).
    pub thermal_interrupt: bool,
    /// Pins of the I/O APIC; 0 where there is none.
    pub io_apic_pins: u8,
    /// Version of the I/O APIC, as the MP table has it. From 20h on it has an EOI register.
    pub io_apic_version: u8,
    /// The pin of the I/O APIC to which firmware has wired the 8259, if it has.
    pub i8259_pin: Option<u8>,
    /// i386: `smp_send_stop` takes the call lock, whoever holds it (2.6.20). x86_64 only tries it.
    pub stop_takes_call_lock: bool,
    /// x86_64, v6: somebody reboots by force, and nobody is stopped.
    pub reboot_force: bool,
    /// A crash image is loaded: there is a capture kernel to go to.
    pub crash_image: bool,
    /// The NMI watchdog is on, its threshold one tick: each NMI that nobody else claims finds the CPU locked up.
    pub nmi_watchdog: bool,
    /// 2.6: what makes the watchdog's ticks.
    pub performance_counter: PerformanceCounter,
    /// v6: the handler of the counters' NMIs opens their entry again at its end, as Intel's does on some parts, and not first.
    pub late_ack: bool,
    /// v6: the counter that the watchdog uses overflows together with one by which perf samples; the handler of their NMI comes
    /// to the latter first, and that has work for an interrupt.
    pub perf_samples: bool,
    /// v6: the timer's tick is stopped, as on a CPU of `nohz_full`: lazy work is raised at once.
    pub tick_stopped: bool,
    /// v6: built with `CONFIG_CSD_LOCK_WAIT_DEBUG`, and not told otherwise at boot.
    pub csd_lock_wait_debug: bool,
    /// v6, with that option: how long a call may take until it is a BUG, in ms (`panic_on_ipistall`). 0: as long as it wants.
    pub panic_on_ipistall_ms: u32,
    /// The CPU that the log daemon last ran on: whoever wakes it takes the lock of that CPU's run queue.
    pub klogd_cpu: u16,
    /// 2.6: the scheduler leaves the daemon on that CPU and has it run at once, and the CPU's idle loop halts: it gets a reschedule IPI
    /// from whoever wakes the daemon on another one.
    pub klogd_reschedule: bool,
    /// How long the watchdog's report takes on the console, in µs.
    pub watchdog_print_us: u32,
    /// Vector of the device interrupt that brings `SysRq`-C.
    pub sysrq_vector: u8,
    /// How long `SysRq`-C prints before the crash, in µs.
    pub sysrq_print_us: u32,
}

impl Kernel {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl Kernel {
    /// A hotplug kernel for `cpus` CPUs, of the release that the variant came with, without errata, its NMI watchdog on, that prints in no time.
    pub const fn new(arch: Arch, variant: Variant, cpus: u16) -> Self {
        Self {
            arch,
            variant,
            own: None,
            release: Release::usual(variant),
            wait_shape: Bound::DelayFirst,
            mps_timeout: MpsTimeout::InstructionLoop,
            mps_retries: 1,
            timer_ticks_per_us: 100,
            tsc_ticks_per_ms: 500_000,
            lapic_ipi_wait_mult: 10,
            cpus,
            offline: CpuMask::EMPTY,
            apic_version: 0x11,
            trampoline: TRAMPOLINE_PAGE,
            init_udelay: 10_000,
            pic_mode: false,
            hot_plug: false,
            warm_reset: true,
            v6_start_up: false,
            erratum_11ap: false,
            no_broadcast: !arch.is_modern(),
            hardlockup_panic: true,
            hardlockup_all_cpu_backtrace: false,
            enabled_via_apicbase: false,
            thermal_interrupt: false,
            io_apic_pins: 24,
            io_apic_version: 0x11,
            i8259_pin: None,
            stop_takes_call_lock: !Release::usual(variant).is_from_2_6_22(),
            reboot_force: false,
            crash_image: true,
            nmi_watchdog: true,
            performance_counter: PerformanceCounter::usual(arch),
            late_ack: false,
            csd_lock_wait_debug: false,
            panic_on_ipistall_ms: 0,
            perf_samples: false,
            tick_stopped: false,
            klogd_cpu: 0,
            klogd_reschedule: false,
            watchdog_print_us: 0,
            sysrq_vector: SYSRQ_VECTOR,
            sysrq_print_us: 0,
        }
    }

    /// This kernel with the code of `release`, and its `smp_send_stop`.
    pub const fn of_release(self, release: Release) -> Self {
        Self { release, stop_takes_call_lock: !release.is_from_2_6_22(), ..self }
    }

    /// The CPUs, online or still to be started.
    pub fn cpu_possible_map(&self) -> CpuMask {
        CpuMask::first(self.cpus)
    }

    /// The online CPUs. The bits of those that are online from the start cannot change, and are not looked at.
    pub fn cpu_online_map(&self, cpu: &impl Processor) -> CpuMask {
        let absent = |number: &u16| cpu.load(self.layout().cpu_online(*number)) == 0;
        self.offline.iter().filter(absent).fold(self.cpu_possible_map(), CpuMask::without)
    }

    /// The online CPUs without the one that runs this code.
    pub(crate) fn online_but_self(&self, cpu: &impl Processor) -> CpuMask {
        self.cpu_online_map(cpu).without(this_cpu(cpu))
    }

    /// Where an IPI to `cpu` goes when each CPU gets its own message: on x86_64 and in the physical sub-architectures
    /// its APIC id, elsewhere the logical id that was read back from its LDR when it came up; on i386/default its bit
    /// (`include/asm-i386/mach-default/mach_apic.h`, 2.6.20), which nothing but a call by name asks for.
    pub const fn cpu_to_logical_apicid(&self, cpu: u16) -> u8 {
        match self.arch {
            _ if cpu >= self.cpus => BAD_APICID,
            Arch::I386Default => self.arch.logical_apic_id(cpu),
            arch => arch.apic_id(cpu) as u8,
        }
    }

    /// This kernel with the senders that only kdump calls, where it has such.
    pub(crate) const fn of_kdump(self) -> Self {
        Self { variant: self.variant.of_kdump(self.wait_shape), ..self }
    }

    /// The shared words of this kernel.
    pub const fn layout(&self) -> Layout {
        Layout::new(self.cpus)
    }
}

/// The number of the CPU that runs this code.
pub(crate) fn this_cpu(cpu: &impl Processor) -> u16 {
    cpu.smp_processor_id() as u16
}
