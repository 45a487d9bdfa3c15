//! Many spans of time as a histogram: counts in buckets of a thousandth of their value, so that its size does not grow with
//! their number. The least and the greatest are exact.
//!
//! Not kept: the order of the spans, and which run gave which, but for the longest.

use super::binomial::{self, ranks};
use hdrhistogram::Histogram;
use sim::Duration;

/// Significant decimal digits: a percentile is at most a thousandth too high.
const DIGITS: u8 = 3;

/// A point of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quantile {
    /// So long, at most a thousandth less.
    Span(Duration),
    /// Longer than any: it is proven that it never ends.
    Never,
    /// Longer than the run that it is open at the end of; nothing is proven.
    Unfinished,
}

/// Spans of one kind.
#[derive(Debug, Clone)]
pub struct Distribution {
    histogram: Histogram<u64>,
    least: Duration,
    most: Duration,
    never: u64,
    unfinished: u64,
    longest: Option<Longest>,
}

/// What files keep of a distribution, in picoseconds: upper ends of buckets with counts, and what is exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) buckets: Vec<(u64, u64)>,
    pub(crate) least: u64,
    pub(crate) most: u64,
    pub(crate) never: u64,
    pub(crate) unfinished: u64,
}

/// The run with the longest span, of equals the one with the least seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Longest {
    span: Option<Duration>,
    proven: bool,
    seed: u64,
}

impl Longest {
    /// Whatever ends is shorter than what is open, and that than what is proven never to end.
    const fn rank(self) -> (bool, bool, Option<Duration>, std::cmp::Reverse<u64>) {
        (self.proven, self.span.is_none(), self.span, std::cmp::Reverse(self.seed))
    }
}

impl Default for Distribution {
    fn default() -> Self {
        let histogram = Histogram::new(DIGITS).expect("three digits are allowed");
        Self {
            histogram,
            least: Duration::from_ps(u64::MAX),
            most: Duration::ZERO,
            never: 0,
            unfinished: 0,
            longest: None,
        }
    }
}

impl Distribution {
    /// A span of the run with `seed` that has ended.
    pub(crate) fn add(&mut self, span: Duration, seed: u64) {
        self.histogram.record(span.as_ps()).expect("it grows with its values");
        (self.least, self.most) = (self.least.min(span), self.most.max(span));
        self.keep(Longest { span: Some(span), proven: false, seed });
    }

    /// A span of the run with `seed` that is proven never to end, or (not `proven`) that had not ended when the run did.
    pub(crate) fn add_open(&mut self, proven: bool, seed: u64) {
        *(if proven { &mut self.never } else { &mut self.unfinished }) += 1;
        self.keep(Longest { span: None, proven, seed });
    }

    /// All of `other`, too. The order in which distributions are joined does not matter.
    pub(crate) fn join(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("it grows with its values");
        (self.least, self.most) = (self.least.min(other.least), self.most.max(other.most));
        self.never += other.never;
        self.unfinished += other.unfinished;
        other.longest.into_iter().for_each(|longest| self.keep(longest));
    }

    fn keep(&mut self, other: Longest) {
        if self.longest.is_none_or(|longest| other.rank() > longest.rank()) {
            self.longest = Some(other);
        }
    }

    /// How many there are, with those that never end.
    pub fn count(&self) -> u64 {
        self.ended() + self.never + self.unfinished
    }

    /// How many have ended.
    pub fn ended(&self) -> u64 {
        self.histogram.len()
    }

    /// How many are proven never to end.
    pub const fn never(&self) -> u64 {
        self.never
    }

    /// How many were open when their run came to its limit.
    pub const fn unfinished(&self) -> u64 {
        self.unfinished
    }

    /// The shortest, exactly; `None`: none has ended.
    pub fn least(&self) -> Option<Duration> {
        (self.ended() > 0).then_some(self.least)
    }

    /// The longest, exactly.
    pub fn most(&self) -> Quantile {
        match self.longest {
            Some(Longest { span: Some(span), .. }) => Quantile::Span(span),
            Some(Longest { proven: true, .. }) => Quantile::Never,
            _ => Quantile::Unfinished,
        }
    }

    /// The seed of the run that the longest is of.
    pub fn seed_of_longest(&self) -> Option<u64> {
        self.longest.map(|longest| longest.seed)
    }

    /// The least span that is not exceeded by so many of a thousand of them, at most a thousandth too high. What never ends is
    /// longer than any; what was open at a limit is longer than all that has ended.
    pub fn per_mille(&self, share: u64) -> Quantile {
        let rank = (u128::from(self.count()) * u128::from(share)).div_ceil(1000).max(1) as u64;
        self.at_rank(rank, |value| value)
    }

    /// Between what so many of a thousand of all spans there could be lie, in 95 of 100 cases or more, whatever their distribution: two
    /// of the spans, by their ranks. One is missing where there are too few spans for it. Of nothing there are no bounds.
    pub fn bounds(&self, share: u64) -> Option<(Option<Quantile>, Option<Quantile>)> {
        self.within(share, binomial::ALONE)
    }

