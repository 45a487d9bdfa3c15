//! What the names mean that `list` lists: a sentence each.

use crate::scenario::{Bus, FaultName, Goal, HZ, IPI_STALL_MS, JITTER, RETRIES, RoleName};
use kernel_model::{Release, Variant};
use sim::Generation;
use std::ops::RangeInclusive;

pub(super) const fn variant(variant: Variant) -> &'static str {
    match variant {
        Variant::Before => "Up to 2.6.21: every send waits for the ICR without a bound.",
        Variant::SolutionA => {
            "Proposed: the bound inside the ordinary wait, at most 1001 rounds for every caller (delay first; key \
             `wait_shape`)."
        }
        Variant::B1 => "Proposed: bounded senders that only kdump calls, all others as before.",
        Variant::Rfc => "The patches as mailed: an NMI waits at most 1001 rounds, delay first.",
        Variant::Merged => "The patches as merged in 2.6.22: an NMI waits at most 1001 rounds, read first.",
        Variant::Modern => "v6.6 and later: 1000 rounds, also before an NMI by shorthand.",
        Variant::MpsAbort => "MP specification: no wait before a message, at most 20 us after it, then nothing.",
        Variant::MpsRetry => {
            "MP specification: as mps-abort, but the message is sent again after 20 us (key `mps_retries`)."
        }
    }
}

pub(super) const fn release(release: Release) -> &'static str {
    match release {
        Release::V2_6_20 => "Before the fix: the default of all variants but the two below.",
        Release::V2_6_22 => {
            "With the fix: smp_send_stop, setup_local_APIC and the call lock too; the default of merged."
        }
        Release::V5_4 => "The waits of 2.6.22, bounded before an NMI by shorthand too; on modern/*.",
        Release::V6_6 => "1000 rounds in place of 1001; the default of modern.",
    }
}

pub(super) const fn bus(bus: Bus) -> &'static str {
    match bus {
        Bus::Serial => "The 3-wire APIC bus of Pentium and P6, cycle by cycle: arbitration, retry, errors.",
        Bus::Fsb => "The front-side bus of the xAPIC, under a chipset: a target never refuses.",
        Bus::Cluster => "A bus for each cluster of four CPUs, joined by cluster managers (NUMA-Q, Summit, ES7000).",
        Bus::Fabric => "Point-to-point links between sockets.",
        Bus::Ideal => "A message arrives after a fixed time: busy is never visible, as in hypervisors.",
    }
}

pub(super) const fn generation(generation: Generation) -> &'static str {
    match generation {
        Generation::I82489Dx => {
            "The external APIC of the i486 and the first Pentiums: 8-bit ids, no ESR, no start-up message."
        }
        Generation::Pentium => "Pentium (P54C): 4-bit ids, serial bus, remote read.",
        Generation::P6 => "Pentium Pro to Pentium III: 4-bit ids, serial bus, arbitration ids.",
        Generation::XApic => "Pentium 4, Xeon, Core: 8-bit ids, front-side bus, no refusal of fixed interrupts.",
        Generation::X2Apic => "Nehalem and later: as the xAPIC, and x2APIC mode with 32-bit ids and MSRs.",
    }
}

pub(super) const fn fault(fault: FaultName) -> &'static str {
    match fault {
        FaultName::FsbStall => "The chipset stops completing interrupt transactions.",
        FaultName::FsbLock => "The front-side bus is locked or blocked by somebody, once or again and again.",
        FaultName::FsbRetry => "The chipset answers redirectable transactions with a retry.",
        FaultName::Message => "Messages are lost, late, doubled or not noticed at their targets, on any bus.",
        FaultName::ApicDead => "The local APIC of a CPU is off, and stays off.",
        FaultName::IcrStuck => "The delivery status bit of a CPU is jammed: the one fault that acts on the bit itself.",
        FaultName::Nmi => "An NMI at the pin of a CPU.",
        FaultName::NmiBetweenWrites => {
            "An NMI at the pin of a CPU, exactly after the next destination (ICR high) that it writes."
        }
        FaultName::Smm => "A CPU is in system-management mode for a while.",
        FaultName::Shutdown => "A CPU shuts down (triple fault).",
        FaultName::Init => "A CPU is initialised by its pin, and waits for a start-up message.",
        FaultName::DeepSleep => "A deep sleep state loses the low half of a CPU's ICR.",
        FaultName::ChecksumNoise => "Messages on the serial bus arrive damaged.",
        FaultName::StuckWire => "A data wire of the serial bus is stuck.",
        FaultName::LostClock => "The serial bus has no clock.",
        FaultName::ArbitrationId => "A CPU has a wrong arbitration id.",
        FaultName::Jabber => "A CPU sends EOI messages without end.",
        FaultName::DeadLink => "The link between a cluster and the others is dead.",
    }
}

