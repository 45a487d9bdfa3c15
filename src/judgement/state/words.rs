//! The shared words: what each holds, and who changed it last.

use sim::Site;
use sim::{ClockDomain, Duration, Event, Kind, MachineSettings, Time, What};

/// Who changed a word last, when, and by which line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer {
    pub(crate) cpu: u16,
    pub(crate) at: Time,
    pub(crate) site: Site,
}

/// The shared words.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    values: Vec<u32>,
    writers: Vec<Option<Writer>>,
    /// From a read-modify-write to its answer, and the clock of the cores.
    answer: Duration,
    clock: ClockDomain,
}

impl Words {
    pub(super) fn new(settings: &MachineSettings) -> Self {
        let writers = vec![None; settings.words.len()];
        let (answer, clock) = (settings.costs.read_modify_write, settings.core_clock);
        Self { values: settings.words.clone(), writers, answer, clock }
    }

    pub(super) fn take(&mut self, cpu: u16, event: &Event) {
        let Some(site) = event.site else { return };
        match event.what {
            What::Write { access, value } if access.kind == Kind::Store => {
                self.store(access.operand, value as u32, Writer { cpu, at: event.time, site });
            }
            What::Modified { access, values } if is_word(access.kind) => {
                self.store(access.operand, values as u32, Writer { cpu, at: self.issued_before(event.time), site });
            }
            _ => {}
        }
    }

    /// When the read-modify-write of a word left that this event is the answer of; none for other events. Between the two lies
    /// its way to the word and back, and it counts from when it left.
    pub(crate) fn issued(&self, event: &Event) -> Option<Time> {
        match event.what {
            What::Modified { access, .. } if is_word(access.kind) => Some(self.issued_before(event.time)),
            _ => None,
        }
    }

    /// When the read-modify-write left whose answer came at `back`: the answer takes effect at the first cycle at or after
    /// its time.
    fn issued_before(&self, back: Time) -> Time {
        let earliest = Time::from_ps(back.as_ps().saturating_sub(self.answer.as_ps()));
        let cycle = self.clock.first_at_or_after(earliest);
        if self.clock.instant(cycle) == earliest { earliest } else { self.clock.instant(cycle.saturating_sub(1)) }
    }

    /// Writing the value that is already there is not a change.
    fn store(&mut self, word: u32, value: u32, writer: Writer) {
        let Some(held) = self.values.get_mut(word as usize) else { return };
        if *held != value {
            *held = value;
            self.writers[word as usize] = Some(writer);
        }
    }

    /// What `word` holds.
    pub(crate) fn value(&self, word: u16) -> u32 {
        self.values.get(usize::from(word)).copied().unwrap_or_default()
    }

    /// Who changed `word` last.
    pub(crate) fn writer(&self, word: u16) -> Option<Writer> {
        self.writers.get(usize::from(word)).copied().flatten()
    }
}

const fn is_word(kind: Kind) -> bool {
    matches!(kind, Kind::Exchange | Kind::FetchAdd | Kind::FetchOr | Kind::FetchAnd | Kind::CompareExchange)
}
