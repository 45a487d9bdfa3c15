//! The waits that end, read off the events of a run one by one.
//!
//! It keeps the waits that are open, and no others: whoever wants more of them keeps it ([`WaitLog`](super::wait_log)), or
//! writes them out as they come (`--waits all`).

use sim::{Access, Context, Duration, Event, Kind, Site, Source, Time, What};

/// ICR bits 31:0: what the waits for an ICR read.
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

/// A wait that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndedWait {
    /// The CPU.
    pub(crate) cpu: u16,
    /// The code that software gave it.
    pub(crate) code: u32,
    /// The line that waited.
    pub(crate) site: Site,
    /// When it began.
    pub(crate) start: Time,
    /// When it ended.
    pub(crate) end: Time,
    /// Reads of ICR low.
    pub(crate) reads: u64,
    /// Delays.
    pub(crate) delays: u64,
    /// The outcome code that software gave.
    pub(crate) outcome: u32,
}

impl EndedWait {
    /// How long it took.
    pub(crate) const fn took(&self) -> Duration {
        self.end.since(self.start)
    }
}

/// What runs on a CPU, and waits there.
#[derive(Debug, Default)]
struct Cpu {
    level: usize,
    waits: Vec<Open>,
}

/// The waits that are open at an instant, by CPU.
#[derive(Debug, Default)]
pub(crate) struct ToldWaits {
    cpus: Vec<Cpu>,
}

impl ToldWaits {
    /// Takes the next event; gives the wait that it ends.
    pub(crate) fn take(&mut self, event: &Event) -> Option<EndedWait> {
        let Source::Cpu(number) = event.source else { return None };
        let index = usize::from(number);
        if self.cpus.len() <= index {
            self.cpus.resize_with(index + 1, Cpu::default);
        }
        let cpu = &mut self.cpus[index];
        match event.what {
            What::Run { access, count, .. } => cpu.polled(access, count),
            What::WaitBegan(code) => {
                let (level, start) = (cpu.level, event.time);
                let begun = event.site.map(|site| Open { code, site, start, reads: 0, delays: 0, level });
                cpu.waits.extend(begun);
            }
            What::WaitEnded(_, outcome) => {
                let level = cpu.level;
                let Open { code, site, start, reads, delays, .. } = cpu.waits.pop_if(|wait| wait.level == level)?;
                return Some(EndedWait { cpu: number, code, site, start, end: event.time, reads, delays, outcome });
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

#[cfg(test)]
mod tests {
    use super::super::state::tests::everywhere;
    use super::*;

    /// Waits that nothing comes in between: what was polled between beginning and end is theirs.
    #[test]
    fn a_plain_wait_has_what_its_cpu_polled_from_its_beginning_to_its_end() {
        let mut plain = 0;
        everywhere(|scenario, _, recording| {
            let mut folded = ToldWaits::default();
            for (index, told) in recording.told.iter().enumerate() {
                let Some(wait) = folded.take(&told.event) else { continue };
                let before = recording.told[..index].iter().rev().map(|told| &told.event);
                let of_cpu = before.filter(|event| event.source == Source::Cpu(wait.cpu));
                let mut between = of_cpu.take_while(|event| event.time > wait.start || event.what.is_run());
                if between.any(|event| matches!(event.what, What::Entered(_) | What::Left(_) | What::WaitEnded(..))) {
                    continue;
                }
                let place = format!("{wait:?} of {} on {}", scenario.name, scenario.machine);
                let begun = recording.told[..index].iter().rposition(|told| {
                    told.event.source == Source::Cpu(wait.cpu) && matches!(told.event.what, What::WaitBegan(_))
                });
                let begun = begun.expect("it began");
                assert_eq!(recording.told[begun].event.time, wait.start, "{place}");
                let (mut reads, mut delays) = (0, 0);
                for event in recording.told[begun..index].iter().map(|told| &told.event) {
                    match event.what {
                        What::Run { access, count, .. } if event.source == Source::Cpu(wait.cpu) => match access.kind {
                            Kind::RegisterRead if access.operand == 0x300 => reads += count,
                            Kind::Delay | Kind::DelayCycles => delays += count,
                            _ => {}
                        },
                        _ => {}
                    }
                }
                assert_eq!((wait.reads, wait.delays), (reads, delays), "{place}");
                plain += 1;
            }
        });
        assert!(plain > 1_000, "{plain}");
    }

    /// Written by hand: a wait of a program, which an NMI interrupts whose handler waits, too, and then polls after its wait.
    #[test]
    fn what_a_handler_polls_is_no_poll_of_the_wait_that_it_interrupted() {
        let site = Site::caller();
        let at = |us, what| Event { time: Time::from_us(us), source: Source::Cpu(3), site: Some(site), what };
        let run = |us, access, count| at(us, What::Run { access, value: 0, last: Time::from_us(us), count });
        let delay = Access { kind: Kind::Delay, operand: 100 };
        let icr_high = Access { kind: Kind::RegisterRead, operand: 0x310 };
        let events = [
            run(0, ICR_LOW, 7),
            at(1, What::WaitBegan(1)),
            run(2, ICR_LOW, 10),
            run(2, icr_high, 100),
            run(2, delay, 9),
            at(3, What::Entered(Context::Nmi)),
            run(4, ICR_LOW, 1_000),
            at(5, What::WaitBegan(2)),
            run(6, ICR_LOW, 20),
            at(7, What::WaitEnded(2, 1)),
            run(8, delay, 1_000),
            at(9, What::WaitBegan(2)),
            at(10, What::Left(Context::Nmi)),
            run(11, ICR_LOW, 5),
            run(11, delay, 4),
            at(12, What::WaitEnded(1, 0)),
            at(13, What::WaitEnded(1, 0)),
            at(14, What::WaitBegan(1)),
            at(15, What::Initialised),
            at(16, What::WaitEnded(1, 0)),
        ];
        let mut folded = ToldWaits::default();
        let ended: Vec<EndedWait> = events.iter().filter_map(|event| folded.take(event)).collect();
        let wait = |code, start, end, reads, delays, outcome| EndedWait {
            cpu: 3,
            code,
            site,
            start: Time::from_us(start),
            end: Time::from_us(end),
            reads,
            delays,
            outcome,
        };
        assert_eq!(ended, [wait(2, 5, 7, 20, 0, 1), wait(1, 1, 12, 15, 13, 0)]);
    }
}
