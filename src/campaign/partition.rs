//! A share of a grid's rows: `slice:3/40` is every fortieth row, from the third on.

use std::fmt;
use std::str::FromStr;

/// A share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partition {
    /// From 1.
    part: u64,
    of: u64,
}

impl Partition {
    /// All rows.
    pub(crate) const WHOLE: Self = Self { part: 1, of: 1 };

    /// Is it all rows?
    pub(crate) const fn is_whole(self) -> bool {
        self.of == 1
    }

    /// The number of its row `index`.
    pub(crate) const fn row(self, index: u64) -> u64 {
        self.part - 1 + index * self.of
    }

    /// How many of `rows` it has.
    pub(crate) const fn rows_of(self, rows: u64) -> u64 {
        (rows + self.of - self.part) / self.of
    }

    /// What it adds to the name of a file.
    pub(crate) fn suffix(self) -> String {
        if self.is_whole() { String::new() } else { format!(".{}-of-{}", self.part, self.of) }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slice:{}/{}", self.part, self.of)
    }
}

/// Shares of one grid at most.
const PARTS_MAX: u64 = 1_000_000;

impl FromStr for Partition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("`{text}` is no partition: slice:K/N, with K from 1 to N and N at most {PARTS_MAX}, as slice:3/40")
        };
        let (part, of) = text.strip_prefix("slice:").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
        let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let (part, of) = number(part).zip(number(of)).ok_or_else(wrong)?;
        if part == 0 || part > of || of > PARTS_MAX { Err(wrong()) } else { Ok(Self { part, of }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row is in one share, whatever their number.
    #[test]
    fn shares_are_all_rows_once() {
        for rows in 0..40_u64 {
            for of in 1..=45_u64 {
                let mut all = Vec::new();
                for part in 1..=of {
                    let share: Partition = format!("slice:{part}/{of}").parse().expect("a share");
                    all.extend((0..share.rows_of(rows)).map(|index| share.row(index)));
                }
                all.sort_unstable();
                assert_eq!(all, (0..rows).collect::<Vec<_>>(), "{of}");
            }
        }
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in
            ["", "3/40", "slice:0/4", "slice:5/4", "slice:+1/4", "slice:1/0", "slice:1", "hash:1/4", "slice:1/1000001"]
        {
            let error = text.parse::<Partition>().expect_err(text);
            assert!(error.contains("slice:3/40"), "{error}");
        }
        assert_eq!("slice:3/40".parse::<Partition>().map(|share| share.to_string()), Ok("slice:3/40".to_owned()));
    }
}
