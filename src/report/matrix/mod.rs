//! A matrix for people and for spreadsheets: the comparison that the headline prints, and one record a run as text,
//! Markdown or CSV. Causes and marks of the tables are explained below them.

mod csv;
mod markdown;
mod prices;
pub(crate) mod records;
mod terminal;

pub(crate) use csv::csv;
pub(crate) use markdown::markdown;
pub(crate) use terminal::{comparison, text};
