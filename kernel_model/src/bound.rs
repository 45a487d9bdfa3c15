//! Where kernel code waits for its ICR, and how long: the table of what each variant has there.
//!
//! Not modelled: waits of one's own ([`OwnWait`](crate::OwnWait)).

use crate::apicdef::NMI_VECTOR;
use crate::release::Release;
use crate::variant::Variant;

/// Where kernel code waits for its ICR.
///
/// ```
/// use kernel_model::{Site, Sites};
///
/// assert!(Sites::ALL.has(Site::StartUp));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Site {
    /// Before a message to a destination field, no NMI.
    DestField,
    /// Before an NMI to a destination field.
    DestFieldNmi,
    /// Before a message to a shorthand, no NMI.
    Shorthand,
    /// Before an NMI to a shorthand.
    ShorthandNmi,
    /// Before `sync_Arb_IDs` sends.
    SyncArbIds,
    /// After each message that starts a CPU.
    StartUp,
    /// Before a remote read of the inquiry that follows a failed start.
    Inquiry,
    /// v6: after the message to itself that asks for deferred work: no other sender waits after its message.
    AfterIrqWork,
}

impl Site {
    /// Before a message with this vector to a destination field.
    pub const fn dest_field(vector: u8) -> Self {
        if vector == NMI_VECTOR { Self::DestFieldNmi } else { Self::DestField }
    }

    /// Before a message with this vector to a shorthand.
    pub const fn shorthand(vector: u8) -> Self {
        if vector == NMI_VECTOR { Self::ShorthandNmi } else { Self::Shorthand }
    }
}

/// How long a wait for the ICR may be.
///
/// ```
/// use kernel_model::{Bound, Release, Site, Variant};
///
/// let of = |variant: Variant, site| variant.bound(Release::usual(variant), site, Bound::DelayFirst);
/// assert_eq!(of(Variant::Merged, Site::DestFieldNmi), Bound::ReadFirst); // 2.6.22 bounds an NMI's wait
/// assert_eq!(of(Variant::Merged, Site::DestField), Bound::Unbounded); // and no other's
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// There is no wait.
    None,
    /// For ever.
    Unbounded,
    /// 1001 times: 100 µs, then a read.
    DelayFirst,
    /// 1001 times: a read, then 100 µs.
    ReadFirst,
    /// 1000 times: a read, then 100 µs.
    ReadFirst1000,
    /// 20 µs, as the MP specification has it.
    Dispatch,
}

impl Variant {
    /// The wait at `site`. The cover letter leaves the loop of solution A open: it is `shape` there. In v5.4 what was merged
    /// bounds an NMI by shorthand too, and what is modern has a round more: there both are one.
    pub const fn bound(self, release: Release, site: Site, shape: Bound) -> Bound {
        use Site::{DestFieldNmi, Inquiry, ShorthandNmi, StartUp};
        if let (Release::V5_4, Self::Merged | Self::Modern, ShorthandNmi) = (release, self, site) {
            return Bound::ReadFirst;
        }
        match (self, site) {
            (Self::MpsAbort | Self::MpsRetry, StartUp) => Bound::Dispatch,
            (Self::MpsAbort | Self::MpsRetry, _) => Bound::None,
            (Self::Rfc, DestFieldNmi | StartUp | Inquiry) => Bound::DelayFirst,
            (Self::Merged, DestFieldNmi | StartUp | Inquiry) => Bound::ReadFirst,
            (Self::Modern, DestFieldNmi | StartUp | Inquiry) if matches!(release, Release::V5_4) => Bound::ReadFirst,
            (Self::Modern, DestFieldNmi | ShorthandNmi | StartUp | Inquiry) => Bound::ReadFirst1000,
            (_, StartUp) => Bound::DelayFirst,
            (Self::SolutionA, _) => shape,
            (Self::Before | Self::B1 | Self::Rfc | Self::Merged | Self::Modern, _) => Bound::Unbounded,
        }
    }

    /// The variant whose senders kdump calls: with solution B-1 it has bounded ones of its own, which do what B-2 does.
    pub const fn of_kdump(self, shape: Bound) -> Self {
        match (self, shape) {
            (Self::B1, Bound::ReadFirst) => Self::Merged,
            (Self::B1, _) => Self::Rfc,
            _ => self,
        }
    }
}
