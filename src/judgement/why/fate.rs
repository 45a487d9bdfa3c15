//! What became of a message at a CPU that it is for.

use super::chain::Chain;
use crate::judgement::messages::what;
use crate::judgement::state::{Effect, MessageState, Miss};
use sim::bus::{DeliveryMode, Message};
use sim::{Context, Time};

impl Chain<'_> {
    /// Says it. False, and nothing is said: the CPU has taken it, and has done with it.
    pub(super) fn fate(&mut self, held: &MessageState, number: u16) -> bool {
        if let Some(arrival) = held.arrival(number) {
            return self.arrived(held, number, arrival.at, arrival.effect);
        }
        if let Some((at, _)) = held.replaced {
            self.say(format!("a newer message of CPU{} took its place at {at} us: it is lost", held.message.source));
            self.root("a newer message took the place of the one that it waits for");
            return true;
        }
        if let Some(&(_, miss)) = held.missed.iter().find(|(missed, _)| *missed == number) {
            self.missed(number, held.dispatched.unwrap_or(held.sent), miss);
            return true;
        }
        if held.dispatched.is_none() {
            self.say("it is not dispatched".to_owned());
            self.bus_says(held);
            return true;
        }
        if held.message.mode == DeliveryMode::LowestPriority && !held.arrivals.is_empty() {
            return false; // another CPU has it
        }
        match held.late.iter().find(|(late, _)| *late == number) {
            Some((_, until)) => {
                self.say(format!("a fault keeps it from CPU{number} until {until} us (injected fault)"));
                self.root("a fault keeps the message back (injected)");
            }
            None => self.say(format!("it is on its way to CPU{number}")),
        }
        true
    }

    fn arrived(&mut self, held: &MessageState, number: u16, at: Time, effect: Effect) -> bool {
        let message = &held.message;
        let (cpu, what) = (self.cpu(number), what(message));
        match effect {
            Effect::SoftwareDisabled => {
                self.say(format!("the APIC of CPU{number} dropped it at {at} us: it was software-disabled"));
                self.root(format!("the APIC of CPU{number} was software-disabled"));
                self.cpu_waits(number);
            }
            Effect::IllegalVector => {
                self.say(format!("the APIC of CPU{number} dropped it at {at} us: its vector is illegal"));
                self.root("its vector is illegal");
            }
            Effect::LostInReset => {
                self.say(format!("CPU{number} lost it at {at} us: it waited for a start-up message"));
                self.condition(number);
            }
            _ if cpu.initialised.is_some_and(|since| since >= at) => {
                self.say(format!("CPU{number} got it at {at} us"));
                self.initialised(number);
            }
            Effect::Requested | Effect::Merged(_) => {
                let unnoticed = held.unnoticed.contains(&number);
                return self.requested(message, number, unnoticed);
            }
            Effect::Latched | Effect::Collapsed(_) if message.mode == DeliveryMode::Nmi => {
                return self.non_maskable(number, at);
            }
            Effect::Latched | Effect::Collapsed(_) if cpu.latches.init.is_some() || cpu.latches.smi.is_some() => {
                self.say(format!("{what} is latched at CPU{number} since {at} us"));
                self.condition(number);
            }
            _ => return false,
        }
        true
    }

    fn initialised(&mut self, number: u16) {
        let cpu = self.cpu(number);
        let at = cpu.initialised.unwrap_or_default();
        self.say(format!("CPU{number} was initialised at {at} us: what it had not taken by then is gone"));
        if cpu.reset.is_some() {
            self.condition(number);
        }
        self.root(format!("CPU{number} was initialised"));
    }

    /// A vector that was set in an IRR.
    fn requested(&mut self, message: &Message, number: u16, unnoticed: bool) -> bool {
        let (cpu, vector) = (self.cpu(number), message.vector);
        if cpu.apic.requested().any(|requested| requested == vector) {
            let silent = format!("CPU{number} does not answer");
            let by = cpu.requested_by(vector).map(|(from, at)| (self.agent(from), at));
            let by = by.map(|(from, at)| format!("{vector:02X} from {from} is in its IRR since {at} us"));
            self.say(format!("{silent}: {}", by.unwrap_or_else(|| format!("{vector:02X} is in its IRR"))));
            self.refuser.get_or_insert(silent);
            if unnoticed {
                self.say(format!("the core of CPU{number} has not been told of it (injected fault)"));
                self.root(format!("its core was not told of {vector:02X} (injected)"));
            }
            self.masked(number, vector);
            self.condition(number);
            return true;
        }
        let Some(frame) = cpu.handler(Context::Interrupt(vector)) else { return false };
        self.say(format!("CPU{number} is in its handler of {vector:02X} since {} us", frame.since));
        self.cpu_waits(number);
        self.root(format!("CPU{number} is in its handler of {vector:02X}"));
        true
    }

    /// Priorities that keep a requested vector from a core that would take interrupts.
    fn masked(&mut self, number: u16, vector: u8) {
        let cpu = self.cpu(number);
        let free = cpu.interrupts_off_since.is_none() && cpu.sleep().is_none();
        if free && vector >> 4 <= cpu.apic.ppr() >> 4 {
            self.say(format!(
                "CPU{number}'s processor priority is {:02X}: it takes no vector of class {:X}",
                cpu.apic.ppr(),
                vector >> 4
            ));
        }
    }

    fn non_maskable(&mut self, number: u16, at: Time) -> bool {
        let cpu = self.cpu(number);
        if let Some(latched) = cpu.latches.nmi.filter(|latched| latched.at <= at) {
            let silent = format!("CPU{number} does not answer");
            self.say(format!("{silent}: an NMI is latched at it since {} us", latched.at));
            self.refuser.get_or_insert(silent);
            self.condition(number);
            return true;
        }
        let Some(frame) = cpu.handler(Context::Nmi).filter(|frame| frame.since >= at) else { return false };
        self.say(format!("CPU{number} is in its NMI handler since {} us", frame.since));
        self.cpu_waits(number);
        self.root(format!("CPU{number} is in its NMI handler"));
        true
    }

    pub(super) fn missed(&mut self, number: u16, at: Time, miss: Miss) {
        let reset = self.cpu(number).reset;
        let (why, root) = match miss {
            Miss::Dead(since) => (
                format!("its APIC is dead since {since} us (injected fault)"),
                format!("the APIC of CPU{number} is dead (injected)"),
            ),
            Miss::GloballyDisabled => {
                ("its APIC was globally disabled".to_owned(), format!("the APIC of CPU{number} was globally disabled"))
            }
            Miss::WaitsForStartUp => (
                "it waited for a start-up message, with its APIC as after a reset".to_owned(),
                format!("CPU{number} waited for a start-up message"),
            ),
            Miss::SoftwareDisabled => {
                ("its APIC was software-disabled".to_owned(), format!("the APIC of CPU{number} was software-disabled"))
            }
            Miss::Lost(lost) => {
                self.say(format!("a fault lost it on its way to CPU{number} at {lost} us (injected fault)"));
                return self.root(format!("a fault lost the message to CPU{number} (injected)"));
            }
            Miss::NotNamed => (
                "the destination did not name its APIC".to_owned(),
                format!("the destination did not name the APIC of CPU{number}"),
            ),
        };
        self.say(format!("the bus was done with it at {at} us, and CPU{number} did not take it: {why}"));
        self.root(root);
        if miss == Miss::WaitsForStartUp && reset.is_some() || miss == Miss::SoftwareDisabled {
            self.cpu_waits(number);
        }
    }

    /// The CPUs that a message is for and that do not answer the bus, each with why.
    pub(super) fn silent_targets(&mut self, held: &MessageState) {
        for &number in &held.meant {
            match self.cpu(number).misses(&held.message) {
                Some(Miss::Dead(_)) => self.say(format!("the APIC of CPU{number} is dead (injected fault)")),
                Some(Miss::GloballyDisabled) => self.say(format!("the APIC of CPU{number} is globally disabled")),
                Some(Miss::WaitsForStartUp) => {
                    self.say(format!("CPU{number} does not answer: its APIC is as after a reset"));
                    self.condition(number);
                }
                Some(Miss::SoftwareDisabled) => {
                    self.say(format!("the APIC of CPU{number} is software-disabled"));
                    self.cpu_waits(number);
                }
                Some(Miss::Lost(_)) => {} // it was carried
                Some(Miss::NotNamed) => self.say(format!("the destination does not name the APIC of CPU{number}")),
                None => {}
            }
        }
    }
}
