//! Two results compared, told: as text and as a part of the document.

use super::against::{Change, Difference};
use super::statistics::{percent, share};
use super::tell::{shown_names, told_quantile};
use crate::measure::Quantile;
use crate::report::Paper;
use crate::report::measure::length;
use crate::report::microseconds::microseconds_or_null;
use crate::report::page::Page;
use crate::report::table::{Side, Table};
use crate::scenario::{counted, decimal};
use serde_json::{Number, Value, json};

/// The text.
pub(crate) fn text_against(difference: &Difference, page: &mut Page) {
    page.gap();
    page.paragraph(
        "Against the older result: percentiles of the time to the goal in simulated µs, and the difference with bounds (both percentiles \
         within their 95 % bounds; `?` where there are too few runs for one).",
    );
    let right = |name: &str| (name.to_owned(), Side::Right);
    let mut table = Table::new(["", "then", "now", "difference", "from", "to"].map(right));
    for (names, changes) in &difference.machines {
        table.heading(shown_names(names, true));
        for change in changes {
            let name = format!("p{}", percent(change.share * 1000));
            let quantile = |quantile| told_quantile(quantile, page.paper());
            let differs = |ps: Option<i128>| ps.map_or_else(|| "?".to_owned(), |ps| signed(ps, page.paper()));
            let own = if change.now == change.then && change.difference.is_none() {
                "same".to_owned()
            } else {
                differs(change.difference)
            };
            table.row(vec![
                name,
                quantile(change.then),
                quantile(change.now),
                own,
                differs(change.low),
                differs(change.high),
            ]);
        }
    }
    page.block(&table.draw(page.paper().width));
    if difference.lonely > 0 {
        page.paragraph(&format!("{} only one of them has.", counted(difference.lonely as u64, "machine")));
    }
    page.gap();
    let Some(first) = &difference.first else {
        return page.paragraph(&format!("All {} that both have are the same.", counted(difference.compared, "run")));
    };
    page.paragraph(&format!(
        "{} of {} that both have came out otherwise ({} %). The first is row {}:",
        difference.otherwise,
        counted(difference.compared, "run"),
        percent(share(difference.otherwise, difference.compared)),
        first.row,
    ));
    for (name, row) in [("then", &first.then), ("now", &first.now)] {
        let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        page.hanging(
            2,
            2,
            &format!("{name}: {}, {} us, digest {}", text("verdict"), row["sim_time_us"], text("digest")),
        );
        page.command("", "apicsim replay", &text("token"));
    }
}

/// With its sign.
fn signed(ps: i128, paper: Paper) -> String {
    let size = paper.microseconds(u64::try_from(ps.unsigned_abs()).unwrap_or(u64::MAX));
    if ps < 0 { format!("-{size}") } else { format!("+{size}") }
}

/// The part of the document.
pub(crate) fn document_against(difference: &Difference) -> Value {
    let machines = difference.machines.iter().map(|(names, changes)| {
        json!({ "machine": shown_names(names, true), "percentiles": changes.iter().map(change).collect::<Vec<_>>() })
    });
    let first =
        difference.first.as_ref().map(|first| json!({ "row": first.row, "then": first.then, "now": first.now }));
    json!({
        "machines": machines.collect::<Vec<_>>(),
        "machines_of_one": difference.lonely,
        "runs": difference.compared,
        "otherwise": difference.otherwise,
        "first": first,
    })
}

fn change(change: &Change) -> Value {
    let us = |quantile: Quantile| microseconds_or_null(length(quantile).map(|span| span.as_ps()));
    let differs = |ps: Option<i128>| {
        ps.map_or(Value::Null, |ps| {
            let size = decimal::microseconds(u64::try_from(ps.unsigned_abs()).unwrap_or(u64::MAX));
            Value::Number(Number::from_string_unchecked(if ps < 0 { format!("-{size}") } else { size }))
        })
    };
    json!({
        "percentile": percent(change.share * 1000),
        "then_us": us(change.then),
        "now_us": us(change.now),
        "difference_us": differs(change.difference),
        "low_us": differs(change.low),
        "high_us": differs(change.high),
    })
}
