//! Roles: what an event starts on a CPU, by name, with the parameters that each takes.

use super::named::named;
use std::ops::Range;

named! {
    /// The names of the roles.
    ///
    /// ```
    /// # use apicsim::scenario::*;
    /// use apicsim::sim::Named;
    ///
    /// assert_eq!(Role::Idle.role_name().name(), "idle");
    /// assert!(RoleName::CRASHES.contains(&RoleName::OopsCrash));
    /// ```
    #[non_exhaustive]
    pub enum RoleName ("role") {
        /// See [`Role::Idle`].
        Idle = "idle",
        /// See [`Role::CorruptRunQueue`].
        CorruptRunQueue = "corrupt-run-queue",
        /// See [`Role::SpinIrqsOff`].
        SpinIrqsOff = "spin-irqs-off",
        /// See [`Role::Munmap`].
        Munmap = "munmap",
        /// See [`Role::CallFunction`].
        CallFunction = "call-function",
        /// See [`Role::RcuKick`].
        RcuKick = "rcu-kick",
        /// See [`Role::WatchdogNmi`].
        WatchdogNmi = "watchdog-nmi",
        /// See [`Role::SysrqCrash`].
        SysrqCrash = "sysrq-crash",
        /// See [`Role::OopsCrash`].
        OopsCrash = "oops-crash",
        /// See [`Role::Panic`].
        Panic = "panic",
        /// See [`Role::WatchdogCrash`].
        WatchdogCrash = "watchdog-crash",
        /// See [`Role::WatchdogTick`].
        WatchdogTick = "watchdog-tick",
        /// See [`Role::Backtrace`].
        Backtrace = "backtrace",
        /// See [`Role::SendFixed`].
        SendFixed = "send-fixed",
        /// See [`Role::SendSequence`].
        SendSequence = "send-sequence",
        /// See [`Role::StopOtherCpus`].
        StopOtherCpus = "stop-other-cpus",
        /// See [`Role::BootCpus`].
        BootCpus = "boot-cpus",
        /// See [`Role::Steps`].
        Steps = "steps",
    }
}

/// What an event starts on its CPU.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::{Goal, Role};
/// let call = Role::CallFunction { wait: true, irqs_off: false };
/// let scenario = ScenarioBuilder::new("call").cpus(2).event(Time::from_us(1), 0, &call).goal(Goal::CallersReturn).build()?;
/// assert_eq!(scenario.events[0].role, call);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// The idle loop: HLT with IF=1. Every CPU without another role is idle.
    Idle,
    /// `schedule()` walks a run queue without an end, IF=0, its run-queue lock held.
    CorruptRunQueue,
    /// Spins for ever with IF=0, holding nothing.
    SpinIrqsOff,
    /// An munmap in a threaded process: `flush_tlb_others` to the CPUs where its threads run.
    Munmap {
        /// Those CPUs.
        targets: Vec<u32>,
        /// Whether interrupts are off meanwhile, which the function forbids.
        irqs_off: bool,
    },
    /// `smp_call_function` to all other CPUs.
    CallFunction {
        /// Whether it also waits until the function has run everywhere.
        wait: bool,
        /// Whether interrupts are off meanwhile, which the function forbids.
        irqs_off: bool,
    },
    /// `force_quiescent_state` kicks CPUs by `smp_send_reschedule`, in v6 by `resched_cpu`, one after the other.
    RcuKick {
        /// Those CPUs.
        targets: Vec<u32>,
    },
    /// Arms LVTPC once, so that the CPU takes one NMI of the kernel's watchdog; `die_nmi` follows.
    WatchdogNmi {
        /// How long its report takes on the console, which it holds meanwhile.
        print_ps: u64,
        /// Today's kernels: whether a counter by which perf samples overflows with it, and has work for an interrupt.
        irq_work: bool,
    },
    /// SysRq-C arrives as a device interrupt from the I/O agent; its handler runs the crash path.
    SysrqCrash {
        /// Vector of the device interrupt.
        vector: u8,
        /// How long it prints before `crash_kexec`.
        print_ps: u64,
    },
    /// An oops on the CPU itself; `die` prints, then runs the crash path (`x86_64`: with `die_lock` held).
    OopsCrash {
        /// How long it prints before `crash_kexec`.
        print_ps: u64,
    },
    /// `panic`: prints, then runs the crash path, and where there is no crash image stops the other CPUs.
    Panic {
        /// How long it prints before `crash_kexec`.
        print_ps: u64,
        /// Whether interrupts are off, as in a handler.
        irqs_off: bool,
    },
    /// As [`Role::WatchdogNmi`], on the CPU whose watchdog is to bring the crash: whatever it was doing is interrupted.
    WatchdogCrash {
        /// How long its report takes on the console, before the crash path.
        print_ps: u64,
        /// As [`Role::WatchdogNmi`]'s.
        irq_work: bool,
    },
    /// A tick of the watchdog that finds its CPU alive.
    WatchdogTick {
        /// As [`Role::WatchdogNmi`]'s.
        irq_work: bool,
    },
    /// Asks all CPUs for a backtrace, and waits for their watchdogs.
    Backtrace,
    /// One `send_IPI_mask` of a fixed vector.
    SendFixed {
        /// Vector.
        vector: IpiVector,
        /// To these CPUs.
        targets: Vec<u32>,
    },
    /// Interrupts off; after a pause, `repeat` rounds of one `send_IPI_mask` to each target in turn, or of one
    /// `send_IPI_allbutself`; interrupts on.
    SendSequence {
        /// Vector.
        vector: IpiVector,
        /// To these CPUs, one send each; none: to all others by `send_IPI_allbutself`.
        targets: Vec<u32>,
        /// Rounds.
        repeat: u32,
        /// From the start, interrupts off, to the first send.
        send_after_ps: u64,
    },
    /// Today's kernels: `native_stop_other_cpus`, as before a reboot.
    StopOtherCpus {
        /// Whether it waits for ever for CPUs that do not even answer the NMI.
        wait: bool,
    },
    /// `do_boot_cpu` for each target in turn: the start of CPUs that the machine has `offline`.
    BootCpus {
        /// Those CPUs.
        targets: Vec<u32>,
        /// Whose messages start them.
        messages: StartUpMessages,
    },
    /// A program of the scenario, step by step: these steps.
    Steps(Range<u32>),
}

