//! The trace as NDJSON, `apicsim.trace` 1: a head, a line an event in the order in which they become known, and a last line that
//! says that it is whole. From the words of the events the digest can be computed again (docs/determinism.md).

use super::microseconds::microseconds;
use super::trace::Names;
use super::trace_form::TraceForm;
use serde_json::{Value, json};
use sim::{Source, Told, What};
use std::io::{self, Write};

/// What writes it.
pub(super) struct Ndjson<'a> {
    names: Names<'a>,
    events: u64,
}

impl<'a> Ndjson<'a> {
    pub(super) const fn new(names: Names<'a>) -> Self {
        Self { names, events: 0 }
    }
}

fn one_line(document: &Value) -> Vec<u8> {
    format!("{document}\n").into_bytes()
}

impl TraceForm for Ndjson<'_> {
    fn begin(&mut self) -> Vec<u8> {
        one_line(&json!({ "schema": { "name": "apicsim.trace", "version": "1.0" }, "cpus": self.names.cpus }))
    }

    fn event(&mut self, told: &Told) -> io::Result<Vec<u8>> {
        self.events += 1;
        let event = &told.event;
        let cpu = if let Source::Cpu(cpu) = event.source { Value::from(cpu) } else { Value::Null };
        let mut document = json!({
            "time_us": microseconds(event.time.as_ps()),
            "told_us": microseconds(told.at.as_ps()),
            "cpu": cpu,
            "what": self.names.say(event),
            "at": event.site.map(|site| self.names.software.place(site)),
            "words": event.words().iter().map(|word| format!("{word:x}")).collect::<Vec<_>>(),
        });
        if let What::Run { last, count, .. } | What::Attempts { last, count, .. } = event.what {
            document["last_us"] = microseconds(last.as_ps());
            document["count"] = count.into();
        }
        Ok(one_line(&document))
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&one_line(&json!({ "end": true, "events": self.events })))
    }
}
