//! Values that have a name in scenario files and on the command line.

/// A closed set of named values.
///
/// ```
/// use sim::{Named, named};
///
/// named! {
///     /// Who is first.
///     pub enum First ("rule") {
///         /// The lower number.
///         Lower = "lower",
///     }
/// }
/// assert_eq!((First::WHAT, First::names()), ("rule", vec!["lower"]));
/// ```
pub trait Named: Copy + Sized + 'static {
    /// What one of them is called in messages, for example `bus`.
    const WHAT: &'static str;
    /// All of them, in the order in which they are listed.
    const ALL: &'static [Self];
    /// Names that a later version will know.
    const LATER: &'static [&'static str] = &[];

    /// The name.
    fn name(self) -> &'static str;

    /// All names.
    fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|one| one.name()).collect()
    }
}

/// Declares an enum of named values.
#[macro_export]
macro_rules! named {
    (
        $(#[$meta:meta])*
        $vis:vis enum $type:ident ($what:literal $(, later $later:expr)?) {
            $($(#[$variant_meta:meta])* $variant:ident = $name:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        $vis enum $type {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $crate::Named for $type {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            $(const LATER: &'static [&'static str] = $later;)?

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad($crate::Named::name(*self))
            }
        }
    };
}
