//! A run as a page to look at: one file, which needs no network. The program writes what changed and why; the page applies
//! and follows, and knows no rule of an APIC.
//!
//! `recording` takes down a run, `walk` folds it into the state and writes the changes of its `cells` with their `causes`,
//! `document` puts that into the format `apicsim.page/1`, and `html` puts that into one file with the scripts of `web/`.
//!
//! Not modelled: levels of detail of runs that are too long for one file (a page holds the first million events, and says so).

mod book;
mod causes;
mod cells;
mod chains;
mod changes;
mod core_cells;
mod difference;
mod document;
mod event_rows;
mod fields;
mod html;
mod kind;
mod message_rows;
mod object;
mod recording;
mod sites;
mod spans;
mod texts;
mod walk;

pub(crate) use document::{Document, document};
pub(crate) use html::{html, html_of_lesson, html_with_form};
pub(crate) use recording::Recording;
