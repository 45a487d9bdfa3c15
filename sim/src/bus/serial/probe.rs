//! The wires as somebody sees them who looks: what is driven in each cycle, and who has won.
//!
//! Not modelled: what is driven where no document says so, as in the cycles of a message that is over for everybody because it
//! was damaged, which are shown idle; nor the payloads of several messages on top of each other after a lost arbitration.

use super::SerialBus;
use super::agent_set::AgentSet;
use super::carried::OnBus;
use super::line::{PICD1, Symbol};
use crate::bus::{Targets, WireChange, WireEvent};
use crate::time::{Duration, Time};

/// First cycle after the start and the arbitration id, in which the winner is known.
const ARBITRATED: u64 = 5;

/// What was seen and not taken yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Probe {
    changes: Vec<WireChange>,
}

impl Probe {
    fn saw(&mut self, at: Time, what: WireEvent) {
        if at != Time::NEVER {
            self.changes.push(WireChange { at, bus: 0, what });
        }
    }
}

impl SerialBus {
    /// Somebody looks from now on. Wires that will be stuck are told at once.
    pub(super) fn attach_probe(&mut self) {
        let mut probe = Probe::default();
        for at in self.faults.stuck_wires_change() {
            let line = self.faults.line(at);
            probe.saw(at, WireEvent::Stuck { high: line.high, low: line.low });
        }
        self.probe = Some(Box::new(probe));
    }

    pub(super) fn take_seen(&mut self, into: &mut Vec<WireChange>) {
        if let Some(probe) = &mut self.probe {
            into.append(&mut probe.changes);
        }
    }

    /// Symbols that are driven in the cycles from the one on that begins at `edge`. The wires are idle after them, as far as
    /// is known yet.
    fn show(&mut self, edge: u64, symbols: impl IntoIterator<Item = Symbol>) {
        let Some(probe) = &mut self.probe else { return };
        let mut begins = edge;
        for symbol in symbols {
            probe.saw(self.clock.instant(begins), WireEvent::Driven(symbol));
            begins += 1;
        }
        probe.saw(self.clock.instant(begins), WireEvent::Driven(0));
    }

    /// Arbitration at `edge`: the start, and what the winners drive, which is what is read of all.
    #[cold]
    pub(super) fn show_arbitration(&mut self, edge: u64, winners: AgentSet, key: u32, starts: Symbol) {
        let id = (0..4).rev().map(|bit| if key >> bit & 1 == 0 { 0 } else { PICD1 });
        self.show(edge, [starts].into_iter().chain(id));
        let won = match (winners.iter().next(), winners.len()) {
            (Some(winner), 1) => WireEvent::Won(winner),
            (Some(_), _) => WireEvent::WonTogether,
            (None, _) => return,
        };
        let at = self.clock.instant(edge + ARBITRATED);
        if let Some(probe) = &mut self.probe {
            probe.saw(at, won);
        }
    }

    /// What the senders of `on_bus` drive from the end of the arbitration to the first status cycle.
    #[cold]
    pub(super) fn show_payload(&mut self, on_bus: &OnBus, targets: &dyn Targets) {
        let frames = self.frames(on_bus, targets);
        let cycles = ARBITRATED + 1..on_bus.load.format().first_status();
        let together = |cycle| frames.iter().fold(0, |symbol, frame| symbol | frame.symbol(cycle));
        self.show(on_bus.start + ARBITRATED, cycles.map(together));
    }

    /// What everybody reads at `edge` of what is `driven` in the cycle that it ends.
    #[inline]
    pub(super) fn read(&mut self, edge: u64, driven: Symbol) -> Symbol {
        if self.probe.is_some() {
            self.show(edge - 1, [driven]);
        }
        self.line(edge).read(driven)
    }

    /// What is driven on PICD1 in the cycles of the arbitration for the lowest priority, of which the first begins at `edge`.
    #[cold]
    pub(super) fn show_bids(&mut self, edge: u64, cycles: u64, key: u32) {
        self.show(edge, (0..cycles).rev().map(|bit| if key >> bit & 1 == 0 { 0 } else { PICD1 }));
    }

    /// The data of a remote read, its status and its checksum.
    #[cold]
    pub(super) fn show_data(&mut self, edge: u64, symbols: impl IntoIterator<Item = Symbol>) {
        self.show(edge, symbols);
    }

    /// The bus may be had from `edge` on.
    pub(super) fn free(&mut self, edge: u64) {
        self.free_from = edge;
        if let Some(probe) = &mut self.probe {
            probe.saw(self.clock.instant(edge), WireEvent::Free);
        }
    }

    /// Everything up to the next message comes again, so many times.
    pub(super) fn show_again(&mut self, period: Duration, times: u64) {
        let begins = self.on_bus.as_ref().map(|on_bus| self.clock.instant(on_bus.start));
        let next = begins.unwrap_or(self.plan.at);
        if let Some(probe) = &mut self.probe {
            probe.saw(next, WireEvent::Again { period, times });
        }
    }
}
