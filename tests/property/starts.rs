//! Every kernel's `do_boot_cpu` ends within its bound, whatever becomes of the CPU and of the bus, under any rule for
//! writes while busy but `stall`.
//!
//! Not covered: faults that stop the boot CPU itself; the MP specification's time-out by interrupt.

use super::plan::XAPIC_TODAY;
use super::{config, microseconds};
use apicsim::scenario::{ARCHES, Scenario, VARIANTS};
use apicsim::{RunReport, Settings, StartUpOutcome, StartUpReport, Verdict, run, run_document};
use proptest::prelude::*;
use sim::{Execution, Window};
use std::fmt::Write;

const RULES: [&str; 3] = ["replace", "drop", "queue"];

/// A fault: its lines, and the buses that it is for (all: empty).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    ApicDead,
    Smm,
    Shutdown,
    LostClock,
    Noise,
    StuckWire,
    Jabber,
    Stall,
}

impl Kind {
    fn is_of_the_bus(self) -> bool {
        matches!(self, Self::LostClock | Self::Noise | Self::StuckWire | Self::Jabber | Self::Stall)
    }
}

/// A machine of which some CPUs wait to be started, and what befalls it.
#[derive(Debug, Clone)]
struct Plan {
    arch: usize,
    variant: usize,
    cpus: u32,
    /// Bit by bit: does this CPU, beside CPU 0, wait to be started?
    offline: u32,
    faults: Vec<(Kind, u32, u64, Option<u64>)>,
    rule: usize,
    jitter: u32,
    seed: u64,
}

fn any_start() -> impl Strategy<Value = Plan> {
    use Kind::{ApicDead, Jabber, LostClock, Noise, Shutdown, Smm, Stall, StuckWire};
    let kind = proptest::sample::select(vec![ApicDead, Smm, Shutdown, LostClock, Noise, StuckWire, Jabber, Stall]);
    let fault = (kind, 0..4u32, prop_oneof![Just(0), 0..40_000_000u64], proptest::option::of(1..30_000_000u64));
    let machine = (0..ARCHES.len() + XAPIC_TODAY.len(), 0..VARIANTS.len(), 2..5u32, 1..8u32);
    (machine, proptest::collection::vec(fault, 0..4), 0..RULES.len(), 0..4u32, any::<u64>()).prop_map(
        |((arch, variant, cpus, offline), faults, rule, jitter, seed)| Plan {
            arch,
            variant,
            cpus,
            offline,
            faults,
            rule,
            jitter,
            seed,
        },
    )
}

impl Plan {
    fn arch(&self) -> &'static str {
        ARCHES.into_iter().chain(XAPIC_TODAY).nth(self.arch).unwrap()
    }

    fn offline(&self) -> Vec<u32> {
        let waiting: Vec<u32> = (1..self.cpus).filter(|cpu| self.offline >> (cpu - 1) & 1 == 1).collect();
        if waiting.is_empty() { vec![1] } else { waiting }
    }

    fn text(&self) -> String {
        let offline = self.offline();
        let mut text = format!(
            "format = 1\nname = \"starts\"\nstory = \"A random start.\"\ngoal = \"all-programs-end\"\n\
             limit_us = 60_000_000\n[machine]\ncpus = {}\noffline = {offline:?}\n[knobs]\n\
             icr_write_while_busy = \"{}\"\njitter_picclk = {}\n\
             [[event]]\nat_us = 5\ncpu = 0\nrole = \"boot-cpus\"\ntargets = {offline:?}\n",
            self.cpus, RULES[self.rule], self.jitter
        );
        for (n, fault) in self.faults.iter().enumerate() {
            // Of the bus's faults one of a kind: they must not overlap.
            if !fault.0.is_of_the_bus() || self.faults[..n].iter().all(|earlier| earlier.0 != fault.0) {
                self.fault(fault, &mut text);
            }
        }
        text
    }

    fn fault(&self, &(kind, cpu, from, length): &(Kind, u32, u64, Option<u64>), text: &mut String) {
        let any = cpu % self.cpus;
        let other = 1 + cpu % (self.cpus - 1);
        let lines = match kind {
            Kind::ApicDead => format!("kind = \"apic-dead\"\ncpu = {any}\n"),
            Kind::Smm => {
                format!("kind = \"smm\"\ncpu = {any}\nlength_us = {}\n", microseconds(length.unwrap_or(1_000_000)))
            }
            Kind::Shutdown => format!("kind = \"shutdown\"\ncpu = {other}\n"),
            Kind::LostClock => "kind = \"lost-clock\"\nonly = [\"serial\"]\n".to_owned(),
            Kind::Noise => "kind = \"checksum-noise\"\nonly = [\"serial\"]\n".to_owned(),
            Kind::StuckWire => {
                "kind = \"stuck-wire\"\nwire = \"picd0\"\nstuck = \"driven\"\nonly = [\"serial\"]\n".to_owned()
            }
            Kind::Jabber => format!("kind = \"jabber\"\ncpu = {any}\nonly = [\"serial\"]\n"),
            Kind::Stall => "kind = \"fsb-stall\"\nonly = [\"fsb\"]\n".to_owned(),
        };
        let _ = write!(text, "[[fault]]\nat_us = {}\n{lines}", microseconds(from));
        if let (Some(length), true) = (length, kind.is_of_the_bus()) {
            let _ = writeln!(text, "until_us = {}", microseconds(from + length));
        }
    }

    fn load(&self) -> Scenario {
        super::load(&self.text(), self.arch(), VARIANTS[self.variant])
    }

    /// What a failure says.
    fn replay(&self, report: &RunReport) -> String {
        super::replay(&self.text(), report)
    }

    /// The one start-up wait without a bound: a CPU that does not take its request out of the ES7000's register keeps the
    /// next from being started.
    fn mailbox_is_held(&self, report: &RunReport) -> bool {
        let at_the_mailbox = report.hang.as_ref().is_some_and(|hang| hang.at.starts_with("es7000_start_cpu "));
        at_the_mailbox && self.faults.iter().any(|(kind, ..)| *kind == Kind::Shutdown)
    }

    /// How long a stay in system-management mode may hold the boot CPU up.
    fn boot_cpu_is_away_us(&self) -> u64 {
        let smm = |&&(kind, cpu, ..): &&(Kind, u32, u64, Option<u64>)| {
            matches!(kind, Kind::Smm) && cpu.is_multiple_of(self.cpus)
        };
        self.faults.iter().filter(smm).map(|&(.., length)| length.unwrap_or(1_000_000) / 1_000 + 1).sum()
    }
}

