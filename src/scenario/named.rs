//! Things that have a name in scenario files and on the command line: one table of names for both.

use crate::nearest;

/// A closed set of named values.
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

/// A name that is none of the valid ones: what is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({help})")]
pub struct UnknownName {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// The value called `text`.
///
/// # Errors
/// The name is not known, or not yet.
pub fn by_name<T: Named>(text: &str) -> Result<T, UnknownName> {
    match T::ALL.iter().find(|one| one.name() == text) {
        Some(one) => Ok(*one),
        None => Err(unknown(T::WHAT, text, &T::names(), T::LATER)),
    }
}

/// The one of `names` that equals `text`.
///
/// # Errors
/// The name is not known, or not yet.
pub fn one_of(
    what: &str,
    text: &str,
    names: &'static [&'static str],
    later: &[&str],
) -> Result<&'static str, UnknownName> {
    names.iter().find(|name| **name == text).copied().ok_or_else(|| unknown(what, text, names, later))
}

fn unknown(what: &str, text: &str, names: &[&str], later: &[&str]) -> UnknownName {
    if later.contains(&text) {
        let help = format!("valid today: {}", names.join(", "));
        return UnknownName { message: format!("{what} `{text}` comes later"), help };
    }
    UnknownName { message: format!("unknown {what} `{text}`"), help: nearest::suggestion(text, names) }
}

/// Declares an enum of named values.
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

        impl $crate::scenario::named::Named for $type {
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
                f.pad($crate::scenario::named::Named::name(*self))
            }
        }
    };
}
pub(crate) use named;

#[cfg(test)]
mod tests {
    use super::*;

    named! {
        /// For the tests.
        enum Colour ("colour", later &["ultraviolet"]) {
            /// Red.
            Red = "red",
            /// Green.
            Green = "green",
        }
    }

    #[test]
    fn names_lead_to_values_and_back() {
        for name in Colour::names() {
            assert_eq!(by_name::<Colour>(name).map(Named::name), Ok(name));
        }
        assert_eq!(Colour::Red.to_string(), "red");
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let error = by_name::<Colour>("gren").expect_err("not a colour");
        assert_eq!(error.message, "unknown colour `gren`");
        assert_eq!(error.help, "did you mean `green`? Valid: red, green");
        assert_eq!(by_name::<Colour>("ultraviolet").expect_err("later").message, "colour `ultraviolet` comes later");
        assert!(one_of("letter", "b", &["a"], &[]).is_err());
    }
}