    /// As [`Distribution::bounds`], for a percentile that is compared with one of another distribution.
    pub(super) fn bounds_of_two(&self, share: u64) -> Option<(Option<Quantile>, Option<Quantile>)> {
        self.within(share, binomial::OF_TWO)
    }

    fn within(&self, share: u64, tail: binomial::Tail) -> Option<(Option<Quantile>, Option<Quantile>)> {
        let count = self.count();
        let (low, high) = ranks(count, share, tail);
        let low = low.map(|rank| self.at_rank(rank, |value| self.histogram.lowest_equivalent(value)));
        (count > 0).then(|| (low, high.map(|rank| self.at_rank(rank, |value| value))))
    }

    /// The span with so many that are not longer, itself among them: what `end` makes of the upper end of its bucket.
    fn at_rank(&self, rank: u64, end: impl Fn(u64) -> u64) -> Quantile {
        if rank > self.ended() + self.unfinished {
            return Quantile::Never;
        }
        if rank > self.ended() {
            return Quantile::Unfinished;
        }
        let mut below = 0;
        for bucket in self.histogram.iter_recorded() {
            below += bucket.count_at_value();
            if below >= rank {
                // A bucket's ends may lie beyond the shortest and the longest of all.
                return Quantile::Span(Duration::from_ps(end(bucket.value_iterated_to())).clamp(self.least, self.most));
            }
        }
        unreachable!("as many have ended as are counted")
    }

    /// What is kept of it in files.
    pub(crate) fn kept(&self) -> Kept {
        Kept {
            buckets: self.histogram.iter_recorded().map(|b| (b.value_iterated_to(), b.count_at_value())).collect(),
            least: self.least.as_ps(),
            most: self.most.as_ps(),
            never: self.never,
            unfinished: self.unfinished,
        }
    }

    /// The distribution that was kept, but for the run of its longest; none: there is no such distribution.
    pub(crate) fn of_kept(kept: &Kept) -> Option<Self> {
        let mut distribution = Self::default();
        for &(value, count) in &kept.buckets {
            let known = distribution.histogram.len().checked_add(count).is_some_and(|all| all < 1 << 60);
            (known && count > 0).then(|| distribution.histogram.record_n(value, count))?.ok()?;
        }
        let ended = !kept.buckets.is_empty();
        if kept.least > kept.most && ended {
            return None;
        }
        if ended {
            (distribution.least, distribution.most) = (Duration::from_ps(kept.least), Duration::from_ps(kept.most));
            distribution.keep(Longest { span: Some(distribution.most), proven: false, seed: 0 });
        }
        (distribution.never, distribution.unfinished) = (kept.never, kept.unfinished);
        for (count, proven) in
            [(kept.unfinished, false), (kept.never, true)].into_iter().filter(|(count, _)| *count > 0)
        {
            (count < 1 << 60).then(|| distribution.keep(Longest { span: None, proven, seed: 0 }))?;
        }
        Some(distribution)
    }

    /// The buckets with anything in them: the upper end of each, and how many spans are in it.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        self.histogram
            .iter_recorded()
            .map(|bucket| (Duration::from_ps(bucket.value_iterated_to()), bucket.count_at_value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(sorted: &[u64], share: u64) -> u64 {
        let rank = (sorted.len() as u64 * share).div_ceil(1000).max(1);
        sorted[rank as usize - 1]
    }

    fn of(spans: &[u64]) -> Distribution {
        let mut distribution = Distribution::default();
        spans.iter().zip(0..).for_each(|(&span, seed)| distribution.add(Duration::from_ps(span), seed));
        distribution
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(2007), ..ProptestConfig::default() })]
        /// Against a sort.
        #[test]
        fn percentiles_are_those_of_a_sort(mut spans in prop::collection::vec(prop_oneof![0..5_000_u64, 0..u64::MAX / 2], 1..400)) {
            let distribution = of(&spans);
            spans.sort_unstable();
            prop_assert_eq!(distribution.least(), Some(Duration::from_ps(spans[0])));
            prop_assert_eq!(distribution.most(), Quantile::Span(Duration::from_ps(spans[spans.len() - 1])));
            for share in [1, 500, 900, 990, 999, 1000] {
                let Quantile::Span(found) = distribution.per_mille(share) else { panic!("all have ended") };
                let right = naive(&spans, share);
                prop_assert!(found.as_ps() >= right && found.as_ps() - right <= right / 1000 + 1, "{share}: {found:?} {right}");
            }
        }

