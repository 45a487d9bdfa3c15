//! Every wait for an ICR that ends, read off the events: for those who want them all, however many there are.
//!
//! It keeps the waits that are open, and no others. What a report says of waits comes from the outcome of its run; a test
//! holds the two against each other.

use super::source_lines;
use super::waits::{WaitReport, is_icr, outcome_name};
use sim::{Access, Context, Event, Kind, Site, Source, Time, What};
use std::collections::BTreeMap;

/// ICR bits 31:0: what these waits read.
const ICR_LOW: Access = Access { kind: Kind::RegisterRead, operand: 0x300 };

/// A wait that has begun.
#[derive(Debug, Clone, Copy)]
struct Open {
    code: u32,
    site: Site,
    start: Time,
    reads: u64,
    delays: u64,
    /// Handlers on the program, when it began.
    level: usize,
}

/// What a CPU waits for.
#[derive(Debug, Default)]
struct Cpu {
    level: usize,
    waits: Vec<Open>,
}

/// The waits that are open at an instant, by CPU.
#[derive(Debug, Default)]
pub(crate) struct ToldWaits {
    cpus: BTreeMap<u16, Cpu>,
}

impl ToldWaits {
    /// Takes the next event; gives the wait for an ICR that it ends.
    pub(crate) fn take(&mut self, event: &Event) -> Option<WaitReport> {
        let Source::Cpu(number) = event.source else { return None };
        let cpu = self.cpus.entry(number).or_default();
        match event.what {
            What::Run { access, count, .. } => cpu.polled(access, count),
            What::WaitBegan(code) => {
                let (level, start) = (cpu.level, event.time);
                let begun = event.site.map(|site| Open { code, site, start, reads: 0, delays: 0, level });
                cpu.waits.extend(begun);
            }
            What::WaitEnded(_, outcome) => {
                let level = cpu.level;
                let wait = cpu.waits.pop_if(|wait| wait.level == level)?;
                return is_icr(wait.code).then(|| ended(number, &wait, event.time, outcome));
            }
            What::Entered(_) => cpu.level += 1,
            What::Left(context) if context != Context::Program => {
                cpu.level = cpu.level.saturating_sub(1);
                let level = cpu.level;
                cpu.waits.retain(|wait| wait.level <= level);
            }
            What::Initialised => *cpu = Cpu::default(),
            _ => {}
        }
        None
    }
}

impl Cpu {
    /// The innermost wait of the code that runs counts, not one of code that it interrupted.
    fn polled(&mut self, access: Access, count: u64) {
        let level = self.level;
        let Some(wait) = self.waits.last_mut().filter(|wait| wait.level == level) else { return };
        match access.kind {
            Kind::Delay | Kind::DelayCycles => wait.delays += count,
            _ if access == ICR_LOW => wait.reads += count,
            _ => {}
        }
    }
}

fn ended(cpu: u16, wait: &Open, end: Time, outcome: u32) -> WaitReport {
    let &Open { site, start, reads, delays, .. } = wait;
    WaitReport {
        cpu,
        at: source_lines::describe(site),
        site,
        start,
        reads: Some(reads),
        delays: Some(delays),
        outcome: outcome_name(outcome),
        took: Some(end.since(start)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::everywhere;
    use super::super::waits::waits;
    use super::*;

    /// The engine counts waits for itself, on the CPU that waits.
    #[test]
    fn the_events_tell_the_waits_that_the_engine_has_counted() {
        let mut all = 0;
        everywhere(|scenario, outcome, recording| {
            let mut folded = ToldWaits::default();
            let told = recording.told.iter().filter_map(|told| folded.take(&told.event));
            let mut told: Vec<WaitReport> = told.collect();
            told.sort_by_key(|wait| (wait.start, wait.cpu));
            let counted = waits(outcome).into_iter().filter(|wait| wait.took.is_some());
            let line = |wait: WaitReport| format!("{wait:?}");
            let (told, counted): (Vec<_>, Vec<_>) = (told.into_iter().map(line).collect(), counted.map(line).collect());
            assert_eq!(told, counted, "{} on {}", scenario.name, scenario.machine);
            all += told.len();
        });
        assert!(all > 1_000, "{all}");
    }
}
