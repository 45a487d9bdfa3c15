//! The condition of a CPU that does not take what has come to it: what keeps it from doing so.

use super::chain::Chain;
use crate::judgement::state::{Cause, Frame, Origin, Sleep};
use sim::Context;

impl Chain<'_> {
    /// Why a CPU does not take what is requested of it.
    pub(super) fn condition(&mut self, number: u16) {
        let cpu = self.cpu(number);
        if self.told.contains(&number) && !self.path.contains(&number) {
            self.cpu_waits(number);
            return self.root("it takes no interrupt");
        }
        if let Some(Sleep::Shutdown { .. } | Sleep::WaitForStartUp(_)) = cpu.sleep() {
            self.cpu_waits(number);
            return self.root("it takes no interrupt");
        }
        self.stands(number);
        self.cpu_waits(number);
        self.root("it takes no interrupt");
    }

    /// The handlers that it is in, and its interrupt flag.
    pub(super) fn stands(&mut self, number: u16) {
        let cpu = self.cpu(number);
        self.in_shutdown(number);
        if let Some(frame) = cpu.handler(Context::SystemManagement) {
            let interrupted = self.place(frame.interrupted).map(|site| format!(", which interrupted {site}"));
            self.say(format!(
                "CPU{number} is in system-management mode since {} us{}",
                frame.since,
                interrupted.unwrap_or_default()
            ));
        }
        if let Some(Frame { context: Context::Interrupt(vector), since, .. }) = cpu.frames.last() {
            self.say(format!("CPU{number} is in its handler of {vector:02X} since {since} us"));
        }
        if let Some(since) = cpu.interrupts_off_since {
            self.say(format!("CPU{number} has interrupts off since {since} us"));
        }
        if let Some(frame) = cpu.handler(Context::Nmi) {
            let interrupted = self.place(frame.interrupted).map(|site| format!(", which interrupted {site}"));
            let since = frame.since;
            self.say(format!("CPU{number} is in its NMI handler since {since} us{}", interrupted.unwrap_or_default()));
        }
    }

    /// A CPU in shutdown, on which nothing runs.
    pub(super) fn shutdown(&mut self, number: u16) {
        self.in_shutdown(number);
        self.root(format!("CPU{number} is in shutdown"));
    }

    /// If it is in shutdown: since when, and by what.
    fn in_shutdown(&mut self, number: u16) {
        let Some((since, fault)) = self.cpu(number).in_shutdown() else { return };
        let by = match fault {
            Some(Cause { at, origin: Origin::Injected }) => format!("by a triple fault at {at} us (injected fault)"),
            Some(Cause { at, .. }) => format!("by a triple fault at {at} us"),
            None => "as its software asked".to_owned(),
        };
        self.say(format!("CPU{number} is in shutdown since {since} us, {by}: it takes no maskable interrupt"));
    }

    /// The APICs that are dead.
    pub(super) fn dead_apics(&mut self) {
        for cpu in self.state.cpus.iter().filter(|cpu| cpu.dead_since.is_some()) {
            self.say(format!("the APIC of CPU{} is dead (injected fault)", cpu.number));
        }
    }
}
