//! The mailbox register by which a clustered ES7000 starts CPUs: whose request is in it, and who has not taken it out.

use super::chain::Chain;
use crate::judgement::state::{State, Writer};
use kernel_model::{MAILBOX_APICID, MAILBOX_BUSY, Point};

/// A request that firmware has not taken.
#[derive(Debug, Clone, Copy)]
struct Request {
    /// The CPU that it is for, if one has that APIC id.
    target: Option<u16>,
    apic_id: u32,
    writer: Option<Writer>,
}

impl Chain<'_> {
    /// A CPU waits for the mailbox: in the kernel until it is free, in firmware until its own request is in it.
    pub(super) fn mailbox(&mut self, number: u16) {
        match request(self.state) {
            Some(request) if asks(self.state, number) => {
                self.pending(request);
                self.root("nobody takes the request out of the mailbox");
            }
            Some(request) if request.target != Some(number) => self.pending(request),
            Some(_) => {}
            None => self.say(format!("no request for CPU{number} is in the mailbox")),
        }
    }

    /// A CPU that has put a request into the mailbox waits for another one to come up.
    pub(super) fn started_by_mailbox(&mut self) {
        let mailbox = self.layout().es7000_mailbox();
        match (request(self.state), self.state.words.writer(mailbox.0)) {
            (Some(request), _) => self.pending(request),
            (None, Some(taker)) => {
                self.say(format!("CPU{} has taken its request out of the mailbox at {} us", taker.cpu, taker.at));
                self.cpu_waits(taker.cpu);
            }
            (None, None) => self.say("no request has been put into the mailbox".to_owned()),
        }
    }

    /// A request that is in the mailbox still, and what the CPU does that it is for.
    fn pending(&mut self, Request { target, apic_id, writer }: Request) {
        let to = target.map_or_else(|| format!("APIC id {apic_id:02X}, which no CPU has"), |cpu| format!("CPU{cpu}"));
        let by =
            writer.map(|Writer { cpu, at, site }| format!(", written by CPU{cpu} at {at} us: {}", self.describe(site)));
        self.say(format!("the mailbox holds a request for {to}{}", by.unwrap_or_default()));
        if let Some(cpu) = target {
            self.say(format!("the firmware of CPU{cpu} has not taken it"));
            self.cpu_waits(cpu);
        }
    }
}

/// The request in the mailbox.
fn request(state: &State) -> Option<Request> {
    let kernel = state.kernel?;
    let mailbox = kernel.layout().es7000_mailbox();
    let value = state.words.value(mailbox.0);
    let apic_id = value & MAILBOX_APICID;
    let target = (0..kernel.cpus).find(|&cpu| kernel.arch.apic_id(cpu) == apic_id);
    (value & MAILBOX_BUSY != 0).then(|| Request { target, apic_id, writer: state.words.writer(mailbox.0) })
}

/// Is it a CPU that starts others, and not one in firmware?
fn asks(state: &State, number: u16) -> bool {
    let last = state.milestones.iter().rev().find(|reached| reached.cpu == number);
    last.is_some_and(|reached| reached.code == Point::WakeUpBegins as u32)
}
