//! What the software that runs scripts calls its shared words and milestones, in a trace.

use super::mailbox::word_name;
use super::software::{CONDUCTOR_LOST, SCRIPT_ENDED};
use crate::judgement::source_lines::describe;
use crate::report::trace::Vocabulary;
use sim::Site;

/// The guest's names.
#[derive(Debug, Clone, Copy)]
pub(super) struct GuestNames;

impl Vocabulary for GuestNames {
    fn word(&self, word: u16) -> String {
        word_name(word)
    }

    fn milestone(&self, code: u32, _: Option<Site>) -> String {
        let name = match code {
            SCRIPT_ENDED => "is at the end of the script",
            CONDUCTOR_LOST => "is at the reset vector: the script cannot go on",
            _ => "reaches a milestone",
        };
        name.to_owned()
    }

    fn place(&self, site: Site) -> String {
        site.as_step().map_or_else(|| describe(site), |number| format!("operation {:03}", number + 1))
    }

    /// The guest declares none.
    fn wait(&self, _: u32) -> &'static str {
        "for something"
    }
}
