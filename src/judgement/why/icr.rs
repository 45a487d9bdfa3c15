//! An ICR that reads "send pending": which message is it, and what stands behind it.

use super::chain::Chain;
use crate::judgement::messages::{destination, what};
use crate::judgement::state::{MessageState, Misdirected};

impl Chain<'_> {
    /// Why the ICR of a CPU reads "send pending".
    pub(super) fn icr_busy(&mut self, number: u16) {
        let cpu = self.cpu(number);
        let mut all = self.state.undispatched().filter(|held| held.message.source == number);
        let next = all.next();
        if next.is_none() {
            self.say(format!("the message of CPU{number} is dispatched"));
        }
        if let Some(since) = cpu.jammed_since {
            self.say(format!(
                "the delivery status bit of CPU{number}'s ICR is jammed since {since} us (injected fault): it reads \"send \
                 pending\" whatever the bus does"
            ));
            self.root(format!("the delivery status bit of CPU{number} is jammed (injected)"));
        }
        let Some(held) = next else {
            if cpu.jammed_since.is_none() {
                self.say(format!("CPU{number}'s ICR is idle again, which its next read shows"));
                self.root("its ICR is idle again");
            }
            return;
        };
        let message = held.message;
        let from = self.place(cpu.last_send.map(|(_, site)| site));
        let from = from.map(|site| format!(", sent by {site}")).unwrap_or_default();
        let since = cpu.busy_since.unwrap_or(message.written_at);
        let to = destination(&message);
        let took_over = message.written_at > since; // a message that was replaced
        let with = if took_over { format!(", now with a message of {} us", message.written_at) } else { String::new() };
        self.say(format!("CPU{number}'s ICR is busy since {since} us{with}: {} to {to}{from}", what(&message)));
        if let Some(misdirected) = cpu.misdirected().filter(|misdirected| misdirected.message == message) {
            self.misdirected(number, misdirected);
            self.root("an NMI between the two writes of the ICR sent its message elsewhere");
        }
        self.bus_says(held);
        for behind in all.map(|held: &MessageState| held.message).chain(cpu.apic.queued().copied()) {
            let (what, to) = (what(&behind), destination(&behind));
            self.say(format!("behind it waits {what} to {to}, written at {} us", behind.written_at));
        }
    }

    /// A message whose destination a handler overwrote before it was sent.
    pub(super) fn misdirected(&mut self, number: u16, misdirected: &Misdirected) {
        let message = &misdirected.message;
        let at = |chain: &Self, site| chain.place(Some(site)).map(|site| format!(": {site}")).unwrap_or_default();
        let (sender, handler) = (at(self, misdirected.site), at(self, misdirected.overwritten_by));
        self.say(format!(
            "CPU{number} sent {} at {} us to {} and not to {:02X}{sender}",
            what(message),
            message.written_at,
            destination(message),
            misdirected.intended
        ));
        self.say(format!(
            "between its writes of ICR high and ICR low an NMI came, whose handler wrote ICR high last at {} us{handler}",
            misdirected.overwritten_at
        ));
    }
}
