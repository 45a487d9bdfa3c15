//! A chooser: whatever is drawn is the greatest that it can be, whatever the seed.
//!
//! Not modelled: anything but drawn times of software; a crystal's phase, say, is the first that it can be.

use apicsim::prelude::*;
use apicsim::sim::Label;

/// Every delay that software draws is the longest.
#[derive(Debug)]
pub struct Longest;

impl Chooser for Longest {
    fn choose(&self, point: ChoicePoint, alternatives: u32) -> u32 {
        if matches!(point.label, Label::Software(_)) { alternatives - 1 } else { 0 }
    }
}
