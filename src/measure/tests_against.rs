//! Measurements against older ones: what differs is what differs in the files, and what runs say that are made one by one.

use super::{Axes, Comparing, Comparison, Gap, Measured, MeasurementFile, Measuring, Older, Quantile};
use crate::failure::Failure;
use crate::run::{Settings, run};
use crate::scenario::{self, Request};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

/// A folder of its own, gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("apicsim-against-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _a_rest_is_nothing = std::fs::remove_dir_all(&self.0);
    }
}

fn request(scenario: &str, arch: String, variant: String, set: &str) -> Request {
    let sets = vec![set.to_owned()];
    Request { arch: Some(arch), variant: Some(variant), sets, ..Request::new(scenario) }
}

fn measuring(scenario: &str, variants: &[&str], set: &str, seeds: Range<u64>) -> Measuring {
    let axes = Axes { arches: &["i386/default"], optional: &[], variants, loads: &[] };
    Measuring::of(axes, seeds, |arch, variant| request(scenario, arch, variant, set)).expect("it loads")
}

/// The file of a measurement.
fn kept(measuring: Measuring, path: &Path, jobs: usize) -> String {
    let mut file = MeasurementFile::create(path, &measuring).expect("a file");
    let mut told = |piece| file.take(&piece).is_ok();
    let measurement = measuring.measure(jobs, &Settings::seeded(0), &AtomicU64::new(0), &mut told).expect("it runs");
    file.finish(&measurement).expect("it is written");
    std::fs::read_to_string(path).expect("it is there")
}

fn compared(measuring: Measuring, older: &Path, jobs: usize) -> Result<Comparison, Failure> {
    let mut comparing = Comparing::new(Older::open(older)?, measuring.machines());
    let mut told = |piece| comparing.take(&piece).is_ok();
    let measurement = measuring.measure(jobs, &Settings::seeded(0), &AtomicU64::new(0), &mut told)?;
    Ok(comparing.finish(&measurement))
}

fn tendencies(comparison: &Comparison, what: Measured) -> Vec<&'static str> {
    let figures = comparison.machines.iter().flat_map(|machine| &machine.figures).filter(|figure| figure.what == what);
    figures.flat_map(|figure| figure.changes.iter().map(|change| change.tendency().name())).collect()
}

const JITTER: &str = "knobs.jitter_picclk=20";

/// Against itself nothing differs; the file has the same bytes for any number of jobs.
#[test]
fn a_measurement_is_like_itself() {
    let folder = Folder::new("itself");
    let path = folder.0.join("a");
    let now = || measuring("normal-dispatch", &["before", "merged"], JITTER, 3..300);
    let text = kept(now(), &path, 1);
    for jobs in [2, 7] {
        assert!(kept(now(), &folder.0.join("b"), jobs) == text, "{jobs}");
        let found = compared(now(), &path, jobs).expect("it is read");
        assert_eq!((found.runs, found.otherwise, found.lonely, found.machines.len()), (594, 0, 0, 2));
        assert!(found.machines.iter().all(|machine| machine.lonely == 0 && machine.figures.iter().all(|one| one.same)));
    }
    // Some seeds of it alone are compared with theirs.
    let found = compared(measuring("normal-dispatch", &["merged"], JITTER, 290..310), &path, 2).expect("it is read");
    assert_eq!((found.runs, found.otherwise, found.lonely), (10, 0, 1));
}

/// Digests are changed by hand: of machine 1 that of seed 70, of machine 0 that of seed 9 and of 200, whose verdict is changed, too.
#[test]
fn the_first_run_that_differs_is_that_with_the_least_seed() {
    let folder = Folder::new("first");
    let text = kept(measuring("normal-dispatch", &["before", "merged"], JITTER, 0..256), &folder.0.join("a"), 2);
    let changed: String = text
        .lines()
        .map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let piece = (line["machine"].as_u64(), line["seed"].as_str().and_then(|seed| seed.parse::<u64>().ok()));
            for (machine, seed) in [(1, 70), (0, 9), (0, 200)] {
                let (Some(of), Some(first)) = piece else { continue };
                if of == machine && (first..first + 64).contains(&seed) {
                    let at = (seed - first) as usize;
                    let mut digests = line["digests"].as_str().expect("digests").to_owned();
                    let letter = if digests[at * 16..].starts_with('0') { "1" } else { "0" };
                    digests.replace_range(at * 16..at * 16 + 1, letter);
                    line["digests"] = digests.into();
                }
            }
            if piece == (Some(0), Some(192)) {
                let verdicts = line["verdicts"].as_str().expect("verdicts");
                line["verdicts"] = format!("{}h{}", &verdicts[..8], &verdicts[9..]).into();
            }
            format!("{line}\n")
        })
        .collect();
    let path = folder.file("changed", &changed);
    let now = || measuring("normal-dispatch", &["before", "merged"], JITTER, 0..256);
    let found = compared(now(), &path, 3).expect("it is read");
    assert_eq!((found.runs, found.otherwise), (512, 3));
    let first = found.first.expect("there is one");
    assert_eq!((first.seed, first.machine.axes[1].as_str()), (9, "before"));
    let token: crate::token::Token = first.now.token.parse().expect("a token");
    let (report, _) = run(&token.load().expect("it loads"), &Settings::seeded(token.seed)).expect("it runs");
    assert_eq!((token.seed, report.digest, report.verdict), (9, first.now.ran.digest, first.now.ran.verdict));
    // Digests of another version say nothing: what is left is the verdict of seed 200.
    let older = folder.file("older", &changed.replacen("\"digest_version\":2", "\"digest_version\":1", 1));
    let found = compared(now(), &older, 1).expect("it is read");
    assert_eq!((found.same_digests, found.otherwise, found.first.map(|first| first.seed)), (false, 1, Some(200)));
}