named! {
    /// The kernels that start CPUs by different messages.
    ///
    /// ```
    /// # use apicsim::prelude::*;
    /// # use apicsim::scenario::*;
    /// let boot = Role::BootCpus { targets: vec![1], messages: StartUpMessages::V6 };
    /// let scenario = ScenarioBuilder::new("boot").cpus(2).offline(&[1]).event(Time::from_us(1), 0, &boot).goal(Goal::CpusStarted);
    /// assert_eq!(run(&scenario.build()?, &Settings::seeded(0))?.0.started, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[non_exhaustive]
    pub enum StartUpMessages ("messages") {
        /// 2.6.20 to 2.6.24, and what each sub-architecture does instead.
        V26 = "2.6",
        /// v6: short delays on CPUs that need no long ones.
        V6 = "v6",
    }
}

/// The vector of an IPI: by number, or by the kernel's use of it, which has another number on each architecture.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::*;
/// let role = Role::SendFixed { vector: IpiVector::Use(VectorUse::Reschedule), targets: vec![1] };
/// let scenario = ScenarioBuilder::new("kick").cpus(2).event(Time::from_us(1), 0, &role).build()?;
/// assert!(scenario.to_toml().contains("vector = \"reschedule\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IpiVector {
    /// By number, 10h to FEh.
    Number(u8),
    /// By use.
    Use(VectorUse),
}

named! {
    /// The kernels' uses of IPI vectors.
    ///
    /// ```
    /// # use apicsim::scenario::*;
    /// use apicsim::sim::Named;
    ///
    /// assert_eq!(VectorUse::TlbFlush.name(), "tlb-flush");
    /// ```
    #[non_exhaustive]
    pub enum VectorUse ("vector") {
        /// i386 FCh, `x86_64` and today FDh.
        Reschedule = "reschedule",
        /// i386 FBh, `x86_64` and today FCh.
        CallFunction = "call-function",
        /// i386 FDh, `x86_64` F0h + sender modulo 8; today's kernels flush by function calls.
        TlbFlush = "tlb-flush",
    }
}

/// Vector of the device interrupt of [`Role::SysrqCrash`] unless it says otherwise: that of the keyboard, IRQ 1.
pub(super) const KEYBOARD_VECTOR: u8 = 0x39;

impl RoleName {
    /// The roles that bring a crash.
    pub const CRASHES: [Self; 4] = [Self::SysrqCrash, Self::OopsCrash, Self::Panic, Self::WatchdogCrash];

