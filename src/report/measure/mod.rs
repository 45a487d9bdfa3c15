//! A measurement, told: as text with a drawn histogram, as JSON, as CSV, as an SVG plot; and against an older one.

mod against;
mod csv;
mod json;
mod records;
mod svg;
mod text;

pub(crate) use against::{change_row, change_value, changes_table, document_against, text_against, told_quantile};
pub(crate) use csv::csv;
pub(crate) use json::document;
pub(crate) use records::{PERCENTILES, length};
pub(crate) use svg::{Panel, plot, svg};
pub(crate) use text::text;

#[cfg(test)]
mod tests;
