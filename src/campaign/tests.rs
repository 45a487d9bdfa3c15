//! Results of a small grid: however they are cut, interrupted and put together, the bytes are those of one run.

use super::partition::Partition;
use super::{Counts, Plan, ResultFile, against, document, document_against, merge, plan, run_all, summarize};
use crate::failure::Failure;
use crate::run::{Settings, run};
use crate::scenario::diagnostic::{InputError, Source};
use crate::scenario::grid::Grid;
use crate::token::Token;
use proptest::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

pub(super) const SMALL: &str = "format = 1\nname = \"small\"\nseeds = \"5..9\"\nset = [\"knobs.jitter_picclk=20\"]\n\
    [grid]\nscenario = [\"normal-dispatch\", \"nmi-stall\"]\nvariant = [\"before\", \"merged\"]\n\
    [[exclude]]\nscenario = \"nmi-stall\"\nvariant = \"merged\"\n";

pub(super) fn planned(text: &str) -> Result<Plan, InputError> {
    plan(&Grid::read(&Source::new("c.toml", text))?, &[])
}

fn refused(text: &str) -> String {
    planned(text).expect_err(text).render(false).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A folder of its own, gone when it is dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("apicsim-campaign-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(super) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _a_rest_is_nothing = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes what is missing; was that all?
pub(super) fn go_on(plan: &Plan, path: &Path, partition: &str, jobs: usize, stop: bool) -> Result<bool, Failure> {
    let partition: Partition = partition.parse().expect("a partition");
    let mut result = ResultFile::open(path, plan, partition)?;
    let stop = AtomicBool::new(stop);
    run_all(plan, partition, jobs, &Settings::seeded(0), &stop, &Counts::default(), &mut result)
}

fn whole(plan: &Plan, folder: &Folder, jobs: usize) -> Vec<u8> {
    let path = folder.0.join(format!("whole-{jobs}"));
    assert!(go_on(plan, &path, "slice:1/1", jobs, false).expect("it runs"));
    std::fs::read(&path).expect("it is there")
}

pub(super) fn rows(bytes: &[u8]) -> Vec<Value> {
    let lines = std::str::from_utf8(bytes).expect("text").lines();
    let values = lines.map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    values.filter(|value| value["schema"] == "apicsim.campaign-row/1").collect()
}

/// The whole result, and its pieces: the parts of partitions of one, two, three and five.
pub(super) static PIECES: LazyLock<(Vec<u8>, Vec<Vec<u8>>)> = LazyLock::new(|| {
    let (plan, folder) = (planned(SMALL).expect("a plan"), Folder::new("pieces"));
    let mut pieces = Vec::new();
    for of in [1, 2, 3, 5] {
        for part in 1..=of {
            let path = folder.0.join(format!("{part}-{of}"));
            assert!(go_on(&plan, &path, &format!("slice:{part}/{of}"), 2, false).expect("it runs"));
            pieces.push(std::fs::read(&path).expect("it is there"));
        }
    }
    (whole(&plan, &folder, 1), pieces)
});

pub(super) fn merged(folder: &Folder, name: &str, parts: &[PathBuf]) -> (PathBuf, Vec<u8>) {
    let out = folder.0.join(name);
    merge(parts, &out).expect("they fit");
    let bytes = std::fs::read(&out).expect("it is there");
    (out, bytes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, rng_seed: proptest::test_runner::RngSeed::Fixed(2007), ..ProptestConfig::default() })]
    /// Any pieces, some of them twice, each perhaps cut off somewhere behind its header, in any order and any grouping.
    #[test]
    fn merging_is_associative_commutative_and_idempotent(
        picked in prop::collection::vec((0..11_usize, 0..12_000_usize), 1..6),
        turned in 0..6_usize,
    ) {
        let folder = Folder::new("merge");
        let (right, pieces) = &*PIECES;
        let header = right.iter().position(|&byte| byte == b'\n').expect("a line") + 1;
        let mut parts: Vec<PathBuf> = picked.iter().zip(0..).map(|(&(piece, cut), number)| {
            let bytes = &pieces[piece];
            folder.file(&format!("p{number}"), &bytes[..bytes.len().min(header + cut)])
        }).collect();
        let (all, bytes) = merged(&folder, "all", &parts);
        let at = turned % parts.len();
        parts.rotate_left(at);
        prop_assert_eq!(&merged(&folder, "turned", &parts).1, &bytes);
        let (first, _) = merged(&folder, "first", &parts[..1]);
        let rest: Vec<PathBuf> = [vec![first], parts[1..].to_vec()].concat();
        prop_assert_eq!(&merged(&folder, "left", &rest).1, &bytes);
        let (last, _) = merged(&folder, "last", &parts[parts.len() / 2..]);
        let rest: Vec<PathBuf> = [parts[..parts.len() / 2].to_vec(), vec![last]].concat();
        prop_assert_eq!(&merged(&folder, "right", &rest).1, &bytes);
        prop_assert_eq!(&merged(&folder, "twice", &[all.clone(), all.clone()]).1, &bytes);
        // Each row that is there whole in a piece is there, as it is in the whole result.
        let right_rows = rows(right);
        let found = rows(&bytes);
        prop_assert!(found.iter().all(|row| right_rows.contains(row)));
        prop_assert!(found.is_sorted_by_key(|row| row["row"].as_u64()));
        // And with the whole result all of it comes out.
        let (path, _) = merged(&folder, "whole", &[all, folder.file("w", right)]);
        prop_assert_eq!(&std::fs::read(path).expect("it is there"), right);
    }
}

