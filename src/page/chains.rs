//! Why each CPU waits, and why its ICR is busy, at each moment: the chains of causes that reports give of a hang, for the page
//! with the event of each sentence, to go to.

use super::book::Book;
use super::core_cells::CHAINS;
use super::recording::Entry;
use super::texts::NOTHING;
use crate::judgement::state::{CpuState, State};
use crate::judgement::why::{Why, explain_cpu, explain_icr};
use serde_json::{Value, json};
use sim::Source;
use std::collections::BTreeMap;

/// Chains of each kind that are worked out for a page, at most; those of its end are always.
const TOLD: usize = 100_000;

/// The chains, as they are told.
#[derive(Debug)]
pub(super) struct Chains {
    /// The events of each instant.
    moments: BTreeMap<u64, Vec<(usize, Source)>>,
    /// The chains of each CPU: why its ICR is busy, why it waits.
    pub(super) now: Vec<[i64; CHAINS]>,
    told: [usize; CHAINS],
}

impl Chains {
    pub(super) fn of(entries: &[Entry], cpus: usize) -> Self {
        let mut moments: BTreeMap<u64, Vec<(usize, Source)>> = BTreeMap::new();
        for (index, entry) in entries.iter().enumerate() {
            moments.entry(entry.event.time.as_ps()).or_default().push((index, entry.event.source));
        }
        Self { moments, now: vec![[NOTHING; CHAINS]; cpus], told: [0; CHAINS] }
    }

    /// The machine is so now: what does each CPU wait for, and each ICR that is busy?
    pub(super) fn follow(&mut self, state: &State, at_the_end: bool, book: &mut Book) {
        for cpu in &state.cpus {
            let (number, budget) = (cpu.number, if at_the_end { usize::MAX } else { TOLD });
            let busy = is_busy(cpu).then_some(explain_icr as Explain);
            let waits = waits(state, cpu).then_some(explain_cpu as Explain);
            for (kind, explain) in [busy, waits].into_iter().enumerate() {
                self.now[usize::from(number)][kind] = match explain {
                    None => NOTHING,
                    Some(_) if self.told[kind] >= budget => book.value(&Value::from(Vec::<Value>::new())),
                    Some(explain) => {
                        self.told[kind] += 1;
                        let why = explain(state, number);
                        let links: Vec<Value> = why.chain.iter().map(|sentence| self.link(sentence)).collect();
                        book.value(&Value::from(links))
                    }
                };
            }
        }
    }

    /// A sentence, and the event at the instant that it names.
    fn link(&self, sentence: &str) -> Value {
        json!([sentence, self.moment(sentence).map_or(-1, |event| event as i64)])
    }

    fn moment(&self, sentence: &str) -> Option<usize> {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        let instants = words.windows(3).filter(|three| {
            ["at", "since"].contains(&three[0]) && three[2].trim_end_matches([',', ':', ';', '.']) == "us"
        });
        let there = instants.filter_map(|three| self.moments.get(&picoseconds(three[1])?)).next()?;
        let named = |(_, source): &&(usize, Source)| match source {
            Source::Cpu(cpu) => sentence.contains(&format!("CPU{cpu}")),
            Source::Interconnect => false,
        };
        there.iter().find(named).or(there.first()).map(|(index, _)| *index)
    }
}

/// What explains a CPU.
type Explain = fn(&State, u16) -> Why;

/// Does its ICR read "send pending"?
const fn is_busy(cpu: &CpuState) -> bool {
    cpu.busy_since.is_some() || cpu.jammed_since.is_some()
}

fn waits(state: &State, cpu: &CpuState) -> bool {
    cpu.waits_for_something() && (state.kernel.is_some() || cpu.stalled_since.is_some())
}

/// A decimal of microseconds, exactly.
fn picoseconds(number: &str) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if part.len() > 6 || whole.is_empty() || !part.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_back_exactly() {
        let cases = [
            ("40", Some(40_000_000)),
            ("36.07", Some(36_070_000)),
            ("0.000001", Some(1)),
            ("1.0000001", None),
            ("x", None),
            ("-1", None),
            ("1.-5", None),
            ("99999999999999999999", None),
        ];
        for (text, ps) in cases {
            assert_eq!(picoseconds(text), ps, "{text}");
        }
    }
}