/// Runs made one by one say which of them differ: those in which the load comes into the way of the story, and no others.
#[test]
fn what_differs_is_what_differs_run_by_run() {
    let folder = Folder::new("one-by-one");
    let path = folder.0.join("a");
    let (then, now) = (JITTER, "knobs.jitter_picclk=19");
    kept(measuring("normal-dispatch", &["before"], then, 0..40), &path, 2);
    let found = compared(measuring("normal-dispatch", &["before"], now, 0..40), &path, 2).expect("it is read");
    let digest = |set: &str, seed| {
        let request = request("normal-dispatch", "i386/default".into(), "before".into(), set);
        run(&scenario::load(&request).expect("it loads"), &Settings::seeded(seed)).expect("it runs").0.digest
    };
    let differ: Vec<u64> = (0..40).filter(|&seed| digest(then, seed) != digest(now, seed)).collect();
    assert_eq!((found.otherwise, found.first.map(|first| first.seed)), (differ.len() as u64, differ.first().copied()));
}

/// The unbounded wait of 2007 never ends, the merged one does: shorter, by what has no length. Either alone is its measurement's one
/// variant, so they are compared although they are called otherwise.
#[test]
fn what_never_ended_and_does_now_is_shorter() {
    let folder = Folder::new("never");
    let path = folder.0.join("a");
    kept(measuring("nmi-stall", &["before"], JITTER, 0..60), &path, 2);
    let found = compared(measuring("nmi-stall", &["merged"], JITTER, 0..60), &path, 2).expect("it is read");
    assert_eq!((found.runs, found.otherwise, found.lonely), (60, 60, 0));
    assert_eq!((found.machines[0].now.axes[1].as_str(), found.machines[0].then.axes[1].as_str()), ("merged", "before"));
    let figures = &found.machines[0].figures;
    let crash = figures.iter().find(|figure| figure.what == Measured::CrashPath).expect("it is measured");
    let median = crash.changes[0];
    assert!(matches!((median.then, median.now), (Quantile::Never, Quantile::Span(_))));
    assert_eq!((median.difference, median.tendency().name()), (Gap::EndsNow, "shorter"));
    // 60 spans bound no p99.9 from above; but the lower bound of what never ends says enough.
    assert_eq!(tendencies(&found, Measured::CrashPath), ["shorter", "shorter", "unclear", "unclear"]);
    // The waits of both stand in other functions.
    assert!(
        figures.iter().any(|one| one.what == Measured::Wait && one.site.starts_with("places that one of both has"))
    );
}

/// A line that moves is the same place; one of two in a function is not guessed.
#[test]
fn places_are_found_again_where_lines_have_moved() {
    let folder = Folder::new("moved");
    let text = kept(measuring("normal-dispatch", &["before"], JITTER, 0..10), &folder.0.join("a"), 1);
    let moved = text.replace("apic_wait_icr_idle.rs:12)", "apic_wait_icr_idle.rs:99)");
    assert_ne!(moved, text, "it is there");
    let found = compared(measuring("normal-dispatch", &["before"], JITTER, 0..10), &folder.file("moved", &moved), 1);
    let found = found.expect("it is read");
    assert!(found.machines[0].lonely == 0 && found.machines[0].figures.iter().all(|figure| figure.same));
}

/// Anything may be cut off or changed: never a panic, and never a measurement of a part.
#[test]
fn what_is_no_whole_measurement_is_refused() {
    let folder = Folder::new("refused");
    let text = kept(measuring("normal-dispatch", &["before"], JITTER, 0..70), &folder.0.join("a"), 1);
    let refused = |name: &str, text: &str| {
        let error = Older::open(&folder.file(name, text)).expect_err(name);
        error.render(false).expect("it is told").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for cut in (0..text.len()).step_by(97).chain([text.len() - 1]) {
        assert!(refused("cut", &text[..cut]).contains("line"), "{cut}");
    }
    let without_end: String =
        text.lines().filter(|line| !line.contains("-end/")).map(|line| format!("{line}\n")).collect();
    for (changed, says) in [
        (
            text.replacen("\"result_version\":2", "\"result_version\":7", 1),
            "another version of results: 7 there, 2 here",
        ),
        (text.replacen("\"machine\":0", "\"machine\":1", 1), "no line of a measurement"),
        (text.replacen("\"verdicts\":\"c", "\"verdicts\":\"x", 1), "no line of a measurement"),
        (text.replacen("\"never\":0", "\"never\":-1", 1), "no figure of a measurement"),
        (text.replacen("apicsim.measurement/1", "apicsim.campaign/1", 1), "no measurement begins so"),
        (without_end, "cut off here"),
        (String::new(), "nothing is in it"),
        ("[]\n".to_owned(), "no measurement begins so"),
    ] {
        let error = refused("changed", &changed);
        assert!(error.contains(says), "{says}: {error}");
    }
}
