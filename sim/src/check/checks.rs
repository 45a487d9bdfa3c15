//! The checks by name, and which of them are on.
//!
//! Not modelled: checks that are on for some CPUs only (for a faulted one there is `exempt`).

use crate::named;
use crate::named::Named;

named! {
    /// Something that the checker looks for.
    ///
    /// ```
    /// use sim::Named;
    /// use sim::check::Check;
    ///
    /// assert_eq!(Check::LostIpi.name(), "lost-ipi");
    /// ```
    #[non_exhaustive]
    pub enum Check ("check") {
        /// An agent that had to get a message never got it.
        LostIpi = "lost-ipi",
        /// An agent got a message twice, or two agents a lowest-priority message.
        DuplicatedDelivery = "duplicated-delivery",
        /// An agent got a message that does not address it.
        DeliveredToStranger = "delivered-to-stranger",
        /// A message was delivered that nobody sent.
        NeverSent = "never-sent",
        /// Two messages of one sender have the same number.
        SentTwice = "sent-twice",
        /// A message was delivered that is not as it was sent.
        Altered = "altered",
        /// The delivery status, or the end of a message, does not fit to what is pending.
        DeliveryStatus = "delivery-status",
        /// A vector was taken that nobody delivered.
        TakenButNotDelivered = "taken-but-not-delivered",
        /// A delivered vector that was not taken is missing in the IRR at the end.
        VanishedFromIrr = "vanished-from-irr",
        /// The IRR holds a vector at the end that nobody delivered, or that was taken already.
        AppearedInIrr = "appeared-in-irr",
        /// An NMI was taken, or is latched at the end, that nobody delivered.
        NmiFromNowhere = "nmi-from-nowhere",
        /// A delivered NMI was neither taken nor is it latched at the end.
        VanishedNmi = "vanished-nmi",
    }
}

/// There is no check of this name.
///
/// ```
/// use sim::check::Checks;
///
/// let error = Checks::ALL.clone().off("lost-ipis").unwrap_err();
/// assert!(error.name == "lost-ipis" && error.to_string().contains("lost-ipi,"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no check called `{name}`; the checks are {}", Check::names().join(", "))]
#[non_exhaustive]
pub struct NoSuchCheck {
    /// What was asked for.
    pub name: String,
}

/// The checks that are on.
///
/// ```
/// use sim::check::{Check, Checks};
///
/// let mut checks = Checks::ALL;
/// checks.set_off(Check::LostIpi);
/// assert!(!checks.has(Check::LostIpi) && checks.has(Check::SentTwice));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks(u32);

impl Default for Checks {
    fn default() -> Self {
        Self::ALL
    }
}

impl Checks {
    /// All of them.
    pub const ALL: Self = Self((1 << Check::ALL.len()) - 1);
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Turns off the check called `name`.
    ///
    /// # Errors
    /// If there is no such check.
    pub fn off(&mut self, name: &str) -> Result<(), NoSuchCheck> {
        let check = Check::ALL.iter().find(|check| check.name() == name);
        self.set_off(*check.ok_or_else(|| NoSuchCheck { name: name.to_owned() })?);
        Ok(())
    }

    /// Turns off `check`.
    pub const fn set_off(&mut self, check: Check) {
        self.0 &= !(1 << check as u32);
    }

    /// Is `check` on?
    pub const fn has(self, check: Check) -> bool {
        self.0 & 1 << check as u32 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_is_turned_off_by_its_name() {
        for check in Check::ALL {
            let mut checks = Checks::default();
            assert!(checks.has(*check) && !Checks::NONE.has(*check));
            assert_eq!(checks.off(check.name()), Ok(()));
            let left: Vec<_> = Check::ALL.iter().filter(|check| checks.has(**check)).collect();
            assert_eq!(left.len(), Check::ALL.len() - 1, "{check}");
            assert!(!left.contains(&check));
        }
        let error = Checks::default().off("lost").expect_err("no such check");
        assert!(error.to_string().starts_with("there is no check called `lost`; the checks are lost-ipi, "));
    }
}
