//! A lane per CPU, drawn from the state that the events fold into; and what the bus says.

use crate::judgement::messages::{destination, what};
use crate::judgement::source_lines::waiting_line;
use crate::judgement::state::{CpuState, Sleep, State};
use crate::report::page::Page;
use kernel_model::Point;
use sim::apic::Mode;
use sim::bus::{AttemptOutcome, Message};
use sim::{Context, Event, Source, What};

/// What no state keeps: what the bus did last, and who was stopped.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    pub(super) bus: String,
    stopped: Vec<bool>,
}

impl Lanes {
    pub(super) fn new(cpus: u32) -> Self {
        Self { bus: "idle".to_owned(), stopped: vec![false; cpus as usize] }
    }

    /// Takes the next event.
    pub(super) fn take(&mut self, event: &Event) {
        match (event.source, &event.what) {
            (Source::Cpu(cpu), What::Reached(code)) if *code == Point::Stopped as u32 => {
                self.stopped[usize::from(cpu)] = true;
            }
            (_, What::Attempts { message, outcome, .. }) => self.bus = attempted(message, *outcome),
            (_, What::Delivered(agent, message)) => self.bus = format!("{} delivered to CPU{agent}", what(message)),
            (_, What::Dispatched(..)) => self.bus = "idle".to_owned(),
            (_, What::EndOfInterrupt(vector)) => self.bus = format!("EOI message for {vector:02X}"),
            _ => {}
        }
    }

    /// The picture.
    pub(super) fn draw(&self, state: &State, page: &mut Page) {
        page.hanging(2, 6, &format!("bus   {}", self.bus));
        for (cpu, stopped) in state.cpus.iter().zip(&self.stopped) {
            page.hanging(2, 6, &format!("CPU{}  {}", cpu.number, lane(cpu, *stopped)));
            let wait = cpu.software.waits.last().filter(|wait| wait.level == cpu.frames.len() && !stopped);
            if let Some(wait) = wait {
                let function = state.places.function(wait.site).unwrap_or("?");
                let line = waiting_line(wait.site).map(|line| line.trim_end_matches([' ', '{']));
                let text = line.map_or_else(|| function.to_owned(), |line| format!("{function}: {line}"));
                page.source("        │ ", 10, &text);
            }
        }
    }

    /// What a CPU runs, in the words of its lane.
    pub(super) fn runs(&self, cpu: &CpuState) -> String {
        runs(cpu, self.stopped[usize::from(cpu.number)])
    }
}

fn attempted(message: &Message, outcome: AttemptOutcome) -> String {
    let outcome = match outcome {
        AttemptOutcome::Accepted => "accepted",
        AttemptOutcome::Retry => "RETRY, sent again and again",
        AttemptOutcome::AcceptError => "ACCEPT ERROR, sent again and again",
        AttemptOutcome::ChecksumError => "CHECKSUM ERROR, sent again and again",
    };
    format!("{} to {}: {outcome}", what(message), destination(message))
}

fn runs(cpu: &CpuState, stopped: bool) -> String {
    let on_top = cpu.frames.last().map_or(Context::Program, |frame| frame.context);
    match (cpu.sleep(), on_top) {
        _ if stopped => "STOPPED".to_owned(),
        (Some(Sleep::WaitForStartUp(_)), _) => "waits for a start-up message".to_owned(),
        (Some(Sleep::Shutdown { .. }), _) | (_, Context::Shutdown) => "in shutdown".to_owned(),
        (_, Context::Nmi) => "NMI handler".to_owned(),
        (_, Context::SystemManagement) => "in SMM".to_owned(),
        (_, Context::Interrupt(vector)) => format!("handler of {vector:02X}"),
        (Some(Sleep::Halt(_)), Context::Program) => "idle, in HLT".to_owned(),
        (None, Context::Program) if cpu.finished => "program ended".to_owned(),
        (None, Context::Program) => "running".to_owned(),
    }
}

fn lane(cpu: &CpuState, stopped: bool) -> String {
    let interrupts = if cpu.interrupts_off_since.is_none() { "IF=1" } else { "IF=0" };
    let icr = match cpu.last_send.filter(|_| cpu.busy_since.is_some()) {
        // x2APIC mode has no delivery status to read (SDM vol. 3 §10.12.9).
        Some((message, _)) if cpu.apic.mode() == Mode::X2Apic => {
            format!("sends {} to {}", what(&message), destination(&message))
        }
        None if cpu.apic.mode() == Mode::X2Apic => "sends nothing".to_owned(),
        Some((message, _)) => format!("ICR BUSY ({} to {})", what(&message), destination(&message)),
        None if cpu.busy_since.is_some() || cpu.jammed_since.is_some() => "ICR BUSY".to_owned(),
        None => "ICR idle".to_owned(),
    };
    let nmi = if cpu.latches.nmi.is_some() { "  NMI latched" } else { "" };
    let dead = if cpu.dead_since.is_some() { "  APIC DEAD" } else { "" };
    format!("{:<14} {interrupts}  {icr}{}{nmi}{dead}", runs(cpu, stopped), kept(cpu))
}

/// What it keeps: as boxes, of parts whose classes have slots (`class F [FD] [  ]`), else as lists.
fn kept(cpu: &CpuState) -> String {
    let hex = |vectors: Vec<u8>| vectors.iter().rev().map(|vector| format!(" {vector:02X}")).collect::<String>();
    let mut out = String::new();
    for class in (0..=0xF).rev() {
        let Some(slots) = cpu.apic.class_slots(class) else {
            for (name, vectors) in [("IRR", cpu.apic.requested().collect()), ("ISR", cpu.apic.in_service().collect())] {
                let all = hex(vectors);
                out += &if all.is_empty() { String::new() } else { format!("  {name}{all}") };
            }
            return out;
        };
        // The interrupt that is served keeps no slot that a new one could not have: it is shown behind those that wait.
        let kept: Vec<u8> = slots.requested.iter().rev().chain(slots.in_service.iter().rev()).copied().collect();
        if !kept.is_empty() {
            let full: String = kept.iter().map(|vector| format!(" [{vector:02X}]")).collect();
            let free = " [  ]".repeat((slots.slots as usize).saturating_sub(kept.len()));
            out += &format!("  class {class:X}{full}{free}");
        }
    }
    out
}
