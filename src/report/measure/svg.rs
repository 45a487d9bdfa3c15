//! Cumulative distributions as an SVG plot: a panel for each machine and kind of span, a curve for each variant.
//!
//! Time is drawn on a logarithmic axis. A curve that stays below the top has spans that never end: what is missing above its
//! end is their share.

use super::records::logarithm;
use crate::measure::{Cell, Distribution, Measured, Measurement};
use crate::scenario::named::Named;
use sim::Duration;
use std::fmt::Write;

const WIDTH: u64 = 760;
const PANEL: u64 = 240;
const LEFT: u64 = 60;
const PLOT_WIDTH: u64 = 480;
const PLOT_HEIGHT: u64 = 160;
const TOP: u64 = 36;

/// Colours that are told apart with any kind of colour vision (Okabe and Ito), and dashes for those who print.
const CURVES: [(&str, &str); 8] = [
    ("#0072B2", ""),
    ("#D55E00", "8 3"),
    ("#009E73", "2 3"),
    ("#CC79A7", "8 3 2 3"),
    ("#E69F00", "12 4"),
    ("#56B4E9", "4 2"),
    ("#000000", "1 2"),
    ("#999999", "6 6"),
];

/// One machine's spans of one kind, a curve a variant.
#[derive(Debug)]
pub(crate) struct Panel<'m> {
    pub(crate) title: String,
    pub(crate) curves: Vec<(&'m str, Distribution)>,
}

pub(crate) fn svg(measurement: &Measurement) -> String {
    let title = format!("{}: cumulative distributions of {} runs", measurement.scenario, measurement.runs);
    plot(&title, &panels(measurement))
}

/// The panels, one below the other.
pub(crate) fn plot(title: &str, panels: &[Panel<'_>]) -> String {
    let height = PANEL * panels.len().max(1) as u64 + 16;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        escaped(title)
    );
    for (panel, number) in panels.iter().zip(0..) {
        self::panel(panel, number * PANEL, &mut out);
    }
    out + "</svg>\n"
}

/// In the order of the cells; all places of one kind of span together, because each variant has its own.
fn panels(measurement: &Measurement) -> Vec<Panel<'_>> {
    let mut panels: Vec<Panel<'_>> = Vec::new();
    for &what in Measured::ALL {
        for cell in &measurement.cells {
            let mut all = Distribution::default();
            let of_kind = cell.figures.iter().filter(|figure| figure.what == what);
            of_kind.for_each(|figure| all.join(&figure.distribution));
            if all.count() == 0 {
                continue;
            }
            let title = title(cell, what);
            let curve = (cell.variant.as_str(), all);
            match panels.iter_mut().find(|panel| panel.title == title) {
                Some(panel) => panel.curves.push(curve),
                None => panels.push(Panel { title, curves: vec![curve] }),
            }
        }
    }
    panels
}

fn title(cell: &Cell, what: Measured) -> String {
    let load = if cell.load == "none" { String::new() } else { format!(", load {}", cell.load) };
    format!("{} on {}, {}{load}", what.name(), cell.arch, cell.bus)
}

/// From the power of ten at or below the least to that at or above the greatest, in picoseconds.
fn range(panel: &Panel<'_>) -> (u32, u32) {
    let ends = || panel.curves.iter().flat_map(|(_, all)| all.buckets().map(|(end, _)| end.as_ps().max(1)));
    let (least, most) = (ends().min().unwrap_or(1), ends().max().unwrap_or(1));
    let first = least.ilog10();
    (first, most.ilog10().max(first) + 1)
}

fn panel(panel: &Panel<'_>, y: u64, out: &mut String) {
    let (first, last) = range(panel);
    let at = |decade: u32| logarithm(Duration::from_ps(10_u64.saturating_pow(decade)));
    let x =
        |span: Duration| LEFT + logarithm(span).saturating_sub(at(first)) * PLOT_WIDTH / (at(last) - at(first)).max(1);
    let (top, bottom) = (y + TOP, y + TOP + PLOT_HEIGHT);
    let right = LEFT + PLOT_WIDTH;
    _ = writeln!(out, "<text x=\"{LEFT}\" y=\"{}\" font-size=\"13\">{}</text>", top - 12, escaped(&panel.title));
    for decade in first..=last {
        let x = x(Duration::from_ps(10_u64.saturating_pow(decade)));
        _ = writeln!(out, "<path d=\"M{x} {top}V{bottom}\" stroke=\"#ddd\"/>");
        _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bottom + 14,
            decade_name(decade)
        );
    }
    for share in [0, 50, 90, 100] {
        let y = bottom - PLOT_HEIGHT * share / 100;
        _ = writeln!(out, "<path d=\"M{LEFT} {y}H{right}\" stroke=\"#ddd\"/>");
        _ = writeln!(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{share} %</text>", LEFT - 6, y + 4);
    }
    for ((variant, all), (curve, (colour, dashes))) in panel.curves.iter().zip((0..).zip(CURVES.iter().cycle())) {
        let mut path = format!("M{LEFT} {bottom}");
        let mut below = 0;
        for (end, count) in all.buckets() {
            below += count;
            let y = bottom - (u128::from(PLOT_HEIGHT) * u128::from(below) / u128::from(all.count())) as u64;
            _ = write!(path, "H{}V{y}", x(end));
        }
        _ = writeln!(
            out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>"
        );
        let legend = top + 8 + curve * 18;
        _ = writeln!(
            out,
            "<path d=\"M{} {legend}h28\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
            right + 12
        );
        let never = match (all.never(), all.unfinished()) {
            (0, 0) => String::new(),
            (0, open) => format!(", {open} unfinished"),
            (never, _) => format!(", {never} never end"),
        };
        let name = escaped(&format!("{variant} ({}{never})", all.count()));
        _ = writeln!(out, "<text x=\"{}\" y=\"{}\">{name}</text>", right + 46, legend + 4);
    }
}

/// A power of ten of picoseconds in the unit that suits it.
fn decade_name(decade: u32) -> String {
    let unit = ["ps", "ns", "µs", "ms", "s"][(decade as usize / 3).min(4)];
    format!("{} {unit}", 10_u64.saturating_pow(decade - (decade / 3).min(4) * 3))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
