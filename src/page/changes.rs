//! What changes with each event: cell, new value; keyframes, from which a page can begin anywhere; and which cells each
//! block of events touches, so that the last change of one is found without looking at all.

use super::chunk::Chunk;
use super::levels::{EVENTS as BLOCK, Levels};
use std::collections::BTreeMap;

/// A change of a cell.
#[derive(Debug, Clone, Copy)]
struct Change {
    event: usize,
    cell: usize,
    was: i64,
    value: i64,
}

/// The cells as they are, and all that has changed.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) values: Vec<i64>,
    /// The event that changed each cell last, or -1.
    pub(super) changed: Vec<i64>,
    list: Vec<Change>,
    /// All cells, as they were read anew before each block of events, and after the last one.
    keyframes: Vec<Vec<i64>>,
}

impl Changes {
    /// Before the first event.
    pub(super) fn of(values: Vec<i64>) -> Self {
        let changed = vec![-1; values.len()];
        let keyframes = vec![values.clone()];
        Self { values, changed, list: Vec::new(), keyframes }
    }

    /// From cell `first` on they hold `values` after event number `index`.
    pub(super) fn set(&mut self, index: usize, first: usize, values: &[i64]) {
        for (cell, &value) in (first..).zip(values) {
            let was = self.values[cell];
            if was != value {
                self.values[cell] = value;
                self.changed[cell] = index as i64;
                self.list.push(Change { event: index, cell, was, value });
            }
        }
    }

    /// So many events are taken: is it time for a keyframe?
    pub(super) const fn is_due(taken: usize) -> bool {
        taken.is_multiple_of(BLOCK)
    }

    /// A keyframe, of cells that were read anew.
    pub(super) fn keyframe(&mut self, values: Vec<i64>) {
        self.keyframes.push(values);
    }

    /// The changes of each of so many rows of events, keyframes, and what each block touches.
    pub(super) fn write(&self, rows: usize, levels: &mut Levels) {
        let blocks = rows.div_ceil(BLOCK);
        let of_block = |block: usize| {
            let from = self.list.partition_point(|change| change.event < block * BLOCK);
            let until = self.list.partition_point(|change| change.event < (block + 1) * BLOCK);
            &self.list[from..until]
        };
        let chunks = (0..blocks).map(|block| {
            let changes = of_block(block);
            let mut chunk = Chunk::default();
            chunk.growing(changes.iter().map(|change| (change.event - block * BLOCK) as i64));
            chunk.column(changes.iter().map(|change| change.cell as i64));
            chunk.column(changes.iter().map(|change| change.value - change.was));
            chunk.finish()
        });
        levels.add("changes", (rows, BLOCK), &["+event", "cell", "by"], chunks);
        let first = &self.keyframes[0];
        let frames = self.keyframes.iter().enumerate().map(|(number, values)| {
            let mut chunk = Chunk::default();
            let base = |cell: usize| if number == 0 { 0 } else { first[cell] };
            chunk.column(values.iter().enumerate().map(|(cell, value)| value - base(cell)));
            chunk.finish()
        });
        levels.add("keyframes", (self.keyframes.len(), 1), &["by"], frames);
        self.write_touched((0..blocks).map(of_block), levels);
    }

    /// Of each cell the blocks that touch it, and which of its bits those change.
    fn write_touched<'a>(&self, blocks: impl Iterator<Item = &'a [Change]>, levels: &mut Levels) {
        let mut touched: BTreeMap<(usize, usize), i64> = BTreeMap::new();
        for (block, changes) in blocks.enumerate() {
            for change in changes {
                let bits = (change.was.max(0) ^ change.value.max(0)) & 0xFFFF_FFFF;
                *touched.entry((change.cell, block)).or_default() |= bits;
            }
        }
        let mut chunk = Chunk::default();
        chunk.growing(touched.keys().map(|(cell, _)| *cell as i64));
        chunk.growing(touched.keys().map(|(_, block)| *block as i64));
        chunk.column(touched.values().copied());
        let rows = touched.len();
        levels.add("touched", (rows, rows.max(1)), &["+cell", "+block", "bits"], std::iter::once(chunk.finish()));
    }
}
