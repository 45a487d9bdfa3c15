//! What differs between the kernels before the fix, with the mailed patches, and after the merge.
//!
//! Not modelled here: anything else that changed between 2.6.20 and 2.6.22. A variant chooses a wait, nothing more, so
//! that two columns of a comparison differ in what they are about.

/// Which wait comes before a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// Up to 2.6.21: unbounded everywhere.
    Before,
    /// The patches as mailed on 25 April 2007: bounded for an NMI to a destination field, delay first.
    Rfc,
    /// 2.6.22: bounded in the same places (the cover letter's solution B-2), read first.
    Merged,
}

impl Variant {
    /// All of them, in the order of their dates.
    pub const ALL: [Self; 3] = [Self::Before, Self::Rfc, Self::Merged];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Rfc => "rfc",
            Self::Merged => "merged",
        }
    }

    /// The variant of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variant| variant.name() == name)
    }
}
