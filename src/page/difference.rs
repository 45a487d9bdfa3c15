//! Where two runs differ first. How long polls go on is no difference where they begin: it is one where they end, which
//! another event tells.

use super::recording::{Entry, Recorded};
use sim::{Time, What};

/// The first event of each of two runs that the other has not, in the order of the page; none if they are equal.
pub(super) fn difference(one: &Recorded, other: &Recorded) -> Option<(usize, usize)> {
    let same = |(one, other): (&Entry, &Entry)| {
        let key = |entry: &Entry| (entry.event.time, entry.event.source, begun(entry.event.what));
        key(one) == key(other)
    };
    let alike = one.entries.iter().zip(&other.entries).take_while(|pair| same(*pair)).count();
    let whole = alike == one.entries.len() && alike == other.entries.len();
    (!whole).then_some((alike, alike))
}

/// What is known of an event when it begins.
const fn begun(mut what: What) -> What {
    if let What::Run { last, count, .. } | What::Attempts { last, count, .. } = &mut what {
        (*last, *count) = (Time::ZERO, 0);
    }
    what
}
