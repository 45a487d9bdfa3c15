//! Measurements of whole runs: against what a report of the same run says, against each other, and against literals.

use super::{Axes, Figure, Measured, Measurement, Quantile, measure};
use crate::run::{Settings, run};
use crate::scenario::{self, Request};
use sim::Duration;
use std::sync::atomic::AtomicU64;

fn request(scenario: &str, arch: String, variant: String) -> Request {
    let mut request = Request::new(scenario);
    (request.arch, request.variant) = (Some(arch), Some(variant));
    request.sets = vec!["knobs.jitter_picclk=20".to_owned()];
    request
}

fn measured(scenario: &str, variants: &[&str], seeds: std::ops::Range<u64>, jobs: usize) -> Measurement {
    let axes = Axes { arches: &["i386/default"], optional: &[], variants, loads: &[] };
    let done = AtomicU64::new(0);
    let settings = Settings::seeded(0);
    measure(axes, seeds, jobs, &settings, &done, |arch, variant| request(scenario, arch, variant)).expect("it runs")
}

fn figure<'m>(measurement: &'m Measurement, cell: usize, what: Measured, site: &str) -> &'m Figure {
    let mut figures = measurement.cells[cell].figures.iter();
    figures.find(|figure| figure.what == what && figure.site.contains(site)).expect("it is measured")
}

/// The waits for an ICR are those of the reports of the same runs, one by one.
#[test]
fn waits_are_those_of_the_reports() {
    let measurement = measured("normal-dispatch", &["before"], 0..20, 2);
    let found = &figure(&measurement, 0, Measured::Wait, "apic_wait_icr_idle").distribution;
    let mut right: Vec<Duration> = Vec::new();
    for seed in 0..20 {
        let scenario =
            scenario::load(&request("normal-dispatch", "i386/default".into(), "before".into())).expect("it is there");
        let (report, _) = run(&scenario, &Settings::seeded(seed)).expect("it runs");
        right.extend(report.waits.iter().filter_map(|wait| wait.took));
    }
    right.sort_unstable();
    assert_eq!(
        (found.count(), found.least(), found.most()),
        (right.len() as u64, right.first().copied(), Quantile::Span(right[right.len() - 1]))
    );
}

/// Every send of `normal-dispatch` is dispatched and taken; on the idle bus of 2007 a message is 21 cycles at 16 2/3 MHz or more, and
/// jitter adds up to 20.
#[test]
fn what_is_measured_of_messages_is_what_the_bus_takes() {
    let measurement = measured("normal-dispatch", &["before"], 0..50, 2);
    let idle = &figure(&measurement, 0, Measured::WriteToIdle, "__send_IPI_dest_field").distribution;
    let taken = &figure(&measurement, 0, Measured::WriteToTaken, "__send_IPI_dest_field").distribution;
    let Quantile::Span(most) = idle.most() else { panic!("all are dispatched") };
    let picclk = Duration::from_ps(60_000);
    assert!(idle.least() >= Some(Duration::from_ps(21 * picclk.as_ps())), "{:?}", idle.least());
    assert!(most <= Duration::from_ps(45 * picclk.as_ps()), "{most:?}");
    assert!(taken.count() > idle.count(), "one flush is for several CPUs");
    assert_eq!((idle.never(), taken.never()), (0, 0));
}

/// A call begins with its own message, not with another one that was sent long before: a reschedule IPI 100 µs earlier.
#[test]
fn a_call_begins_with_its_own_message() {
    let text = "format = 1\nname = \"p\"\nstory = \"A call after an IPI.\"\ngoal = \"reach:end\"\n[machine]\ncpus = 2\n\
        [[event]]\nat_us = 1\ncpu = 0\nsteps = '''\ncall smp_send_reschedule to=1\ndelay 100us\ncall smp_call_function\nreach end\n'''\n";
    let path = std::env::temp_dir().join(format!("apicsim-measure-{}.toml", std::process::id()));
    std::fs::write(&path, text).expect("a file");
    let measurement = measured(path.to_str().expect("a name"), &["before"], 0..10, 1);
    std::fs::remove_file(&path).expect("it is there");
    let call = &figure(&measurement, 0, Measured::Call, "smp_call_function").distribution;
    let Quantile::Span(most) = call.most() else { panic!("it ends") };
    assert!((1..10).contains(&(most.as_ps() / 1_000_000)), "{most:?}");
    assert_eq!(call.count(), 10);
}

