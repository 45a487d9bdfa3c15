//! The digest of a stream, version 2: one multiplication for two words, the same on every host.
//!
//! The state is two 64-bit words, `s` and `t`, which begin as [`ROOT_2`] and [`ROOT_3`]. A pair of words (a, b) goes in
//! as follows; `+` is modulo 2⁶⁴, `^` is exclusive or, and the product has 128 bits, of which `low` and `high` are the
//! halves:
//!
//! ```text
//! high, low = (a ^ s) * (b ^ t)
//! s = (low ^ a) + rotate_left(t, 23)
//! t = (high ^ b) + (s ^ ROOT_5)                  the new s
//! ```
//!
//! The words come in once more after the product, so a factor of zero does not lose the other one. The result is
//! `s ^ t` after the pair ([`ROOT_7`], [`ROOT_11`]) went in twice: two multiplications that carry the last word's bits
//! everywhere.
//!
//! Words are numbers, never bytes of memory, so the order of bytes on the host is nothing. `words.rs` says which words an
//! event is. It is no cryptographic hash: it tells runs apart that differ, and withstands nobody who looks for collisions.

/// Version of this definition and of the words in `words.rs`. Digests of different versions say nothing about each other.
pub(crate) const DIGEST_VERSION: u32 = 2;

// The first 64 bits of the fractional part of the square root of a prime: constants that nobody chose. SHA-512 begins
// with the same ones (FIPS 180-4, section 5.3.5).
/// Of √2.
const ROOT_2: u64 = 0x6A09_E667_F3BC_C908;
/// Of √3.
const ROOT_3: u64 = 0xBB67_AE85_84CA_A73B;
/// Of √5.
const ROOT_5: u64 = 0x3C6E_F372_FE94_F82B;
/// Of √7.
const ROOT_7: u64 = 0xA54F_F53A_5F1D_36F1;
/// Of √11.
const ROOT_11: u64 = 0x510E_527F_ADE6_82D1;

/// What takes words, two at a time.
pub(super) trait Pairs {
    fn pair(&mut self, a: u64, b: u64);

    #[inline(always)]
    fn two_pairs(&mut self, a: u64, b: u64, c: u64, d: u64) {
        self.pair(a, b);
        self.pair(c, d);
    }
}

/// A running digest.
#[derive(Debug, Clone)]
pub(crate) struct Digest {
    s: u64,
    t: u64,
}

impl Pairs for Digest {
    #[inline(always)]
    fn pair(&mut self, a: u64, b: u64) {
        let product = u128::from(a ^ self.s) * u128::from(b ^ self.t);
        let (low, high) = (product as u64, (product >> 64) as u64);
        self.s = (low ^ a).wrapping_add(self.t.rotate_left(23));
        self.t = (high ^ b).wrapping_add(self.s ^ ROOT_5);
    }
}

impl Digest {
    pub(crate) const fn new() -> Self {
        Self { s: ROOT_2, t: ROOT_3 }
    }

    /// The digest of a run begins: so many CPUs, of which the streams follow ([`Digest::stream`]).
    pub(crate) fn of_run(cpus: usize) -> Self {
        let mut run = Self::new();
        run.pair(cpus as u64, 0);
        run
    }

    /// The next stream of the run: all 128 bits of its state.
    pub(crate) fn stream(&mut self, stream: &Self) {
        self.pair(stream.s, stream.t);
    }

    pub(crate) fn finish(&self) -> u64 {
        let mut last = self.clone();
        last.two_pairs(ROOT_7, ROOT_11, ROOT_7, ROOT_11);
        last.s ^ last.t
    }
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
