//! A set of CPUs.
//!
//! Not modelled: `NR_CPUS` as a build-time choice. A mask holds 1024 CPUs, four times as
//! many as 8-bit APIC ids can name.

use core::fmt;

/// CPUs that fit in a [`CpuMask`].
pub const NR_CPUS: u16 = 1024;

/// Words of a mask.
const WORDS: usize = NR_CPUS as usize / 64;

/// A set of CPUs, at most [`NR_CPUS`]. Numbers beyond that are in no mask.
///
/// ```
/// use kernel_model::CpuMask;
///
/// let others: CpuMask = [1, 3].into_iter().collect();
/// assert_eq!((others.count(), others.without(3)), (2, CpuMask::of(1)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct CpuMask([u64; WORDS]);

impl CpuMask {
    /// Nobody.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// One CPU.
    pub const fn of(cpu: u16) -> Self {
        Self::EMPTY.with(cpu)
    }

    /// CPUs 0 to `cpus` - 1.
    pub fn first(cpus: u16) -> Self {
        (0..cpus).collect()
    }

    /// This set and `cpu`.
    #[must_use]
    pub const fn with(mut self, cpu: u16) -> Self {
        if cpu < NR_CPUS {
            self.0[cpu as usize / 64] |= 1 << (cpu % 64);
        }
        self
    }

    /// This set without `cpu`.
    #[must_use]
    pub const fn without(mut self, cpu: u16) -> Self {
        if cpu < NR_CPUS {
            self.0[cpu as usize / 64] &= !(1 << (cpu % 64));
        }
        self
    }

    /// Is `cpu` in the set?
    pub const fn contains(self, cpu: u16) -> bool {
        cpu < NR_CPUS && self.0[cpu as usize / 64] & (1 << (cpu % 64)) != 0
    }

    /// Is nobody in the set?
    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// How many CPUs are in the set.
    pub fn count(self) -> u32 {
        self.0.iter().map(|bits| bits.count_ones()).sum()
    }

    /// Bits of the CPUs 32 × `index` to 32 × `index` + 31.
    pub const fn word(self, index: u16) -> u32 {
        (self.0[index as usize / 2] >> (index % 2 * 32)) as u32
    }

    /// The CPUs, ascending.
    pub const fn iter(self) -> CpuMaskIter {
        CpuMaskIter(self)
    }
}

impl FromIterator<u16> for CpuMask {
    fn from_iter<I: IntoIterator<Item = u16>>(cpus: I) -> Self {
        cpus.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl IntoIterator for CpuMask {
    type Item = u16;
    type IntoIter = CpuMaskIter;

    fn into_iter(self) -> CpuMaskIter {
        self.iter()
    }
}

impl fmt::Debug for CpuMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(*self).finish()
    }
}

/// The CPUs of a [`CpuMask`], ascending.
///
/// ```
/// use kernel_model::CpuMask;
///
/// let others = CpuMask::first(4).without(2);
/// assert_eq!(others.iter().collect::<Vec<_>>(), [0, 1, 3]); // as the kernel's for_each_cpu_mask
/// ```
#[derive(Debug, Clone)]
pub struct CpuMaskIter(CpuMask);

impl Iterator for CpuMaskIter {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        let word = self.0.0.iter().position(|&bits| bits != 0)?;
        let cpu = word as u16 * 64 + self.0.0[word].trailing_zeros() as u16;
        self.0 = self.0.without(cpu);
        Some(cpu)
    }
}
