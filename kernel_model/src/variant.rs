//! What differs between the kernels before the fix, each proposal of 2007, what was merged, and what came later.
//!
//! Not modelled here: anything else that changed between 2.6.20 and v6.13: that is a [`Release`]'s. A variant chooses waits,
//! nothing more.

use crate::apicdef::NMI_VECTOR;
use crate::release::Release;

/// Which waits the kernel has, and where.
///
/// ```
/// use kernel_model::{Release, Variant};
///
/// assert_eq!(Variant::from_name("merged").map(Release::usual), Some(Release::V2_6_22));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// Up to 2.6.21: unbounded everywhere but in the start-up code, which has loops of its own.
    Before,
    /// The cover letter's solution A: the bound inside `apic_wait_icr_idle`, so that every caller has it.
    SolutionA,
    /// The cover letter's solution B-1: bounded senders of their own, which only kdump calls.
    B1,
    /// Solution B-2 as mailed on 25 April 2007: bounded for an NMI to a destination field, delay first.
    Rfc,
    /// Solution B-2 as merged in 2.6.22: bounded in the same places, read first.
    Merged,
    /// v6.6 and later: one round less, and also bounded for an NMI by shorthand.
    Modern,
    /// MP specification 1.4, page B-4: no wait before a message, at most 20 µs after it, then the command is given up.
    MpsAbort,
    /// The same page: after 20 µs the message is sent again, by writing the low half of the ICR.
    MpsRetry,
}

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

/// What tells that the MP specification's 20 µs are over (1.4, page B-4, names these three).
///
/// ```
/// use kernel_model::{Arch, Kernel, MpsTimeout, Variant};
///
/// assert_eq!(Kernel::new(Arch::I386Default, Variant::MpsAbort, 4).mps_timeout, MpsTimeout::InstructionLoop);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MpsTimeout {
    /// A loop of instructions of known length.
    InstructionLoop,
    /// A loop that looks at the time-stamp counter.
    TimeStampCounter,
    /// An interrupt, "if interrupts are enabled on the processor". Where they are not, it never comes.
    ExternalInterrupt,
}

impl Variant {
    /// All of them: before, the proposals, what was merged, what came later, and the MP specification's two.
    pub const ALL: [Self; 8] = [
        Self::Before,
        Self::SolutionA,
        Self::B1,
        Self::Rfc,
        Self::Merged,
        Self::Modern,
        Self::MpsAbort,
        Self::MpsRetry,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::SolutionA => "solution-a",
            Self::B1 => "b1",
            Self::Rfc => "rfc",
            Self::Merged => "merged",
            Self::Modern => "modern",
            Self::MpsAbort => "mps-abort",
            Self::MpsRetry => "mps-retry",
        }
    }

    /// The variant of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|variant| variant.name() == name)
    }

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
