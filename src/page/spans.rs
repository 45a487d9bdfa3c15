//! The spans of the lanes: what a CPU runs, handlers nested, waits and sleeps on top, and when its interrupts are off; of a
//! bus, from when to when it has a message.

use super::book::Book;
use super::core_cells::{context, does_there, lock};
use super::object::picoseconds;
use super::texts::Texts;
use crate::judgement::state::{CpuState, Sleep};
use crate::report::KernelNames;
use crate::report::trace::Vocabulary;
use sim::{Context, Time};
use std::collections::{BTreeMap, BTreeSet};

/// What a span shows: its name is the page's class of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Code,
    Interrupt,
    Nmi,
    SystemManagement,
    Shutdown,
    Waits,
    Halted,
    NotStarted,
    Ended,
    InterruptsOff,
    Message,
}

impl Look {
    const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Interrupt => "interrupt",
            Self::Nmi => "nmi",
            Self::SystemManagement => "smm",
            Self::Shutdown => "shutdown",
            Self::Waits => "waits",
            Self::Halted => "halted",
            Self::NotStarted => "not-started",
            Self::Ended => "ended",
            Self::InterruptsOff => "interrupts-off",
            Self::Message => "message",
        }
    }
}

/// A span, of which the end is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    look: Look,
    text: String,
    /// What is known of it later, and says more.
    exactly: Option<String>,
    from: Time,
    event: i64,
}

/// The level that says whether interrupts are off: none of nesting.
const INTERRUPTS: i64 = -1;

/// A span: what it shows is a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) look: i64,
    pub(super) text: i64,
    /// The event that began it.
    pub(super) event: i64,
}

/// All spans by lane and level, and those of each CPU that are open.
#[derive(Debug, Default)]
pub(super) struct Spans {
    pub(super) rows: BTreeMap<(usize, i64), Vec<Span>>,
    /// The names of all looks that there are.
    pub(super) looks: BTreeSet<&'static str>,
    open: Vec<Vec<Open>>,
    off: Vec<Option<(Time, i64)>>,
}

impl Spans {
    pub(super) fn of(cpus: usize) -> Self {
        Self { open: vec![Vec::new(); cpus], off: vec![None; cpus], ..Self::default() }
    }

    /// A CPU is so after event number `event`, at `now`; -1: before the first.
    pub(super) fn follow(&mut self, cpu: &CpuState, now: Time, event: i64, book: &mut Book) {
        let lane = usize::from(cpu.number);
        let stack = stack(cpu, &book.names);

        let is_open = |(open, wanted): (&Open, &(Look, String))| (open.look, &open.text) == (wanted.0, &wanted.1);
        let kept = self.open[lane].iter().zip(&stack).take_while(|pair| is_open(*pair)).count();
        self.close(lane, kept, now, &mut book.texts);
        for (look, text) in stack.into_iter().skip(kept) {
            self.open[lane].push(Open { look, text, exactly: None, from: now, event });
        }
        if let (Some(word), Some(open)) = (lock(cpu), self.open[lane].last_mut()) {
            open.exactly.get_or_insert_with(|| format!("spins on the {}", book.names.word(word)));
        }
        let off = cpu.interrupts_off_since.is_some();
        match self.off[lane] {
            None if off => self.off[lane] = Some((now, event)),
            Some((from, since)) if !off => {
                self.off[lane] = None;
                self.push(
                    (lane, INTERRUPTS),
                    Look::InterruptsOff,
                    (from, now),
                    "interrupts off",
                    since,
                    &mut book.texts,
                );
            }
            _ => {}
        }
    }

    /// Ends the open spans of a lane from that level on.
    fn close(&mut self, lane: usize, level: usize, now: Time, texts: &mut Texts) {
        for (above, open) in self.open[lane].split_off(level).into_iter().enumerate() {
            let level = (level + above) as i64;
            let text = open.exactly.as_ref().unwrap_or(&open.text);
            self.push((lane, level), open.look, (open.from, now), text, open.event, texts);
        }
    }

    /// The run has come to its end.
    pub(super) fn end(&mut self, now: Time, texts: &mut Texts) {
        for lane in 0..self.open.len() {
            self.close(lane, 0, now, texts);
            if let Some((from, since)) = self.off[lane].take() {
                self.push((lane, INTERRUPTS), Look::InterruptsOff, (from, now), "interrupts off", since, texts);
            }
        }
    }

    /// A bus has a message.
    pub(super) fn message(&mut self, lane: usize, span: (Time, Time), text: &str, event: i64, texts: &mut Texts) {
        self.push((lane, 0), Look::Message, span, text, event, texts);
    }

    fn push(
        &mut self,
        (lane, level): (usize, i64),
        look: Look,
        (from, until): (Time, Time),
        text: &str,
        event: i64,
        texts: &mut Texts,
    ) {
        if from == until {
            return;
        }
        self.looks.insert(look.name());
        let (look, text) = (texts.text(look.name()), texts.text(text));
        let span = Span { from: picoseconds(from), until: picoseconds(until), look, text, event };
        self.rows.entry((lane, level)).or_default().push(span);
    }
}

/// What a CPU runs, from its program to what is on top.
fn stack(cpu: &CpuState, names: &KernelNames) -> Vec<(Look, String)> {
    let frame = |kind: Context| {
        let look = match kind {
            Context::Program => Look::Code,
            Context::Interrupt(_) => Look::Interrupt,
            Context::Nmi => Look::Nmi,
            Context::SystemManagement => Look::SystemManagement,
            Context::Shutdown => Look::Shutdown,
        };
        (look, context(kind, names))
    };
    let mut stack: Vec<(Look, String)> = cpu.frames.iter().map(|it| frame(it.context)).collect();
    let waits = cpu.software.waits.last().is_some_and(|wait| wait.level == cpu.frames.len());
    let on_top = match cpu.sleep() {
        Some(Sleep::Halt(_)) => Some(Look::Halted),
        Some(Sleep::Shutdown { .. }) => Some(Look::Shutdown),
        Some(Sleep::WaitForStartUp(_)) => Some(Look::NotStarted),
        None if waits || cpu.stalled_since.is_some() => Some(Look::Waits),
        None if cpu.finished && cpu.frames.len() == 1 => Some(Look::Ended),
        None => None,
    };
    stack.extend(on_top.map(|look| (look, does_there(cpu).to_owned())));
    stack
}
