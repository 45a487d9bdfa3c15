//! Which release of Linux the code is of, beside the waits that it has.
//!
//! Not modelled: what releases between these changed, and of these all that the functions here do not speak of. What runs
//! on `modern/*` is the code of v6.13: there a release says nothing but how long, and before what, it waits for the ICR.

use crate::arch::{Arch, Family};
use crate::variant::Variant;

/// A release: the first whose code is as it is.
///
/// ```
/// use kernel_model::Release;
///
/// assert!(Release::V2_6_22.is_from_2_6_22() && !Release::V2_6_20.is_from_2_6_22());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// Before the fix.
    V2_6_20,
    /// With the fix; `smp_send_stop` only tries the call lock, and `setup_local_APIC` masks the timer.
    V2_6_22,
    /// With a bounded wait before an NMI by shorthand, still of 1001 rounds.
    V5_4,
    /// With 1000 rounds.
    V6_6,
}

impl Release {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::V2_6_20, Self::V2_6_22, Self::V5_4, Self::V6_6];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2_6_20 => "2.6.20",
            Self::V2_6_22 => "2.6.22",
            Self::V5_4 => "v5.4",
            Self::V6_6 => "v6.6",
        }
    }

    /// The release of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|release| release.name() == name)
    }

    /// The one that a variant came with, or was proposed for.
    pub const fn usual(variant: Variant) -> Self {
        match variant {
            Variant::Merged => Self::V2_6_22,
            Variant::Modern => Self::V6_6,
            _ => Self::V2_6_20,
        }
    }

    /// Is its code that of 2.6.22, or later?
    pub const fn is_from_2_6_22(self) -> bool {
        !matches!(self, Self::V2_6_20)
    }
}

/// Was there ever one kernel with the code of `arch`, the waits of `variant`, and of that release? None had the waits that
/// were proposed and not merged; clustered `x86_64` left the tree in 2.6.22; and v6's code is of v6, but for v5.4, which
/// differs from it in its waits, whichever of the two variants that later became them one starts from. A kernel that is not
/// Linux has one wait, and no release of these.
pub const fn was_one_kernel(arch: Arch, variant: Variant, release: Release) -> bool {
    match (arch.facts().family, variant, release) {
        (Family::Other(_), ..)
        | (Family::I386 | Family::X8664, Variant::Before, Release::V2_6_20)
        | (Family::Modern, Variant::Merged | Variant::Modern, Release::V5_4)
        | (Family::Modern, Variant::Modern, Release::V6_6) => true,
        (Family::I386 | Family::X8664, Variant::Merged, Release::V2_6_22) => !matches!(arch, Arch::X8664Cluster),
        _ => false,
    }
}
