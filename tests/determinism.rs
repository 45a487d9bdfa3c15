//! Equal digests: over workers, windows, executors, elision, trace, repeats; for completed and for hung runs.

use crate::support::load;
use apicsim::scenario::{ARCHES, Scenario};
use apicsim::token::Token;
use apicsim::{Settings, run, run_document, run_observed};
use serde_json::Value;
use sim::{Duration, Execution, Stacks, Window};

fn windowed(workers: usize, window: Window) -> Execution {
    Execution::Windowed { workers, window }
}

/// The whole JSON document of a run: more than the digest.
fn document(scenario: &Scenario, settings: &Settings) -> Value {
    let (report, _) = run(scenario, settings).unwrap();
    run_document(scenario, &report, None)
}

pub(crate) fn assert_equal(scenario: &Scenario, executions: &[Execution], elision: &[bool]) {
    let expected = document(scenario, &Settings::seeded(0));
    for &execution in executions {
        for &elision in elision {
            let mut settings = Settings::seeded(0);
            settings.execution = execution;
            settings.choices.elision = elision;
            let found = document(scenario, &settings);
            assert_eq!(found, expected, "{}: {execution:?}, elision {elision}", scenario.machine);
        }
    }
}

/// All executions, for runs that are short even unelided.
pub(crate) fn every_execution() -> Vec<Execution> {
    let smallest = Window::AtMost(Duration::from_ps(1));
    let odd = Window::AtMost(Duration::from_ps(33_337));
    let mut all = vec![Execution::Reference];
    all.extend([1, 2, 3, 5, 16].map(|workers| windowed(workers, Window::Full)));
    all.extend([Window::Half, odd, smallest].map(|window| windowed(1, window)));
    all
}

#[test]
fn hung_runs_are_equal() {
    for (name, arch) in [
        ("nmi-stall", "i386/default"),
        ("nmi-stall", "i386/numaq"),
        ("nmi-stall", "x86_64/flat"),
        ("dead-target", "i386/bigsmp"),
        ("crossed-senders", "i386/default"),
    ] {
        assert_equal(&load(name, arch, "before", &[]), &every_execution(), &[true, false]);
    }
}

#[test]
fn short_completed_runs_are_equal() {
    for (name, arch) in [
        ("normal-dispatch", "i386/default"),
        ("normal-dispatch", "x86_64/physflat"),
        ("kdump", "i386/summit"),
        ("kdump", "i386/default"),
    ] {
        assert_equal(&load(name, arch, "merged", &[]), &every_execution(), &[true]);
        assert_equal(&load(name, arch, "merged", &[]), &[windowed(1, Window::Full), Execution::Reference], &[false]);
    }
}

/// On a thread a CPU, without the boundary's assembler: the slow twin of stacks of its own. It proves nothing, so of a run
/// that hangs the events are compared, up to a limit.
#[test]
fn the_twin_on_threads_gives_the_same_events() {
    let short = [
        ("normal-dispatch", "i386/default", "before"),
        ("normal-dispatch", "x86_64/physflat", "merged"),
        ("smp-boot", "i386/default", "merged"),
        ("smp-boot", "i386/numaq", "before"),
        ("nmi-between-writes", "i386/default", "before"),
        ("refused-multicast", "i386/default", "before"),
        ("nmi-stall", "i386/default", "before"),
        ("crossed-senders", "i386/default", "before"),
    ];
    for (name, arch, variant) in short {
        let scenario = load(name, arch, variant, &["limit_us=200"]);
        let digest = |stacks| {
            let mut settings = Settings::seeded(0);
            settings.choices.elision = false;
            settings.choices.stacks = stacks;
            run(&scenario, &settings).unwrap().1.digest
        };
        assert_eq!(digest(Stacks::Threads), digest(Stacks::Own), "{name} on {arch}, {variant}");
    }
}

#[test]
fn long_completed_runs_are_equal() {
    for arch in ["i386/default", "i386/bigsmp", "x86_64/flat"] {
        for variant in ["rfc", "merged"] {
            let executions = [Execution::Reference, windowed(3, Window::Full), windowed(1, Window::Half)];
            assert_equal(&load("nmi-stall", arch, variant, &[]), &executions, &[true]);
        }
    }
}

/// A whole run of more than a second, every poll and every retry executed.
#[test]
fn a_long_run_without_elision_is_equal() {
    let scenario = load("nmi-stall", "i386/default", "merged", &[]);
    assert_equal(&scenario, &[windowed(1, Window::Full)], &[false]);
}

