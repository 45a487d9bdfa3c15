//! The formats of a trace, by name or by the name of a file.

use super::trace::{HEADER, Names, line};
use super::trace_dat::TraceDat;
use super::trace_form::TraceForm;
use super::trace_ndjson::Ndjson;
use super::trace_perfetto::Perfetto;
use super::trace_vcd::Vcd;
use crate::scenario::Scenario;
use crate::scenario::named::named;
use sim::Told;
use std::io;
use std::path::Path;

named! {
    /// A form of a trace.
    #[non_exhaustive]
    pub enum TraceFormat ("trace format") {
        /// A line an event, for people.
        Text = "text",
        /// A JSON document a line, for programs.
        Ndjson = "ndjson",
        /// A value change dump, for viewers of waves.
        Vcd = "vcd",
        /// Protocol buffers of Perfetto.
        Perfetto = "perfetto",
        /// A `trace.dat` of trace-cmd, for KernelShark too.
        TraceCmd = "trace-cmd",
    }
}

impl TraceFormat {
    /// Does it tell what only the machine of a scenario knows?
    pub(crate) const fn needs_a_scenario(self) -> bool {
        matches!(self, Self::Vcd | Self::Perfetto | Self::TraceCmd)
    }

    /// The one that the name of a file asks for.
    pub(crate) fn of_file(path: &Path) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
        match &*extension {
            "ndjson" | "jsonl" => Self::Ndjson,
            "vcd" => Self::Vcd,
            "pftrace" | "perfetto-trace" => Self::Perfetto,
            "dat" => Self::TraceCmd,
            _ => Self::Text,
        }
    }
}

/// The form of that name, of a trace that goes to `file`. What tells more than events needs to know the machine: `scenario`.
pub(crate) fn form<'a>(
    (format, file): (TraceFormat, &Path),
    names: Names<'a>,
    scenario: Option<&Scenario>,
) -> Box<dyn TraceForm + 'a> {
    match (format, scenario) {
        (TraceFormat::Ndjson, _) => Box::new(Ndjson::new(names)),
        (TraceFormat::Vcd, Some(scenario)) => Box::new(Vcd::of(scenario)),
        (TraceFormat::Perfetto, Some(scenario)) => Box::new(Perfetto::of(names, scenario)),
        (TraceFormat::TraceCmd, Some(scenario)) => Box::new(TraceDat::of(names, scenario, file)),
        _ => Box::new(Text(names)),
    }
}

/// A line an event.
struct Text<'a>(Names<'a>);

impl TraceForm for Text<'_> {
    fn begin(&mut self) -> Vec<u8> {
        HEADER.into()
    }

    fn event(&mut self, told: &Told) -> io::Result<Vec<u8>> {
        Ok(line(&told.event, self.0).into_bytes())
    }
}