#[test]
fn the_parts_of_a_partition_are_the_whole() {
    let folder = Folder::new("parts");
    let (right, pieces) = &*PIECES;
    let five: Vec<PathBuf> = (0..5).map(|number| folder.file(&format!("{number}"), &pieces[6 + number])).collect();
    assert_eq!(&merged(&folder, "out", &five).1, right);
    let twelve = rows(right);
    assert_eq!(twelve.len(), 12, "two stories, three machines, four seeds");
    assert_eq!(twelve.iter().filter(|row| row["verdict"] == "hung").count(), 4, "nmi-stall before");
}

#[test]
fn the_number_of_cores_changes_nothing() {
    let (plan, folder) = (planned(SMALL).expect("a plan"), Folder::new("jobs"));
    for jobs in [1, 2, 7, 40] {
        assert!(whole(&plan, &folder, jobs) == PIECES.0, "{jobs}");
    }
}

/// Whatever was written when it was killed, up to any byte: it goes on, and comes to the same.
#[test]
fn a_result_that_was_cut_off_is_gone_on_with() {
    let (plan, folder) = (planned(SMALL).expect("a plan"), Folder::new("cut"));
    let right = &PIECES.0;
    let ends = right.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    let cuts: Vec<usize> = ends.flat_map(|at| [at, at + 1, at + 60]).chain([0, 1, 9]).collect();
    for cut in cuts {
        let path = folder.file("cut", &right[..cut.min(right.len())]);
        assert!(go_on(&plan, &path, "slice:1/1", 2, false).expect("it goes on"), "{cut}");
        assert!(std::fs::read(&path).expect("it is there") == *right, "{cut}");
    }
}

#[test]
fn what_is_stopped_writes_nothing_and_is_gone_on_with() {
    let (plan, folder) = (planned(SMALL).expect("a plan"), Folder::new("stop"));
    let path = folder.0.join("r");
    assert!(!go_on(&plan, &path, "slice:1/1", 2, true).expect("it ends"));
    assert_eq!(rows(&std::fs::read(&path).expect("it is there")).len(), 0);
    assert!(go_on(&plan, &path, "slice:1/1", 2, false).expect("it runs"));
    assert!(std::fs::read(&path).expect("it is there") == PIECES.0);
}

#[test]
fn results_of_others_are_refused_and_left_alone() {
    let (plan, folder) = (planned(SMALL).expect("a plan"), Folder::new("others"));
    let text = String::from_utf8(PIECES.0.clone()).expect("text");
    let cases = [
        (text.replacen("\"result_version\":2", "\"result_version\":3", 1), "another version of results: 3"),
        (text.replacen("\"result_version\":2,", "", 1), "another version of results: none"),
        (text.replacen("\"digest_version\":2", "\"digest_version\":3", 1), "another version of the digest"),
        (text.replacen("\"grid\":\"", "\"grid\":\"0", 1), "another grid"),
        (text.replacen("apicsim.campaign/1", "apicsim.campaign/2", 1), "another format"),
        ("my notes".to_owned(), "no header of a campaign"),
        ("my notes\n".to_owned(), "no header of a campaign"),
    ];
    let ours = folder.file("ours", text.as_bytes());
    for (text, says) in cases {
        let path = folder.file("other", text.as_bytes());
        let error = go_on(&plan, &path, "slice:1/1", 1, false).expect_err(says).to_string();
        assert!(error.contains(says), "{says}: {error}");
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text, "{says}");
        if text.ends_with('\n') {
            let error = merge(&[ours.clone(), path], &folder.0.join("out")).expect_err(says).to_string();
            assert!(error.contains(says), "{says}: {error}");
            let left = std::fs::read_dir(&folder.0).expect("a folder").filter_map(Result::ok);
            assert!(left.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with("out")), "{says}");
        }
    }
    let error = go_on(&plan, &folder.file("half", &PIECES.1[1]), "slice:2/2", 1, false).expect_err("another part");
    assert!(error.to_string().contains("other rows than this partition: row 0"), "{error}");
    let damaged = text.replacen("\"verdict\":\"completed\"", "\"verdict\":\"hung\"", 1);
    let error = merge(&[ours.clone(), folder.file("damaged", damaged.as_bytes())], &folder.0.join("out"));
    assert!(error.expect_err("they differ").to_string().contains("different things of row 0"));
    let joined = text.replacen('\n', " ", 2);
    assert!(merge(&[ours, folder.file("joined", joined.as_bytes())], &folder.0.join("out")).is_err());
}

