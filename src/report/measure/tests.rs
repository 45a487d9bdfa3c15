//! Figures with lengths that are written down here, in every format.

use super::{csv, document, svg, text};
use crate::measure::{Cell, Distribution, Figure, Measured, Measurement};
use crate::report::Paper;
use crate::report::page::Page;
use sim::Duration;

/// 1 to 10 µs, one of them in each of ten runs, and in the eleventh and last one without end.
fn measurement() -> Measurement {
    let mut distribution = Distribution::default();
    (1..=10).for_each(|us| distribution.add(Duration::from_us(us), us));
    distribution.add_open(true, 11);
    let figure = Figure { what: Measured::Wait, site: "a, \"b\" <c>".to_owned(), distribution, token: "t".to_owned() };
    let cell = Cell {
        arch: "i386/default",
        variant: "before".to_owned(),
        release: "2.6.20",
        bus: "serial",
        load: "none".to_owned(),
        figures: vec![figure],
        nothing_drawn: false,
    };
    let scenario = "s".to_owned();
    Measurement { scenario, seeds: 0..11, runs: 11, cells: vec![cell], left_out: Vec::new(), interrupted: false }
}

/// Of eleven the sixth is the median: 6 µs, and the tenth the ninetieth percentile: 10 µs. The eleventh never ends.
#[test]
fn percentiles_are_told_and_what_never_ends_is_null() {
    let found = document(&measurement());
    let cell = &found["cells"][0];
    let number = |name: &str| cell[name].to_string().parse::<f64>().expect("a number");
    assert_eq!(
        (cell["count"].as_u64(), cell["never"].as_u64(), cell["unfinished"].as_u64()),
        (Some(11), Some(1), Some(0))
    );
    for (name, right) in [("min_us", 1.0), ("p50_us", 6.0), ("p90_us", 10.0)] {
        assert!((number(name) - right).abs() <= right / 1000.0, "{name}: {cell}");
    }
    assert!(["p99_us", "p999_us", "max_us"].iter().all(|name| cell[*name].is_null()), "{cell}");
    assert_eq!(found["schema"], "apicsim.measure/1");
    let record = csv(&measurement());
    let record: Vec<&str> = record.split("\r\n").collect();
    assert_eq!(record[0].split(',').count(), 20);
    assert!(
        record[1].starts_with("s,0..11,i386/default,before,2.6.20,serial,none,wait,\"a, \"\"b\"\" <c>\",11,1,0,1,"),
        "{record:?}"
    );
    assert!(record[1].ends_with(",,,,11,t"), "{record:?}");
}

#[test]
fn text_says_never() {
    let mut page = Page::new(Paper { width: 80, exact: false, colour: false });
    text(&measurement(), &mut page);
    let text = page.into_text();
    let row = text.lines().find(|line| line.contains("never")).expect("a row");
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!((cells[1], cells[2], &cells[5..]), ("11", "1", &["never"; 3][..]), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

/// The curve ends at ten elevenths of the height; markup is text.
#[test]
fn a_plot_ends_below_the_top_where_something_never_ends() {
    let plot = svg(&measurement());
    let height = 160 - 160 * 10 / 11;
    assert!(plot.contains(&format!("V{}\"", 36 + height)), "{plot}");
    assert!(plot.contains("before (11, 1 never end)") && !plot.contains("<c>"), "{plot}");
}
