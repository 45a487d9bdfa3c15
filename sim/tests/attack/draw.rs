//! Numbers that a seed decides: what random machines and random programs are drawn from.
//!
//! Small, fast, and a plain function of its state, so that a program which keeps one in a local variable stays Closed.

/// A source of numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw(u64);

impl Draw {
    /// The source of `seed`. Neighbouring seeds give unrelated numbers (the finalizer of splitmix64).
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self(state ^ (state >> 31))
    }

    /// The next number.
    pub(crate) fn number(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.number() % end.max(1)
    }

    /// Yes, once in `times`.
    pub(crate) fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// One of `list`.
    pub(crate) fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u32) as usize]
    }

    /// What is drawn from now on depends on `value` too.
    pub(crate) fn mix(&mut self, value: u64) {
        self.0 ^= value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
