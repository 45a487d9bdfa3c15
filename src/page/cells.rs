//! The cells of a page: everything that it shows of a machine at an instant, each with one value that changes with events.
//! All of them are read from the state that the events fold into, and from nothing else.
//!
//! Not modelled: what depends on time alone (the count of a timer), and words that no event touches.

use super::book::Book;
use super::core_cells::{self, CHAINS, CORE};
use super::kind::Kind;
use super::texts::NOTHING;
use crate::judgement::state::{CpuState, State};
use crate::report::trace::Vocabulary;
use serde_json::{Value, json};
use sim::apic::{LocalApic, Mode, Register, Row, TABLE, X2APIC_MSRS};
use sim::{Event, Kind as Operation, Source, What};
use std::collections::BTreeSet;

/// All cells: those of each CPU, of each bus, and the words.
#[derive(Debug)]
pub(super) struct Cells {
    /// Registers of the generation: the row, and which of its block.
    registers: Vec<(&'static Row, u16)>,
    cpus: usize,
    buses: Vec<u8>,
    words: Vec<u16>,
}

impl Cells {
    /// Those of a machine, and of the words that these events touch.
    pub(super) fn of<'a>(state: &State, events: impl Iterator<Item = &'a Event>) -> Self {
        let generation = state.cpus.first().map(|cpu| cpu.apic.generation());
        let rows = TABLE.iter().filter(|row| generation.is_some_and(|generation| row.is_in(generation)));
        let readable = rows.filter(|row| !matches!(row.register, Register::EndOfInterrupt | Register::SelfIpi));
        let registers = readable.flat_map(|row| (0..row.slots).map(move |slot| (row, slot))).collect();
        let words: BTreeSet<u16> = events.filter_map(word_of).collect();
        let buses: BTreeSet<u8> = (0..state.cpus.len() as u16).map(|cpu| state.bus_of(cpu)).collect();
        let (buses, words) = (buses.into_iter().collect(), words.into_iter().collect());
        Self { registers, cpus: state.cpus.len(), buses, words }
    }

    /// Cells of one CPU.
    fn of_cpu(&self) -> usize {
        CORE.len() + self.registers.len()
    }

    pub(super) fn buses(&self) -> &[u8] {
        &self.buses
    }

    /// Which of the buses it is.
    pub(super) fn bus_place(&self, bus: u8) -> usize {
        self.buses.iter().position(|other| *other == bus).unwrap_or_default()
    }

    /// The first cell that is of no CPU.
    pub(super) fn shared(&self) -> usize {
        self.cpus * self.of_cpu()
    }

    /// The first cell of a CPU.
    pub(super) fn first(&self, cpu: usize) -> usize {
        cpu * self.of_cpu()
    }

    /// The cell of a word.
    pub(super) fn word(&self, word: u16) -> Option<usize> {
        let place = self.words.binary_search(&word).ok()?;
        Some(self.shared() + self.buses.len() + place)
    }

    /// The cell of the register that an access of a CPU reads.
    pub(super) fn register(&self, cpu: usize, kind: Operation, operand: u32) -> Option<usize> {
        let offset = match kind {
            Operation::RegisterRead => operand & 0xFFF,
            Operation::MsrRead => operand.checked_sub(X2APIC_MSRS)? << 4,
            _ => return None,
        };
        let is_it = |(row, slot): &(&Row, u16)| u32::from(row.offset + 16 * slot) == offset;
        Some(self.first(cpu) + CORE.len() + self.registers.iter().position(is_it)?)
    }

    /// Everything, read anew; the chains of causes are as they were told last.
    pub(super) fn read(&self, state: &State, chains: &[[i64; CHAINS]], book: &mut Book) -> Vec<i64> {
        let mut values = Vec::with_capacity(self.shared());
        for (cpu, &own) in state.cpus.iter().zip(chains) {
            values.extend(self.read_cpu(cpu, own, book));
        }
        values.extend(self.read_shared(state, book));
        values
    }

    /// What a CPU shows.
    pub(super) fn read_cpu(&self, cpu: &CpuState, chains: [i64; CHAINS], book: &mut Book) -> Vec<i64> {
        let mut values = core_cells::read(cpu, chains, book).to_vec();
        let registers = self.registers.iter();
        values.extend(registers.map(|(row, slot)| value(&cpu.apic, row, *slot).map_or(NOTHING, i64::from)));
        values
    }

    /// What the buses carry, and what the words hold.
    pub(super) fn read_shared(&self, state: &State, book: &mut Book) -> Vec<i64> {
        let buses = self.buses.iter().map(|&bus| carried(state, bus, book));
        let mut values: Vec<i64> = buses.collect();
        values.extend(self.words.iter().map(|&word| i64::from(state.words.value(word))));
        values
    }

    /// What each cell is.
    pub(super) fn describe(&self, book: &Book) -> Value {
        let mut cells = Vec::new();
        for cpu in 0..self.cpus {
            let core = CORE.iter().map(|(name, kind)| json!([cpu, "core", name, kind.name()]));
            let registers = self.registers.iter().map(|(row, slot)| {
                let name = if row.slots == 1 { row.name.to_owned() } else { format!("{}{slot}", row.name) };
                json!([cpu, "apic", name, Kind::Hex.name()])
            });
            cells.extend(core.chain(registers));
        }
        cells.extend(self.buses.iter().map(|bus| json!([-1, "bus", bus_name(*bus, self.buses.len()), "text"])));
        cells.extend(self.words.iter().map(|&word| json!([-1, "word", book.names.word(word), "hex"])));
        Value::from(cells)
    }
}

/// What a bus is called.
pub(super) fn bus_name(bus: u8, of: usize) -> String {
    if of == 1 { "bus".to_owned() } else { format!("bus {bus}") }
}

/// The value of a register now; none where it cannot be read, or time decides.
fn value(apic: &LocalApic, row: &Row, slot: u16) -> Option<u32> {
    let offset = row.offset + 16 * slot;
    match apic.mode() {
        Mode::Disabled => None,
        Mode::XApic => row.access.and(apic.peek(offset)),
        Mode::X2Apic => {
            let (offset, shift) = if row.register == Register::CommandHigh { (0x300, 32) } else { (offset, 0) };
            let read = apic.peek_msr(X2APIC_MSRS + u32::from(offset >> 4))?;
            read.ok().map(|value| (value >> shift) as u32)
        }
    }
}

/// The messages that are sent from a bus and not dispatched.
fn carried(state: &State, bus: u8, book: &mut Book) -> i64 {
    use crate::judgement::messages::{destination, what};
    let from_here = state.undispatched().filter(|held| state.bus_of(held.message.source) == bus);
    let texts: Vec<String> = from_here
        .map(|held| {
            let message = &held.message;
            let outcome = held.attempts.map_or("not attempted yet".to_owned(), |it| format!("{:?}", it.outcome));
            format!("{} of {} to {}: {outcome}", what(message), book.agent(message.source), destination(message))
        })
        .collect();
    book.text(&if texts.is_empty() { "nothing".to_owned() } else { texts.join("; ") })
}

/// The shared word that an event touches.
fn word_of(event: &Event) -> Option<u16> {
    use Operation::{CompareExchange, Exchange, FetchAdd, FetchAnd, FetchOr, Load, Store};
    let Source::Cpu(_) = event.source else { return None };
    let (What::Run { access, .. } | What::Write { access, .. } | What::Modified { access, .. }) = event.what else {
        return None;
    };
    let is_word = matches!(access.kind, Load | Store | Exchange | FetchAdd | FetchOr | FetchAnd | CompareExchange);
    is_word.then_some(access.operand as u16)
}