/// A run cut by its limit: the same prefix everywhere, elided or not.
#[test]
fn cut_runs_are_equal() {
    for arch in ["i386/default", "i386/summit"] {
        let mut scenario = load("nmi-stall", arch, "merged", &[]);
        scenario.limit_ps = 1_500_000_000;
        assert_equal(&scenario, &every_execution()[..4], &[true, false]);
    }
}

#[test]
fn every_row_of_the_headline_is_equal_on_the_reference_executor() {
    for arch in ARCHES {
        for variant in ["before", "merged"] {
            assert_equal(&load("nmi-stall", arch, variant, &[]), &[Execution::Reference], &[true]);
        }
    }
}

#[test]
fn repeats_and_traces_change_nothing() {
    let scenario = load("nmi-stall", "i386/default", "merged", &[]);
    let expected = document(&scenario, &Settings::seeded(0));
    for _ in 0..10 {
        assert_eq!(document(&scenario, &Settings::seeded(0)), expected);
    }
    let mut recording = sim::Recording::default();
    let (report, _) = run_observed(&scenario, &Settings::seeded(0), &mut recording).unwrap();
    assert_eq!(run_document(&scenario, &report, None), expected);
}

/// With elision on or off, and on either executor, the events themselves are the same, one by one.
#[test]
fn events_are_equal_one_by_one() {
    let scenario = load("nmi-stall", "i386/default", "before", &[]);
    let events = |execution, elision| {
        let mut settings = Settings::seeded(0);
        settings.choices.elision = elision;
        settings.execution = execution;
        let mut recording = sim::Recording::default();
        apicsim::observe(&scenario, &settings, &mut recording).unwrap();
        recording.told
    };
    let expected = events(Execution::Reference, false);
    assert!(expected.len() > 40, "a trace has something to compare");
    assert_eq!(events(windowed(1, Window::Full), true), expected);
    assert_eq!(events(windowed(3, Window::Half), false), expected);
}

#[test]
fn a_token_replays_its_run() {
    for seed in [0, 7, u64::MAX] {
        let scenario = load("nmi-stall", "i386/bigsmp", "merged", &["knobs.jitter_picclk=5", "machine.cpus=6"]);
        let (report, _) = run(&scenario, &Settings::seeded(seed)).unwrap();
        let token: Token = report.token.parse().unwrap();
        let (again, _) = run(&token.load().unwrap(), &Settings::seeded(token.seed)).unwrap();
        assert_eq!(again.digest, report.digest, "{}", report.token);
        assert_eq!(again.token, report.token);
    }
}

#[test]
fn another_seed_is_another_run_where_there_is_choice() {
    let digest = |seed, sets: &[&str]| {
        run(&load("normal-dispatch", "i386/default", "merged", sets), &Settings::seeded(seed)).unwrap().0.digest
    };
    let jitter = ["knobs.jitter_picclk=50"];
    assert_ne!(digest(1, &jitter), digest(2, &jitter));
    assert_eq!(digest(1, &jitter), digest(1, &jitter));
    assert_eq!(digest(1, &[]), digest(2, &[]), "without choice the seed is nothing");
}

/// Captured from a release build; a debug build must give the same, and the other way round. A change of any of these
/// is a change of results, and says so in the change log.
#[test]
fn digests_are_the_same_in_every_build_profile() {
    let cases = include_str!("digests.txt").lines().filter(|line| !line.starts_with('#'));
    let mut checked = 0;
    for line in cases {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, arch, variant, digest] = words[..] else { panic!("four words: {line}") };
        let (report, _) = run(&load(name, arch, variant, &[]), &Settings::seeded(0)).unwrap();
        assert_eq!(apicsim::report::digest::written(report.digest), digest, "{line}");
        checked += 1;
    }
    assert!(checked >= 3);
}

/// Every generation on every bus that seats it: one result on both executors, whatever the windows.
#[test]
fn every_generation_and_bus_is_equal() {
    use apicsim::scenario::{Bus, Request, load};
    use sim::{Generation, Named};
    let executions = [
        Execution::Reference,
        windowed(3, Window::Full),
        windowed(1, Window::Half),
        windowed(2, Window::AtMost(Duration::from_ps(33_337))),
    ];
    for &generation in Generation::ALL {
        for &bus in Bus::ALL.iter().filter(|bus| bus.seats(generation)) {
            for name in ["nmi-stall", "normal-dispatch", "dead-target"] {
                let mut request = Request::new(name);
                (request.generation, request.bus) = (Some(generation), Some(bus));
                let scenario = load(&request).unwrap_or_else(|error| panic!("{}", error.render(false)));
                assert_equal(&scenario, &executions, &[true]);
            }
        }
    }
}
