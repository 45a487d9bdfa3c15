//! An I/O APIC with local APICs on a bench: what its tests work with.

use super::*;
use crate::apic::{Clocks, LocalApic, Preset, WriteResult};
use crate::bus::{Agent, Message};
use crate::generation::{Generation, IoApicBroadcast, IoApicReserved, Knobs};
use crate::time::Time;

pub(super) const PIN: u8 = 0x0E;
pub(super) const LEVEL: u32 = 1 << 15;
pub(super) const MASKED: u32 = 1 << 16;
pub(super) const REMOTE_IRR: u64 = 1 << 14;
pub(super) const PENDING: u64 = 1 << 12;

pub(super) type Handler = fn(&mut Bench, usize, u8);

/// An I/O APIC and local APICs with ids 0, 1, ...; messages arrive at once, and handlers run to their end.
pub(super) struct Bench {
    pub(super) io: IoApic,
    pub(super) cpus: Vec<LocalApic>,
    /// Does this CPU take interrupts?
    pub(super) enabled: Vec<bool>,
    /// Which CPU took which vector, in order.
    pub(super) taken: Vec<(usize, u8)>,
    pub(super) handler: Handler,
    pub(super) now: Time,
}

pub(super) fn io_apic(version: IoApicVersion) -> IoApic {
    let (reserved, broadcast) = (IoApicReserved::AsWritten, IoApicBroadcast::XApicMode);
    IoApic::new(IoApicSettings { version, agent: 9, id: 2, reserved, broadcast })
}

/// The handler of most cases: the device lets go of its line, then EOI.
pub(super) fn serve(bench: &mut Bench, cpu: usize, _: u8) {
    bench.line(PIN, false);
    bench.eoi(cpu);
}

/// A handler that leaves the line alone.
pub(super) fn only_eoi(bench: &mut Bench, cpu: usize, _: u8) {
    bench.eoi(cpu);
}

impl Bench {
    pub(super) fn new(cpus: u16, handler: Handler) -> Self {
        let generation = Generation::XApic;
        let clocks = Clocks { core: generation.core_clock(), timer: generation.timer_clock() };
        let cpu = |agent: Agent| {
            let mut apic = LocalApic::new(generation, Knobs::default(), agent, u32::from(agent), clocks);
            apic.preset(&Preset { ldr: 1 << (24 + agent), ..Preset::default() });
            apic
        };
        let cpus: Vec<_> = (0..cpus).map(cpu).collect();
        let enabled = vec![true; cpus.len()];
        Self { io: io_apic(IoApicVersion::I82093Aa), cpus, enabled, taken: vec![], handler, now: Time::ZERO }
    }

    pub(super) fn write(&mut self, index: u8, value: u32) {
        self.io.write(0x00, index.into(), self.now);
        self.io.write(0x10, value, self.now);
    }

    /// Low half after high half, as software does it.
    pub(super) fn route(&mut self, pin: u8, low: u32, destination: u32) {
        self.write(0x11 + 2 * pin, destination << 24);
        self.write(0x10 + 2 * pin, low);
    }

    pub(super) fn set_mask(&mut self, pin: u8, masked: bool) {
        let low = self.io.entry(pin) as u32;
        self.write(0x10 + 2 * pin, if masked { low | MASKED } else { low & !MASKED });
    }

    pub(super) fn line(&mut self, pin: u8, high: bool) {
        self.io.set_line(pin, high, self.now);
    }

    pub(super) fn pulse(&mut self, pin: u8) {
        self.line(pin, true);
        self.line(pin, false);
    }

    pub(super) fn eoi(&mut self, cpu: usize) {
        let written = self.cpus[cpu].write(0x0B0, 0, self.now);
        if let WriteResult::EndOfInterrupt { vector, broadcast: true } = written.result {
            self.io.end_of_interrupt(vector, self.now);
        }
    }

    pub(super) fn deliver(&mut self, message: &Message) {
        for cpu in self.cpus.iter_mut().filter(|cpu| cpu.addressed_by(message)) {
            cpu.deliver(message);
        }
    }

    pub(super) fn carry(&mut self) {
        while let Some(message) = self.io.next_message() {
            self.deliver(&message);
            self.io.dispatched(&message, self.now);
        }
    }

    /// Lets everything happen that can.
    pub(super) fn run(&mut self) {
        loop {
            self.carry();
            let ready = |&cpu: &usize| self.enabled[cpu] && self.cpus[cpu].pending_vector().is_some();
            let Some(cpu) = (0..self.cpus.len()).find(ready) else { return };
            let vector = self.cpus[cpu].acknowledge();
            self.taken.push((cpu, vector));
            assert!(self.taken.len() < 100, "interrupts without end");
            (self.handler)(self, cpu, vector);
        }
    }

    /// How many times the handler ran since the last question.
    pub(super) fn count(&mut self) -> usize {
        self.run();
        std::mem::take(&mut self.taken).len()
    }

    pub(super) fn has(&self, pin: u8, bits: u64) -> bool {
        self.io.entry(pin) & bits == bits
    }

    /// The TMR bit of `vector`.
    pub(super) fn trigger(&mut self, cpu: usize, vector: u8) -> bool {
        self.cpus[cpu].read(0x180 + 0x10 * u16::from(vector / 32), Time::ZERO) & 1 << (vector % 32) != 0
    }
}
