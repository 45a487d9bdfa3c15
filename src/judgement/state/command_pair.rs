//! Two writes make a message, ICR high and ICR low: was the first of them overwritten by a handler before the second came?

use sim::Site;
use sim::Time;
use sim::bus::{Message, Shorthand};

/// A message that went elsewhere than the code that sent it had asked for: between its two writes a handler on the
/// same CPU wrote ICR high.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Misdirected {
    pub(crate) message: Message,
    /// The destination that its sender had written.
    pub(crate) intended: u32,
    pub(crate) site: Site,
    /// The line of the handler that wrote ICR high last, and when.
    pub(crate) overwritten_by: Site,
    pub(crate) overwritten_at: Time,
}

/// A write of ICR high whose write of ICR low has not come yet.
#[derive(Debug, Clone, Copy)]
struct HighWrite {
    level: usize,
    destination: u32,
    overwritten: Option<(Site, Time)>,
}

/// The open writes of a CPU, by level of nesting, and its last message that went astray.
#[derive(Debug, Clone, Default)]
pub(crate) struct CommandPairs {
    open: Vec<HighWrite>,
    pub(crate) misdirected: Option<Misdirected>,
}

impl CommandPairs {
    /// Software wrote `value` to ICR high.
    pub(super) fn high(&mut self, level: usize, site: Site, value: u32, now: Time) {
        self.open.retain(|high| high.level < level);
        self.open.iter_mut().for_each(|outer| outer.overwritten = Some((site, now)));
        self.open.push(HighWrite { level, destination: value >> 24, overwritten: None });
    }

    /// Software sent `message`.
    pub(super) fn low(&mut self, level: usize, site: Site, message: Message) {
        self.open.retain(|high| high.level <= level);
        let Some(high) = self.open.pop_if(|high| high.level == level) else { return };
        if let Some((overwritten_by, overwritten_at)) = high.overwritten
            && message.shorthand == Shorthand::None
            && message.destination != high.destination
        {
            let intended = high.destination;
            self.misdirected = Some(Misdirected { message, intended, site, overwritten_by, overwritten_at });
        }
    }
}
