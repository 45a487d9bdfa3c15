//! What stands in line, in a list whose memory stays: to join at the end and to leave at the front is to write and to count.

use crate::slots::Slots;

/// Places before the front that are kept at most, if they are not the greater part.
const FOLDED: usize = 64;

/// The line.
#[derive(Debug, Clone)]
pub(crate) struct Queue<T> {
    list: Slots<T>,
    /// The front; those before it have left. None has, if nobody is in line.
    front: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { list: Slots::default(), front: 0 }
    }
}

impl<T: Copy> Queue<T> {
    /// Is nobody in line?
    #[inline(always)]
    pub(crate) const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Who is next.
    #[inline(always)]
    pub(crate) fn front(&self) -> Option<&T> {
        self.list.get(self.front)
    }

    /// Who has come last.
    #[inline(always)]
    pub(crate) fn back(&self) -> Option<&T> {
        self.list.last()
    }

    /// All, the next one first.
    #[inline]
    pub(crate) fn waiting(&self) -> &[T] {
        &self.list[self.front..]
    }

    /// All, the next one first.
    #[inline]
    pub(crate) fn waiting_mut(&mut self) -> &mut [T] {
        &mut self.list[self.front..]
    }

    /// Joins at the end.
    #[inline(always)]
    pub(crate) fn push(&mut self, value: T) {
        self.list.push(value);
    }

    /// Joins behind the first `place` of those who wait.
    pub(crate) fn insert(&mut self, place: usize, value: T) {
        self.list.push(value);
        self.waiting_mut()[place..].rotate_right(1);
    }

    /// Nobody is in line: all of `others` come, and their memory with them.
    #[inline(always)]
    pub(crate) const fn swap_in(&mut self, others: &mut Slots<T>) {
        std::mem::swap(&mut self.list, others);
    }

    /// The front leaves; there is one.
    #[inline(always)]
    pub(crate) fn drop_front(&mut self) {
        self.front += 1;
        if self.front >= self.list.len() {
            self.list.clear();
            self.front = 0;
        } else if self.front >= FOLDED {
            self.fold();
        }
    }

    #[inline(never)]
    fn fold(&mut self) {
        if 2 * self.front >= self.list.len() {
            self.list.drop_first(self.front);
            self.front = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Against the library's queue: it grows, shrinks and runs empty in turn.
    #[test]
    fn it_is_a_queue() {
        let (mut queue, mut model) = (Queue::default(), VecDeque::new());
        let mut state = 7_u64;
        for step in 0..20_000_u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let grows = if step / 1000 % 2 == 0 { 5 } else { 3 };
            match state >> 33 & 7 {
                0 if !model.is_empty() => {
                    let place = (state >> 40) as usize % model.len();
                    queue.insert(place, step);
                    model.insert(place, step);
                }
                choice if choice < grows => {
                    queue.push(step);
                    model.push_back(step);
                }
                _ if !model.is_empty() => {
                    queue.drop_front();
                    model.pop_front();
                }
                _ => {
                    let mut others = Slots::default();
                    others.push(step);
                    queue.swap_in(&mut others);
                    model.push_back(step);
                    assert!(others.is_empty());
                }
            }
            assert_eq!(queue.waiting(), model.make_contiguous(), "step {step}");
            assert_eq!((queue.front(), queue.back()), (model.front(), model.back()), "step {step}");
            assert_eq!(queue.is_empty(), model.is_empty(), "step {step}");
            assert!(queue.front < FOLDED || 2 * queue.front < queue.list.len(), "who has left is folded");
        }
    }
}