#[cfg(unix)]
#[test]
fn one_result_is_written_by_one_campaign() {
    let (plan, folder) = (planned(SMALL).expect("a plan"), Folder::new("lock"));
    let path = folder.0.join("r");
    let first = ResultFile::open(&path, &plan, Partition::WHOLE).expect("it is free");
    let error = ResultFile::open(&path, &plan, Partition::WHOLE).expect_err("it is taken").to_string();
    assert!(error.contains("another campaign writes"), "{error}");
    // Nor is it replaced under the one that writes it.
    let error = merge(std::slice::from_ref(&path), &path).expect_err("it is taken").to_string();
    assert!(error.contains("another campaign writes"), "{error}");
    drop(first);
    assert!(merge(std::slice::from_ref(&path), &path).is_ok());
    assert!(ResultFile::open(&path, &plan, Partition::WHOLE).is_ok());
}

/// A row says what a run with its token says.
#[test]
fn rows_are_what_their_tokens_replay() {
    for row in rows(&PIECES.0).iter().step_by(3) {
        let token: Token = row["token"].as_str().expect("a token").parse().expect("ours");
        let (report, _) = run(&token.load().expect("ours"), &Settings::seeded(token.seed)).expect("it runs");
        assert_eq!(row["digest"], crate::report::digest::written(report.digest));
        assert_eq!(row["verdict"], report.verdict.name());
        assert_eq!(row["seed"], report.seed.to_string());
        assert_eq!(row["cause"].as_str(), report.hang.as_ref().map(|hang| hang.cause.as_str()));
        let us = row["sim_time_us"].to_string();
        assert_eq!(us, crate::scenario::decimal::microseconds(report.sim_time.as_ps()));
    }
}

#[test]
fn a_grid_of_nothing_or_too_much_is_refused() {
    let grid = |seeds: &str, rest: &str| format!("format = 1\nname = \"c\"\nseeds = \"{seeds}\"\n{rest}");
    let one = "[grid]\nscenario = \"normal-dispatch\"\n";
    let cases = [
        (grid("7..7", one), "has no seed"),
        (grid("0..1_000_000_000_000", one), "no seed"),
        (grid("0..1000000000000", one), "1000000000000 seeds, and 10000000000 are the most"),
        (grid("0..9000000000", &format!("{one}variant = [\"before\", \"rfc\"]\n")), "more than 10000000000 runs"),
        (grid("0..1", &format!("{one}[[exclude]]\narch = \"i386/*\"\n")), "leaves everything out"),
        (
            grid(
                "0..1",
                &format!(
                    "{one}cpus = [{}]\n[[include]]\nscenario = \"x\"",
                    (1..10_001).map(|n| n.to_string() + ",").collect::<String>()
                ),
            ),
            "10001 points",
        ),
        (grid("0..1", "[grid]\nscenario = \"normal-dispach\""), "did you mean `normal-dispatch`"),
        (grid("0..1", &format!("{one}variant = \"befor\"")), "unknown variant"),
        (grid("0..1", &format!("{one}cpus = [4, 99]")), "at this point of the grid"),
        (
            grid("0..1", &format!("impossible = \"leave-out\"\n{one}cpus = [4, 99]")),
            "nothing can be made of that value",
        ),
        (
            grid("0..1", &format!("impossible = \"leave-out\"\n{one}set = [[], [\"knobs.slotz=1\"]]")),
            "nothing can be made of that value",
        ),
        (
            grid("0..3", &format!("{one}[[include]]\nscenario = \"normal-dispatch\"\nseeds = \"2..5\"")),
            "in the grid already",
        ),
    ];
    for (text, says) in cases {
        let error = refused(&text);
        assert!(error.contains(says), "{text}\n{error}");
    }
}

/// Eight CPUs fit a flat sub-architecture and sixteen do not; on clusters both do.
#[test]
fn points_that_no_machine_can_hold_are_left_out_if_that_is_asked_for() {
    let text = "format = 1\nname = \"c\"\nseeds = \"0..2\"\nimpossible = \"leave-out\"\n[grid]\nscenario = \"normal-dispatch\"\n\
        arch = [\"x86_64/flat\", \"x86_64/physflat\"]\ncpus = [8, 16]\n";
    let found = planned(text).expect("a plan");
    assert_eq!((found.cells.len(), found.runs, found.left_out.len()), (3, 6, 1));
    assert!(found.left_out[0].0.contains("x86_64/flat") && found.left_out[0].0.contains("16"), "{:?}", found.left_out);
    // Kernels that are not Linux have one wait of their own: two variants are one machine.
    let text = "format = 1\nname = \"c\"\nseeds = \"0..2\"\n[grid]\nscenario = \"stuck-icr\"\narch = \"other/xv6\"\nvariant = [\"before\", \"rfc\"]";
    assert_eq!(planned(text).expect("a plan").cells.len(), 1);
}

