//! Random scenarios: a machine, a story, a fault plan.

use super::microseconds;
use apicsim::scenario::{ARCHES, Scenario};
use apicsim::{RunReport, Settings, run};
use proptest::prelude::*;
use std::fmt::Write;

/// Sub-architectures of quads, on which i386 stops itself where a CPU of another quad than the first crashes
/// (docs/who-crashes.md).
const QUADS: [&str; 2] = ["i386/es7000-clustered", "i386/numaq"];
const SERIAL: [&str; 4] = ["i386/default", "i386/bigsmp", "i386/es7000-clustered", "i386/numaq"];
/// Today's sub-architectures whose ICR has a delivery status.
pub(super) const XAPIC_TODAY: [&str; 2] = ["modern/xapic-flat", "modern/xapic-physflat"];
/// Senders of one message with a mask.
const BITMASK: [&str; 2] = ["i386/default", "x86_64/flat"];

/// A thing that happens on a CPU.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    pub(super) at_ns: u64,
    pub(super) cpu: u32,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    CorruptRunQueue,
    SpinIrqsOff,
    Munmap(u32),
    CallFunction,
    RcuKick(u32),
    WatchdogNmi,
}

/// A random scenario. Numbers of CPUs in it are taken modulo the machine's.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) arch: usize,
    pub(super) cpus: u32,
    pub(super) happenings: Vec<Happening>,
    pub(super) crash_ns: u64,
    /// The CPU that crashes.
    pub(super) crash_cpu: u32,
    /// What brings the crash: a position in [`TRIGGERS`].
    pub(super) trigger: usize,
    /// A stall of the front-side bus: from, and how long if it ends.
    pub(super) stall: Option<(u64, Option<u64>)>,
    pub(super) dead: Vec<(u64, u32)>,
    pub(super) write_while_busy: usize,
    pub(super) jitter: u32,
    pub(super) seed: u64,
}

/// The roles that bring a crash.
pub(super) const TRIGGERS: [&str; 4] = ["oops-crash", "sysrq-crash", "panic", "watchdog-crash"];

pub(super) const WRITE_WHILE_BUSY: [&str; 3] = ["replace", "drop", "queue"];

fn happening() -> impl Strategy<Value = Happening> {
    let what = prop_oneof![
        Just(What::CorruptRunQueue),
        Just(What::SpinIrqsOff),
        (0..8u32).prop_map(What::Munmap),
        Just(What::CallFunction),
        (0..8u32).prop_map(What::RcuKick),
        Just(What::WatchdogNmi),
    ];
    (0..90_000u64, 0..8u32, what).prop_map(|(at_ns, cpu, what)| Happening { at_ns, cpu, what })
}

/// Any plan of the faults that the project's foundation owns.
pub(super) fn any_plan() -> impl Strategy<Value = Plan> {
    let faults = (
        proptest::option::of((0..80_000u64, proptest::option::of(1..200_000_000u64))),
        proptest::collection::vec((0..80_000u64, 1..8u32), 0..3),
    );
    let knobs = (0..WRITE_WHILE_BUSY.len(), 0..4u32, any::<u64>());
    let crash = (1_000..100_000u64, 0..8u32, 0..TRIGGERS.len());
    let machine = (0..ARCHES.len(), 2..9u32, crash);
    (machine, proptest::collection::vec(happening(), 0..7), faults, knobs).prop_map(
        |(
            (arch, cpus, (crash_ns, crash_cpu, trigger)),
            happenings,
            (stall, dead),
            (write_while_busy, jitter, seed),
        )| Plan {
            arch,
            cpus,
            happenings,
            crash_ns,
            crash_cpu,
            trigger,
            stall,
            dead,
            write_while_busy,
            jitter,
            seed,
        },
    )
}

/// The same on today's kernels in xAPIC mode.
pub(super) fn any_plan_of_today() -> impl Strategy<Value = Plan> {
    (any_plan(), 0..XAPIC_TODAY.len()).prop_map(|(plan, today)| Plan { arch: ARCHES.len() + today, ..plan })
}

