//! `apicsim matrix`: every format says the same of every run; the crash as a dimension.

use crate::support::{apicsim, apicsim_with, json, report, words};
use serde_json::Value;

/// What a format says of one run: everything that all formats have.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    arch: String,
    crash_cpu: String,
    trigger: String,
    variant: String,
    completed: bool,
    timeouts: String,
    stopped: String,
    capture: String,
    nmi: String,
    fixed: String,
}

const ROWS: [&str; 7] = [
    "matrix",
    "nmi-stall",
    "--arch=i386/default,x86_64/flat",
    "--variant=all",
    "--crash-cpu=0,1",
    "--trigger",
    "oops-crash",
];

fn printed(arguments: &[&str]) -> String {
    let output = apicsim(arguments);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn of_json() -> Vec<Record> {
    let document = json(&[&ROWS[..], &["--format", "json"]].concat());
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned).replace("null", "");
    let rows = document["rows"].as_array().unwrap();
    let cells = rows.iter().flat_map(|row| row["cells"].as_array().unwrap().iter().map(move |cell| (row, cell)));
    let record = |(row, cell): (&Value, &Value)| Record {
        arch: word(&row["arch"]),
        crash_cpu: word(&row["crash_cpu"]),
        trigger: word(&row["trigger"]),
        variant: word(&cell["variant"]),
        completed: cell["verdict"] == "completed",
        timeouts: word(&cell["timeouts"]),
        stopped: word(&cell["stopped"]),
        capture: word(&cell["capture_us"]),
        nmi: word(&cell["nmi_us"]),
        fixed: word(&cell["fixed_us"]),
    };
    cells.map(record).collect()
}

/// Records of a table by the names of its columns.
fn of_table(names: [&str; 10], header: &[String], lines: Vec<Vec<String>>) -> Vec<Record> {
    let column =
        |name: &str| header.iter().position(|one| one == name).unwrap_or_else(|| panic!("{name} in {header:?}"));
    let columns = names.map(column);
    let record = |line: Vec<String>| {
        assert_eq!(line.len(), header.len(), "{line:?}");
        let mut fields = columns.map(|column| line[column].clone()).into_iter();
        let mut next = || fields.next().unwrap().trim_start_matches('-').to_owned();
        Record {
            arch: next(),
            crash_cpu: next(),
            trigger: next(),
            variant: next(),
            completed: next().starts_with("completed"),
            timeouts: next(),
            stopped: next(),
            capture: next(),
            nmi: next(),
            fixed: next(),
        }
    };
    lines.into_iter().map(record).collect()
}

/// A reader of CSV by the grammar of RFC 4180 section 2.
fn csv(text: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let (mut quoted, mut letters) = (false, text.chars().peekable());
    while let Some(letter) = letters.next() {
        let record = records.last_mut().unwrap();
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => record.last_mut().unwrap().push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted => {
                assert_eq!(letters.next(), Some('\n'));
                records.push(vec![String::new()]);
            }
            _ => record.last_mut().unwrap().push(letter),
        }
    }
    assert_eq!(records.pop(), Some(vec![String::new()]), "the last record ends with a line break, too");
    records
}

fn of_csv() -> Vec<Record> {
    let mut records = csv(&printed(&[&ROWS[..], &["--format", "csv"]].concat()));
    let header = records.remove(0);
    let names = [
        "arch",
        "crash_cpu",
        "trigger",
        "variant",
        "verdict",
        "timeouts",
        "stopped",
        "capture_us",
        "nmi_us",
        "fixed_us",
    ];
    of_table(names, &header, records)
}

const COLUMNS: [&str; 10] = [
    "sub-architecture",
    "crash CPU",
    "trigger",
    "variant",
    "outcome",
    "timeouts",
    "stopped",
    "capture, µs",
    "NMI, µs",
    "FIXED, µs",
];

fn of_markdown() -> Vec<Record> {
    let text = printed(&[&ROWS[..], &["--format", "markdown", "--exact"]].concat());
    let cells = |line: &str| {
        let inner = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")).expect("a row of a table");
        inner.split(" | ").map(str::to_owned).collect::<Vec<_>>()
    };
    let mut lines = text.lines().take_while(|line| !line.is_empty()).map(cells);
    let header = lines.next().unwrap();
    let rule = lines.next().unwrap();
    assert!(rule.len() == header.len() && rule.iter().all(|cell| ["---", "---:"].contains(&cell.as_str())), "{rule:?}");
    of_table(COLUMNS, &header, lines.collect())
}

/// Columns of the text begin where the header's names do; two blanks or more lie between them.
fn of_text() -> Vec<Record> {
    let output = apicsim_with(&[&ROWS[..], &["--exact"]].concat(), &[("COLUMNS", "240")]);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut parts = text.split('─').filter(|part| part.contains("  "));
    let words =
        |line: &str| line.split("  ").map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let header: Vec<String> = words(parts.next().unwrap());
    let mut above: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    let is_legend = |line: &&str| line.starts_with('[');
    for line in parts.next().unwrap().lines().skip(1).take_while(|line| !is_legend(line)) {
        let mut cells: Vec<String> = words(line);
        if cells.len() < header.len() {
            cells.splice(..0, above[..header.len() - cells.len()].iter().cloned());
        }
        above.clone_from(&cells);
        lines.push(cells);
    }
    of_table(COLUMNS, &header, lines)
}

