//! What one CPU has been given and has not taken yet.
//!
//! Not modelled: see the [module](super).

/// A bit a vector.
type Vectors = [u64; 4];

const fn place(vector: u8) -> (usize, u64) {
    ((vector >> 6) as usize, 1 << (vector & 63))
}

/// The checker's own IRR and NMI latch of one CPU: what must be in there, and what may be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shadow {
    must: Vectors,
    may: Vectors,
    nmi_must: bool,
    nmi_may: bool,
}

/// What the IRR of a CPU has that it should not have, and lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Difference {
    vanished: Vectors,
    appeared: Vectors,
}

fn vectors(set: Vectors) -> Vec<u8> {
    if set.iter().all(|&word| word == 0) {
        return Vec::new();
    }
    let is_set = |vector: &u8| {
        let (word, bit) = place(*vector);
        set[word] & bit != 0
    };
    (0..=255).filter(is_set).collect()
}

impl Difference {
    /// Lowest first; it allocates only if there are any.
    pub(super) fn vanished(&self) -> Vec<u8> {
        vectors(self.vanished)
    }
    /// Lowest first.
    pub(super) fn appeared(&self) -> Vec<u8> {
        vectors(self.appeared)
    }
}

impl Shadow {
    /// `vector` was delivered; `sure` unless the APIC may have dropped it. Did it merge with one that waits?
    pub(super) const fn request(&mut self, vector: u8, sure: bool) -> bool {
        let (word, bit) = place(vector);
        let merged = self.must[word] & bit != 0;
        self.may[word] |= bit;
        if sure {
            self.must[word] |= bit;
        }
        merged
    }

    /// The handler of `vector` was entered, which may be the spurious one. Could it be?
    pub(super) const fn take(&mut self, vector: u8, spurious: bool) -> bool {
        let (word, bit) = place(vector);
        let known = self.may[word] & bit != 0;
        self.must[word] &= !bit;
        if !spurious {
            self.may[word] &= !bit;
        }
        known || spurious
    }

    pub(super) const fn request_nmi(&mut self, sure: bool) {
        self.nmi_may = true;
        self.nmi_must |= sure;
    }

    /// The NMI handler was entered. Could it be?
    pub(super) const fn take_nmi(&mut self) -> bool {
        self.nmi_must = false;
        std::mem::replace(&mut self.nmi_may, false)
    }

    /// The CPU was reset: what waited is gone.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Compares with the IRR as eight registers of 32 vectors.
    pub(super) fn compare(&self, irr: &[u32; 8]) -> Difference {
        let word = |index: usize| u64::from(irr[2 * index]) | u64::from(irr[2 * index + 1]) << 32;
        Difference {
            vanished: std::array::from_fn(|index| self.must[index] & !word(index)),
            appeared: std::array::from_fn(|index| word(index) & !self.may[index]),
        }
    }

    /// A latched NMI: must there be one, and may there be?
    pub(super) const fn nmi(&self) -> (bool, bool) {
        (self.nmi_must, self.nmi_may)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_where_the_registers_have_them() {
        // SDM vol. 3 §10.8.4: vector v is bit v mod 32 of register v / 32
        for vector in [0x10_u8, 0x1F, 0x20, 0x3F, 0x40, 0x7F, 0x80, 0xDF, 0xE0, 0xFF] {
            let mut irr = [0; 8];
            irr[usize::from(vector / 32)] = 1 << (vector % 32);
            let mut shadow = Shadow::default();
            let difference = shadow.compare(&irr);
            assert_eq!((difference.vanished(), difference.appeared()), (vec![], vec![vector]));
            assert!(!shadow.request(vector, true) && shadow.request(vector, true));
            let difference = shadow.compare(&irr);
            assert_eq!((difference.vanished(), difference.appeared()), (vec![], vec![]));
            assert_eq!(shadow.compare(&[0; 8]).vanished(), [vector]);
            assert!(shadow.take(vector, false) && !shadow.take(vector, false));
        }
    }

    #[test]
    fn what_may_have_been_dropped_need_not_be_there() {
        let mut shadow = Shadow::default();
        shadow.request(0x41, false);
        shadow.request_nmi(false);
        assert!(shadow.compare(&[0; 8]).vanished().is_empty());
        assert!(shadow.compare(&[0, 0, 2, 0, 0, 0, 0, 0]).appeared().is_empty());
        assert_eq!(shadow.nmi(), (false, true));
        assert!(shadow.take(0x41, false) && shadow.take_nmi() && !shadow.take_nmi());
    }
}
