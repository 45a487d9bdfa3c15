//! Reading a program: the text of `steps`, into the list of all steps of the scenario.

use super::blocks::Blocks;
use super::lines::Text;
use super::model::Programs;
use super::vocabulary::Vocabulary;
use crate::scenario::diagnostic::InputError;
use crate::scenario::machine::Machine;
use crate::scenario::nearest;
use crate::scenario::reader::{Field, Table};
use kernel_model::{Arch, Kernel, Release, Variant};
use std::ops::Range;

/// What programs are read with, and what has been read.
#[derive(Debug)]
pub(in crate::scenario) struct Reader<'m> {
    pub(super) machine: &'m Machine,
    /// The kernel, as far as it decides which functions there are.
    pub(super) kernel: Kernel,
    pub(super) vocabulary: Vocabulary,
    pub(super) programs: Programs,
}

impl<'m> Reader<'m> {
    /// Reads the names that programs may use.
    pub(in crate::scenario) fn new(root: &Table<'_>, machine: &'m Machine) -> Result<Self, InputError> {
        let mut programs = Programs::default();
        let vocabulary = Vocabulary::read(root, machine, &mut programs)?;
        let arch = Arch::from_name(machine.arch).expect("a machine names a known sub-architecture");
        let variant = Variant::from_name(machine.variant).unwrap_or(Variant::Before);
        let release = Release::from_name(machine.release).unwrap_or(Release::usual(variant));
        let kernel = Kernel::new(arch, variant, machine.cpus as u16).of_release(release);
        Ok(Self { machine, kernel, vocabulary, programs })
    }

    /// Reads a program that these CPUs run; of one that does not apply to this machine only whether it is well written.
    pub(in crate::scenario) fn program(
        &mut self,
        field: &Field<'_>,
        cpus: &[u32],
        applies: bool,
    ) -> Result<Range<u32>, InputError> {
        let text = Text::of(field, field.text()?);
        let first = self.programs.steps.len();
        Blocks::new(self, text.pieces(), cpus, applies).program()?;
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

    /// The number of a name that some program reaches.
    pub(in crate::scenario) fn reached(&self, field: &Field<'_>, name: &str) -> Result<u32, InputError> {
        let names: Vec<&str> = self.programs.reached.iter().map(String::as_str).collect();
        let place = names.iter().position(|known| *known == name);
        place.map(|place| place as u32).ok_or_else(|| {
            let near = nearest::nearest(name, &names).map(|near| format!("did you mean `reach:{near}`? "));
            field
                .error(&format!("nobody can reach the goal `reach:{name}` on this machine"), "cannot be reached")
                .help(format!("{}a step of a program that applies has to be: reach {name}", near.unwrap_or_default()))
        })
    }

    /// All that was read.
    pub(in crate::scenario) fn finish(self) -> Programs {
        self.programs
    }
}
