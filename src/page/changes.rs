//! What changes with each event: cell, new value; and keyframes, from which a page can begin anywhere.

use super::object::Object;

/// Keyframes of a page, at most: each holds every cell.
const KEYFRAMES: usize = 64;
/// Events between two keyframes, at least.
const STRIDE: usize = 256;

/// The cells as they are, and all that has changed.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) values: Vec<i64>,
    /// The event that changed each cell last, or -1.
    pub(super) changed: Vec<i64>,
    events: Vec<i64>,
    cells: Vec<i64>,
    news: Vec<i64>,
    /// How many events had been taken, and all cells then.
    keyframes: Vec<(usize, Vec<i64>)>,
    stride: usize,
}

impl Changes {
    /// Before the first of so many events.
    pub(super) fn of(values: Vec<i64>, events: usize) -> Self {
        let changed = vec![-1; values.len()];
        let keyframes = vec![(0, values.clone())];
        let stride = STRIDE.max(events.div_ceil(KEYFRAMES));
        Self { values, changed, events: Vec::new(), cells: Vec::new(), news: Vec::new(), keyframes, stride }
    }

    /// From cell `first` on they hold `values` after event number `index`.
    pub(super) fn set(&mut self, index: usize, first: usize, values: &[i64]) {
        for (cell, &value) in (first..).zip(values) {
            if self.values[cell] != value {
                self.values[cell] = value;
                self.changed[cell] = index as i64;
                self.events.push(index as i64);
                self.cells.push(cell as i64);
                self.news.push(value);
            }
        }
    }

    /// So many events are taken: is it time for a keyframe?
    pub(super) const fn is_due(&self, taken: usize) -> bool {
        taken.is_multiple_of(self.stride)
    }

    /// A keyframe, of cells that were read anew.
    pub(super) fn keyframe(&mut self, taken: usize, values: Vec<i64>) {
        self.keyframes.push((taken, values));
    }

    /// As columns.
    pub(super) fn write(&self, page: &mut Object) {
        let mut changes = Object::default();
        changes.growing("event", self.events.iter().copied());
        changes.numbers("cell", self.cells.iter().copied());
        changes.numbers("value", self.news.iter().copied());
        page.json("changes", &changes.finish());
        let keyframes = self.keyframes.iter().map(|(taken, values)| {
            let mut keyframe = Object::default();
            keyframe.numbers("values", values.iter().copied());
            keyframe.json("taken", &taken.to_string());
            keyframe.finish()
        });
        page.json("keyframes", &format!("[{}]", keyframes.collect::<Vec<_>>().join(",")));
    }
}
