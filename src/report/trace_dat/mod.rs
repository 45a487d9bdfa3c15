//! The trace as a `trace.dat` of version 6, for trace-cmd and KernelShark: a buffer a CPU, and one more for the bus; every event of
//! the stream at the instant, in ns, at which it becomes known, so that each buffer is in order.
//!
//! The format wants each buffer in one piece, with its size before it. So full pages wait in a spool, and the file is written
//! when the run has ended, by itself or by an interruption. A program that is killed leaves an empty file.

mod head;
mod kinds;
mod pages;
mod record;
mod spool;

use super::trace::Names;
use super::trace_form::TraceForm;
use crate::judgement::state::State;
use crate::scenario::Scenario;
use pages::{Page, RECORD_MAX};
use record::{Around, record};
use sim::{Context, Source, Time, Told, What};
use spool::Spool;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

/// Tasks, which a reader shows for processes: what a CPU runs. Interrupts are tasks of their vectors' numbers, above these.
const BUS: u32 = 5;
const INTERRUPTS: u32 = 0x100;
const TASKS: [(u32, &str); 5] = [(1, "program"), (2, "NMI"), (3, "SMM"), (4, "shutdown"), (BUS, "bus")];

/// Flags of a kernel's trace (`TRACE_FLAG_*`).
const IRQS_OFF: u8 = 0x01;
const HARDIRQ: u8 = 0x08;
const NMI: u8 = 0x40;

/// The buffer of a CPU.
#[derive(Debug)]
struct Buffer {
    page: Page,
    /// Where the first of its pages is in the spool, where this one would be, and how many are there.
    first: u64,
    next: u64,
    pages: u64,
}

/// What writes it.
pub(super) struct TraceDat<'a> {
    names: Names<'a>,
    state: State,
    /// The last one is the bus's.
    buffers: Vec<Buffer>,
    spool: Spool,
    events: u64,
    vectors: BTreeSet<u8>,
}

impl<'a> TraceDat<'a> {
    /// Its spool is beside that file.
    pub(super) fn of(names: Names<'a>, scenario: &Scenario, file: &Path) -> Self {
        let state = State::before(scenario);
        let mut spool = Spool::beside(file);
        let buffer = |_| {
            let place = spool.place();
            Buffer { page: Page::default(), first: place, next: place, pages: 0 }
        };
        let buffers = (0..=state.cpus.len()).map(buffer).collect();
        Self { names, state, buffers, spool, events: 0, vectors: BTreeSet::new() }
    }

    /// What a CPU runs now.
    fn context(&self, cpu: usize) -> Context {
        self.state.cpus[cpu].frames.last().map_or(Context::Program, |frame| frame.context)
    }

    fn flags(&self, cpu: usize, context: Context) -> u8 {
        let off = if self.state.cpus[cpu].interrupts_off_since.is_some() { IRQS_OFF } else { 0 };
        off | match context {
            Context::Interrupt(_) => HARDIRQ,
            Context::Nmi => NMI,
            _ => 0,
        }
    }

    fn said(&self, told: &Told) -> String {
        let event = &told.event;
        let acts = event.site.filter(|_| !matches!(event.what, What::Entered(_)));
        let site = acts.map(|site| format!("  [{}]", self.names.software.place(site))).unwrap_or_default();
        self.names.say(event) + &site
    }

    /// A line a task.
    fn tasks(&self) -> String {
        let mut lines = String::new(); // writing to it cannot fail
        TASKS.iter().for_each(|(task, name)| _ = writeln!(lines, "{task} {name}"));
        let of_vector = |vector: &u8| _ = writeln!(lines, "{} vector-{vector:02X}", INTERRUPTS + u32::from(*vector));
        self.vectors.iter().for_each(of_vector);
        lines
    }
}

/// KernelShark takes an instant of 0 for none, and then shows one buffer after the other: what is there from the beginning on stands
/// a nanosecond later.
fn nanoseconds(at: Time) -> u64 {
    (at.as_ps() / 1000).max(1)
}

fn task(context: Context) -> u32 {
    match context {
        Context::Program => 1,
        Context::Nmi => 2,
        Context::SystemManagement => 3,
        Context::Shutdown => 4,
        Context::Interrupt(vector) => INTERRUPTS + u32::from(vector),
    }
}

impl Buffer {
    /// One more record. A page that is full goes to the spool.
    fn push(&mut self, ns: u64, record: &[u8], spool: &mut Spool) -> io::Result<()> {
        if !self.page.push(ns, record) {
            let (this, next) = (self.next, spool.place());
            spool.put(this, &self.page.take(), next)?;
            self.next = next;
            self.pages += 1;
            let fits = self.page.push(ns, record);
            debug_assert!(fits, "a record fits an empty page");
        }
        Ok(())
    }

    /// How many pages it will have in the file.
    fn size(&self) -> u64 {
        self.pages + u64::from(!self.page.is_empty())
    }

    fn write(&mut self, spool: &mut Spool, out: &mut dyn Write) -> io::Result<()> {
        let mut place = self.first;
        for _ in 0..self.pages {
            let (page, next) = spool.get(place)?;
            out.write_all(&page)?;
            place = next;
        }
        if self.page.is_empty() { Ok(()) } else { out.write_all(&self.page.take()) }
    }
}

impl TraceForm for TraceDat<'_> {
    fn begin(&mut self) -> Vec<u8> {
        Vec::new()
    }

    fn event(&mut self, told: &Told) -> io::Result<Vec<u8>> {
        let event = &told.event;
        let cpu = if let Source::Cpu(cpu) = event.source { Some(usize::from(cpu)) } else { None };
        let left = if let (What::Left(context), Some(cpu)) = (event.what, cpu) {
            Some((context, self.state.cpus[cpu].handler(context).map(|frame| frame.since)))
        } else {
            None
        };
        let before = left.zip(cpu).map(|((context, _), cpu)| self.flags(cpu, context));
        self.state.take(event);
        let (task, flags) = match (cpu, left) {
            (None, _) => (BUS, 0),
            (_, Some((context, _))) => (task(context), before.unwrap_or_default()),
            (Some(cpu), None) => {
                let context = self.context(cpu);
                if let Context::Interrupt(vector) = context {
                    self.vectors.insert(vector);
                }
                (task(context), self.flags(cpu, context))
            }
        };
        let arch = self.state.kernel.map(|kernel| kernel.arch);
        let entered = left.and_then(|(_, entered)| entered);
        let around = Around { arch, entered, number: self.events, task, flags };
        self.events += 1;
        let bytes = record(event, &around, &self.said(told), RECORD_MAX);
        let buffer = cpu.unwrap_or(self.state.cpus.len());
        self.buffers[buffer].push(nanoseconds(told.at), &bytes, &mut self.spool)?;
        Ok(Vec::new())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let sizes: Vec<u64> = self.buffers.iter().map(Buffer::size).collect();
        out.write_all(&head::head(&self.tasks(), &sizes))?;
        self.buffers.iter_mut().try_for_each(|buffer| buffer.write(&mut self.spool, out))
    }
}
