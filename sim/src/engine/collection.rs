//! What CPUs have to tell the interconnect and those who watch it: who they are, what they took, that a sample of theirs may
//! be another one.

use super::fabric::Fabric;
use super::slot::Slot;
use crate::bus::Message;
use crate::check::{Counts, Violation};
use crate::processor::Core;
use crate::time::Time;

impl Fabric {
    /// A CPU of the machine, before the run.
    pub(super) fn introduce(&mut self, core: &mut Core) {
        if let Some(watch) = &mut self.watch {
            watch.introduce(core);
        }
        self.collect_facts(core);
    }

    /// A CPU has run: takes what it has to tell.
    #[inline]
    pub(super) fn collect(&mut self, core: &mut Core) {
        if let Some(at) = core.apic_touched.take() {
            self.disturb(at);
        }
        self.collect_facts(core);
    }

    /// Takes what a CPU has to tell: who it is now, and facts for the checker.
    #[inline]
    pub(super) fn collect_facts(&mut self, core: &mut Core) {
        if core.identity_changed {
            self.list(core);
        }
        if !core.facts.is_empty()
            && let Some(watch) = &mut self.watch
        {
            watch.collect(core);
        }
    }

    #[cold]
    fn list(&mut self, core: &mut Core) {
        core.identity_changed = false;
        self.addressees.list(core.agent, &core.apic);
    }

    /// The run has ended: is every message accounted for? Gives what the checker has seen, if it was on.
    pub(super) fn finish_watch(&mut self, cores: &mut [Slot], end: Time) -> Result<Option<Counts>, Violation> {
        let Some(watch) = self.watch.take() else { return Ok(None) };
        watch.finish(cores, self.carried(), end).map(Some)
    }

    /// The same of a run that ends here for some, and goes on for others.
    pub(super) fn check_so_far(&mut self, cores: &mut [Slot], end: Time) -> Result<Option<Counts>, Violation> {
        let carried = self.carried();
        let Some(watch) = &mut self.watch else { return Ok(None) };
        cores.iter_mut().for_each(|core| watch.collect(core));
        watch.clone().finish(cores, carried, end).map(Some)
    }

    /// The messages that are on their way.
    fn carried(&mut self) -> impl Iterator<Item = Message> + use<> {
        let bus = self.carrier.bus();
        bus.undispatched().into_iter().chain(bus.in_transit()).map(|held| held.message)
    }
}
