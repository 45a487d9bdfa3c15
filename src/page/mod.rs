//! A run as a page to look at: one file, which needs no network. The program writes what changed and why; the page applies
//! and follows, and knows no rule of an APIC.
//!
//! `recording` takes down a run, `walk` folds it into the state and writes the changes of its `cells` with their `causes`,
//! `document` puts that into the format `apicsim.page/2`, whose `levels` are read in chunks (`chunk`), and `html` puts that into
//! one file with the scripts of `web/`.
//!
//! Not modelled: runs that are too long for one file (a page holds the first million events, and says so).

mod arrow_levels;
mod book;
mod causes;
mod cells;
mod chains;
mod changes;
mod chunk;
mod core_cells;
mod difference;
mod document;
mod end_rows;
mod event_rows;
mod fields;
mod happenings;
mod html;
mod kind;
mod levels;
mod message_rows;
mod object;
mod recording;
mod sites;
mod span_levels;
mod spans;
mod texts;
mod walk;

pub(crate) use document::{Document, document};
pub(crate) use happenings::without;
pub(crate) use html::{html, html_of_lesson, html_with_form};
pub(crate) use recording::Recording;
