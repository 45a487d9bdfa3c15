//! Tell: what was judged, as text for people, as JSON for programs, a matrix in its four formats, and the trace.
//!
//! Nothing here writes to a stream: a report is a text or a document, and `cli` sends it where it belongs. Text is
//! written on a [`Paper`], which has a width.

mod csv_field;
pub mod digest;
pub(crate) mod json;
mod kernel_names;
pub(crate) mod matrix;
pub(crate) mod measure;
pub(crate) mod messages;
pub(crate) mod microseconds;
pub(crate) mod page;
mod paper;
mod protobuf;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod trace;
mod trace_dat;
pub(crate) mod trace_form;
pub(crate) mod trace_format;
mod trace_ndjson;
mod trace_perfetto;
mod trace_vcd;
mod unnamed_file;
mod verdict;
pub(crate) mod waits;
mod waves;

pub use json::{Host, run_document};
pub(crate) use kernel_names::KernelNames;
pub use paper::Paper;