        /// However it is cut, and in whatever order the pieces are joined.
        #[test]
        fn a_joined_distribution_is_that_of_all(spans in prop::collection::vec(0..1_000_000_000_u64, 2..200), cut in 1..100_usize) {
            let cut = cut.min(spans.len() - 1);
            let mut open = of(&spans);
            open.add_open(true, 7);
            let (first, second) = spans.split_at(cut);
            let (mut front, mut back) = (of(first), Distribution::default());
            second.iter().zip(cut as u64..).for_each(|(&span, seed)| back.add(Duration::from_ps(span), seed));
            back.add_open(true, 7);
            let turned = { let mut turned = back.clone(); turned.join(&front); turned };
            front.join(&back);
            for joined in [front, turned] {
                prop_assert_eq!(joined.count(), open.count());
                prop_assert_eq!(joined.buckets().collect::<Vec<_>>(), open.buckets().collect::<Vec<_>>());
                prop_assert_eq!((joined.least(), joined.most()), (open.least(), open.most()));
                prop_assert_eq!(joined.seed_of_longest(), open.seed_of_longest());
            }
        }
    }

    /// What files keep gives the same percentiles and bounds; what no distribution can be is none.
    #[test]
    fn what_is_kept_comes_back() {
        let mut distribution = of(&[0, 3, 2_047, 2_049, 5_000_001, 7_000_000_000_000]);
        distribution.add_open(false, 1);
        distribution.add_open(true, 2);
        let again = Distribution::of_kept(&distribution.kept()).expect("it is one");
        for share in [0, 1, 500, 750, 900, 999, 1000] {
            assert_eq!(again.per_mille(share), distribution.per_mille(share), "{share}");
            assert_eq!(again.bounds(share), distribution.bounds(share), "{share}");
        }
        assert_eq!(
            (again.most(), again.least(), again.kept()),
            (distribution.most(), distribution.least(), distribution.kept())
        );
        let empty = Distribution::of_kept(&Distribution::default().kept()).expect("it is one");
        assert_eq!((empty.count(), empty.bounds(500)), (0, None));
        for wrong in [
            Kept { least: 9, most: 8, ..distribution.kept() },
            Kept { buckets: vec![(5, 0)], ..distribution.kept() },
            Kept { buckets: vec![(5, u64::MAX), (9, u64::MAX)], ..distribution.kept() },
            Kept { never: u64::MAX, ..distribution.kept() },
        ] {
            assert!(Distribution::of_kept(&wrong).is_none(), "{wrong:?}");
        }
    }

    /// Of 10 000 even spans the bounds of the median have the ranks 4902 and 5099 (binomial tables): 4.902 and 5.099 µs, which lie in buckets
    /// of 4096 ps, from 1196 and up to before 1245 of them. Of ten there is no bound above the ninth tenth.
    #[test]
    fn bounds_are_ranks() {
        let distribution = of(&(1..=10_000).map(|ns| ns * 1_000).collect::<Vec<_>>());
        let Some((Some(Quantile::Span(low)), Some(Quantile::Span(high)))) = distribution.bounds(500) else {
            panic!("all have ended")
        };
        assert_eq!((low.as_ps(), high.as_ps()), (1196 * 4096, 1245 * 4096 - 1));
        let few = of(&(1..=10).collect::<Vec<_>>());
        assert!(matches!(few.bounds(900), Some((_, None))) && Distribution::default().bounds(500).is_none());
        let mut open = of(&[1, 2, 3]);
        (0..97).for_each(|seed| open.add_open(true, seed));
        assert_eq!(open.bounds(500), Some((Some(Quantile::Never), Some(Quantile::Never))));
    }

    /// Intervals of samples hold the true median of 500 in nineteen of twenty cases; with these 400 fixed samples at least 370 times.
    #[test]
    fn bounds_hold_the_true_percentile() {
        let mut state = 2007_u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 1001
        };
        let held = (0..400).filter(|_| {
            let sample: Vec<u64> = (0..101).map(|_| draw()).collect();
            let Some((Some(Quantile::Span(low)), Some(Quantile::Span(high)))) = of(&sample).bounds(500) else {
                return false;
            };
            low.as_ps() <= 500 && 500 <= high.as_ps()
        });
        let held = held.count();
        assert!((370..400).contains(&held), "{held}");
    }

    /// Ten spans of 1 to 10 µs, of which two are open: the ninth and the tenth.
    #[test]
    fn what_never_ends_is_longer_than_any() {
        let mut distribution = of(&(1..=8).map(|us| us * 1_000_000).collect::<Vec<_>>());
        distribution.add_open(false, 3);
        distribution.add_open(true, 4);
        let at = |share| distribution.per_mille(share);
        assert!(matches!(at(500), Quantile::Span(span) if span.as_ps() / 10_000 == 500), "{:?}", at(500));
        assert_eq!(
            (at(800), at(801), at(900), at(901)),
            (Quantile::Span(Duration::from_us(8)), Quantile::Unfinished, Quantile::Unfinished, Quantile::Never)
        );
        assert_eq!((distribution.most(), distribution.seed_of_longest()), (Quantile::Never, Some(4)));
    }

    /// Percentiles of the numbers 1 to 1000 ns are known: 500, 900, 990, 999.
    #[test]
    fn percentiles_of_even_spans_are_known() {
        let distribution = of(&(1..=1_000).map(|ns| ns * 1_000).collect::<Vec<_>>());
        for share in [500_u64, 900, 990, 999] {
            let Quantile::Span(found) = distribution.per_mille(share) else { panic!("all have ended") };
            assert!((share * 1_000..=share * 1_001).contains(&found.as_ps()), "{share}: {found:?}");
        }
    }
}
