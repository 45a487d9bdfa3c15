//! What receivers make of what is on the bus: frames on top of each other, over wires that may be stuck, with noise.
//!
//! Not modelled: a message that arrives other than it was sent though its checksum fits (see the [module](super)).

use super::SerialBus;
use super::agent_set::AgentSet;
use super::carried::{Heard, Load, OnBus, Pending};
use super::frame::{Frame, checksum, data_symbols};
use super::line::Symbol;
use super::status::TAKEN;
use crate::bus::{Shorthand, Targets};

/// Cycles from the first one to the checksum of a message, the longest part that receivers check.
const CHECKED: u64 = 17;
/// First cycle of the data of a remote read, and cycles of its data status and its checksum (82801BA p. 117).
const DATA: u64 = 21;
const DATA_STATUS: u64 = 37;
const DATA_CHECKSUM: u64 = 38;

impl SerialBus {
    /// What receivers have heard by the first status cycle.
    pub(super) fn heard(&mut self, on_bus: &OnBus, targets: &dyn Targets) -> Heard {
        let start = self.clock.instant(on_bus.start);
        let mut noise = self.faults.noise(start);
        if let Load::Messages(pendings) = &on_bus.load {
            for pending in pendings {
                noise |= self.faults.damages(start, &pending.message);
            }
        }
        if matches!(on_bus.load, Load::Jabber(_)) || noise {
            return Heard::Damaged;
        }
        let senders = on_bus.load.senders().len();
        let quiet = !self.faults.has_stuck_wires()
            || (1..=CHECKED).all(|cycle| self.line(on_bus.start + cycle) == super::Line::default());
        if senders == 1 && quiet {
            return Heard::Clearly;
        }
        let rule = self.knobs.checksum;
        let sent = self.frames(on_bus, targets);
        let mut driven = sent[0].clone();
        sent[1..].iter().for_each(|other| driven.merge(other));
        let received = driven.through(|cycle, symbol| self.line(on_bus.start + cycle).read(symbol));
        if !received.has_start() {
            return Heard::Nothing;
        }
        let intact = received.checks(rule) && sent.iter().all(|frame| frame.payload() == received.payload());
        if intact { Heard::Clearly } else { Heard::Damaged }
    }

    /// The frame of each sender: at least one.
    pub(super) fn frames(&self, on_bus: &OnBus, targets: &dyn Targets) -> Vec<Frame> {
        let rule = self.knobs.checksum;
        match &on_bus.load {
            Load::Messages(pendings) => {
                let frame = |message: &crate::bus::Message| {
                    let apic_id = targets.apic_id(message.source).unwrap_or_default() as u8;
                    Frame::of_message(message, apic_id, self.ids.of(message.source), rule)
                };
                pendings.iter().map(|pending| frame(&pending.message)).collect()
            }
            Load::EndOfInterrupts(sent) => sent
                .iter()
                .map(|&(agent, vector)| Frame::of_end_of_interrupt(vector, self.ids.of(agent), rule))
                .collect(),
            Load::Jabber(agent) => vec![Frame::of_end_of_interrupt(0, self.ids.of(*agent), rule)],
        }
    }

    /// Who is addressed by what was heard. Only a sender knows whether it is left out itself (82801BA §5.8.3), so that
    /// of several equal messages each leaves out its own sender.
    pub(super) fn addressed(&mut self, on_bus: &OnBus, targets: &dyn Targets) -> AgentSet {
        let Load::Messages(pendings) = &on_bus.load else { return AgentSet::default() };
        if on_bus.heard != Heard::Clearly {
            return AgentSet::default();
        }
        let agents = self.agents();
        let (mut addressed, mut left_out) = (AgentSet::default(), AgentSet::default());
        for Pending { message, .. } in pendings {
            let of_message = self.addressees.of(targets, message).filter(|&agent| agent < agents).collect();
            addressed = addressed.with(of_message);
            if message.shorthand == Shorthand::AllExcludingSelf {
                left_out = left_out.with([message.source].into_iter().collect());
            }
        }
        addressed.without(left_out)
    }

    /// The first status symbol of a message that `heard` says this of; `focus` has a focus processor.
    pub(super) fn first_status(&mut self, on_bus: &OnBus, focus: AgentSet) -> Symbol {
        let driven = match on_bus.heard {
            Heard::Damaged => super::status::DAMAGED,
            _ if !focus.is_empty() => TAKEN,
            Heard::Clearly | Heard::Nothing => 0,
        };
        self.read(on_bus.next_cycle(), driven)
    }

    /// What the sender makes of `data`, driven in the data cycles of a remote read: nothing valid if the data status or
    /// the checksum says so.
    pub(super) fn data_heard(&mut self, on_bus: &OnBus, data: u32) -> Option<u32> {
        let sent: Vec<Symbol> = data_symbols(data).collect();
        if self.probe.is_some() {
            let rest = [0, checksum(&sent, self.knobs.checksum)];
            self.show_data(on_bus.start + DATA - 1, sent.iter().copied().chain(rest));
        }
        let read = |cycle: u64, symbol: Symbol| self.line(on_bus.start + cycle).read(symbol);
        let received: Vec<Symbol> = (DATA..).zip(&sent).map(|(cycle, &symbol)| read(cycle, symbol)).collect();
        let rule = self.knobs.checksum;
        let valid = read(DATA_STATUS, 0) == 0;
        let checks = read(DATA_CHECKSUM, checksum(&sent, rule)) == checksum(&received, rule);
        (valid && checks).then(|| received.iter().fold(0, |data, &symbol| data << 2 | u32::from(symbol)))
    }
}