#[test]
fn every_format_says_the_same_of_every_run() {
    let expected = of_json();
    assert_eq!(expected.len(), 2 * 2 * 8);
    assert_eq!(of_csv(), expected);
    assert_eq!(of_markdown(), expected);
    assert_eq!(of_text(), expected);
}

/// Any scenario, each variant: one record each, with every field.
#[test]
fn every_built_in_scenario_has_a_matrix() {
    for name in apicsim::scenario::builtin_names() {
        let records = csv(&printed(&["matrix", name, "--arch", "i386/default", "--variant", "all", "--format", "csv"]));
        assert_eq!(records.len(), 1 + apicsim::scenario::VARIANTS.len(), "{name}");
        assert!(records.iter().all(|record| record.len() == records[0].len()), "{name}");
    }
}

/// A kernel that is not Linux has one cell, whatever variants are compared.
#[test]
fn other_kernels_have_one_cell() {
    let document =
        json(&["matrix", "stuck-icr", "--arch", "other/*,i386/bigsmp", "--variant", "before,merged", "--json"]);
    let rows = document["rows"].as_array().unwrap();
    let cells =
        |row: &Value| row["cells"].as_array().unwrap().iter().map(|cell| cell["variant"].clone()).collect::<Vec<_>>();
    assert_eq!(cells(&rows[0]), ["before", "merged"]);
    assert_eq!(rows.len(), 1 + apicsim::scenario::OTHER_ARCHES.len());
    assert!(rows[1..].iter().all(|row| cells(row) == ["own"]));
    let panics: Vec<_> = rows[1..].iter().filter(|row| !row["cells"][0]["panicked_us"].is_null()).collect();
    assert!(panics.len() == 1 && panics[0]["arch"] == "other/freebsd");
}

/// The ICR belongs to its CPU: the one that crashes decides. CPU 0 has sent, CPU 1 has not since its message went through,
/// CPU 2 has interrupts off and never hears of SysRq.
#[test]
fn the_crashing_cpu_is_a_dimension() {
    let arguments =
        ["matrix", "nmi-stall", "--arch", "i386/default", "--variant", "before", "--crash-cpu", "0,1,2", "--json"];
    let document = json(&arguments);
    assert_eq!((&document["schema"]["version"], &document["interrupted"]), (&"1.3".into(), &false.into()));
    let rows = document["rows"].as_array().unwrap();
    let outcomes: Vec<_> = rows.iter().map(|row| (&row["crash_cpu"], &row["cells"][0]["verdict"])).collect();
    let expected =
        [(0, "hung"), (1, "completed"), (2, "hung")].map(|(cpu, verdict)| (Value::from(cpu), Value::from(verdict)));
    assert_eq!(outcomes, expected.iter().map(|(cpu, verdict)| (cpu, verdict)).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row.get("trigger").is_none()), "only what the matrix chooses");
    assert_eq!(rows[2]["cells"][0]["crash_us"], Value::Null, "its crash never came");
    let text = printed(&arguments[..arguments.len() - 1]);
    assert_eq!((text.matches("never crashes [").count(), text.matches("hangs [").count()), (1, 1), "{text}");
}

/// A choice of the matrix is a setting of the event that crashes, so that the run can be had by itself.
#[test]
fn a_crash_of_the_matrix_is_a_setting() {
    let arguments =
        ["matrix", "nmi-stall", "--arch=i386/numaq", "--variant=merged", "--crash-cpu=3", "--trigger=oops-crash"];
    let document = json(&[&arguments[..], &["--json"]].concat());
    let row = &document["rows"][0];
    assert_eq!((&row["crash_cpu"], &row["trigger"]), (&Value::from(3), &Value::from("oops-crash")));
    let alone = report("nmi-stall", "i386/numaq", "merged", &["event.5.cpu=3", "event.5.role=oops-crash"]);
    assert_eq!(row["cells"][0]["digest"], apicsim::report::digest::written(alone.digest));
    assert_ne!(alone.digest, report("nmi-stall", "i386/numaq", "merged", &[]).digest);
}

/// What cannot be is refused by name.
#[test]
fn impossible_crashes_are_refused() {
    for (arguments, message) in [
        (["matrix", "normal-dispatch", "--crash-cpu", "0"], "`normal-dispatch` has no crash to change"),
        (["matrix", "nmi-stall", "--crash-cpu", "4"], "there is no CPU 4 (--crash-cpu) in a machine of 4 CPUs"),
        (["matrix", "nmi-stall", "--trigger", "munmap"], "unknown trigger `munmap`"),
        (["matrix", "nmi-stall", "--format", "xml"], "unknown format `xml`"),
    ] {
        let output = apicsim(&arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(words(&error).contains(message) && output.stdout.is_empty(), "{error}");
    }
}
