//! A measurement as text: for each machine a table, for each figure a drawn histogram.

use super::against::told_quantile;
use super::records::{PERCENTILES, logarithm};
use crate::measure::{Cell, Distribution, Figure, Measurement, Quantile};
use crate::report::page::Page;
use crate::report::paper::Paper;
use crate::report::table::{Side, Table};
use crate::scenario::counted;
use crate::scenario::named::Named;

/// Columns of a drawn histogram.
const BARS: usize = 12;

pub(crate) fn text(measurement: &Measurement, page: &mut Page) {
    let seeds = &measurement.seeds;
    page.paragraph(&format!(
        "{}: {} (seeds {} to {}), spans of simulated time in µs. The histogram is drawn from the least to the greatest, on a logarithmic \
         scale.",
        measurement.scenario,
        counted(measurement.runs, "run"),
        seeds.start,
        seeds.end.saturating_sub(1),
    ));
    for cell in &measurement.cells {
        page.gap();
        self::cell(cell, page);
    }
    if measurement.cells.iter().all(|cell| cell.nothing_drawn) {
        page.gap();
        page.paragraph(
            "Nothing was drawn in any run, so all runs of a machine were the same. Jitter on the bus (--set knobs.jitter_picclk=20) or \
             a load makes them differ.",
        );
    }
    for (arch, why) in &measurement.left_out {
        page.gap();
        page.hanging(0, 2, &format!("left out: {arch}: {why}"));
    }
}

fn cell(cell: &Cell, page: &mut Page) {
    let load = if cell.load == "none" { String::new() } else { format!(", load {}", cell.load) };
    page.paragraph(&format!("{}, {} ({}), {}{load}", cell.arch, cell.variant, cell.release, cell.bus));
    let right = |name: &str| (name.to_owned(), Side::Right);
    let names = ["count", "min", "p50", "p90", "p99", "p99.9", "max"];
    let mut table = Table::new(std::iter::once((String::new(), Side::Left)).chain(names.map(right)));
    for figure in &cell.figures {
        table.heading(format!("{}: {}", figure.what.name(), figure.site));
        table.row(row(figure, page.paper()));
    }
    page.block(&table.draw(page.paper().width));
}

fn row(figure: &Figure, paper: Paper) -> Vec<String> {
    let distribution = &figure.distribution;
    let told = |quantile: Quantile| told_quantile(quantile, paper);
    let mut row = vec![
        drawn(distribution),
        distribution.count().to_string(),
        distribution.least().map_or_else(|| "-".to_owned(), |span| told(Quantile::Span(span))),
    ];
    row.extend(PERCENTILES.iter().map(|(share, _)| told(distribution.per_mille(*share))));
    row.push(told(distribution.most()));
    row
}

/// The histogram in one line: each bar has as many eighths as its part of the fullest one, but at least one if there is
/// anything in it.
fn drawn(distribution: &Distribution) -> String {
    const EIGHTHS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut bars = [0_u64; BARS];
    let buckets: Vec<(u64, u64)> = distribution.buckets().map(|(end, count)| (logarithm(end), count)).collect();
    let (Some(&(first, _)), Some(&(last, _))) = (buckets.first(), buckets.last()) else { return "·".repeat(BARS) };
    for (at, count) in buckets {
        let part = u128::from(at - first) * BARS as u128 / u128::from((last - first).max(1));
        bars[(part as usize).min(BARS - 1)] += count;
    }
    let fullest = bars.iter().copied().max().unwrap_or(1).max(1);
    bars.iter().map(|&bar| EIGHTHS[(u128::from(bar) * 8).div_ceil(u128::from(fullest)) as usize]).collect()
}
