//! A list whose memory stays: what is put into it takes the place of something that was taken out before. So the common way of
//! adding to it calls nothing, and cannot fail.

use std::ops::{Deref, DerefMut};

/// The list.
#[derive(Debug, Clone)]
pub(crate) struct Slots<T> {
    /// What is in it; after that, memory.
    memory: Vec<T>,
    len: usize,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { memory: Vec::new(), len: 0 }
    }
}

impl<T> Deref for Slots<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.memory[..self.len]
    }
}

impl<T> DerefMut for Slots<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory[..self.len]
    }
}

impl<T: Copy> Slots<T> {
    /// Is there memory for one more?
    #[inline(always)]
    pub(crate) fn has_room(&self) -> bool {
        self.len < self.memory.len()
    }

    /// How many are in it.
    #[inline(always)]
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Is nothing in it?
    #[inline(always)]
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts one more into it.
    #[inline(always)]
    pub(crate) fn push(&mut self, value: T) {
        match self.memory.get_mut(self.len) {
            Some(place) => *place = value,
            None => self.grow(value),
        }
        self.len += 1;
    }

    /// The place of one more, which is in it from now on; none where there is no [room](Self::has_room).
    #[inline(always)]
    pub(crate) fn next_place(&mut self) -> Option<&mut T> {
        let place = self.memory.get_mut(self.len)?;
        self.len += 1;
        Some(place)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, value: T) {
        self.memory.push(value);
    }

    /// The only one, if there is just one.
    #[inline(always)]
    pub(crate) fn only(&self) -> Option<&T> {
        if self.len == 1 { self.memory.first() } else { None }
    }

    /// The last one.
    #[inline(always)]
    pub(crate) fn last(&self) -> Option<&T> {
        self.memory.get(self.len.wrapping_sub(1))
    }

    /// Takes the last one out.
    #[inline(always)]
    pub(crate) const fn drop_last(&mut self) {
        self.len = self.len.saturating_sub(1);
    }

    /// Takes all out.
    #[inline(always)]
    pub(crate) const fn clear(&mut self) {
        self.len = 0;
    }

    /// Takes the first `count` out.
    pub(crate) fn drop_first(&mut self, count: usize) {
        self.memory.copy_within(count..self.len, 0);
        self.len -= count;
    }

    /// Leaves those that `keep` is true of, in their order, and may change them.
    pub(crate) fn retain_mut(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        let mut kept = 0;
        for place in 0..self.len {
            if keep(&mut self.memory[place]) {
                self.memory[kept] = self.memory[place];
                kept += 1;
            }
        }
        self.len = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a plain list.
    #[test]
    fn it_is_a_list() {
        let (mut slots, mut list) = (Slots::default(), Vec::new());
        for step in 0..1000_u32 {
            match step * 7 % 11 {
                0..=5 => {
                    slots.push(step);
                    list.push(step);
                }
                6 if slots.has_room() => {
                    *slots.next_place().expect("there is room") = step;
                    list.push(step);
                }
                7 => {
                    slots.drop_last();
                    list.pop();
                }
                8 => {
                    slots.retain_mut(|value| *value % 3 != 0);
                    list.retain(|value| value % 3 != 0);
                }
                9 if step % 5 == 0 => {
                    slots.clear();
                    list.clear();
                }
                _ => {}
            }
            assert_eq!((&*slots, slots.last()), (&list[..], list.last()), "{step}");
            assert_eq!((slots.len(), slots.is_empty()), (list.len(), list.is_empty()), "{step}");
        }
    }
}
