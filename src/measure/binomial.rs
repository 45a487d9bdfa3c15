//! Between which of so many values a percentile of all there could be lies: order statistics, whatever the distribution.
//!
//! Of `n` values as many are below the percentile p as heads fall in `n` throws of a coin that falls so with probability p. So
//! the value with rank `low` is above the percentile just if fewer than `low` heads fall, and that with rank `high` below it just if
//! `high` or more do: exact for any continuous distribution, and on the safe side for others (David and Nagaraja, Order Statistics,
//! 3rd edition, section 7.1; Le Boudec, Performance Evaluation, theorem 2.1).
//!
//! In whole numbers, so that it is the same on every host: weights of the binomial distribution relative to the greatest of them.

/// How often a bound may be wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    /// In so many of a million cases at most.
    millionths: u64,
    /// The percentile of the normal distribution above which as many lie, in millionths.
    normal: u128,
}

/// Of a percentile alone: 2.5 % on either side.
pub(super) const ALONE: Tail = Tail { millionths: 25_000, normal: 1_959_964 };
/// Of each of two percentiles that are compared: 1.25 %, so that all four bounds hold in 95 of 100 cases (Bonferroni).
pub(super) const OF_TWO: Tail = Tail { millionths: 12_500, normal: 2_241_403 };

/// Above so many values the normal distribution is as good: weights would be millions.
const MANY: u64 = 1_000_000_000;

/// The weight of the most likely number of heads.
const TOP: u128 = 1 << 62;

/// The greatest rank that is too high, and the least that is too low, but for the cases of `tail`, for the
/// percentile of `share` in a thousand of `count` values; none: there are too few values for that.
pub(super) fn ranks(count: u64, share: u64, tail: Tail) -> (Option<u64>, Option<u64>) {
    let share = share.min(1000);
    let (low, high) = if count > MANY { by_normal(count, share, tail) } else { by_weights(count, share, tail) };
    (Some(low).filter(|&low| low > 0), Some(high).filter(|&high| high <= count))
}

/// n p ± z √(n p (1 - p)), and a rank more on either side.
fn by_normal(count: u64, share: u64, tail: Tail) -> (u64, u64) {
    let (n, p) = (u128::from(count), u128::from(share));
    let spread = ((n * p * (1000 - p)).isqrt() + 1) * tail.normal / 1_000_000; // in thousandths
    let (middle, spread) = (n * p / 1000, spread / 1000 + 1);
    (middle.saturating_sub(spread) as u64, (middle + spread + 1) as u64)
}

fn by_weights(count: u64, share: u64, tail: Tail) -> (u64, u64) {
    let weights = Weights::of(count, share);
    let limit = weights.sum() * u128::from(tail.millionths) / 1_000_000;
    let beyond = |weights: &mut dyn Iterator<Item = u128>| {
        let mut sum = 0;
        weights
            .take_while(|weight| {
                sum += weight;
                sum <= limit
            })
            .count() as u64
    };
    let low = weights.first + beyond(&mut weights.all.iter().copied());
    let last = weights.first + weights.all.len() as u64 - 1;
    (low, last - beyond(&mut weights.all.iter().rev().copied()) + 1)
}

/// How likely each number of heads is, as far as it can be told from impossible.
struct Weights {
    /// The number of heads of the first weight.
    first: u64,
    all: Vec<u128>,
}

impl Weights {
    fn of(count: u64, share: u64) -> Self {
        let (n, p, q) = (u128::from(count), u128::from(share), u128::from(1000 - share));
        let mode = ((n + 1) * p / 1000).min(n);
        let mut all = vec![TOP];
        let mut heads = mode;
        while heads > 0 {
            // Each weight by that of its neighbour.
            let weight = all[all.len() - 1] * heads * q / ((n - heads + 1) * p);
            if weight == 0 {
                break;
            }
            all.push(weight);
            heads -= 1;
        }
        let first = heads as u64;
        all.reverse();
        heads = mode;
        while heads < n {
            let weight = all[all.len() - 1] * (n - heads) * p / ((heads + 1) * q);
            if weight == 0 {
                break;
            }
            all.push(weight);
            heads += 1;
        }
        Self { first, all }
    }

