//! Percentiles compared, told: a table of them, and a whole measurement against an older one, as text and as a part of the document.

use super::records::length;
use crate::measure::{AXES, Change, ComparedFigure, ComparedMachine, Comparison, Gap, Quantile, Told};
use crate::report::digest;
use crate::report::microseconds::microseconds_or_null;
use crate::report::page::Page;
use crate::report::paper::Paper;
use crate::report::table::{Side, Table};
use crate::scenario::named::Named;
use crate::scenario::{counted, decimal};
use serde_json::{Number, Value, json};

/// The head of a table of changes.
pub(crate) fn changes_table() -> Table {
    Table::new(["", "then", "now", "difference", "from", "to"].map(|name| (name.to_owned(), Side::Right)))
}

/// A row of it.
pub(crate) fn change_row(change: &Change, paper: Paper) -> Vec<String> {
    let gap = |gap| told_gap(gap, paper);
    let mut row = vec![format!("p{}", percentile(change.share))];
    row.extend([change.then, change.now].map(|quantile| told_quantile(quantile, paper)));
    row.extend([change.difference, change.low, change.high].map(gap));
    row
}

/// As it is said: 50, 99, 99.9.
fn percentile(share: u64) -> String {
    let (whole, rest) = (share / 10, share % 10);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest}") }
}

/// From a millisecond on whole microseconds: a percentile has three digits.
pub(crate) fn told_quantile(quantile: Quantile, paper: Paper) -> String {
    match quantile {
        Quantile::Span(span) => brief(span.as_ps(), paper),
        Quantile::Never => "never".to_owned(),
        Quantile::Unfinished => "> limit".to_owned(),
    }
}

fn brief(ps: u64, paper: Paper) -> String {
    const MICROSECOND_PS: u64 = 1_000_000;
    let whole = !paper.exact && ps >= 1_000 * MICROSECOND_PS;
    paper.microseconds(if whole { (ps + MICROSECOND_PS / 2) / MICROSECOND_PS * MICROSECOND_PS } else { ps })
}

fn told_gap(gap: Gap, paper: Paper) -> String {
    match gap {
        Gap::Ps(ps) => {
            let size = paper.microseconds(u64::try_from(ps.unsigned_abs()).unwrap_or(u64::MAX));
            if ps < 0 { format!("-{size}") } else { format!("+{size}") }
        }
        Gap::BothNever => "none".to_owned(),
        Gap::Endless => "+never".to_owned(),
        Gap::EndsNow => "-never".to_owned(),
        Gap::Unknown => "?".to_owned(),
    }
}

/// A change in a document; what has no length is null.
pub(crate) fn change_value(change: &Change) -> Value {
    let us = |quantile: Quantile| microseconds_or_null(length(quantile).map(|span| span.as_ps()));
    let gap = |gap: Gap| match gap {
        Gap::Ps(ps) => {
            let size = decimal::microseconds(u64::try_from(ps.unsigned_abs()).unwrap_or(u64::MAX));
            Value::Number(Number::from_string_unchecked(if ps < 0 { format!("-{size}") } else { size }))
        }
        _ => Value::Null,
    };
    json!({
        "percentile": percentile(change.share),
        "then_us": us(change.then),
        "now_us": us(change.now),
        "difference_us": gap(change.difference),
        "low_us": gap(change.low),
        "high_us": gap(change.high),
        "tendency": change.tendency().name(),
    })
}

/// A measurement against an older one.
pub(crate) fn text_against(comparison: &Comparison, page: &mut Page) {
    let (scenario, seeds, version) = &comparison.then;
    page.gap();
    page.paragraph(&format!(
        "Against the older measurement ({scenario}, seeds {} to {}, apicsim {version}): percentiles in simulated µs, the difference, and the \
         bounds that hold it in 95 of 100 cases or more (`?` where there are too few spans for one). Figures of which nothing has changed \
         are left out.",
        seeds.start,
        seeds.end.saturating_sub(1),
    ));
    for machine in &comparison.machines {
        page.gap();
        self::machine(machine, page);
    }
    page.gap();
    if comparison.lonely > 0 {
        page.paragraph(&format!("{} only one of both has.", counted(comparison.lonely as u64, "machine")));
    }
    if !comparison.same_digests {
        page.paragraph("Their digests are of two versions, so runs are compared by verdict alone.");
    }
    runs(comparison, page);
}

