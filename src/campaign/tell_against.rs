//! Two results compared, told: as text and as a part of the document.

use super::against::Difference;
use super::statistics::{percent, share};
use super::tell::shown_names;
use crate::report::measure::{change_row, change_value, changes_table};
use crate::report::page::Page;
use crate::scenario::counted;
use serde_json::{Value, json};

/// The text.
pub(crate) fn text_against(difference: &Difference, page: &mut Page) {
    page.gap();
    page.paragraph(
        "Against the older result: percentiles of the time to the goal in simulated µs, the difference, and the bounds that hold it in 95 \
         of 100 cases or more (`?` where there are too few runs for one).",
    );
    let mut table = changes_table();
    for (names, changes) in &difference.machines {
        table.heading(shown_names(names, true));
        changes.iter().for_each(|change| table.row(change_row(change, page.paper())));
    }
    page.block(&table.draw(page.paper().width));
    if difference.lonely > 0 {
        page.paragraph(&format!("{} only one of them has.", counted(difference.lonely as u64, "machine")));
    }
    page.gap();
    if !difference.same_digests {
        page.paragraph("Their digests are of two versions, so runs are compared by verdict, cause and time.");
    }
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

/// The part of the document.
pub(crate) fn document_against(difference: &Difference) -> Value {
    let machines = difference.machines.iter().map(|(names, changes)| {
        json!({ "machine": shown_names(names, true), "percentiles": changes.iter().map(change_value).collect::<Vec<_>>() })
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