    /// The parameters that the role takes, beside those of every event.
    pub const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Idle | Self::CorruptRunQueue | Self::SpinIrqsOff | Self::Backtrace => &[],
            Self::WatchdogTick => &["irq_work"],
            Self::RcuKick => &["targets"],
            Self::Munmap => &["targets", "irqs_off"],
            Self::CallFunction => &["wait", "irqs_off"],
            Self::StopOtherCpus => &["wait"],
            Self::OopsCrash => &["print_us"],
            Self::WatchdogNmi | Self::WatchdogCrash => &["print_us", "irq_work"],
            Self::Panic => &["print_us", "irqs_off"],
            Self::SysrqCrash => &["vector", "print_us"],
            Self::SendFixed => &["vector", "targets"],
            Self::SendSequence => &["vector", "targets", "allbutself", "repeat", "send_after_us"],
            Self::BootCpus => &["targets", "messages"],
            Self::Steps => &["steps"],
        }
    }

    /// Whether kernels that are not Linux have it, too: it needs no more of a kernel than its way to send.
    pub const fn is_of_any_kernel(self) -> bool {
        matches!(self, Self::Idle | Self::SpinIrqsOff | Self::SendFixed | Self::SendSequence | Self::Steps)
    }

    /// Whether it runs the crash path.
    pub const fn is_crash(self) -> bool {
        matches!(self, Self::SysrqCrash | Self::OopsCrash | Self::Panic | Self::WatchdogCrash)
    }
}

/// Every parameter that some role takes.
pub(super) const PARAMETERS: [&str; 11] = [
    "targets",
    "allbutself",
    "vector",
    "wait",
    "irqs_off",
    "print_us",
    "repeat",
    "send_after_us",
    "messages",
    "irq_work",
    "steps",
];

impl Role {
    /// Its name.
    pub const fn role_name(&self) -> RoleName {
        match self {
            Self::Idle => RoleName::Idle,
            Self::CorruptRunQueue => RoleName::CorruptRunQueue,
            Self::SpinIrqsOff => RoleName::SpinIrqsOff,
            Self::Munmap { .. } => RoleName::Munmap,
            Self::CallFunction { .. } => RoleName::CallFunction,
            Self::RcuKick { .. } => RoleName::RcuKick,
            Self::WatchdogNmi { .. } => RoleName::WatchdogNmi,
            Self::SysrqCrash { .. } => RoleName::SysrqCrash,
            Self::OopsCrash { .. } => RoleName::OopsCrash,
            Self::Panic { .. } => RoleName::Panic,
            Self::WatchdogCrash { .. } => RoleName::WatchdogCrash,
            Self::WatchdogTick { .. } => RoleName::WatchdogTick,
            Self::Backtrace => RoleName::Backtrace,
            Self::SendFixed { .. } => RoleName::SendFixed,
            Self::SendSequence { .. } => RoleName::SendSequence,
            Self::StopOtherCpus { .. } => RoleName::StopOtherCpus,
            Self::BootCpus { .. } => RoleName::BootCpus,
            Self::Steps(_) => RoleName::Steps,
        }
    }

    /// The CPUs that it names as targets.
    pub fn targets(&self) -> &[u32] {
        match self {
            Self::Munmap { targets, .. }
            | Self::RcuKick { targets }
            | Self::SendFixed { targets, .. }
            | Self::SendSequence { targets, .. }
            | Self::BootCpus { targets, .. } => targets,
            _ => &[],
        }
    }

    /// Whether it waits for what other CPUs do about it.
    pub const fn is_call(&self) -> bool {
        matches!(self, Self::Munmap { .. } | Self::CallFunction { .. } | Self::Backtrace)
    }

    /// Whether the NMI that it brings raises work for an interrupt.
    pub const fn raises_irq_work(&self) -> bool {
        matches!(
            self,
            Self::WatchdogNmi { irq_work: true, .. }
                | Self::WatchdogCrash { irq_work: true, .. }
                | Self::WatchdogTick { irq_work: true }
        )
    }

    /// Whether it runs the crash path.
    pub const fn is_crash(&self) -> bool {
        self.role_name().is_crash()
    }
}

#[cfg(test)]
mod tests {
    use super::super::named::Named;
    use super::*;

    #[test]
    fn the_list_of_parameters_is_whole() {
        for role in RoleName::ALL {
            for parameter in role.parameters() {
                assert!(PARAMETERS.contains(parameter), "{role} {parameter}");
            }
        }
        for parameter in PARAMETERS {
            assert!(RoleName::ALL.iter().any(|role| role.parameters().contains(&parameter)), "{parameter}");
        }
    }
}