/// Of twelve runs four hang, of one machine all; Wilson's bounds of 4 of 4 are 51.01 % and 100 %.
#[test]
fn a_report_counts_what_is_in_the_rows() {
    let folder = Folder::new("report");
    let summary = summarize(&folder.file("r", &PIECES.0)).expect("a result");
    let told = document(&summary);
    assert_eq!((&told["rows"], &told["runs"]), (&Value::from(12), &Value::from(12)));
    let machine = told["machines"]
        .as_array()
        .expect("machines")
        .iter()
        .find(|one| one["scenario"] == "nmi-stall")
        .expect("it is there");
    assert_eq!(
        (machine["hung"].as_u64(), machine["max_us"].is_null(), machine["p50_us"].is_null()),
        (Some(4), true, true)
    );
    let low: f64 = machine["not_completed_low"].to_string().parse().expect("a rate");
    assert!((low - 0.5101).abs() < 0.0001, "{low}");
    let cause = &told["causes"][0];
    assert_eq!((cause["runs"].as_u64(), told["causes"].as_array().map(Vec::len)), (Some(4), Some(1)));
    let hung: Vec<Value> = rows(&PIECES.0).into_iter().filter(|row| row["verdict"] == "hung").collect();
    let fewest = hung.iter().filter_map(|row| row["events"].as_u64()).min();
    assert_eq!(cause["smallest"]["events"].as_u64(), fewest);
    let reached = |what: &str| {
        let all = told["reached"].as_array().expect("a list");
        all.iter().find(|one| one["what"] == what).and_then(|one| one["runs"].as_u64())
    };
    assert_eq!(
        (reached("mechanism: A"), reached("refusal: retry"), reached("fate: taken")),
        (Some(4), Some(4), Some(12))
    );
    let never: Vec<&str> = told["never"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(never.contains(&"mechanism: B") && !never.contains(&"mechanism: A"), "{never:?}");
    assert!(!never.contains(&"mechanism: L"), "a serial bus has no chipset that pushes back: {never:?}");
}

/// The same campaign with another bus clock: nothing hangs less, but runs come out otherwise, from the first one on; against itself
/// nothing does, and every difference is none.
#[test]
fn results_are_compared_run_by_run_and_by_percentiles() {
    let folder = Folder::new("against");
    let ours = folder.file("ours", &PIECES.0);
    let text = String::from_utf8(PIECES.0.clone()).expect("text");
    // Row 5 took 1 µs longer, with another digest.
    let changed: String = text
        .lines()
        .map(|line| {
            let mut row: Value = serde_json::from_str(line).expect("JSON");
            if row["row"] == 5 {
                let us: f64 = row["sim_time_us"].to_string().parse().expect("a time");
                (row["sim_time_us"], row["digest"]) = (Value::from(us + 1.0), "2:00".into());
            }
            format!("{row}\n")
        })
        .collect();
    let theirs = folder.file("theirs", changed.as_bytes());
    let [one, other] = [&ours, &theirs].map(|path| summarize(path).expect("a result"));
    let same = document_against(&against((&one, &ours), (&one, &ours)).expect("they are read"));
    assert_eq!((same["runs"].as_u64(), same["otherwise"].as_u64(), same["first"].is_null()), (Some(12), Some(0), true));
    let found = document_against(&against((&other, &theirs), (&one, &ours)).expect("they are read"));
    assert_eq!((found["otherwise"].as_u64(), found["first"]["row"].as_u64()), (Some(1), Some(5)));
    let percentile = |of: &Value, machine: usize, at: usize| of["machines"][machine]["percentiles"][at].clone();
    assert_eq!(percentile(&same, 0, 0)["difference_us"], Value::from(0));
    // Row 5 is of the second machine, whose four runs took one time: the greatest of four is now 1 µs more.
    assert_eq!(percentile(&found, 1, 1)["difference_us"].to_string().parse::<f64>().ok(), Some(1.0), "{found}");
    assert!(percentile(&found, 1, 1)["high_us"].is_null(), "four runs bound no p99");
    let hung = (0..3).map(|machine| percentile(&same, machine, 0)).find(|one| one["now_us"].is_null());
    assert!(hung.is_some_and(|one| one["difference_us"].is_null()), "what never ends has no difference");
}
