//! A line of software.

/// It lives as long as the program.
pub(crate) type Site = &'static std::panic::Location<'static>;