/// The unbounded send of 2007 never returns, the merged one after 100 ms and what goes before: 1000 rounds of 100 µs.
#[test]
fn the_crash_path_never_ends_before_and_ends_once_merged() {
    let measurement = measured("nmi-stall", &["before", "merged"], 0..5, 1);
    let [before, merged] = [0, 1].map(|cell| &figure(&measurement, cell, Measured::CrashPath, "").distribution);
    assert_eq!((before.count(), before.never(), before.per_mille(500)), (5, 5, Quantile::Never));
    let Quantile::Span(half) = merged.per_mille(500) else { panic!("it ends") };
    assert!((100_000..101_000).contains(&(half.as_ps() / 1_000_000)), "{half:?}");
}

/// How many cores there are, and how the seeds are cut, changes nothing.
#[test]
fn any_number_of_jobs_measures_the_same() {
    let told = |jobs| {
        let figures = measured("normal-dispatch", &["before", "rfc"], 3..200, jobs)
            .cells
            .into_iter()
            .flat_map(|cell| cell.figures);
        let all = figures.map(|Figure { what, site, distribution, token }| {
            let (buckets, ends): (Vec<_>, _) =
                (distribution.buckets().collect(), (distribution.least(), distribution.most()));
            (what, site, buckets, ends, distribution.count(), distribution.never(), distribution.unfinished(), token)
        });
        all.collect::<Vec<_>>()
    };
    let one = told(1);
    assert_eq!(told(3), one);
    assert_eq!(told(8), one);
}

/// The token of the longest repeats a run that has it.
#[test]
fn the_token_of_the_longest_replays_it() {
    let measurement = measured("normal-dispatch", &["before"], 0..40, 2);
    let longest = figure(&measurement, 0, Measured::Wait, "smp_call_function");
    let token: crate::token::Token = longest.token.parse().expect("a token");
    let again = measured("normal-dispatch", &["before"], token.seed..token.seed + 1, 1);
    assert_eq!(figure(&again, 0, Measured::Wait, "smp_call_function").distribution.most(), longest.distribution.most());
}

/// Every run fails, each at an instant of its own: which one is told does not depend on how many run at once.
#[test]
fn of_several_failures_the_first_run_s_is_told() {
    let text = "format = 1\nname = \"n\"\nstory = \"A handler within itself.\"\ngoal = \"reach:end\"\n[machine]\ncpus = 1\n\
        [[event]]\nat_us = 1\ncpu = 0\nsteps = '''\ndelay uniform(1us,900us)\nipi 0 SELF|0x50\ndelay 9us\nreach end\n'''\n\
        [[handler]]\non = 0x50\ncpus = [0]\nsteps = '''\nipi 0 SELF|0x50\nwrite EOI 0\nsti\ndelay 9us\n'''\n";
    let path = std::env::temp_dir().join(format!("apicsim-measure-failure-{}.toml", std::process::id()));
    std::fs::write(&path, text).expect("a file");
    let name = path.to_str().expect("a name").to_owned();
    let told = |seeds: std::ops::Range<u64>, jobs| {
        let axes = Axes { arches: &["i386/default"], optional: &[], variants: &["before"], loads: &[] };
        let done = AtomicU64::new(0);
        let request = |arch, variant| request(&name, arch, variant);
        measure(axes, seeds, jobs, &Settings::seeded(0), &done, request).expect_err("it nests without end").to_string()
    };
    let right = told(0..1, 1);
    assert_ne!(told(1..2, 1), right, "each at an instant of its own");
    for jobs in [1, 2, 5, 9] {
        assert_eq!(told(0..1000, jobs), right, "{jobs}");
    }
    std::fs::remove_file(&path).expect("it is there");
}
