//! `--waits all`: every wait for an ICR on standard output as soon as it has ended, so that none has to be kept.
//!
//! As text, a line a wait before the report. As JSON they are the list `waits` of the one document, which begins with its
//! schema, then has them, and then everything else.

use crate::failure::Failure;
use crate::judgement::told_waits::ToldWaits;
use crate::judgement::waits::{WaitReport, is_icr};
use crate::report::Paper;
use crate::report::json::{run_schema, wait_value};
use crate::report::page::Page;
use crate::report::waits::wait_line;
use serde_json::Value;
use sim::{Batch, Handle, Interest, Observer};
use std::io::{self, Write, stdout};

/// What is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// Lines.
    Text(Paper),
    /// The beginning of a document.
    Json,
}

/// The stream. What goes wrong ends the run, and is found when the stream is finished.
pub(crate) struct WaitStream {
    form: Form,
    waits: ToldWaits,
    written: u64,
    handle: Handle,
    failed: Option<io::Error>,
}

impl WaitStream {
    /// Of a run that `handle` holds.
    pub(crate) fn new(form: Form, handle: Handle) -> Self {
        Self { form, waits: ToldWaits::default(), written: 0, handle, failed: None }
    }

    /// How many there were.
    pub(crate) const fn written(&self) -> u64 {
        self.written
    }

    /// The run is over; `open` are the waits that never end.
    ///
    /// # Errors
    /// Standard output could not be written to, or is closed, which is none.
    pub(crate) fn finish<'w>(&mut self, open: impl Iterator<Item = &'w WaitReport>) -> Result<(), Failure> {
        let mut text = String::new();
        open.for_each(|wait| self.add(wait, &mut text));
        if let Form::Text(_) = self.form
            && self.written > 0
        {
            text.push('\n');
        }
        let written = self.failed.take().map_or_else(|| write(&text), Err);
        written.map_err(|error| Failure::writing("standard output", error))
    }

    /// Ends the document that the waits began with everything that it has beside its schema and them.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub(crate) fn finish_document(&self, document: &Value) -> Result<(), Failure> {
        let mut rest = document.clone();
        if let Some(fields) = rest.as_object_mut() {
            fields.shift_remove("schema");
            fields.shift_remove("waits");
        }
        let begun = if self.written == 0 { beginning() } else { "\n".to_owned() };
        let rest = format!("{rest:#}");
        let text = format!("{begun}  ],{}\n", rest.strip_prefix('{').unwrap_or_default());
        write(&text).map_err(|error| Failure::writing("standard output", error))
    }

    fn add(&mut self, wait: &WaitReport, text: &mut String) {
        match self.form {
            Form::Text(paper) => {
                let mut page = Page::new(paper);
                page.hanging(2, 2, &wait_line(wait));
                text.push_str(&page.into_text());
            }
            Form::Json => {
                let before = if self.written == 0 { beginning() } else { ",\n".to_owned() };
                text.push_str(&format!("{before}    {}", wait_value(wait)));
            }
        }
        self.written += 1;
    }
}

/// The document up to its first wait.
fn beginning() -> String {
    format!("{{\n  \"schema\": {},\n  \"waits\": [\n", run_schema())
}

fn write(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

impl Observer for WaitStream {
    fn interest(&self) -> Interest {
        Interest::WAITS
    }

    fn take(&mut self, batch: &Batch<'_>) {
        let mut text = String::new();
        for told in batch.events {
            if let Some(wait) = self.waits.take(&told.event).filter(|wait| is_icr(wait.code)) {
                self.add(&wait.into(), &mut text);
            }
        }
        if self.failed.is_none()
            && !text.is_empty()
            && let Err(error) = write(&text)
        {
            self.failed = Some(error);
            self.handle.stop();
        }
    }
}
