//! What a CPU's software says of itself: the waits that it has begun, and those that it has given up; and where it is.

use super::frame::Frame;
use crate::machine::player::{CALLS, RETURNS};
use sim::Site;
use sim::{Access, Context, Event, Kind, Time, What};

/// A wait that has begun and not ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenWait {
    /// The code that software gave it.
    pub(crate) code: u32,
    /// The line that waits.
    pub(crate) site: Site,
    /// Since when.
    pub(crate) since: Time,
    /// How many frames were on the CPU's stack: more of them are handlers on top of the wait.
    pub(crate) level: usize,
}

/// Reads of one location that gave one value, or equal delays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Polled {
    pub(crate) access: Access,
    pub(crate) site: Site,
    first: Time,
    last: Time,
    count: u64,
}

/// A call of a kernel function by a step of a program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called {
    /// The step.
    pub(crate) site: Site,
    /// Since when.
    pub(crate) since: Time,
    /// As [`OpenWait::level`].
    pub(crate) level: usize,
}

/// What runs on a CPU, as far as it says so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Software {
    /// Innermost last.
    pub(crate) waits: Vec<OpenWait>,
    /// What it reads and how it delays since its last effective event, in the order of first use.
    pub(crate) polled: Vec<Polled>,
    /// Kernel functions that a program of the scenario has called, and that are not back.
    pub(crate) calls: Vec<Called>,
    /// The line that acted last.
    last: Option<Site>,
}

impl Software {
    /// The next event of this CPU, before which these frames are on its stack.
    pub(super) fn take(&mut self, event: &Event, frames: &[Frame]) {
        let level = frames.len();
        if let What::Run { access, last, count, .. } = event.what {
            if let Some(site) = event.site {
                // What is polled from one line for the second time since the last effective event is a new round: a value
                // has changed, or a read-modify-write is under way.
                if self.polled.iter().any(|poll| (poll.access, poll.site) == (access, site)) {
                    self.polled.clear();
                }
                self.polled.push(Polled { access, site, first: event.time, last, count });
                self.last = Some(site);
            }
            return;
        }
        let waited = self.waits_at();
        self.polled.clear();
        self.last = match event.what {
            What::Entered(_) => None, // a handler has not acted when it is entered
            What::Left(_) => frames.last().and_then(|frame| frame.interrupted),
            _ => event.site.or(waited),
        };
        match event.what {
            What::WaitBegan(code) => {
                let begun = event.site.map(|site| OpenWait { code, site, since: event.time, level });
                self.waits.extend(begun);
            }
            What::WaitEnded(code, _) => {
                let place = self.waits.iter().rposition(|wait| wait.code == code && wait.level == level);
                place.map(|place| self.waits.remove(place));
            }
            What::Reached(CALLS) => {
                self.calls.extend(event.site.map(|site| Called { site, since: event.time, level }));
            }
            What::Reached(RETURNS) => _ = self.calls.pop_if(|call| call.level == level),
            What::Left(Context::Program) => {}
            What::Left(_) => {
                self.waits.retain(|wait| wait.level < level);
                self.calls.retain(|call| call.level < level);
            }
            What::Initialised => *self = Self::default(),
            _ => {}
        }
    }

    /// What it goes round in: without what it read on the way to the loop, once the last of them has repeated.
    fn loops(&self) -> impl DoubleEndedIterator<Item = &Polled> {
        let since = self.polled.last().filter(|newest| newest.count > 1).map(|newest| newest.first);
        self.polled.iter().filter(move |poll| since.is_none_or(|since| poll.last >= since))
    }

    /// The line that it waits at: of a loop where it reads, or else delays; else the line that acted last.
    pub(crate) fn waits_at(&self) -> Option<Site> {
        let read = self.loops().rfind(|poll| matches!(poll.access.kind, Kind::Load | Kind::RegisterRead));
        read.or(self.polled.last()).map(|poll| poll.site).or(self.last)
    }

    /// The word that it polls.
    pub(crate) fn polled_word(&self) -> Option<u16> {
        self.loops().find(|poll| poll.access.kind == Kind::Load).map(|poll| poll.access.operand as u16)
    }
}
