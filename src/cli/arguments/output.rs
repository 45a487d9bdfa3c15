//! Options that say what comes out, and where.

use super::values::{help_names, parse_name};
use crate::report::trace_format::TraceFormat;
use crate::scenario::named::named;
use clap::Args;
use std::path::{Path, PathBuf};

/// The heading of these options.
pub(super) const OUTPUT: &str = "Output";

/// What comes out.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Output {
    /// Write every event to a file (- is standard output): .ndjson for programs, .vcd for viewers of waves, .pftrace for Perfetto, .dat for trace-cmd and KernelShark, else text.
    #[arg(long, value_name = "FILE", value_parser = parse_trace, help_heading = OUTPUT)]
    pub trace: Option<PathBuf>,
    /// The format of the trace.
    #[arg(long, value_name = "FORMAT", requires = "trace", value_parser = parse_name::<TraceFormat>, help_heading = OUTPUT, help = help_names::<TraceFormat>("Format of the trace, whatever its file is called"))]
    pub trace_format: Option<TraceFormat>,
    /// Write a page to step through in a browser: one file, which needs no network.
    #[arg(long, value_name = "FILE", value_parser = parse_html, help_heading = OUTPUT)]
    pub html: Option<PathBuf>,
    /// Which waits come out.
    #[arg(long, value_name = "WHICH", value_parser = parse_name::<Waits>, help_heading = OUTPUT, help = help_names::<Waits>("Waits that come out: all as they end, the notable ones (as text, the default), none; as JSON, without it, the first 10 000"))]
    pub waits: Option<Waits>,
    /// Report accesses that are legal on this part and wrong on another.
    #[arg(long, help_heading = OUTPUT)]
    pub strict: bool,
    /// Print one JSON document on standard output.
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Add what depends on the host: threads and host time.
    #[arg(long, help_heading = OUTPUT)]
    pub host: bool,
}

named! {
    /// Which waits come out.
    pub enum Waits ("choice of waits") {
        /// Each, as soon as it has ended.
        All = "all",
        /// The longest, those that gave up, those that never end.
        Notable = "notable",
        /// None.
        Nothing = "none",
    }
}

impl Output {
    /// The format of the trace.
    pub(crate) fn trace_format(&self) -> TraceFormat {
        let of_file = |path: &PathBuf| TraceFormat::of_file(path);
        self.trace_format.or(self.trace.as_ref().map(of_file)).unwrap_or(TraceFormat::Text)
    }
}

/// File name extensions of the trace formats of a later version.
const LATER_TRACES: [&str; 3] = ["json", "fst", "html"];

pub(super) fn parse_trace(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    if LATER_TRACES.contains(&extension.as_str()) {
        return Err(format!(
            "the trace format .{extension} comes later; today there are .txt, .ndjson, .vcd, .pftrace and .dat"
        ));
    }
    Ok(path.to_owned())
}

fn parse_html(text: &str) -> Result<PathBuf, String> {
    match text {
        "" | "-" => Err("the page is a file: --html run.html".to_owned()),
        file => Ok(file.into()),
    }
}
