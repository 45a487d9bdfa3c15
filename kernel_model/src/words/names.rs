//! What words are called in reports: each by its place in the [`Layout`].
//!
//! Not modelled: addresses.

use super::later::LATER;
use super::printing::{LOG_DAEMON, PRINTING};
use super::start_up::{START_UP, STARTED};
use super::v6::{DEFERRED, IDLE};
use super::{FIXED, Layout, PER_CPU, RUN_QUEUE_WORDS, Word};
use core::fmt;

/// The name of a word, to be displayed.
///
/// ```
/// use kernel_model::Layout;
///
/// let layout = Layout::new(4);
/// assert_eq!(layout.name(layout.runqueue_lock(2)).to_string(), "run-queue lock of CPU2");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordName {
    pub(super) layout: Layout,
    pub(super) word: Word,
}

impl fmt::Display for WordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layout, word } = *self;
        if let Some(name) = FIXED.get(usize::from(word.0)) {
            return f.write_str(name);
        }
        if usize::from(word.0) >= layout.count() {
            return write!(f, "word {}", word.0);
        }
        if let Some(place) = word.0.checked_sub(layout.log_daemon(0).0) {
            return f.write_str(LOG_DAEMON[usize::from(place)]);
        }
        if let Some(cpu) = word.0.checked_sub(layout.idle(0, 0).0) {
            return write!(f, "{} of CPU{cpu}", IDLE[0]);
        }
        if let Some(place) = word.0.checked_sub(layout.deferred(0, 0).0) {
            let (cpu, index) = (place / DEFERRED.len() as u16, place % DEFERRED.len() as u16);
            return write!(f, "{} of CPU{cpu}", DEFERRED[usize::from(index)]);
        }
        if let Some(place) = word.0.checked_sub(layout.printing(0).0) {
            return f.write_str(PRINTING[usize::from(place)]);
        }
        if let Some(place) = word.0.checked_sub(layout.later(0).0) {
            return match LATER.get(usize::from(place)) {
                Some(name) => f.write_str(name),
                None => write!(f, "performance counter runs on, CPU{}", place - LATER.len() as u16),
            };
        }
        if let Some(place) = word.0.checked_sub(layout.started(0, 0).0) {
            let (cpu, index) = (place / STARTED.len() as u16, place % STARTED.len() as u16);
            return write!(f, "{} on CPU{cpu}", STARTED[usize::from(index)]);
        }
        if let Some(place) = word.0.checked_sub(layout.start_up(0).0) {
            return f.write_str(START_UP[usize::from(place)]);
        }
        if let Some(place) = word.0.checked_sub(layout.v6(0).0) {
            return layout.v6_name(place, f);
        }
        if let Some(place) = word.0.checked_sub(layout.per_cpu(0, 0).0) {
            let (cpu, index) = (place / PER_CPU.len() as u16, place % PER_CPU.len() as u16);
            return write!(f, "{} on CPU{cpu}", PER_CPU[usize::from(index)]);
        }
        if let Some(place) = word.0.checked_sub(layout.runqueue_lock(0).0) {
            let cpu = place / RUN_QUEUE_WORDS;
            return match place % RUN_QUEUE_WORDS {
                0 => write!(f, "run-queue lock of CPU{cpu}"),
                task => write!(f, "run-queue link {} of CPU{cpu}", task - 1),
            };
        }
        let place = word.0 - FIXED.len() as u16;
        let slot = place / layout.slot_words();
        match place % layout.slot_words() {
            0 => write!(f, "tlbstate_lock {slot}"),
            1 => write!(f, "flush_va {slot}"),
            index => write!(f, "flush_cpumask {slot}, CPUs from {}", (index - 2) * 32),
        }
    }
}
