//! `apicsim list`: what there is.

mod entries;
mod sentences;

use crate::cli::arguments::{List, ListKind};
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::report::Paper;
use crate::report::page::Page;
use crate::scenario::OwnVariant;
use crate::scenario::named::Named;
use entries::{Entry, entries};
use serde_json::{Value, json};

pub(super) fn list(arguments: &List, own: &[OwnVariant], paper: Paper) -> Result<ExitStatus, Failure> {
    let kinds: Vec<ListKind> = arguments.kind.map_or_else(|| ListKind::ALL.to_vec(), |kind| vec![kind]);
    let mut all = Vec::new();
    for kind in &kinds {
        all.push((*kind, entries(*kind, own)?));
    }
    if arguments.json {
        output::print_json(&document(&all))?;
        return Ok(ExitStatus::Success);
    }
    let mut page = Page::new(paper);
    for (kind, entries) in all {
        if kinds.len() > 1 {
            page.verbatim(&format!("{}:", kind.name()));
        }
        let pairs: Vec<(String, String)> = entries.into_iter().map(|entry| (entry.name, entry.about)).collect();
        page.entries(&pairs);
    }
    output::print(&page.into_text())?;
    Ok(ExitStatus::Success)
}

fn document(all: &[(ListKind, Vec<Entry>)]) -> Value {
    let entry = |entry: &Entry| {
        let mut value = json!({ "name": entry.name, "about": entry.about });
        for (key, more) in &entry.more {
            value[*key] = more.clone();
        }
        value
    };
    let mut document = json!({ "schema": { "name": "apicsim.list", "version": "1.1" } });
    for (kind, entries) in all {
        document[kind.name()] = entries.iter().map(entry).collect();
    }
    document
}
