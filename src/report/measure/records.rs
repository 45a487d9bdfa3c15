//! The numbers of a figure, for every format.

use crate::measure::{Distribution, Quantile};
use sim::Duration;

/// The percentiles that are told, in thousandths, with their names in documents.
pub(crate) const PERCENTILES: [(u64, &str); 4] = [(500, "p50_us"), (900, "p90_us"), (990, "p99_us"), (999, "p999_us")];

/// The length, if it has one; what never ends, or was open at the end of its run, has none.
pub(crate) const fn length(quantile: Quantile) -> Option<Duration> {
    match quantile {
        Quantile::Span(span) => Some(span),
        Quantile::Never | Quantile::Unfinished => None,
    }
}

/// Least, percentiles, greatest.
pub(super) fn lengths(distribution: &Distribution) -> Vec<Option<Duration>> {
    let percentiles = PERCENTILES.iter().map(|(share, _)| length(distribution.per_mille(*share)));
    let (least, most) = (distribution.least(), length(distribution.most()));
    std::iter::once(least).chain(percentiles).chain([most]).collect()
}

/// The binary logarithm of a span in picoseconds, in 2^-20: between powers of two it goes straight, which no eye sees.
pub(super) fn logarithm(span: Duration) -> u64 {
    let ps = span.as_ps().max(1);
    let whole = ps.ilog2();
    let rest = (u128::from(ps) << 20 >> whole) as u64; // 2^20 to 2^21
    (u64::from(whole) << 20) + rest - (1 << 20)
}
