//! The text of `docs/cost.md`: its tables, and the summary, which is made of them alone.

use crate::report::Paper;
use std::fmt::Write;

/// Rows: name, variant, settings.
pub(super) const PROPOSALS: [(&str, &str, &str); 13] = [
    ("before: unbounded", "before", ""),
    ("solution A, delay first", "solution-a", "knobs.wait_shape=delay-first"),
    ("solution A, read first", "solution-a", "knobs.wait_shape=read-first"),
    ("B-1", "b1", ""),
    ("B-2, mailed", "rfc", ""),
    ("B-2, merged", "merged", ""),
    ("MP spec., abort, loop", "mps-abort", "knobs.mps_timeout=instruction-loop"),
    ("MP spec., abort, TSC", "mps-abort", "knobs.mps_timeout=time-stamp-counter"),
    ("MP spec., abort, timer", "mps-abort", "knobs.mps_timeout=external-interrupt"),
    ("MP spec., retry, loop", "mps-retry", "knobs.mps_timeout=instruction-loop"),
    ("MP spec., retry, TSC", "mps-retry", "knobs.mps_timeout=time-stamp-counter"),
    ("MP spec., retry, timer", "mps-retry", "knobs.mps_timeout=external-interrupt"),
    ("today's", "modern", ""),
];

/// Runs of `nmi-stall` for a number: p99.9 is the last but one.
pub(super) const CRASHES: u64 = 1000;
/// Runs of callers for a number, in each of which some hundred messages are sent.
pub(super) const CALLS: u64 = 64;
/// The first seeds of every cell: their digests are on the page.
pub(super) const CHECKED: u64 = 2;
/// On i386/default: runs of today's kernels that come to their crash under load, and that hang before it.
pub(super) const TODAY_UNDER_LOAD: (u64, u64) = (814, 186);
pub(super) const COMMAND: &str = "UPDATE_COST=1 cargo test --release --lib cost";
pub(super) const LOADS: [&str; 2] = ["none", "calls=exp(150us)+ipis=exp(60us)"];

/// What stands on the page of a machine: everything that the summary is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) check: u64,
    /// A proposal each.
    pub(super) rows: Vec<Row>,
}

/// What stands on the page of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Messages that were sent.
    pub(super) sends: u64,
    /// p50 and p99.9 of a message, idle and under load; the same of the crash path.
    pub(super) cells: Vec<String>,
    /// Crashes that come to no end.
    pub(super) hang: u64,
}

const HEAD: &str = "| | messages | p50, idle | p99.9, idle | p50, load | p99.9, load | crash p50, idle | p99.9, idle | p50, load | p99.9, load | hang |\n";

pub(super) fn page(machines: &[Table]) -> String {
    let mut out = format!(
        "# What each proposal costs\n\n\
         The cover letter of 2007 rejected solution A because its price \"may not be acceptable for some callers\". Here it is measured, in simulated\n\
         µs: what a *message* costs its sender, which is how long that waits for its ICR (a function that sends to several CPUs one by one pays it for each), and how long\n\
         the *crash path* takes from the crash to its goal where a CPU is stuck (`nmi-stall`; `never` where it hangs, or hangs before it crashes; `hang` counts such runs, of {}).\n\
         Each idle and under load ({}), with jitter on the bus: {CALLS} seeds of\n\
         `examples/measure/callers.toml`, which send the messages that are counted here, and {CRASHES} of `nmi-stall` for each number. So p99.9 of a crash is the last but one of {CRASHES}, and\n\
         up to 0.48 % of all crashes may take longer than that (95 %); a load changes the story of a crash, too. Printed by `{COMMAND}`\n\
         (`src/book/cost.rs`), which takes some minutes on two cores; the test `cargo test --lib cost` makes the first {CHECKED} seeds of each cell anew, and one row whole. Most of these\n\
         kernels never were: [prices](prices.md) says which, and [measuring](measure.md) what the words mean. `-`: in x2APIC mode nobody waits.\n\n",
        2 * CRASHES,
        LOADS[1]
    );
    out += &summary(machines);
    let (come, hung) = TODAY_UNDER_LOAD;
    let _ = writeln!(
        out,
        "\nA run that hangs before its crash counts as one that comes to no end, too. Under load that is what the bounds of B and of today's kernels do not prevent: they bound the NMI\n\
         of the crash, and ordinary senders still wait without a bound. Of {CRASHES} runs of today's on i386/default {come} come to their crash, and each of these to its goal; in {hung} some CPU's\n\
         ordinary message is refused for ever by the stuck CPU before that. Solution A and the MP specification bound those waits, too, at the price that is measured here; the one run of\n\
         2000 that hangs there under solution A, read first, does so at a lock of the log."
    );
    out += "\n![What a message costs under load, cumulative](pictures/cost-send.svg)\n\n![What the crash path costs under load, cumulative](pictures/cost-crash.svg)\n";
    for machine in machines {
        let _ = writeln!(out, "\n## {}\n\n<!-- first runs: {:016x} -->\n", machine.name, machine.check);
        out += HEAD;
        out += &format!("|---|{}\n", "---:|".repeat(10));
        for ((name, ..), row) in PROPOSALS.iter().zip(&machine.rows) {
            let _ = writeln!(out, "| {name} | {} | {} | {} |", row.sends, row.cells.join(" | "), row.hang);
        }
    }
    out + "\nTerms: [glossary](glossary.md).\n"
}

