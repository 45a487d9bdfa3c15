//! Things that have a name in scenario files and on the command line: one table of names for both.

use super::nearest;
pub use sim::Named;
pub(crate) use sim::named;

/// A name that is none of the valid ones: what is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({help})")]
pub(crate) struct UnknownName {
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) help: String,
}

/// The value called `text`.
///
/// # Errors
/// The name is not known, or not yet.
pub(crate) fn by_name<T: Named>(text: &str) -> Result<T, UnknownName> {
    match T::ALL.iter().find(|one| one.name() == text) {
        Some(one) => Ok(*one),
        None => Err(unknown(T::WHAT, text, &T::names(), T::LATER)),
    }
}

/// The one of `names` that equals `text`.
///
/// # Errors
/// The name is not known.
pub(crate) fn one_of(what: &str, text: &str, names: &'static [&'static str]) -> Result<&'static str, UnknownName> {
    names.iter().find(|name| **name == text).copied().ok_or_else(|| unknown(what, text, names, &[]))
}

pub(crate) fn unknown(what: &str, text: &str, names: &[&str], later: &[&str]) -> UnknownName {
    if later.contains(&text) {
        let help = format!("valid today: {}", names.join(", "));
        return UnknownName { message: format!("{what} `{text}` comes later"), help };
    }
    UnknownName { message: format!("unknown {what} `{text}`"), help: nearest::suggestion(text, names) }
}

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
        assert!(one_of("letter", "b", &["a"]).is_err());
    }
}
