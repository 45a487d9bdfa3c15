//! The trace as a value change dump (IEEE 1364-2005 §18): a wave for the state of each CPU and its local APIC, read from the
//! state that the events fold into.
//!
//! Not modelled: polls, which change nothing; the cycles of a bus, which no event tells.

use super::trace_form::TraceForm;
use crate::judgement::state::{CpuState, State};
use crate::scenario::Scenario;
use sim::{Source, Time, Told, What};
use std::fmt::Write as _;
use std::io::{self, Write};

/// The waves of a CPU: name, bits.
const WAVES: [(&str, u32); 8] = [
    ("icr_busy", 1),
    ("interrupt_flag", 1),
    ("nmi_latched", 1),
    ("halted", 1),
    ("handlers", 8),
    ("irr_highest", 8),
    ("isr_highest", 8),
    ("tpr", 8),
];

/// Their values; none where there is nothing, which a wave shows as `z`.
fn values(cpu: &CpuState) -> [Option<u32>; WAVES.len()] {
    let bit = |set: bool| Some(u32::from(set));
    [
        bit(cpu.busy_since.is_some() || cpu.jammed_since.is_some()),
        bit(cpu.interrupts_off_since.is_none()),
        bit(cpu.latches.nmi.is_some()),
        bit(cpu.sleep().is_some()),
        Some(cpu.frames.len() as u32 - 1),
        cpu.apic.requested().last().map(u32::from),
        cpu.apic.in_service().last().map(u32::from),
        Some(cpu.apic.tpr().into()),
    ]
}

/// What writes it.
pub(super) struct Vcd {
    state: State,
    shown: Vec<[Option<u32>; WAVES.len()]>,
    now: Option<Time>,
}

/// The name of a wave in the dump: printable characters, least digit first.
fn code(mut number: usize) -> String {
    let mut code = String::new();
    loop {
        code.push(char::from(b'!' + (number % 94) as u8));
        number /= 94;
        if number == 0 {
            return code;
        }
    }
}

/// A value, and whose it is.
fn change(wave: usize, cpu: usize, value: Option<u32>) -> String {
    let code = code(cpu * WAVES.len() + wave);
    match (WAVES[wave].1, value) {
        (1, value) => format!("{}{code}\n", value.map_or('z', |value| if value == 0 { '0' } else { '1' })),
        (_, Some(value)) => format!("b{value:b} {code}\n"),
        (_, None) => format!("bz {code}\n"),
    }
}

impl Vcd {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let state = State::before(scenario);
        let shown = state.cpus.iter().map(values).collect();
        Self { state, shown, now: None }
    }

    /// What has changed at a CPU.
    fn changes(&mut self, cpu: usize, text: &mut String) {
        let Some(state) = self.state.cpus.get(cpu) else { return };
        for (wave, value) in values(state).into_iter().enumerate() {
            if self.shown[cpu][wave] != value {
                self.shown[cpu][wave] = value;
                text.push_str(&change(wave, cpu, value));
            }
        }
    }
}

impl TraceForm for Vcd {
    fn begin(&mut self) -> Vec<u8> {
        let mut text = String::from("$version apicsim $end\n$timescale 1 ps $end\n$scope module machine $end\n");
        for cpu in 0..self.shown.len() {
            let _ = writeln!(text, "$scope module cpu{cpu} $end"); // writing to a string cannot fail
            for (wave, (name, bits)) in WAVES.iter().enumerate() {
                let _ = writeln!(text, "$var wire {bits} {} {name} $end", code(cpu * WAVES.len() + wave));
            }
            text.push_str("$upscope $end\n");
        }
        text.push_str("$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n");
        for (cpu, shown) in self.shown.iter().enumerate() {
            shown.iter().enumerate().for_each(|(wave, value)| text.push_str(&change(wave, cpu, *value)));
        }
        text.push_str("$end\n");
        self.now = Some(Time::ZERO);
        text.into_bytes()
    }

    fn event(&mut self, told: &Told) -> io::Result<Vec<u8>> {
        let event = &told.event;
        self.state.take(event);
        let mut touched: Vec<usize> = match event.source {
            Source::Cpu(cpu) => vec![cpu.into()],
            Source::Interconnect => Vec::new(),
        };
        match event.what {
            What::Delivered(agent, message) => touched.extend([usize::from(agent), usize::from(message.source)]),
            What::Sent(message) | What::Dispatched(message, _) => touched.push(message.source.into()),
            What::Error(agent, _) => touched.push(agent.into()),
            _ => {}
        }
        let mut text = String::new();
        touched.into_iter().for_each(|cpu| self.changes(cpu, &mut text));
        if !text.is_empty() && self.now != Some(told.at) {
            self.now = Some(told.at);
            text.insert_str(0, &format!("#{}\n", told.at.as_ps()));
        }
        Ok(text.into_bytes())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let end = self.state.now;
        if self.now.is_some_and(|now| now >= end) { Ok(()) } else { writeln!(out, "#{}", end.as_ps()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wave_has_a_name_of_its_own() {
        assert_eq!((code(0), code(93), code(94), code(95)), ("!".into(), "~".into(), "!\"".into(), "\"\"".into()));
        let codes: std::collections::BTreeSet<String> = (0..10_000).map(code).collect();
        assert_eq!(codes.len(), 10_000);
    }
}
