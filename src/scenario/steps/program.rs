//! Reading a program: the text of `steps`, into the list of all steps of the scenario.

use super::blocks::Blocks;
use super::lines::Text;
use super::reading::{Reader, Reading};
use crate::scenario::diagnostic::InputError;
use crate::scenario::reader::Field;
use std::ops::Range;

impl Reader<'_> {
    /// Reads a program that these CPUs run; of one that does not apply to this machine only whether it is well written.
    pub(in crate::scenario) fn program(
        &mut self,
        field: &Field<'_>,
        cpus: &[u32],
        applies: bool,
    ) -> Result<Range<u32>, InputError> {
        let text = Text::of(field, field.text()?);
        let first = self.programs.steps.len();
        Blocks::new(Reading { reader: self, cpus, applies }, text.pieces()).program()?;
        if self.programs.steps.len() == first {
            return Err(field
                .error("a program without a step", "no step")
                .help("one step a line; docs/programs.md has what a step can be"));
        }
        if !applies {
            self.programs.steps.truncate(first);
            self.programs.places.truncate(first);
        }
        Ok(first as u32..self.programs.steps.len() as u32)
    }
}
