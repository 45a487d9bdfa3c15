//! One record a figure, for spreadsheets: RFC 4180, its fields named as in JSON.

use super::records::lengths;
use crate::measure::{Cell, Figure, Measurement};
use crate::report::csv_field::quoted;
use crate::scenario::decimal;
use crate::scenario::named::Named;

const FIELDS: [&str; 20] = [
    "scenario",
    "seeds",
    "arch",
    "variant",
    "release",
    "bus",
    "load",
    "what",
    "site",
    "count",
    "never",
    "unfinished",
    "min_us",
    "p50_us",
    "p90_us",
    "p99_us",
    "p999_us",
    "max_us",
    "runs",
    "max_token",
];

/// What has no length is empty.
pub(crate) fn csv(measurement: &Measurement) -> String {
    let mut out = FIELDS.join(",") + "\r\n";
    for cell in &measurement.cells {
        for figure in &cell.figures {
            let fields: Vec<String> = record(measurement, cell, figure).iter().map(|field| quoted(field)).collect();
            out += &(fields.join(",") + "\r\n");
        }
    }
    out
}

fn record(measurement: &Measurement, cell: &Cell, figure: &Figure) -> Vec<String> {
    let distribution = &figure.distribution;
    let mut record = vec![
        measurement.scenario.clone(),
        format!("{}..{}", measurement.seeds.start, measurement.seeds.end),
        cell.arch.to_owned(),
        cell.variant.clone(),
        cell.release.to_owned(),
        cell.bus.to_owned(),
        cell.load.clone(),
        figure.what.name().to_owned(),
        figure.site.clone(),
        distribution.count().to_string(),
        distribution.never().to_string(),
        distribution.unfinished().to_string(),
    ];
    let lengths = lengths(distribution);
    record.extend(lengths.iter().map(|span| span.map(|span| decimal::microseconds(span.as_ps())).unwrap_or_default()));
    record.extend([measurement.runs.to_string(), figure.token.clone()]);
    record
}
