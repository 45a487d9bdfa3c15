//! A campaign's summary, told: as text, as JSON, and as plots.

use super::scope::{mechanism, never, told};
use super::statistics::{percent, share, wilson};
use super::summary::{Cause, MACHINE_KEYS, Machine, Summary};
use crate::measure::{Distribution, Quantile};
use crate::report::Paper;
use crate::report::measure::{PERCENTILES, Panel, length, plot, told_quantile};
use crate::report::microseconds::{microseconds, microseconds_or_null};
use crate::report::page::Page;
use crate::report::table::{Side, Table};
use crate::scenario::counted;
use crate::scenario::named::Named;
use serde_json::{Value, json};

/// The text of a summary.
pub(crate) fn text(summary: &Summary, page: &mut Page) {
    let runs = summary.header["runs"].as_u64().unwrap_or(0);
    let of = if summary.rows == runs { String::new() } else { format!(" of {runs}") };
    page.paragraph(&format!(
        "{}: {}{of}, {}. Rates with the interval that holds them in 95 of 100 campaigns (Wilson). Time to the goal in simulated µs, \
         from the crash where there is one, else from the start; a run that never comes there is longer than any.",
        summary.header["campaign"].as_str().unwrap_or_default(),
        counted(summary.rows, "run"),
        counted(summary.machines.len() as u64, "machine"),
    ));
    if let Some(sets) = common_sets(summary) {
        page.gap();
        page.paragraph(&format!("Set in every run: {sets}"));
    }
    page.gap();
    page.block(&machines(summary, page.paper()).draw(page.paper().width));
    if !summary.causes.is_empty() {
        page.gap();
        page.paragraph("Runs that did not complete, by cause, each with its smallest example:");
        summary.causes.iter().for_each(|cause| self::cause(cause, summary.rows, page));
    }
    page.gap();
    page.paragraph(
        "Sometimes: what was ever reached, by how many runs, and what was not, of what these machines can do:",
    );
    let reached = summary.reached.iter().map(|one| (one.runs.to_string(), told(&one.name)));
    let all = summary.machines.len();
    let never = never(summary).into_iter().map(|(name, able)| {
        let of =
            if able == all { String::new() } else { format!(" (of {able} of {})", counted(all as u64, "machine")) };
        ("never".to_owned(), format!("{}{of}", told(&name)))
    });
    page.entries(&never.chain(reached).collect::<Vec<_>>());
}

fn machines(summary: &Summary, paper: Paper) -> Table {
    let right = |name: &str| (name.to_owned(), Side::Right);
    let names = ["runs", "hung", "limit", "unexp.", "not completed, %", "p50", "p99", "p99.9", "max"];
    let mut table = Table::new(names.map(right));
    let common = common_sets(summary);
    for machine in &summary.machines {
        table.heading(shown(machine, common.is_none()));
        let bad = machine.runs - machine.completed;
        let (low, high) = wilson(bad, machine.runs);
        let brief = |millionths| brief_percent(millionths);
        let mut row = [machine.runs, machine.hung, machine.deadline + machine.failed, machine.unexpected]
            .map(|count| count.to_string())
            .to_vec();
        row.push(format!("{} [{}, {}]", brief(share(bad, machine.runs)), brief(low), brief(high)));
        let time = &machine.time;
        row.extend([500, 990, 999].map(|share| told_of(time.count(), time.per_mille(share), paper)));
        row.push(told_of(time.count(), time.most(), paper));
        table.row(row);
    }
    table
}

/// A percentage with two places, or less than that.
fn brief_percent(millionths: u64) -> String {
    if (1..5).contains(&millionths) {
        return "<0.001".to_owned();
    }
    if millionths > 0 && millionths < 100 { percent(millionths) } else { percent((millionths + 50) / 100 * 100) }
}

fn told_of(count: u64, quantile: Quantile, paper: Paper) -> String {
    if count == 0 { "-".to_owned() } else { told_quantile(quantile, paper) }
}

/// The settings of every machine, if they are the same and any.
fn common_sets(summary: &Summary) -> Option<&str> {
    let sets = |machine: &'_ Machine| machine.names.get(8).cloned();
    let first = summary.machines.first()?;
    let same = summary.machines.iter().all(|machine| sets(machine) == sets(first));
    first.names.get(8).map(String::as_str).filter(|sets| same && !sets.is_empty())
}

/// `nmi-stall on i386/default, before (2.6.20), p6 serial, 4 CPUs, load own, ...`; what is the scenario's own is left out.
fn shown(machine: &Machine, with_sets: bool) -> String {
    shown_names(&machine.names, with_sets)
}

/// As above, of its names.
pub(super) fn shown_names(names: &[String], with_sets: bool) -> String {
    let [scenario, arch, release, generation, bus, cpus, load, fault, sets, variant] = names else {
        return names.join(", ");
    };
    let cpus = counted(cpus.parse::<u64>().unwrap_or(0), "CPU");
    let mut shown = format!("{scenario}: {arch}, {variant} ({release}), {generation} {bus}, {cpus}");
    for (name, value) in [("load ", load), ("fault ", fault)] {
        if value != "own" {
            shown += &format!(", {name}{value}");
        }
    }
    if sets.is_empty() || !with_sets { shown } else { format!("{shown}, {sets}") }
}

