//! Programs as text: a step a line, as it was written, blocks indented.

use crate::scenario::program::{Act, Programs};
use std::ops::Range;

/// The steps of one program.
pub(super) fn text(programs: &Programs, steps: Range<u32>) -> String {
    let mut text = String::new();
    lines(programs, steps, 0, &mut text);
    text
}

fn lines(programs: &Programs, steps: Range<u32>, depth: usize, to: &mut String) {
    let indent = |to: &mut String| (0..depth).for_each(|_| to.push_str("  "));
    let mut at = steps.start;
    while at < steps.end {
        let (Some(act), Some(place)) = (programs.steps.get(at as usize), programs.place(at)) else { return };
        indent(to);
        to.push_str(&place.text);
        if let Some((then, otherwise)) = blocks(*act) {
            let first = at + 1;
            to.push_str(" {\n");
            lines(programs, first..first + then, depth + 1, to);
            indent(to);
            to.push('}');
            if otherwise > 0 {
                to.push_str(" else {\n");
                lines(programs, first + then..first + then + otherwise, depth + 1, to);
                indent(to);
                to.push('}');
            }
        }
        to.push('\n');
        at += 1 + act.within();
    }
}

/// How long the blocks of a step are, if it has any.
const fn blocks(act: Act) -> Option<(u32, u32)> {
    match act {
        Act::InterruptsOff { body } | Act::Repeat { body, .. } | Act::Forever { body } | Act::Every { body, .. } => {
            Some((body, 0))
        }
        Act::Try { then, otherwise, .. } | Act::If { then, otherwise, .. } => Some((then, otherwise)),
        _ => None,
    }
}

/// How many of the declared words are no locks: a word that some step takes as a lock, and all behind it, are.
pub(super) fn plain_words(programs: &Programs) -> usize {
    let locks = programs.steps.iter().filter_map(|act| match act {
        Act::Lock(word) | Act::Unlock(word) | Act::Try { lock: word, .. } => word.0.checked_sub(programs.first_word),
        _ => None,
    });
    locks.min().map_or(programs.words.len(), usize::from)
}
