//! A remote read whose answer has not come (SDM vol. 3 §22.27.1: 82489DX and Pentium): where is the message, and who is to
//! answer it?

use super::chain::{Chain, list};
use crate::judgement::messages::destination;
use sim::bus::DeliveryMode;

impl Chain<'_> {
    pub(super) fn remote_read(&mut self, number: u16) {
        let mut sent = self.state.messages.of(number).rev();
        let Some(held) = sent.find(|held| held.message.mode == DeliveryMode::RemoteRead) else {
            self.say(format!("the APIC of CPU{number} has sent no remote read"));
            return self.root("its APIC knows no remote read");
        };
        // Bits 7:0 of the command are bits 11:4 of the register's offset.
        let (register, to) = (u16::from(held.message.vector) << 4, destination(&held.message));
        self.say(format!(
            "CPU{number} asked {to}, {}, for its register {register:03X} at {} us",
            list(&held.meant),
            held.sent
        ));
        match held.meant.first() {
            None => self.root("no APIC has the destination of the remote read"),
            Some(&target) if !self.fate(held, target) => {
                self.say(format!("the APIC of CPU{target} got it, and the answer is on its way"));
            }
            Some(_) => {}
        }
        self.root("the remote read is not answered");
    }
}
