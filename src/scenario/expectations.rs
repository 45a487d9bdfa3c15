//! Reading `[[expect]]`: what is expected of a run on this machine.

use super::diagnostic::InputError;
use super::expected::{Expectation, ExpectedVerdict};
use super::filter::{self, ExpectFilter, Subject};
use super::own_waits::Variants;
use super::reader::Table;

const OUTCOME_KEYS: [&str; 7] = ["verdict", "proof", "timeouts", "stopped", "hang_at", "capture", "started"];

/// The first expectation that matches. All are checked.
pub(super) fn expectation(
    root: &Table<'_>,
    variants: &Variants<'_>,
    subject: &Subject<'_>,
) -> Result<Option<Expectation>, InputError> {
    let keys: Vec<&str> = filter::expect_keys().chain(OUTCOME_KEYS).collect();
    let fields = root.get("expect").map(|field| field.tables()).transpose()?.unwrap_or_default();
    let mut first = None;
    for (index, field) in fields.into_iter().enumerate() {
        let table = Table::open(field, "[[expect]]", &keys)?;
        let count = |key: &str| table.get(key).map(|field| field.small_integer(0, u32::MAX)).transpose();
        let expectation = Expectation {
            index,
            verdict: table.need("verdict", "\"completed\"")?.name()?,
            proof: table.get("proof").map(|field| field.name()).transpose()?,
            timeouts: count("timeouts")?,
            stopped: count("stopped")?,
            hang_at: table.get("hang_at").map(|field| field.line_of_text()).transpose()?,
            capture: table.get("capture").map(|field| field.boolean()).transpose()?,
            started: count("started")?,
        };
        if expectation.verdict == ExpectedVerdict::Any {
            let others = OUTCOME_KEYS.iter().filter(|key| **key != "verdict").find_map(|key| table.get(key));
            if let Some(field) = others {
                return Err(field
                    .error("a row that expects any verdict expects nothing else", "never looked at")
                    .help("leave it out, or name the verdict"));
            }
        }
        if ExpectFilter::read(&table, variants)?.applies(subject) && first.is_none() {
            first = Some(expectation);
        }
    }
    Ok(first)
}
