//! A set of vectors: the 256-bit registers IRR, ISR and TMR.

use std::fmt;

/// 256 bits, one a vector (SDM vol. 3 §10.8.4).
///
/// ```
/// use sim::apic::Bits256;
///
/// let mut requests = Bits256::EMPTY;
/// requests.insert(0x41);
/// requests.insert(0xFD);
/// assert_eq!((requests.highest(), requests.class(4), requests.register(2)), (Some(0xFD), 1 << 1, 1 << 1));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Bits256([u64; 4]);

impl Bits256 {
    /// No vector.
    pub const EMPTY: Self = Self([0; 4]);

    #[inline(always)]
    const fn place(vector: u8) -> (usize, u64) {
        ((vector >> 6) as usize, 1 << (vector & 63))
    }

    /// Is `vector` in the set?
    #[inline]
    pub const fn contains(&self, vector: u8) -> bool {
        let (word, bit) = Self::place(vector);
        self.0[word] & bit != 0
    }

    /// Puts `vector` into the set.
    pub const fn insert(&mut self, vector: u8) {
        let (word, bit) = Self::place(vector);
        self.0[word] |= bit;
    }

    /// Takes `vector` out of the set.
    pub const fn remove(&mut self, vector: u8) {
        let (word, bit) = Self::place(vector);
        self.0[word] &= !bit;
    }

    #[inline(always)]
    pub(super) const fn is_empty(&self) -> bool {
        let [a, b, c, d] = self.0;
        a | b | c | d == 0
    }

    /// Is `vector` in the set, and no other?
    #[inline(always)]
    pub(super) const fn is_only(&self, vector: u8) -> bool {
        let (words, (word, bit)) = (&self.0, Self::place(vector));
        words[word] == bit && words[0] | words[1] | words[2] | words[3] == bit
    }

    /// The highest vector, which is the one of highest priority.
    #[inline]
    pub const fn highest(&self) -> Option<u8> {
        if self.is_empty() { None } else { self.highest_of_some() } // mostly there is none, between two interrupts
    }

    #[inline(never)]
    const fn highest_of_some(&self) -> Option<u8> {
        let mut word = self.0.len();
        while word > 0 {
            word -= 1;
            if self.0[word] != 0 {
                return Some((word * 64 + 63 - self.0[word].leading_zeros() as usize) as u8);
            }
        }
        None
    }

    /// The sixteen vectors of a priority class (vector bits 7:4), lowest in bit 0.
    ///
    /// # Panics
    /// If `class` is above 15.
    pub const fn class(&self, class: u8) -> u16 {
        (self.0[(class >> 2) as usize] >> ((class & 3) * 16)) as u16
    }

    /// The 32 bits that register `index` (0 to 7) of the block shows: vector `32 * index` in bit 0.
    ///
    /// # Panics
    /// If `index` is above 7.
    pub const fn register(&self, index: usize) -> u32 {
        (self.0[index / 2] >> (index % 2 * 32)) as u32
    }

    /// The vectors, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = u8> + use<> {
        let words = self.0;
        let mut next = 0_usize;
        std::iter::from_fn(move || {
            while next < 256 {
                let rest = words[next / 64] >> (next % 64);
                if rest == 0 {
                    next = (next / 64 + 1) * 64;
                    continue;
                }
                let vector = next + rest.trailing_zeros() as usize;
                next = vector + 1;
                return Some(vector as u8);
            }
            None
        })
    }
}

impl fmt::Debug for Bits256 {
    /// The vectors in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, vector) in self.iter().enumerate() {
            write!(f, "{}{vector:02X}", if index == 0 { "" } else { " " })?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_where_the_manual_puts_them() {
        // SDM vol. 3 §10.8.4: vector v is bit v mod 32 of register v / 32.
        for vector in [0_u8, 7, 8, 31, 32, 63, 64, 66, 127, 128, 191, 192, 0xFB, 0xFD, 255] {
            let mut set = Bits256::EMPTY;
            set.insert(vector);
            for index in 0..8 {
                let expected = if index == usize::from(vector / 32) { 1 << (vector % 32) } else { 0 };
                assert_eq!(set.register(index), expected, "vector {vector} register {index}");
            }
            assert_eq!(set.class(vector >> 4), 1 << (vector & 15));
            assert_eq!(set.highest(), Some(vector));
            assert!(set.contains(vector));
            set.remove(vector);
            assert_eq!(set, Bits256::EMPTY);
            assert_eq!(set.highest(), None);
        }
    }

    #[test]
    fn iteration_is_ascending_and_complete() {
        let mut set = Bits256::EMPTY;
        let vectors = [0_u8, 1, 63, 64, 65, 128, 200, 254, 255];
        vectors.iter().for_each(|&vector| set.insert(vector));
        assert_eq!(set.iter().collect::<Vec<_>>(), vectors);
        assert_eq!(Bits256::EMPTY.iter().count(), 0);
        assert_eq!(format!("{set:?}"), "{00 01 3F 40 41 80 C8 FE FF}");
    }
}