fn machine(machine: &ComparedMachine, page: &mut Page) {
    let [arch, variant, release, bus, load] = &machine.now.axes;
    let load = if load == "none" { String::new() } else { format!(", load {load}") };
    let mut name = format!("{arch}, {variant} ({release}), {bus}{load}");
    let others: Vec<String> = AXES
        .iter()
        .zip(machine.now.axes.iter().zip(&machine.then.axes))
        .filter(|(_, (now, then))| now != then)
        .map(|(axis, (_, then))| format!("{axis} {then}"))
        .collect();
    if !others.is_empty() {
        name += &format!("; then {}", others.join(", "));
    }
    page.paragraph(&name);
    // Of two distributions that are the same the bounds may lie apart all the same.
    let same = |figure: &&ComparedFigure| figure.same;
    let (same, changed): (Vec<&ComparedFigure>, _) = machine.figures.iter().partition(same);
    let mut table = changes_table();
    for figure in &changed {
        let (now, then) = figure.counts;
        let counts = if now == then { format!("{now} each") } else { format!("{then} then, {now} now") };
        table.heading(format!("{}: {} ({counts})", figure.what.name(), figure.site));
        figure.changes.iter().for_each(|change| table.row(change_row(change, page.paper())));
    }
    if !changed.is_empty() {
        page.block(&table.draw(page.paper().width));
    }
    if !same.is_empty() {
        page.hanging(2, 2, &format!("{} came out the same.", counted(same.len() as u64, "figure")));
    }
    if machine.lonely > 0 {
        page.hanging(2, 2, &format!("{} only one of both has.", counted(machine.lonely as u64, "figure")));
    }
}

fn runs(comparison: &Comparison, page: &mut Page) {
    let runs = counted(comparison.runs, "run");
    let Some(first) = &comparison.first else {
        return page.paragraph(&match comparison.runs {
            0 => "No run is in both: they have no seed of a machine in common.".to_owned(),
            _ => format!("All {runs} that both have came out the same."),
        });
    };
    let [arch, variant, ..] = &first.machine.axes;
    page.paragraph(&format!(
        "{} of {runs} that both have came out otherwise. The first is seed {} on {arch}, {variant}:",
        comparison.otherwise, first.seed
    ));
    for (name, told) in [("then", &first.then), ("now", &first.now)] {
        let digest = digest::written(told.ran.digest);
        page.hanging(2, 2, &format!("{name}: {}, digest {digest}", told.ran.verdict.name()));
        page.command("", "apicsim replay", &told.token);
    }
}

/// The part of the document.
pub(crate) fn document_against(comparison: &Comparison) -> Value {
    let (scenario, seeds, version) = &comparison.then;
    let names = |axes: &[String; 5]| {
        let mut names = json!({});
        AXES.iter().zip(axes).for_each(|(axis, name)| names[*axis] = name.as_str().into());
        names
    };
    let figure = |figure: &ComparedFigure| {
        json!({
            "what": figure.what.name(),
            "site": figure.site,
            "same": figure.same,
            "then_count": figure.counts.1,
            "now_count": figure.counts.0,
            "percentiles": figure.changes.iter().map(change_value).collect::<Vec<_>>(),
        })
    };
    let machine = |machine: &ComparedMachine| {
        json!({
            "now": names(&machine.now.axes),
            "then": names(&machine.then.axes),
            "figures": machine.figures.iter().map(figure).collect::<Vec<_>>(),
            "figures_of_one": machine.lonely,
        })
    };
    let told = |told: &Told| {
        let digest = comparison.same_digests.then(|| digest::written(told.ran.digest));
        json!({ "verdict": told.ran.verdict.name(), "digest": digest, "token": told.token })
    };
    let first = comparison.first.as_ref().map(|first| {
        json!({ "machine": names(&first.machine.axes), "seed": first.seed.to_string(), "now": told(&first.now), "then": told(&first.then) })
    });
    json!({
        "scenario": scenario,
        "seeds": [seeds.start, seeds.end],
        "version": version,
        "machines": comparison.machines.iter().map(machine).collect::<Vec<_>>(),
        "machines_of_one": comparison.lonely,
        "runs": comparison.runs,
        "otherwise": comparison.otherwise,
        "first": first,
    })
}
