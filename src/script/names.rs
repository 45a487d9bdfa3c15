//! What the software that runs scripts calls its shared words and milestones, in a trace.

use super::mailbox::word_name;
use super::software::{CONDUCTOR_LOST, SCRIPT_ENDED};
use crate::report::trace::Vocabulary;

/// The guest's names.
#[derive(Debug, Clone, Copy)]
pub(super) struct GuestNames;

impl Vocabulary for GuestNames {
    fn word(&self, word: u16) -> String {
        word_name(word)
    }

    fn milestone(&self, code: u32) -> String {
        let name = match code {
            SCRIPT_ENDED => "is at the end of the script",
            CONDUCTOR_LOST => "is at the reset vector: the script cannot go on",
            _ => "reaches a milestone",
        };
        name.to_owned()
    }

    /// The guest declares none.
    fn wait(&self, _: u32) -> &'static str {
        "for something"
    }
}