/// The tables of a page.
pub(super) fn read(page: &str) -> Vec<Table> {
    let machine = |part: &str| {
        let (name, rest) = part.split_once('\n')?;
        let check = rest.split_once("first runs: ")?.1.split_once(' ')?.0;
        let rows = rest.split_once(HEAD)?.1.lines().skip(1).take_while(|line| line.starts_with('|'));
        let row = |line: &str| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let numbers = cells.get(2..10)?.iter().map(|cell| (*cell).to_owned());
            Some(Row { sends: cells[1].parse().ok()?, cells: numbers.collect(), hang: cells.get(10)?.parse().ok()? })
        };
        let check = u64::from_str_radix(check, 16).ok()?;
        Some(Table { name: name.to_owned(), check, rows: rows.map(row).collect::<Option<_>>()? })
    };
    page.split("\n## ").skip(1).filter_map(machine).collect()
}

/// A number of the page in hundredths of a µs; none: it is none.
fn hundredths(cell: &str) -> Option<u64> {
    let (whole, part) = cell.split_once('.').unwrap_or((cell, ""));
    let part: u64 = format!("{part:0<2}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 100 + part)
}

/// Is the cost of a message that of the unbounded wait? Within a hundredth, ten times what a histogram may be wrong by.
fn is_as_before(cell: &str, before: &str) -> bool {
    match (hundredths(cell), hundredths(before)) {
        (Some(cell), Some(before)) => cell <= before + before / 100,
        _ => cell == before && cell == "-",
    }
}

/// Each proposal over all machines, and what follows, from what stands in the tables.
fn summary(machines: &[Table]) -> String {
    let all = machines.len();
    let mut out = String::from(
        "| | a message costs more, at most: p50 | p99.9 | as `before` on | the crash path always ends on | it takes at most, p99.9 |\n|---|---:|---:|---:|---:|---:|\n",
    );
    let (mut free, mut ends) = (Vec::new(), Vec::new());
    for (row, (name, ..)) in PROPOSALS.iter().enumerate() {
        let cells =
            |machine: &Table, at: usize| (machine.rows[row].cells[at].clone(), machine.rows[0].cells[at].clone());
        let more = |first: usize| {
            let pairs = machines.iter().flat_map(|machine| [first, first + 2].map(|at| cells(machine, at)));
            let more = pairs.filter_map(|(cell, before)| Some(hundredths(&cell)?.saturating_sub(hundredths(&before)?)));
            shown(more.max())
        };
        let is_free = |machine: &&Table| {
            (0..4).all(|at| {
                let (cell, before) = cells(machine, at);
                is_as_before(&cell, &before)
            })
        };
        let is_ended = |machine: &&Table| machine.rows[row].hang == 0;
        let (as_before, ended) = (machines.iter().filter(is_free).count(), machines.iter().filter(is_ended).count());
        if as_before == all && row > 0 {
            free.push(*name);
        }
        if ended == all {
            ends.push(*name);
        }
        let crashes = machines.iter().filter(is_ended).flat_map(|machine| [5, 7].map(|at| cells(machine, at).0));
        let longest = shown(crashes.filter_map(|cell| hundredths(&cell)).max());
        let _ = writeln!(
            out,
            "| {name} | {} | {} | {as_before} of {all} | {ended} of {all} | {longest} |",
            more(0),
            more(1)
        );
    }
    let both: Vec<&str> = free.iter().filter(|name| ends.contains(name)).copied().collect();
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join("; ") };
    let _ = writeln!(
        out,
        "\n**What follows.** Of these proposals, a message costs the same as before on every machine, idle and under load, under: {}. The crash path comes to its end\n\
         on every machine, in each of {} runs, under: {}. Both: **{}**.",
        list(&free),
        2 * CRASHES,
        list(&ends),
        list(&both)
    );
    out
}

/// Hundredths of a µs.
fn shown(hundredths: Option<u64>) -> String {
    let paper = Paper { width: 80, exact: false, colour: false };
    hundredths.map_or_else(|| "-".to_owned(), |hundredths| paper.microseconds(hundredths * 10_000))
}

/// A summary of numbers by hand: 2.24 is more than 1.64 by 0.6; a run that hangs is enough.
#[test]
fn the_summary_is_made_of_the_tables() {
    let row = |send: &str, crash: &str, hang| {
        let cells = [[send; 4], [crash; 4]].concat().into_iter().map(str::to_owned).collect();
        Row { sends: 1, cells, hang }
    };
    let rows = |of: &dyn Fn(usize) -> Row| (0..PROPOSALS.len()).map(of).collect::<Vec<_>>();
    let table = |rows| Table { name: "m".to_owned(), check: 7, rows };
    let tables = [
        table(rows(&|at| if at == 1 { row("2.24", "7.1", 0) } else { row("1.64", "100181", u64::from(at == 2)) })),
        table(rows(&|_| row("-", "0.18", 0))),
    ];
    let told = summary(&tables);
    let line =
        |name: &str| told.lines().find(|line| line.starts_with(&format!("| {name} |"))).expect("a line").to_owned();
    assert_eq!(line("solution A, delay first"), "| solution A, delay first | 0.6 | 0.6 | 1 of 2 | 2 of 2 | 7.1 |");
    assert_eq!(line("solution A, read first"), "| solution A, read first | 0 | 0 | 2 of 2 | 1 of 2 | 0.18 |");
    assert_eq!(line("B-1"), "| B-1 | 0 | 0 | 2 of 2 | 2 of 2 | 100181 |");
    let text = page(&tables);
    assert_eq!(read(&text), tables);
    assert!(text.contains("Both: **B-1; B-2, mailed;"), "{text}");
}
