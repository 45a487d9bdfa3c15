//! `apicsim.measure/1`.

use super::records::{PERCENTILES, lengths};
use crate::measure::{Cell, Figure, Measurement};
use crate::report::microseconds::microseconds_or_null;
use crate::scenario::named::Named;
use serde_json::{Value, json};

/// The document. A percentile is null where it falls on spans that never end (`never` counts them), or that were open when their run
/// came to its limit (`unfinished`).
pub(crate) fn document(measurement: &Measurement) -> Value {
    let cells = measurement.cells.iter().flat_map(|cell| cell.figures.iter().map(move |figure| entry(cell, figure)));
    let left_out = measurement.left_out.iter().map(|(arch, why)| json!({ "arch": arch, "why": why }));
    json!({
        "schema": "apicsim.measure/1",
        "scenario": measurement.scenario,
        "seeds": [measurement.seeds.start, measurement.seeds.end],
        "runs": measurement.runs,
        "interrupted": measurement.interrupted,
        "left_out": left_out.collect::<Vec<_>>(),
        "cells": cells.collect::<Vec<_>>(),
    })
}

fn entry(cell: &Cell, figure: &Figure) -> Value {
    let distribution = &figure.distribution;
    let mut entry = json!({
        "arch": cell.arch,
        "variant": cell.variant,
        "release": cell.release,
        "bus": cell.bus,
        "load": cell.load,
        "what": figure.what.name(),
        "site": figure.site,
        "count": distribution.count(),
        "never": distribution.never(),
        "unfinished": distribution.unfinished(),
    });
    let names = std::iter::once("min_us").chain(PERCENTILES.iter().map(|(_, name)| *name)).chain(["max_us"]);
    for (name, span) in names.zip(lengths(distribution)) {
        entry[name] = microseconds_or_null(span.map(|span| span.as_ps()));
    }
    entry["max_token"] = Value::from(figure.token.as_str());
    entry
}
