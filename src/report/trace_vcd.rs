//! The trace as a value change dump (IEEE 1364-2005 §18) of its [waves](super::waves).
//!
//! Not modelled: a compressed form.

use super::trace_form::TraceForm;
use super::waves::{Value, Wave, Waves};
use crate::scenario::Scenario;
use sim::bus::WireChange;
use sim::{Time, Told};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Characters that are written at once.
const PIECE: usize = 1 << 16;

/// What writes it.
pub(super) struct Vcd {
    waves: Waves,
    /// The bits of each wave.
    bits: Vec<u32>,
    now: Time,
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
fn change(wave: usize, bits: u32, value: Value) -> String {
    let code = code(wave);
    match (bits, value) {
        (1, Value::Number(number)) => format!("{}{code}\n", u32::from(number != 0)),
        (1, Value::Nothing) => format!("z{code}\n"),
        (1, Value::Unknown) => format!("x{code}\n"),
        (_, Value::Number(number)) => format!("b{number:b} {code}\n"),
        (_, Value::Nothing) => format!("bz {code}\n"),
        (_, Value::Unknown) => format!("bx {code}\n"),
    }
}

impl Vcd {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let waves = Waves::of(scenario);
        let bits = waves.scopes().iter().flat_map(|(_, waves)| waves.iter().map(|(_, bits)| *bits)).collect();
        Self { waves, bits, now: Time::ZERO }
    }

    /// Writes what `of` says is to be written.
    fn write(
        &mut self,
        out: &mut dyn Write,
        of: impl FnOnce(&mut Waves, super::waves::Sink<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut text = String::new();
        let Self { waves, bits, now } = self;
        of(waves, &mut |at, wave, value| {
            if *now != at {
                *now = at;
                let _ = writeln!(text, "#{}", at.as_ps()); // writing to a string cannot fail
            }
            text.push_str(&change(wave, bits[wave], value));
            if text.len() >= PIECE {
                out.write_all(text.as_bytes())?;
                text.clear();
            }
            Ok(())
        })?;
        out.write_all(text.as_bytes())
    }
}

fn declaration(wave: usize, (name, bits): &Wave) -> String {
    let range = if *name == "picd" { " [1:0]" } else { "" };
    format!("$var wire {bits} {} {name}{range} $end\n", code(wave))
}

impl TraceForm for Vcd {
    fn begin(&mut self) -> Vec<u8> {
        let mut text = String::from("$version apicsim $end\n$timescale 1 ps $end\n$scope module machine $end\n");
        let mut number = 0..;
        for (scope, waves) in self.waves.scopes() {
            let _ = writeln!(text, "$scope module {scope} $end");
            number.by_ref().zip(waves).for_each(|(number, wave)| text.push_str(&declaration(number, wave)));
            text.push_str("$upscope $end\n");
        }
        text.push_str("$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n");
        let values = self.waves.values().iter().zip(&self.bits).enumerate();
        values.for_each(|(wave, (value, bits))| text.push_str(&change(wave, *bits, *value)));
        text.push_str("$end\n");
        text.into_bytes()
    }

    fn event(&mut self, told: &Told) -> io::Result<Vec<u8>> {
        self.waves.event(told);
        Ok(Vec::new())
    }

    fn shows_wires(&self) -> bool {
        true
    }

    fn committed(&mut self, wires: &[WireChange], until: Time, out: &mut dyn Write) -> io::Result<()> {
        self.waves.wires(wires);
        self.write(out, |waves, sink| waves.committed(until, sink))
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.write(out, Waves::finish)?;
        let end = self.waves.end();
        if self.now >= end { Ok(()) } else { writeln!(out, "#{}", end.as_ps()) }
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