fn cause(cause: &Cause, rows: u64, page: &mut Page) {
    let (low, high) = wilson(cause.runs, rows);
    let (events, ps, row) = cause.smallest;
    page.gap();
    page.hanging(
        0,
        2,
        &format!(
            "{}, {}: {} ({} % [{}, {}]): {}",
            cause.scenario,
            cause.verdict,
            counted(cause.runs, "run"),
            brief_percent(share(cause.runs, rows)),
            brief_percent(low),
            brief_percent(high),
            cause.cause
        ),
    );
    let us = page.paper().microseconds(ps);
    page.hanging(2, 2, &format!("smallest: row {row}, {}, {us} us", counted(events, "event")));
    page.command("", "apicsim replay", &cause.token);
}

/// The document of a summary.
pub(crate) fn document(summary: &Summary) -> Value {
    let header = &summary.header;
    let never = never(summary);
    let names = never.iter().map(|(name, _)| name).chain(summary.reached.iter().map(|one| &one.name));
    let about = names.filter_map(|name| mechanism(name)).map(|one| (one.name().to_owned(), one.about().into()));
    let mechanisms: serde_json::Map<String, Value> = about.collect();
    json!({
        "schema": "apicsim.campaign-report/1",
        "campaign": header["campaign"],
        "version": header["version"],
        "grid": header["grid"],
        "runs": header["runs"],
        "rows": summary.rows,
        "machines": summary.machines.iter().map(machine).collect::<Vec<_>>(),
        "causes": summary.causes.iter().map(|cause| {
            let (low, high) = wilson(cause.runs, summary.rows);
            let (events, ps, row) = cause.smallest;
            json!({
                "scenario": cause.scenario,
                "verdict": cause.verdict,
                "cause": cause.cause,
                "runs": cause.runs,
                "rate": rate(share(cause.runs, summary.rows)),
                "rate_low": rate(low),
                "rate_high": rate(high),
                "smallest": { "row": row, "events": events, "sim_time_us": microseconds(ps), "token": cause.token },
            })
        }).collect::<Vec<_>>(),
        "reached": summary.reached.iter().map(|one| json!({ "what": one.name, "runs": one.runs, "token": one.token })).collect::<Vec<_>>(),
        "never": never.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        "mechanisms": mechanisms,
    })
}

/// Millionths as a decimal from 0 to 1.
fn rate(millionths: u64) -> Value {
    microseconds(millionths)
}

fn machine(machine: &Machine) -> Value {
    let mut value = json!({});
    for (key, name) in MACHINE_KEYS.iter().zip(&machine.names) {
        value[*key] = name.as_str().into();
    }
    let bad = machine.runs - machine.completed;
    let (low, high) = wilson(bad, machine.runs);
    let counts = [
        ("runs", machine.runs),
        ("completed", machine.completed),
        ("hung", machine.hung),
        ("deadline", machine.deadline),
    ];
    for (key, count) in counts.into_iter().chain([("failed", machine.failed), ("unexpected", machine.unexpected)]) {
        value[key] = count.into();
    }
    for (key, millionths) in
        [("not_completed", share(bad, machine.runs)), ("not_completed_low", low), ("not_completed_high", high)]
    {
        value[key] = rate(millionths);
    }
    let time = &machine.time;
    value["min_us"] = microseconds_or_null(time.least().map(|span| span.as_ps()));
    let some = |quantile| Some(quantile).filter(|_| time.count() > 0).and_then(length).map(|span| span.as_ps());
    for (share, key) in PERCENTILES {
        value[key] = microseconds_or_null(some(time.per_mille(share)));
    }
    value["max_us"] = microseconds_or_null(some(time.most()));
    value["max_token"] = machine.token_of_longest.as_str().into();
    value
}

/// A plot for each scenario: its name, and the SVG. A panel has all variants of one machine.
pub(crate) fn plots(summary: &Summary) -> Vec<(String, String)> {
    let variant = MACHINE_KEYS.len() - 1;
    let mut plots: Vec<(String, Vec<Panel<'_>>)> = Vec::new();
    for machine in summary.machines.iter().filter(|machine| machine.time.count() > 0) {
        let name = &machine.names[0];
        let title = shown(machine, true).replacen(&format!(", {} (", machine.names[variant]), " (", 1);
        let place = plots.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
            plots.push((name.clone(), Vec::new()));
            plots.len() - 1
        });
        let curve: (&str, Distribution) = (&machine.names[variant], machine.time.clone());
        let panels = &mut plots[place].1;
        match panels.iter_mut().find(|panel| panel.title == title) {
            Some(panel) => panel.curves.push(curve),
            None => panels.push(Panel { title, curves: vec![curve] }),
        }
    }
    let drawn = |(name, panels): (String, Vec<Panel<'_>>)| {
        let svg = plot(&format!("{name}: time to the goal"), &panels);
        (name, svg)
    };
    plots.into_iter().map(drawn).collect()
}
