//! Who begins an operation, by its kind.

use super::hot::Hot;
use super::site::Site;
use super::turn::Turn;

/// Who begins an operation, on the engine's stack.
pub(crate) type Step = extern "C" fn(*mut Hot, u64, u64, Site) -> Turn;

/// Kinds of operations that the boundary tells apart, by the lowest bits of the packed operation.
pub(crate) const KINDS: usize = 64;

/// One for each kind. Each is a function of its own, from the boundary on: most of what a kind needs to know is then known
/// when it is compiled.
#[repr(transparent)]
pub(crate) struct Steps([Step; KINDS]);

impl Steps {
    /// The same for all.
    pub(crate) const fn all(step: Step) -> Self {
        Self([step; KINDS])
    }

    /// Another one for this kind.
    ///
    /// # Panics
    /// If `kind` is not below [`KINDS`].
    pub(crate) const fn with(mut self, kind: usize, step: Step) -> Self {
        self.0[kind] = step;
        self
    }
}
