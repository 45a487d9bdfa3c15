//! What a report for people is written on: how wide it is, whether it has colours, how exact its times are.

use crate::scenario::decimal::{self, Unit};
use sim::Duration;

/// Picoseconds of the last place that text shows, unless it is asked for all of them.
const LAST_PLACE_PS: u64 = 1_000;

/// Width, colours and exactness of text. The command line decides them; documents (JSON, CSV, traces) have none.
///
/// ```
/// use apicsim::report::Paper;
///
/// let terminal = Paper::default().with(|paper| { paper.width = 132; paper.colour = true; });
/// # let _ = terminal;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paper {
    /// Columns of a line.
    pub width: usize,
    /// Times to the picosecond, instead of at most three decimals of a microsecond.
    pub exact: bool,
    /// Colours, by the escape sequences of a terminal.
    pub colour: bool,
}

impl Default for Paper {
    /// As [`Paper::PLAIN`].
    fn default() -> Self {
        Self::PLAIN
    }
}

impl Paper {
    /// 80 columns, short times, no colours.
    pub const PLAIN: Self = Self { width: 80, exact: false, colour: false };

    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Undecided.
    Open,
    /// A heading.
    Strong,
}

impl Paper {
    /// A column of prose is not wider than this, however wide the terminal is.
    const PROSE_MAX: usize = 100;

    /// Columns of a line of prose.
    pub(crate) fn prose(self) -> usize {
        self.width.min(Self::PROSE_MAX)
    }

    /// A time as a number of microseconds.
    pub(crate) fn microseconds(self, picoseconds: u64) -> String {
        decimal::microseconds(if self.exact { picoseconds } else { rounded(picoseconds) })
    }

    /// As [`Paper::microseconds`]; `-` for a time that there is none of.
    pub(crate) fn or_dash(self, span: Option<Duration>) -> String {
        span.map_or_else(|| "-".to_owned(), |span| self.microseconds(span.as_ps()))
    }

    /// A sentence as it is printed: each time in it (`62.244583 us`) as [`Paper::microseconds`] has it, in µs.
    pub(crate) fn sentence(self, text: &str) -> String {
        const UNIT: &str = " us";
        let mut parts = text.split(UNIT);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let begin = out.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').len();
            let ends_here = !part.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                && !out[..begin].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            match decimal::picoseconds(&out[begin..], Unit::Microseconds) {
                Ok(ps) if ends_here => {
                    let number = self.microseconds(ps);
                    out.truncate(begin);
                    out += &number;
                    out += " µs";
                }
                _ => out += UNIT,
            }
            out += part;
        }
        out
    }

    /// `text` in the colour of its meaning, if there are colours.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Open => "33",
            Ink::Strong => "1",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// To the nearest last place; a time that would be none at all is kept as it is.
const fn rounded(picoseconds: u64) -> u64 {
    match picoseconds.saturating_add(LAST_PLACE_PS / 2) / LAST_PLACE_PS * LAST_PLACE_PS {
        0 => picoseconds,
        rounded => rounded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paper = Paper { width: 80, exact: false, colour: false };
    const EXACT: Paper = Paper { exact: true, ..PLAIN };

    #[test]
    fn times_have_three_decimals_or_all() {
        let cases = [
            (300_550_695_417, "300550.695", "300550.695417"),
            (548_333, "0.548", "0.548333"),
            (548_500, "0.549", "0.5485"),
            (99_999_500, "100", "99.9995"),
            (62_244_000, "62.244", "62.244"),
            (417, "0.000417", "0.000417"),
            (0, "0", "0"),
        ];
        for (ps, rounded, exact) in cases {
            assert_eq!((&*PLAIN.microseconds(ps), &*EXACT.microseconds(ps)), (rounded, exact));
        }
        assert_eq!(PLAIN.or_dash(None), "-");
    }

    #[test]
    fn times_in_sentences_are_found_and_nothing_else() {
        let cases = [
            ("busy since 40.210417 us: FIXED", "busy since 40.21 µs: FIXED"),
            ("every 1.26 us", "every 1.26 µs"),
            ("(10 us) and 0.0005 us.", "(10 µs) and 0.001 µs."),
            ("CPU2 us, used us", "CPU2 us, used us"),
            ("3 users, 3 us_of", "3 users, 3 us_of"),
            ("v2.6.20 us", "v2.6.20 us"),
            ("µ1.5 us", "µ1.5 us"),
        ];
        for (text, printed) in cases {
            assert_eq!(PLAIN.sentence(text), printed);
        }
        assert_eq!(EXACT.sentence("since 40.210417 us, 3 us"), "since 40.210417 µs, 3 µs");
    }

    #[test]
    fn colours_are_only_where_they_are_wanted() {
        assert_eq!(PLAIN.paint(Ink::Bad, "HUNG"), "HUNG");
        assert_eq!(Paper { colour: true, ..PLAIN }.paint(Ink::Bad, "HUNG"), "\u{1b}[31mHUNG\u{1b}[0m");
    }
}
