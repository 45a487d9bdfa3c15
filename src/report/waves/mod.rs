//! A run as waves, whatever file they are written to: for the state of each CPU and its local APIC, read from the state that the
//! events fold into, and for the wires of each serial bus, read off them.
//!
//! Not modelled: polls, which change nothing; the wires of buses that are not serial. After the last event nothing is shown,
//! even if a bus goes on: how far it has come then depends on how the run was executed.

mod again;
mod cpu;
mod value;
mod wires;

use crate::judgement::state::State;
use crate::scenario::{Bus, Scenario};
use sim::bus::WireChange;
use sim::{Duration, Source, Time, Told, What};
use std::collections::VecDeque;
use std::io;
pub(super) use value::{Value, Wave};
use wires::Wires;

/// Cycles of PICCLK after which nothing more is told of a cycle, however long its message is.
const LONGEST_MESSAGE: u64 = 40;

/// Changes that are held back at most because no event has come since.
const HELD_MAX: usize = 1 << 20;

/// Where a change is written: when, which wave, which value.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Time, usize, Value) -> io::Result<()>;

/// The waves of a run. They are numbered through, by scope.
#[derive(Debug)]
pub(super) struct Waves {
    state: State,
    buses: Vec<Wires>,
    /// What CPUs have changed and is not written yet, in the order of time.
    changed: VecDeque<(Time, usize, Value)>,
    /// The values as they are known, and as they are written, by wave.
    known: Vec<Value>,
    now: Vec<Value>,
    written: Vec<Value>,
    lag: Duration,
    /// Everything before it is written.
    until: Time,
}

impl Waves {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let state = State::before(scenario);
        let serial =
            scenario.machine.generation.profile().serial && matches!(scenario.machine.bus, Bus::Serial | Bus::Cluster);
        let highest = (0..=state.cpus.len() as u16).map(|agent| state.bus_of(agent)).max().unwrap_or_default();
        let buses = vec![Wires::default(); if serial { usize::from(highest) + 1 } else { 0 }];
        let cycles = if serial { LONGEST_MESSAGE } else { 0 };
        let lag = Duration::from_ps(scenario.machine.picclk_period_ps().saturating_mul(cycles));
        let known: Vec<Value> =
            state.cpus.iter().flat_map(cpu::values).chain(buses.iter().flat_map(Wires::values)).collect();
        let (now, written) = (known.clone(), known.clone());
        Self { state, buses, changed: VecDeque::new(), known, now, written, lag, until: Time::ZERO }
    }

    /// The waves by scope.
    pub(super) fn scopes(&self) -> Vec<(String, &'static [Wave])> {
        let cpus = (0..self.state.cpus.len()).map(|cpu| (format!("cpu{cpu}"), cpu::WAVES.as_slice()));
        let buses = (0..self.buses.len()).map(|bus| (format!("bus{bus}"), wires::WAVES.as_slice()));
        cpus.chain(buses).collect()
    }

    /// The values as they are written by now.
    pub(super) fn values(&self) -> &[Value] {
        &self.written
    }

    /// The instant of the last event.
    pub(super) fn end(&self) -> Time {
        self.state.now
    }

    /// The next event.
    pub(super) fn event(&mut self, told: &Told) {
        let event = &told.event;
        self.state.take(event);
        let (own, others): (Option<u16>, [Option<u16>; 2]) = match event.what {
            What::Delivered(agent, message) => (None, [Some(agent), Some(message.source)]),
            What::Sent(message) | What::Dispatched(message, _) => (None, [Some(message.source), None]),
            What::Error(agent, _) => (None, [Some(agent), None]),
            _ => (None, [None, None]),
        };
        let own = if let Source::Cpu(cpu) = event.source { Some(cpu) } else { own };
        for cpu in own.into_iter().chain(others.into_iter().flatten()) {
            let Some(state) = self.state.cpus.get(usize::from(cpu)) else { continue };
            let first = usize::from(cpu) * cpu::WAVES.len();
            for (wave, value) in (first..).zip(cpu::values(state)) {
                if self.known[wave] != value {
                    self.known[wave] = value;
                    self.changed.push_back((told.at, wave, value));
                }
            }
        }
    }

    /// What wires have carried.
    pub(super) fn wires(&mut self, changes: &[WireChange]) {
        for change in changes {
            if let Some(bus) = self.buses.get_mut(usize::from(change.bus)) {
                bus.take(change.at, change.what);
            }
        }
    }

    /// Everything before `until` is told: writes what can be written of it.
    pub(super) fn committed(&mut self, until: Time, sink: Sink<'_>) -> io::Result<()> {
        let settled = Time::from_ps(until.as_ps().saturating_sub(self.lag.as_ps()));
        let held = self.buses.iter().map(Wires::held).sum::<usize>();
        let limit = if held > HELD_MAX { settled } else { settled.min(self.end()) };
        self.write(limit, sink)
    }

    /// The run is over: writes what is left of it.
    pub(super) fn finish(&mut self, sink: Sink<'_>) -> io::Result<()> {
        let end = self.end() + Duration::from_ps(1);
        self.write(end, sink)
    }

    fn next(&self) -> Option<Time> {
        let changed = self.changed.front().map(|(at, ..)| *at);
        self.buses.iter().filter_map(Wires::next).chain(changed).min()
    }

    /// Writes everything before `limit`.
    fn write(&mut self, limit: Time, sink: Sink<'_>) -> io::Result<()> {
        let first_of_buses = self.state.cpus.len() * cpu::WAVES.len();
        while let Some(next) = self.next()
            && next < limit
        {
            let at = next.max(self.until);
            let mut touched = Vec::new();
            while let Some(&(at, wave, value)) = self.changed.front()
                && at <= next
            {
                self.changed.pop_front();
                self.now[wave] = value;
                touched.push(wave);
            }
            for (place, bus) in self.buses.iter_mut().enumerate() {
                let mut moved = false;
                while bus.next().is_some_and(|at| at <= next) {
                    bus.step();
                    moved = true;
                }
                if moved {
                    let first = first_of_buses + place * wires::WAVES.len();
                    for (wave, value) in (first..).zip(bus.values()) {
                        self.now[wave] = value;
                        touched.push(wave);
                    }
                }
            }
            for wave in touched {
                if self.written[wave] != self.now[wave] {
                    self.written[wave] = self.now[wave];
                    sink(at, wave, self.now[wave])?;
                }
            }
            self.until = at;
        }
        Ok(())
    }
}
