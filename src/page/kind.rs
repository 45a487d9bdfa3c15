//! Kinds of cells: what a value of one is.

/// What the value of a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number of 32 bits; -1: it cannot be read now.
    Hex,
    /// 0 or 1.
    Flag,
    /// A place in the dictionary, of a text.
    Text,
    /// The number of a site.
    Site,
    /// A place in the dictionary, of a list of classes with their slots.
    Slots,
    /// A place in the dictionary, of a chain of causes.
    Chain,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Flag => "flag",
            Self::Text => "text",
            Self::Site => "site",
            Self::Slots => "slots",
            Self::Chain => "chain",
        }
    }
}
