//! Who refuses a message, and what fills its slots.

use super::chain::Chain;
use sim::bus::{DeliveryMode, Message};

impl Chain<'_> {
    /// The CPUs that refuse `message`, each with what keeps it from making room.
    pub(super) fn refusers(&mut self, message: &Message) {
        for number in self.state.refusers(message) {
            if message.mode == DeliveryMode::Nmi {
                self.say(format!("CPU{number} refuses: an NMI is latched while another is being handled"));
            } else if self.cpu(number).reset.is_none() {
                self.full(number, message.vector >> 4);
            } else {
                self.say(format!("CPU{number} refuses"));
            }
            self.condition(number);
        }
    }

    /// Which interrupts fill the slots.
    fn full(&mut self, number: u16, class: u8) {
        let cpu = self.cpu(number);
        let (requested, served) = cpu.apic.class_occupancy(class);
        let requested = requested.into_iter().map(|vector| {
            let by = cpu.requested_by(vector);
            let from = by.map(|(from, at)| format!(" from {} at {at} us", self.agent(from)));
            format!("{vector:02X} in IRR{}", from.unwrap_or_default())
        });
        let served = served.into_iter().map(|vector| format!("{vector:02X} in ISR"));
        let slots: Vec<String> = requested.chain(served).collect();
        self.say(format!("CPU{number}'s class {class:X} is full: {}", slots.join(", ")));
        self.refuser.get_or_insert(format!("CPU{number}'s class {class:X} stays full"));
    }
}