impl Plan {
    pub(super) fn arch(&self) -> &'static str {
        ARCHES.get(self.arch).unwrap_or_else(|| &XAPIC_TODAY[self.arch - ARCHES.len()])
    }

    pub(super) fn is_serial(&self) -> bool {
        SERIAL.contains(&self.arch())
    }

    /// The CPU that crashes.
    pub(super) fn crash_cpu(&self) -> u32 {
        let first_quad = if QUADS.contains(&self.arch()) { 4 } else { u32::MAX };
        self.crash_cpu % self.cpus.min(first_quad)
    }

    /// Messages that the crash NMI needs.
    pub(super) fn sends(&self) -> u64 {
        if BITMASK.contains(&self.arch()) { 1 } else { u64::from(self.cpus) - 1 }
    }

    /// The scenario's text.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "format = 1\nname = \"random\"\nstory = \"A random plan.\"\ngoal = \"nmi-send-returns\"\n\
             [machine]\ncpus = {}\n[knobs]\nicr_write_while_busy = \"{}\"\njitter_picclk = {}\n",
            self.cpus, WRITE_WHILE_BUSY[self.write_while_busy], self.jitter
        );
        // A run queue that is walked for ever is never that of the log daemon: else no crash comes (`log-daemon`).
        let _ = write!(text, "[[klogd]]\ncpu = {}\n", self.crash_cpu());
        for happening in &self.happenings {
            self.happening(happening, &mut text);
        }
        let (at, cpu, role) = (microseconds(self.crash_ns), self.crash_cpu(), TRIGGERS[self.trigger]);
        let _ = write!(text, "[[event]]\nat_us = {at}\ncpu = {cpu}\nrole = \"{role}\"\n");
        self.faults(&mut text);
        text
    }

    fn happening(&self, happening: &Happening, text: &mut String) {
        let cpu = happening.cpu % self.cpus;
        let role = match happening.what {
            // Not on the CPU that is to crash, which would never come to it.
            What::CorruptRunQueue if cpu != self.crash_cpu() => "role = \"corrupt-run-queue\"".to_owned(),
            What::SpinIrqsOff if cpu != self.crash_cpu() => "role = \"spin-irqs-off\"".to_owned(),
            What::WatchdogNmi if cpu != self.crash_cpu() => "role = \"watchdog-nmi\"".to_owned(),
            What::CorruptRunQueue | What::SpinIrqsOff | What::WatchdogNmi => return,
            What::CallFunction => "role = \"call-function\"".to_owned(),
            What::Munmap(target) => format!("role = \"munmap\"\ntargets = [{}]", self.other(cpu, target)),
            What::RcuKick(target) => format!("role = \"rcu-kick\"\ntargets = [{}]", self.other(cpu, target)),
        };
        let _ = write!(text, "[[event]]\nat_us = {}\ncpu = {cpu}\n{role}\n", microseconds(happening.at_ns));
    }

    /// A CPU that is not `cpu`.
    fn other(&self, cpu: u32, target: u32) -> u32 {
        let target = target % self.cpus;
        if target == cpu { (cpu + 1) % self.cpus } else { target }
    }

    fn faults(&self, text: &mut String) {
        if let (Some((from, length)), false) = (self.stall, self.is_serial()) {
            let _ = write!(text, "[[fault]]\nat_us = {}\nkind = \"fsb-stall\"\n", microseconds(from));
            if let Some(length) = length {
                let _ = writeln!(text, "until_us = {}", microseconds(from + length));
            }
        }
        for (at_ns, cpu) in &self.dead {
            let cpu = (self.crash_cpu() + 1 + cpu % (self.cpus - 1)) % self.cpus;
            let _ = write!(text, "[[fault]]\nat_us = {}\nkind = \"apic-dead\"\ncpu = {cpu}\n", microseconds(*at_ns));
        }
    }

    /// The scenario, loaded, under `variant`.
    pub(super) fn load(&self, variant: &str) -> Scenario {
        super::load(&self.text(), self.arch(), variant)
    }

    pub(super) fn report(&self, variant: &str) -> RunReport {
        run(&self.load(variant), &Settings::seeded(self.seed)).unwrap().0
    }

    /// What a failure says.
    pub(super) fn replay(&self, report: &RunReport) -> String {
        super::replay(&self.text(), report)
    }
}
