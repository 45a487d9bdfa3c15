//! A trace on its way to a file or to standard output: an observer, so that it is there however a run ends.

use super::output::STANDARD_OUTPUT;
use crate::failure::Failure;
use crate::report::trace_form::TraceForm;
use sim::{Batch, Handle, Interest, Observer};
use std::fs::File;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

/// A trace that is being written. What goes wrong ends the run, and is found when the trace is finished.
pub(crate) struct TraceFile<'a> {
    path: PathBuf,
    form: Box<dyn TraceForm + 'a>,
    out: Option<Box<dyn Write + Send>>,
    handle: Handle,
    failed: Option<io::Error>,
    events: u64,
}

impl<'a> TraceFile<'a> {
    /// Of a run that `handle` holds. Nothing is created before the run has something to say.
    pub(crate) fn new(path: &Path, form: Box<dyn TraceForm + 'a>, handle: Handle) -> Self {
        Self { path: path.to_owned(), form, out: None, handle, failed: None, events: 0 }
    }

    /// The run is over. What was written is said, if it is a file.
    ///
    /// # Errors
    /// The file could not be made or written to; of standard output, that it is closed, which is none.
    pub(crate) fn finish(self) -> Result<Option<String>, Failure> {
        let standard = self.path == Path::new(STANDARD_OUTPUT);
        let name = if standard { "standard output".to_owned() } else { self.path.display().to_string() };
        match self.failed {
            Some(error) => Err(Failure::writing(&name, error)),
            None => Ok((!standard).then(|| format!("{name} ({} events)", self.events))),
        }
    }

    fn write(&mut self, batch: &Batch<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        let out = match &mut self.out {
            Some(out) => out,
            none => {
                bytes.extend(self.form.begin());
                let standard = self.path == Path::new(STANDARD_OUTPUT);
                none.insert(if standard { Box::new(stdout()) } else { Box::new(File::create(&self.path)?) })
            }
        };
        self.events += batch.events.len() as u64;
        for told in batch.events {
            bytes.extend(self.form.event(told)?);
        }
        out.write_all(&bytes)?;
        self.form.committed(batch.wires, batch.until, &mut *out)?;
        if batch.last {
            self.form.end(&mut *out)?;
        }
        out.flush()
    }
}

impl Observer for TraceFile<'_> {
    fn interest(&self) -> Interest {
        if self.form.shows_wires() { Interest::EVERYTHING | Interest::WIRES } else { Interest::EVERYTHING }
    }

    fn take(&mut self, batch: &Batch<'_>) {
        if self.failed.is_none()
            && let Err(error) = self.write(batch)
        {
            self.failed = Some(error);
            self.handle.stop();
        }
    }
}