/// `kernel.md` §6: INIT, INIT off and up to two STARTUPs, after each a wait of at most 1001 rounds of 100 µs and a read;
/// 10 ms, and 500 µs a STARTUP. What else there is, accesses and stores, is less than 100 µs.
fn bound_us(start: &StartUpReport) -> u64 {
    4 * 1001 * 100 + start.reads / 10 + 10_000 + 2 * 500 + 100
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn every_start_ends_within_its_bound(plan in any_start()) {
        let scenario = plan.load();
        let report = run(&scenario, &Settings::seeded(plan.seed)).unwrap().0;
        if plan.mailbox_is_held(&report) {
            return Ok(());
        }
        // A CPU that was given up, and whose STARTUP comes all the same, panics 2 s later: nobody calls it out.
        if let Some(crash) = &report.crash {
            let given_up = report.start_ups.iter().find(|start| start.target == crash.cpu).map(|start| start.outcome);
            prop_assert!(given_up.is_some_and(|outcome| outcome != StartUpOutcome::Booted), "{}", plan.replay(&report));
            prop_assert!(crash.trigger.is_none(), "{}", plan.replay(&report));
            return Ok(());
        }
        prop_assert_eq!(report.verdict, Verdict::Completed, "{}", plan.replay(&report));
        prop_assert_eq!(report.start_ups.len(), plan.offline().len(), "{}", plan.replay(&report));
        for start in &report.start_ups {
            let took = start.messages.map(|span| span.as_ps() / 1_000_000);
            let bound = bound_us(start) + plan.boot_cpu_is_away_us();
            prop_assert!(took.is_some_and(|took| took <= bound), "{took:?} µs, bound {bound}: {}", plan.replay(&report));
            prop_assert!(start.outcome != StartUpOutcome::Unfinished, "{}", plan.replay(&report));
            let booted = start.outcome == StartUpOutcome::Booted;
            prop_assert!(!booted || start.called_in.is_some(), "{}", plan.replay(&report));
        }
        let booted = report.start_ups.iter().filter(|start| start.outcome == StartUpOutcome::Booted).count();
        prop_assert!(report.started as usize >= booted, "{}", plan.replay(&report));
    }

    #[test]
    fn executors_agree_on_random_starts(plan in any_start()) {
        let scenario = plan.load();
        let document = |execution| {
            let mut settings = Settings::seeded(plan.seed);
            settings.execution = execution;
            let (report, _) = run(&scenario, &settings).unwrap();
            (run_document(&scenario, &report, None), plan.replay(&report))
        };
        let (expected, replay) = document(Execution::Windowed { workers: 1, window: Window::Full });
        for execution in [Execution::Windowed { workers: 3, window: Window::Half }, Execution::Reference] {
            prop_assert_eq!(&document(execution).0, &expected, "{:?}: {}", execution, replay);
        }
    }
}
