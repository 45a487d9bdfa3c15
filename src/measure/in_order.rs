//! Work in pieces on every core, of which the results are handed on in the order of the pieces, however they end.
//!
//! No piece is begun that lies far ahead of the first one that is missing: so little is kept, and whoever is killed loses little.

use parking_lot::{Condvar, Mutex};
use std::collections::BTreeMap;
use std::thread;

/// What the results of pieces are given to, in order; false: no more.
pub(crate) type Give<'a, T> = dyn FnMut(T) -> bool + Send + 'a;

/// Where pieces are taken, and their results come together.
pub(crate) struct InOrder<'a, T> {
    desk: Mutex<Desk<'a, T>>,
    moved: Condvar,
    pieces: u64,
    ahead: u64,
}

struct Desk<'a, T> {
    give: &'a mut Give<'a, T>,
    /// The first piece that nobody has taken.
    next: u64,
    /// The first one whose result is not handed on.
    missing: u64,
    waiting: BTreeMap<u64, T>,
    over: bool,
}

impl<'a, T> InOrder<'a, T> {
    /// So many pieces, none of which is begun more than `ahead` before the first that is missing.
    pub(crate) fn new(pieces: u64, ahead: u64, give: &'a mut Give<'a, T>) -> Self {
        let desk = Desk { give, next: 0, missing: 0, waiting: BTreeMap::new(), over: false };
        Self { desk: Mutex::new(desk), moved: Condvar::new(), pieces, ahead: ahead.max(1) }
    }

    /// The next piece; none: there is no more to do.
    pub(crate) fn take(&self) -> Option<u64> {
        let mut desk = self.desk.lock();
        while !desk.over && desk.next < self.pieces && desk.next >= desk.missing + self.ahead {
            self.moved.wait(&mut desk);
        }
        if desk.over || desk.next >= self.pieces {
            return None;
        }
        desk.next += 1;
        Some(desk.next - 1)
    }

    /// The result of a piece.
    pub(crate) fn hand_in(&self, piece: u64, result: T) {
        let mut desk = self.desk.lock();
        desk.waiting.insert(piece, result);
        while !desk.over {
            let missing = desk.missing;
            let Some(result) = desk.waiting.remove(&missing) else { break };
            desk.over = !(desk.give)(result);
            desk.missing += 1;
        }
        self.moved.notify_all();
    }

    /// Nobody takes another piece.
    pub(crate) fn end(&self) {
        self.desk.lock().over = true;
        self.moved.notify_all();
    }

    /// Ends the work of all if the worker that holds it panics: its piece would be waited for.
    pub(crate) const fn guard(&self) -> Guard<'_, 'a, T> {
        Guard(self)
    }
}

/// See [`InOrder::guard`].
pub(crate) struct Guard<'w, 'a, T>(&'w InOrder<'a, T>);

impl<T> Drop for Guard<'_, '_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each once and in order, with more workers than may be ahead.
    #[test]
    fn results_come_in_the_order_of_pieces() {
        for (workers, ahead) in [(1, 1), (3, 1), (8, 2), (4, 100)] {
            let mut got = Vec::new();
            let mut give = |piece: u64| {
                got.push(piece);
                true
            };
            let order = InOrder::new(200, ahead, &mut give);
            thread::scope(|scope| {
                for _ in 0..workers {
                    scope.spawn(|| {
                        while let Some(piece) = order.take() {
                            order.hand_in(piece, piece);
                        }
                    });
                }
            });
            assert_eq!(got, (0..200).collect::<Vec<_>>(), "{workers} {ahead}");
        }
    }

    /// The one who says that it is over gets no more, and a worker that panics leaves nobody waiting.
    #[test]
    fn it_ends_where_it_is_ended() {
        let mut got = 0;
        let mut give = |_: u64| {
            got += 1;
            got < 3
        };
        let order = InOrder::new(100, 50, &mut give);
        while let Some(piece) = order.take() {
            order.hand_in(piece, piece);
        }
        assert_eq!(got, 3);
        let mut all = |_: u64| true;
        let order = InOrder::new(100, 1, &mut all);
        let panicked = thread::scope(|scope| {
            let first = scope.spawn(|| {
                let _guard = order.guard();
                order.take().expect("there is one");
                panic!("of a worker");
            });
            scope.spawn(|| while order.take().is_some() {});
            first.join().is_err()
        });
        assert!(panicked);
    }
}
