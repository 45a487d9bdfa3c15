//! Where software asked for an operation: a line of Rust, or a step of a program that is data.
//!
//! One word, so that it travels in a register: the address of a [`Location`], which is even, or twice the number of a step
//! and one, which is odd.

use std::fmt;
use std::panic::Location;
use std::ptr::{self, NonNull};

/// Where software asked for an operation. Equal sites are one line or one step.
///
/// ```
/// use sim::Site;
///
/// let here = Site::caller();
/// assert!(here.location().is_some() && here.as_step().is_none());
/// assert_eq!(Site::step(7).to_string(), "step 7");
/// ```
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Site(NonNull<Location<'static>>);

// The lowest bit of a location's address is free.
const _: () = assert!(align_of::<Location<'static>>() > 1);

// SAFETY: a site is the address of an immutable value that lives for ever, and may be shared, or a number.
unsafe impl Send for Site {}
// SAFETY: as above.
unsafe impl Sync for Site {}

impl Site {
    /// The greatest number of a step.
    pub const LAST_STEP: u32 = u32::MAX >> 1;

    /// A line of Rust.
    #[inline(always)]
    pub fn of(location: &'static Location<'static>) -> Self {
        Self(NonNull::from(location))
    }

    /// The line that calls this.
    #[inline(always)]
    #[track_caller]
    pub fn caller() -> Self {
        Self::of(Location::caller())
    }

    /// Step `number` of a program that is data.
    ///
    /// # Panics
    /// Above [`LAST_STEP`](Self::LAST_STEP).
    ///
    /// ```
    /// # use sim::Site;
    /// assert_eq!(Site::step(7).as_step(), Some(7));
    /// assert_eq!(Site::caller().as_step(), None);
    /// ```
    #[inline]
    pub fn step(number: u32) -> Self {
        assert!(number <= Self::LAST_STEP, "a program of more than 2^31 steps");
        let odd = ptr::without_provenance_mut(number as usize * 2 + 1);
        Self(NonNull::new(odd).expect("an odd number is not zero"))
    }

    /// The line of Rust, if it is one.
    #[inline]
    pub fn location(self) -> Option<&'static Location<'static>> {
        if self.address() % 2 == 1 {
            return None;
        }
        // SAFETY: sites are made above only, and one with an even address from a location that lives for ever.
        Some(unsafe { self.0.as_ref() })
    }

    /// The number of the step, if it is one.
    #[inline]
    pub fn as_step(self) -> Option<u32> {
        let address = self.address();
        (address % 2 == 1).then_some((address / 2) as u32)
    }

    #[inline]
    pub(crate) fn address(self) -> usize {
        self.0.addr().get()
    }
}

/// The compiler may keep a line's location more than once.
impl PartialEq for Site {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
            || matches!((self.location(), other.location()), (Some(one), Some(other)) if one == other)
    }
}

impl Eq for Site {}

impl fmt::Display for Site {
    /// `file:line`, or `step N`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.location(), self.as_step()) {
            (Some(location), _) => write!(f, "{}:{}", location.file(), location.line()),
            (None, step) => write!(f, "step {}", step.unwrap_or_default()),
        }
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_a_step_are_told_apart() {
        let here = Location::caller();
        let (line, step) = (Site::of(here), Site::step(0));
        assert_eq!((line.location(), line.as_step()), (Some(here), None));
        assert_eq!((step.location(), step.as_step()), (None, Some(0)));
        assert!(line != step && step == Site::step(0) && step != Site::step(1) && line == Site::of(here));
        assert_eq!(Site::step(Site::LAST_STEP).as_step(), Some(0x7FFF_FFFF));
        assert_eq!(line.to_string(), format!("{}:{}", file!(), here.line()));
        assert_eq!(step.to_string(), "step 0");
    }

    #[test]
    #[should_panic(expected = "2^31")]
    fn there_is_a_last_step() {
        Site::step(1 << 31);
    }

    /// It travels in one register, an optional one too.
    #[test]
    fn it_is_one_word() {
        assert_eq!((size_of::<Site>(), size_of::<Option<Site>>()), (size_of::<usize>(), size_of::<usize>()));
    }
}
