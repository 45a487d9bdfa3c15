//! Vectors of the definition, and what the digest is worth: it spreads every bit, and finds no two alike.

use super::*;

fn of(pairs: &[(u64, u64)]) -> u64 {
    let mut digest = Digest::new();
    for &(a, b) in pairs {
        digest.pair(a, b);
    }
    digest.finish()
}

/// The results come from an independent implementation of the definition as documented, in another language, with
/// integers of any size and constants from an integer square root. They were captured once: a change of any is a new
/// version.
#[test]
fn vectors() {
    let max = u64::MAX;
    let cases: [(&[(u64, u64)], u64); 9] = [
        (&[], 0x22e3_5d59_7714_53c6),
        (&[(0, 0)], 0x18f0_bc78_c347_c066),
        (&[(0, 0), (0, 0)], 0xe18a_f2ff_c80b_21d8),
        (&[(1, 2), (3, 4)], 0x06f1_505a_2bd4_3876),
        (&[(3, 4), (1, 2)], 0x9e94_e6e6_3870_7582),
        (&[(0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B)], 0x09bb_15b5_840a_a699),
        (&[(0x6A09_E667_F3BC_C908, 7)], 0xa260_2331_7f87_bcd1),
        (&[(max, max)], 0xc104_ebc4_2f57_0964),
        (&[(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210), (max, 0), (0, 1 << 63)], 0x3e33_07a4_ffce_63f5),
    ];
    for (pairs, result) in cases {
        assert_eq!(of(pairs), result, "{pairs:x?}");
    }
    let squares: Vec<(u64, u64)> = (0..100).map(|i| (i, i * i)).collect();
    assert_eq!(of(&squares), 0x8974_e5da_d804_0403);
}

/// The root of `n` with 62 fractional bits, as the constant says it, is the largest whose square is not above `n`.
#[test]
fn constants_are_square_roots() {
    for (n, whole, constant) in [(2, 1, ROOT_2), (3, 1, ROOT_3), (5, 2, ROOT_5), (7, 2, ROOT_7)] {
        let root = whole << 62 | u128::from(constant >> 2);
        assert!(root * root <= n << 124 && (root + 1) * (root + 1) > n << 124, "{n}");
    }
    let root = 3 << 61 | u128::from(ROOT_11 >> 3);
    assert!(root * root <= 11 << 122 && (root + 1) * (root + 1) > 11 << 122);
}

/// Numbers without a pattern (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }
}

/// Flips each bit of each word of each event in turn, of which the last is the hardest: nothing comes after it.
fn avalanche(mut words: impl FnMut() -> u64) {
    let (mut trials, mut sum, mut least) = (0, 0, 64);
    for round in 0..60 {
        let events: Vec<(u64, u64)> = (0..1 + round % 4).map(|_| (words(), words())).collect();
        let before = of(&events);
        for index in 0..events.len() {
            for bit in 0..128 {
                let mut flipped = events.clone();
                let (a, b) = &mut flipped[index];
                *(if bit < 64 { a } else { b }) ^= 1 << (bit % 64);
                let changed = (of(&flipped) ^ before).count_ones();
                (trials, sum, least) = (trials + 1, sum + changed, least.min(changed));
            }
        }
    }
    assert!(trials > 19_000, "{trials}");
    assert!((63 * trials..=65 * trials).contains(&(2 * sum)), "{sum} bits of {trials} results");
    assert!(least > 8, "{least} bits");
}

#[test]
fn every_bit_changes_half_of_the_result() {
    let mut numbers = Numbers(1);
    avalanche(|| numbers.next());
}

/// As events are: small numbers, and many of them zero.
#[test]
fn every_bit_of_small_words_changes_half_of_the_result() {
    let mut numbers = Numbers(2);
    avalanche(|| numbers.next() % 40 * (numbers.next() % 2));
    avalanche(|| 0);
}

/// Words of three pairs.
fn six(words: [u64; 6]) -> u64 {
    of(&[(words[0], words[1]), (words[2], words[3]), (words[4], words[5])])
}

/// A counter in each position, and counters in each two positions, all else zero.
fn counters(results: &mut Vec<u64>) {
    for first in 0..6 {
        for value in 1..=20_000 {
            let mut words = [0; 6];
            words[first] = value;
            results.push(six(words));
        }
        for second in first + 1..6 {
            for (value, other) in (1..=80).flat_map(|value| (1..=80).map(move |other| (value, other))) {
                let mut words = [0; 6];
                (words[first], words[second]) = (value, other);
                results.push(six(words));
            }
        }
    }
}

/// Every order of the events from `index` on.
fn permutations(events: &mut [(u64, u64); 8], index: usize, results: &mut Vec<u64>) {
    if index == events.len() {
        return results.push(of(events));
    }
    for other in index..events.len() {
        events.swap(index, other);
        permutations(events, index + 1, results);
        events.swap(index, other);
    }
}

#[test]
fn no_two_of_many_structured_inputs_are_alike() {
    let mut results = Vec::new();
    counters(&mut results);
    permutations(&mut [1, 2, 3, 4, 5, 6, 7, 8].map(|tag| (tag, 1_000_000)), 0, &mut results);
    for length in 0..3_000 {
        results.push(of(&vec![(0, 0); length]));
    }
    for (tag, other) in (0..=40).flat_map(|tag| (0..=40).map(move |other| (tag, other))) {
        for time in 1..=40 {
            results.push(of(&[(tag, time), (other, time)]));
            results.push(of(&[(tag, time), (other, time + 1), (0, 0), (0, 0)]));
        }
    }
    for (bit, other) in (0..64).flat_map(|bit| (0..64).map(move |other| (bit, other))) {
        results.push(of(&[(0, 0), (0, 0), (0, 0), (0, 0), (1 << bit, 1 << other)]));
    }
    let inputs = results.len();
    assert!(inputs > 300_000, "{inputs}");
    results.sort_unstable();
    results.dedup();
    assert_eq!(results.len(), inputs);
}

/// A factor of zero: `a ^ s` is zero whatever `b` is, and `b` still counts.
#[test]
fn a_factor_of_zero_loses_nothing() {
    let mut results: Vec<u64> = (0..10_000).flat_map(|b| [of(&[(ROOT_2, b)]), of(&[(b, ROOT_3)])]).collect();
    results.sort_unstable();
    results.dedup();
    assert_eq!(results.len(), 20_000);
}
