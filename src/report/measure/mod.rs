//! A measurement, told: as text with a drawn histogram, as JSON, as CSV, as an SVG plot.

mod csv;
mod json;
mod records;
mod svg;
mod text;

pub(crate) use csv::csv;
pub(crate) use json::document;
pub(crate) use records::{PERCENTILES, length};
pub(crate) use svg::{Panel, plot, svg};
pub(crate) use text::text;

#[cfg(test)]
mod tests;