    fn sum(&self) -> u128 {
        self.all.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Added up term by term from Pascal's triangle.
    fn naive(count: u64, share: u64, tail: f64) -> (Option<u64>, Option<u64>) {
        let mut row = vec![1.0_f64];
        let (p, q) = (share as f64 / 1000.0, 1.0 - share as f64 / 1000.0);
        for _ in 0..count {
            let before = |at: usize| if at == 0 { 0.0 } else { row[at - 1] * p };
            row = (0..=row.len()).map(|at| before(at) + row.get(at).map_or(0.0, |weight| weight * q)).collect();
        }
        let below = |heads: u64| (0..heads).map(|at| row[at as usize]).sum::<f64>();
        let low = (1..=count).rev().find(|&rank| below(rank) <= tail);
        let high = (1..=count).find(|&rank| (rank..=count).map(|at| row[at as usize]).sum::<f64>() <= tail);
        (low, high)
    }

    #[test]
    fn ranks_are_those_of_every_throw_added_up() {
        for count in (1..=40).chain([64, 99, 100, 101, 250, 1000]) {
            for share in [1, 10, 100, 333, 500, 900, 990, 999] {
                for tail in [ALONE, OF_TWO] {
                    // Just beside the limit rounding decides in both; no case here is there.
                    let right = naive(count, share, tail.millionths as f64 / 1e6);
                    assert_eq!(ranks(count, share, tail), right, "{count} {share} {tail:?}");
                }
            }
        }
    }

    /// The critical values of the two-sided sign test at 5 %: 0 of 6, 1 of 10, 5 of 20, 17 of 50, 26 of 70, and none of 5.
    #[test]
    fn ranks_of_the_median_are_those_of_the_sign_test() {
        for (count, low, high) in [(6, 1, 6), (10, 2, 9), (20, 6, 15), (50, 18, 33), (70, 27, 44)] {
            assert_eq!(ranks(count, 500, ALONE), (Some(low), Some(high)), "{count}");
        }
        assert_eq!(ranks(5, 500, ALONE), (None, None), "five values bound no median");
    }

    /// 0.999 to the power of n is the probability that none of n is above p99.9: 2.5 % from 3688 values on.
    #[test]
    fn rare_spans_need_many() {
        assert_eq!((ranks(3687, 999, ALONE).1, ranks(3688, 999, ALONE).1), (None, Some(3688)));
        for (share, count) in [(999, 4380), (990, 437), (500, 7)] {
            assert_eq!(
                (ranks(count - 1, share, OF_TWO).1, ranks(count, share, OF_TWO).1),
                (None, Some(count)),
                "{share}"
            );
        }
        assert_eq!(ranks(0, 500, ALONE), (None, None));
        assert_eq!(ranks(7, 1000, ALONE), (Some(7), None));
        assert_eq!(ranks(7, 0, ALONE), (None, Some(1)));
        // As the normal distribution has it: 1.959964 standard deviations, which are 15 811.4 here.
        let (low, high) = ranks(1_000_000_000, 500, ALONE);
        let (low, high) = (low.expect("there are enough"), high.expect("there are enough"));
        assert!(low.abs_diff(500_000_000 - 30_990) <= 2 && high.abs_diff(500_000_001 + 30_990) <= 2, "{low} {high}");
        // And so it is where they part.
        for (share, tail) in [(1, ALONE), (500, OF_TWO), (999, OF_TWO)] {
            let ((low, high), (right_low, right_high)) = (by_normal(MANY, share, tail), by_weights(MANY, share, tail));
            assert!(
                low <= right_low && right_low - low <= 4 && right_high <= high && high - right_high <= 4,
                "{share}"
            );
        }
        assert_eq!(ranks(1 << 60, 999, OF_TWO).1.map(|high| high >> 50), Some(1022));
    }
}
