//! What programs are read with: the names that they may use, the kernel whose functions they may call, and what has been read.

use super::vocabulary::Vocabulary;
use crate::scenario::diagnostic::{InputError, Place};
use crate::scenario::machine::Machine;
use crate::scenario::nearest;
use crate::scenario::own_waits::OwnWaits;
use crate::scenario::program::Programs;
use crate::scenario::reader::{Field, Table};
use kernel_model::{Arch, Kernel, Release, Variant};

/// What programs are read with, and what has been read.
#[derive(Debug)]
pub(in crate::scenario) struct Reader<'m> {
    pub(in crate::scenario) machine: &'m Machine,
    /// The kernel, as far as it decides which functions there are.
    pub(in crate::scenario) kernel: Kernel,
    pub(super) vocabulary: Vocabulary,
    pub(in crate::scenario) programs: Programs,
}

impl<'m> Reader<'m> {
    /// Reads the names that programs may use.
    pub(in crate::scenario) fn new(
        root: &Table<'_>,
        machine: &'m Machine,
        own: Option<&OwnWaits>,
    ) -> Result<Self, InputError> {
        let mut programs = Programs::default();
        let vocabulary = Vocabulary::read(root, machine, &mut programs)?;
        let arch = Arch::from_name(machine.arch).expect("a machine names a known sub-architecture");
        let variant = Variant::from_name(machine.base).unwrap_or(Variant::Before);
        let release = Release::from_name(machine.release).unwrap_or(Release::usual(variant));
        let own = own.map(OwnWaits::of_kernel);
        let kernel =
            Kernel::new(arch, variant, machine.cpus as u16).of_release(release).with(|kernel| kernel.own = own);
        Ok(Self { machine, kernel, vocabulary, programs })
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

/// One program while it is read.
pub(super) struct Reading<'r, 'm> {
    pub(super) reader: &'r mut Reader<'m>,
    /// Who runs it.
    pub(super) cpus: &'r [u32],
    /// Does it apply to the machine?
    pub(super) applies: bool,
}

impl Reading<'_, '_> {
    pub(super) const fn programs(&mut self) -> &mut Programs {
        &mut self.reader.programs
    }

    /// An error about this place of a program, if the program applies to the machine.
    pub(super) fn if_it_applies(&self, error: impl FnOnce() -> InputError) -> Result<(), InputError> {
        if self.applies { Err(error()) } else { Ok(()) }
    }
}

/// An error at a place that is no token.
pub(super) fn at(place: &Place, message: String, label: &str) -> InputError {
    InputError::new(message).at(place, label)
}
