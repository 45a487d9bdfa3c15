//! The lines of a result: a header, rows, and what the hashes in rows stand for. One line is one JSON document.
//!
//! A line without its newline is one that was being written when the program was killed: it counts as not there.

use super::cells::Plan;
use crate::measure::RESULT_VERSION;
use serde_json::{Value, json};
use sim::Outcome;
use std::io::{self, BufRead};

pub(super) const HEADER_SCHEMA: &str = "apicsim.campaign/1";
pub(super) const ROW_SCHEMA: &str = "apicsim.campaign-row/1";
pub(super) const REACHED_SCHEMA: &str = "apicsim.campaign-reached/1";

/// The first line of every result of a plan.
pub(super) fn header(plan: &Plan) -> String {
    json!({
        "schema": HEADER_SCHEMA,
        "campaign": plan.name,
        "version": env!("CARGO_PKG_VERSION"),
        "result_version": RESULT_VERSION,
        "digest_version": Outcome::DIGEST_VERSION,
        "grid": plan.id,
        "runs": plan.runs,
        "left_out": plan.left_out.len(),
    })
    .to_string()
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'l> {
    Header,
    /// Its number.
    Row(u64),
    /// The hash that it explains.
    Reached(&'l str),
}

impl<'l> Line<'l> {
    /// What a line is, from its beginning; whether the rest is JSON is for those who read it.
    pub(super) fn of(line: &'l str) -> Option<Self> {
        let rest = line.strip_prefix("{\"schema\":\"")?.strip_suffix('}')?;
        if rest.starts_with("apicsim.campaign/") {
            return Some(Self::Header);
        }
        if let Some(rest) = rest.strip_prefix(ROW_SCHEMA) {
            let number = rest.strip_prefix("\",\"row\":")?;
            return number.split(',').next()?.parse().ok().map(Self::Row);
        }
        let id = rest.strip_prefix(REACHED_SCHEMA)?.strip_prefix("\",\"id\":\"")?;
        id.split('"').next().map(Self::Reached)
    }
}

/// A row without the version of the program in its token: of one run it is the same whichever version made it, as long as the versions of
/// results and digests are.
pub(super) fn without_version(row: &str) -> (&str, &str) {
    let token = row.find("\"token\":\"").and_then(|at| Some(at + row[at..].find(':')? + 1));
    let from = token.and_then(|at| Some(at + row[at..].find(':')? + 1));
    let to = from.and_then(|at| Some(at + row[at..].find(':')?));
    from.zip(to).map_or((row, ""), |(from, to)| (&row[..from], &row[to..]))
}

/// Reads the next whole line into `line`, without its newline; false: there is none, or only a part of one.
///
/// # Errors
/// The host's, or what is there is no text.
pub(super) fn next_line(reader: &mut impl BufRead, line: &mut String) -> io::Result<bool> {
    line.clear();
    reader.read_line(line)?;
    Ok(line.pop() == Some('\n'))
}

/// Why a result with one header is not of the other; none: it is, though perhaps of another version of the program.
pub(super) fn differs(header: &str, other: &str) -> Option<String> {
    if header == other {
        return None;
    }
    let (Ok(ours), Ok(theirs)) = (serde_json::from_str::<Value>(header), serde_json::from_str::<Value>(other)) else {
        return Some("it has no header of a campaign".to_owned());
    };
    let text = |value: &Value| if value.is_null() { "none".to_owned() } else { value.to_string() };
    let differs = |key: &str| (ours[key] != theirs[key]).then(|| (text(&ours[key]), text(&theirs[key])));
    for (key, what) in [
        ("schema", "format"),
        ("result_version", "version of results"),
        ("digest_version", "version of the digest"),
        ("campaign", "campaign"),
        ("grid", "grid"),
        ("runs", "number of runs"),
        ("left_out", "number of points that are left out"),
    ] {
        if let Some((ours, theirs)) = differs(key) {
            return Some(format!("it is of another {what}: {theirs} there, {ours} here"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_same_whichever_version_made_them() {
        let row = |version: &str, digest: &str| {
            format!("{{\"row\":1,\"token\":\"apicsim3:{version}:2:nmi-stall:5c0f\",\"digest\":\"{digest}\"}}")
        };
        let (one, later, other) = (row("0.1.0", "2:0a"), row("0.12.1", "2:0a"), row("0.1.0", "2:0b"));
        assert_eq!(without_version(&one), without_version(&later));
        assert_ne!(without_version(&one), without_version(&other));
        assert_eq!(without_version("no row"), ("no row", ""));
    }
}