pub(super) const fn role(role: RoleName) -> &'static str {
    match role {
        RoleName::Idle => "Nothing: HLT, interrupts on.",
        RoleName::CorruptRunQueue => "`schedule` walks a run queue without an end, interrupts off, its lock held.",
        RoleName::SpinIrqsOff => "Spins for ever, interrupts off, holding nothing.",
        RoleName::Munmap => "Flushes the TLBs of other CPUs, and waits for them.",
        RoleName::CallFunction => "`smp_call_function` to all others.",
        RoleName::RcuKick => "`smp_send_reschedule` to CPUs, one after the other.",
        RoleName::WatchdogNmi => "One NMI of the kernel's watchdog, which finds its CPU locked up: `die_nmi` follows.",
        RoleName::SysrqCrash => "SysRq-C comes as a device interrupt; its handler runs the crash path.",
        RoleName::OopsCrash => "An oops on the CPU itself: `die` prints, then runs the crash path.",
        RoleName::Panic => "A panic: prints, runs the crash path, and where there is no image stops the other CPUs.",
        RoleName::WatchdogCrash => "The watchdog's NMI on the CPU that is to crash, whatever it was doing.",
        RoleName::WatchdogTick => "A tick of the watchdog that finds its CPU alive.",
        RoleName::Backtrace => "Asks all CPUs for a backtrace, and waits for their watchdogs.",
        RoleName::SendFixed => "One `send_IPI_mask` of a fixed vector.",
        RoleName::SendSequence => "Interrupts off; rounds of sends, to each target in turn or to all others at once.",
        RoleName::StopOtherCpus => "Today's kernels: `native_stop_other_cpus`, as before a reboot.",
        RoleName::BootCpus => "`do_boot_cpu` for each target: the start of CPUs that the machine has `offline`.",
        RoleName::Steps => "A program of the scenario: `steps = ''' ... '''` instead of a role.",
    }
}

pub(super) const fn goal(goal: Goal) -> &'static str {
    match goal {
        Goal::NmiSendReturns => "The crashing CPU returns from its NMI send.",
        Goal::CaptureKernel => "The capture kernel has control and has passed its own first APIC accesses.",
        Goal::OthersStopped => "A panic without a crash image is back from stopping the other CPUs.",
        Goal::CallersReturn => "Every CPU is back from its last `munmap`, `call-function` and `backtrace`.",
        Goal::AllProgramsEnd => "Every program has ended.",
        Goal::SendersReturn => "Every `send-sequence` has returned from its last send.",
        Goal::CpusStarted => "Every CPU that a `boot-cpus` starts has called in, and who starts them is through.",
        Goal::Reach => "A program has come to its step `reach NAME`.",
    }
}

/// A knob of the software, or one with numbers.
#[derive(Debug)]
pub(super) struct MoreKnob {
    pub(super) key: &'static str,
    /// What it is unless it is said, in words.
    pub(super) usual: &'static str,
    /// The value that says the same; none where what it is follows from something else.
    pub(super) default: Option<&'static str>,
    /// The names that it takes.
    pub(super) values: &'static [&'static str],
    /// The numbers that it takes.
    pub(super) numbers: Option<RangeInclusive<u32>>,
    pub(super) meaning: &'static str,
}

/// All of them.
pub(super) const MORE_KNOBS: [MoreKnob; 10] = [
    MoreKnob {
        key: "jitter_picclk",
        usual: "0",
        default: Some("0"),
        values: &[],
        numbers: Some(JITTER),
        meaning: "Bus cycles that a message may be late, at most, drawn for each message by the seed.",
    },
    MoreKnob {
        key: "delay_hz",
        usual: "none",
        default: None,
        values: &[],
        numbers: Some(HZ),
        meaning: "Rounds busy delays as a kernel of so many timer ticks a second does; none: they are exact.",
    },
    MoreKnob {
        key: "wait_shape",
        usual: "delay-first",
        default: Some("delay-first"),
        values: &["delay-first", "read-first"],
        numbers: None,
        meaning: "The loop of solution-a and b1, which their mail leaves open.",
    },
    MoreKnob {
        key: "mps_timeout",
        usual: "instruction-loop",
        default: Some("instruction-loop"),
        values: &["instruction-loop", "time-stamp-counter", "external-interrupt"],
        numbers: None,
        meaning: "What ends the 20 us of mps-abort and mps-retry.",
    },
    MoreKnob {
        key: "mps_retries",
        usual: "1",
        default: Some("1"),
        values: &[],
        numbers: Some(RETRIES),
        meaning: "How often mps-retry sends again.",
    },
    MoreKnob {
        key: "smp_send_stop",
        usual: "as the release does",
        default: None,
        values: &["take", "try"],
        numbers: None,
        meaning: "What `smp_send_stop` of i386 does with the call lock.",
    },
    MoreKnob {
        key: "no_broadcast",
        usual: "true (modern/*: false)",
        default: None,
        values: &["true", "false"],
        numbers: None,
        meaning: "Flat senders name all others by a mask, as in kernels with CPU hotplug, or by the shorthand.",
    },
    MoreKnob {
        key: "tick_stopped",
        usual: "false",
        default: Some("false"),
        values: &["true", "false"],
        numbers: None,
        meaning: "modern/*: no timer tick (nohz_full), so that printk's deferred work is raised by an IPI to itself.",
    },
    MoreKnob {
        key: "csd_lock_wait_debug",
        usual: "false",
        default: Some("false"),
        values: &["true", "false"],
        numbers: None,
        meaning: "modern/*: a function call that takes longer than 5 s is reported, and its IPI sent again \
                  (CONFIG_CSD_LOCK_WAIT_DEBUG).",
    },
    MoreKnob {
        key: "panic_on_ipistall",
        usual: "0",
        default: Some("0"),
        values: &[],
        numbers: Some(IPI_STALL_MS),
        meaning: "modern/*: with csd_lock_wait_debug, after how many ms a report is a BUG; 0: never.",
    },
];
