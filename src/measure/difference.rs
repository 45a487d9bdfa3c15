//! By how much a percentile of one distribution differs from that of another, and between which bounds.
//!
//! The bounds hold in 95 of 100 cases or more: each percentile lies within its own in 97.5 (order statistics, `binomial.rs`), and the
//! difference between the least and the greatest that both allow. A percentile has the resolution of its histogram, and the bounds
//! are that much wider.

use super::distribution::{Distribution, Quantile};
use sim::Duration;

/// A difference of two spans, the later less the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// In picoseconds.
    Ps(i128),
    /// None ever ends, on either side.
    BothNever,
    /// Now there is no end, and then there was.
    Endless,
    /// Now there is an end, and then there was none.
    EndsNow,
    /// One of them is missing, or was open at the limit of its run.
    Unknown,
}

/// A percentile here and there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// In thousandths.
    pub(crate) share: u64,
    pub(crate) now: Quantile,
    pub(crate) then: Quantile,
    pub(crate) difference: Gap,
    pub(crate) low: Gap,
    pub(crate) high: Gap,
}

/// What a change says, beyond chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tendency {
    Same,
    Longer,
    Shorter,
    /// It may be chance.
    Unclear,
}

impl Tendency {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Longer => "longer",
            Self::Shorter => "shorter",
            Self::Unclear => "unclear",
        }
    }
}

impl Change {
    /// What it says.
    pub(crate) const fn tendency(&self) -> Tendency {
        match (self.low, self.high) {
            (Gap::Ps(0), Gap::Ps(0)) | (Gap::BothNever, Gap::BothNever) => Tendency::Same,
            (Gap::Ps(1..) | Gap::Endless, _) => Tendency::Longer,
            (_, Gap::Ps(..0) | Gap::EndsNow) => Tendency::Shorter,
            _ => Tendency::Unclear,
        }
    }
}

/// The changes of these percentiles; none where one of both has nothing.
pub(crate) fn changes(shares: &[u64], now: &Distribution, then: &Distribution) -> Vec<Change> {
    let bounds = |of: &Distribution, share| of.bounds_of_two(share);
    let change = |&share: &u64| {
        let ((now_low, now_high), (then_low, then_high)) = bounds(now, share).zip(bounds(then, share))?;
        let (at_now, at_then) = (now.per_mille(share), then.per_mille(share));
        Some(Change {
            share,
            now: at_now,
            then: at_then,
            difference: gap(Some(at_now), Some(at_then)),
            low: gap(now_low, then_high),
            high: gap(now_high, then_low),
        })
    };
    shares.iter().filter_map(change).collect()
}

fn gap(now: Option<Quantile>, then: Option<Quantile>) -> Gap {
    let ps = |span: Duration| i128::from(span.as_ps());
    match now.zip(then) {
        Some((Quantile::Span(now), Quantile::Span(then))) => Gap::Ps(ps(now) - ps(then)),
        Some((Quantile::Never, Quantile::Never)) => Gap::BothNever,
        Some((Quantile::Never, Quantile::Span(_))) => Gap::Endless,
        Some((Quantile::Span(_), Quantile::Never)) => Gap::EndsNow,
        _ => Gap::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(spans: impl IntoIterator<Item = u64>) -> Distribution {
        let mut distribution = Distribution::default();
        spans.into_iter().for_each(|span| distribution.add(Duration::from_ps(span), 0));
        distribution
    }

    fn at(share: u64, now: &Distribution, then: &Distribution) -> Change {
        changes(&[share], now, then)[0]
    }

    fn draws(mut state: u64) -> impl FnMut() -> u64 {
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        }
    }

    /// Samples of even spans, whose percentiles are known: 2000 fixed pairs, of which the bounds hold the true difference in 95 of 100 or
    /// more; and of pairs without a difference no more than 5 of 100 are told as one.
    #[test]
    fn bounds_hold_the_true_difference() {
        let mut draw = draws(2007);
        for (share, count, shift) in [(500, 200, 300), (900, 100, 0), (990, 600, 150)] {
            let (mut held, mut told) = (0, 0);
            for _ in 0..2000 {
                let then = of((0..count).map(|_| draw() % 1000));
                let now = of((0..count).map(|_| draw() % 1000 + shift));
                let change = at(share, &now, &then);
                let (low, high) = (change.low, change.high);
                let above = |gap: Gap, truth: i128| !matches!(gap, Gap::Ps(ps) if ps < truth);
                let below = |gap: Gap, truth: i128| !matches!(gap, Gap::Ps(ps) if ps > truth);
                held += u32::from(below(low, i128::from(shift)) && above(high, i128::from(shift)));
                told += u32::from(!matches!(change.tendency(), Tendency::Unclear | Tendency::Same));
            }
            assert!((1900..=2000).contains(&held), "{share}: {held}");
            assert!(shift > 0 || told <= 100, "{share}: {told}");
            assert!(shift != 300 || told > 1900, "a great difference is seen: {told}");
        }
    }

    /// Numbers by hand: the medians of 1 to 100 and 101 to 200 are 50 and 150. Of 100 the bounds at 1.25 % have the ranks 39 and 62
    /// (binomial tables): from 139 - 62 to 162 - 39.
    #[test]
    fn a_known_difference_has_known_bounds() {
        let change = at(500, &of(101..=200), &of(1..=100));
        assert_eq!((change.difference, change.low, change.high), (Gap::Ps(100), Gap::Ps(77), Gap::Ps(123)));
        assert_eq!(change.tendency(), Tendency::Longer);
        assert_eq!(at(500, &of(1..=100), &of(101..=200)).tendency(), Tendency::Shorter);
        let few = at(999, &of(1..=10), &of(1..=10));
        assert_eq!((few.difference, few.high, few.tendency()), (Gap::Ps(0), Gap::Unknown, Tendency::Unclear));
        assert!(changes(&[500], &of([]), &of([1])).is_empty());
    }

    /// The same spans everywhere are the same, whatever the resolution of the histogram; what never ends is longer than all.
    #[test]
    fn never_is_longer_than_all() {
        let spans = || of([100_180_368_123; 50]);
        assert_eq!(at(500, &spans(), &spans()).tendency(), Tendency::Same);
        let mut never = Distribution::default();
        (0..50).for_each(|seed| never.add_open(true, seed));
        let mut open = Distribution::default();
        (0..50).for_each(|seed| open.add_open(false, seed));
        let told = |now: &Distribution, then: &Distribution| {
            let change = at(500, now, then);
            (change.difference, change.tendency())
        };
        assert_eq!(told(&never, &spans()), (Gap::Endless, Tendency::Longer));
        assert_eq!(told(&spans(), &never), (Gap::EndsNow, Tendency::Shorter));
        assert_eq!(told(&never, &never), (Gap::BothNever, Tendency::Same));
        assert_eq!(told(&open, &spans()), (Gap::Unknown, Tendency::Unclear));
    }
}
