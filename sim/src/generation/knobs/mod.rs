//! Knobs: every point at which public documents disagree or are silent, as one named choice each ([`list`], [`timer`], [`deviations`]). The
//! first value of a knob is its default; the key is that of scenario files (`[knobs]`).
//!
//! Not modelled: mixtures (a machine has one value of each knob for all its APICs).

/// One knob, as tables and lists show it.
///
/// ```
/// use sim::Knobs;
///
/// let slots = Knobs::ALL.iter().find(|knob| knob.key == "slots").expect("a knob");
/// assert_eq!(slots.values, ["per-class", "per-vector"]); // the default first
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Knob {
    /// Key in scenario files.
    pub key: &'static str,
    /// What it decides, in a few words.
    pub what: &'static str,
    /// The evidence, and what it changes.
    pub evidence: &'static str,
    /// Its values, the default first.
    pub values: &'static [&'static str],
}

/// A value that a knob does not have.
///
/// ```
/// use sim::Knobs;
///
/// let error = Knobs::default().set("slots", "per-cpu").and_then(Result::err).unwrap();
/// assert_eq!(error.0.values, ["per-class", "per-vector"]); // what it has
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchValue(pub &'static Knob);

macro_rules! knobs {
    ($(
        $(#[doc = $evidence:literal])+
        $key:ident: $type:ident ($what:literal) {
            $($(#[$meta:meta])* $variant:ident = $name:literal,)+
        }
    )+) => {
        $(named! {
            $(#[doc = $evidence])+
            pub enum $type ($what) {
                $($(#[$meta])* $variant = $name,)+
            }
        })+

        /// The knobs of a machine.
        ///
        /// ```
        /// use sim::{Knobs, Named, Slots};
        ///
        /// let mut knobs = Knobs::default();
        /// knobs.set("slots", Slots::PerVector.name());
        /// assert_eq!(knobs.get("slots"), Some("per-vector"));
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Knobs {
            $($(#[doc = $evidence])+ pub $key: $type,)+
            /// Bus cycles of jitter a message may draw, at most.
            pub jitter_cycles: u32,
        }

        impl Default for Knobs {
            fn default() -> Self {
                Self { $($key: <$type as Named>::ALL[0],)+ jitter_cycles: 0 }
            }
        }

        impl Knobs {
            /// The same, with what `set` changes of them.
            #[must_use]
            pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
                set(&mut self);
                self
            }

            /// All knobs with named values, in the order of their declaration.
            pub const ALL: &'static [Knob] = &[$(Knob {
                key: stringify!($key),
                what: $what,
                evidence: concat!($($evidence),+),
                values: &[$($name),+],
            }),+];

            /// Sets the knob called `key` to the value called `value`. `None`: there is no such knob.
            ///
            /// # Errors
            /// If the knob has no such value.
            pub fn set(&mut self, key: &str, value: &str) -> Option<Result<(), NoSuchValue>> {
                let knob = Self::ALL.iter().find(|knob| knob.key == key)?;
                let place = knob.values.iter().position(|name| *name == value);
                Some(match (place, key) {
                    (None, _) => Err(NoSuchValue(knob)),
                    $((Some(place), stringify!($key)) => {
                        self.$key = <$type as Named>::ALL[place];
                        Ok(())
                    })+
                    _ => unreachable!("every knob has a key"),
                })
            }

            /// The name of the value of the knob called `key`. `None`: there is no such knob.
            pub fn get(&self, key: &str) -> Option<&'static str> {
                match key {
                    $(stringify!($key) => Some(self.$key.name()),)+
                    _ => None,
                }
            }
        }
    };
}

#[macro_use]
mod deviations;
#[macro_use]
mod timer;
#[macro_use]
mod x2apic;
mod list;

pub use list::*;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_can_be_set_to_each_of_its_values() {
        for knob in Knobs::ALL {
            assert_eq!(Knobs::default().get(knob.key), Some(knob.values[0]), "{}", knob.key);
            for value in knob.values {
                let mut knobs = Knobs::default();
                assert_eq!(knobs.set(knob.key, value), Some(Ok(())), "{} = {value}", knob.key);
                assert_eq!(knobs.get(knob.key), Some(*value));
            }
            assert_eq!(Knobs::default().set(knob.key, "?"), Some(Err(NoSuchValue(knob))));
        }
        assert_eq!(Knobs::default().set("slot", "per-class"), None);
        assert_eq!(Knobs::default().get("slot"), None);
    }
}
