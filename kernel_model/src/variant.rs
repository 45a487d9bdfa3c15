//! What differs between the kernels before the fix, each proposal of 2007, what was merged, and what came later.
//!
//! Not modelled here: anything else that changed between 2.6.20 and v6.13: that is a [`Release`](crate::Release)'s. A variant
//! chooses waits, nothing more.

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
}
