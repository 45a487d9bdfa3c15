//! What an IPI costs: once for all machines on which it costs the same.

use crate::matrix::{Matrix, Row};
use crate::report::paper::Paper;
use crate::report::table::{Side, Table};
use sim::Duration;

/// Prices of the same amounts, and on what they hold.
struct Group {
    nmi: Vec<Option<Duration>>,
    fixed: Option<Duration>,
    rows: Vec<usize>,
}

const TITLE: &str = "price of an IPI on";

/// A table that fits: a column a variant, or else a row a variant.
pub(super) fn prices(matrix: &Matrix, paper: Paper) -> Table {
    let mut variants: Vec<&str> = Vec::new();
    for cell in matrix.rows.iter().flat_map(|row| &row.cells) {
        if !variants.contains(&cell.variant.as_str()) {
            variants.push(&cell.variant);
        }
    }
    let groups = groups(matrix, &variants);
    let names = names(matrix, &groups);
    let narrow = narrow(&variants, &groups, &names, paper);
    let wide = wide(&variants, &groups, &names, paper);
    if wide.natural_width() <= paper.width { wide } else { narrow }
}

fn groups(matrix: &Matrix, variants: &[&str]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (n, row) in matrix.rows.iter().enumerate() {
        let of = |variant: &&str| row.cells.iter().find(|cell| cell.variant == *variant)?.price.nmi;
        let nmi: Vec<_> = variants.iter().map(of).collect();
        let fixed = row.cells.first().and_then(|cell| cell.price.fixed);
        match groups.iter_mut().find(|group| (&group.nmi, group.fixed) == (&nmi, fixed)) {
            Some(group) => group.rows.push(n),
            None => groups.push(Group { nmi, fixed, rows: vec![n] }),
        }
    }
    groups
}

/// Names of machines; of sub-architectures, where one machine has several prices.
fn names(matrix: &Matrix, groups: &[Group]) -> Vec<String> {
    let named = |name: fn(&Row) -> String| -> Vec<Vec<String>> {
        let of = |group: &Group| {
            let mut names: Vec<String> = Vec::new();
            for name in group.rows.iter().map(|row| name(&matrix.rows[*row])) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        };
        groups.iter().map(of).collect()
    };
    let machines = named(|row| format!("{} {}", row.generation, row.bus));
    let is_in_two = |name: &String| machines.iter().filter(|names| names.contains(name)).count() > 1;
    let ambiguous = machines.iter().flatten().any(is_in_two);
    let names = if ambiguous { named(|row| row.arch.to_owned()) } else { machines };
    names.into_iter().map(|names| names.join(", ")).collect()
}

fn wide(variants: &[&str], groups: &[Group], names: &[String], paper: Paper) -> Table {
    let right = |title: String| (title, Side::Right);
    let mut header = vec![(TITLE.to_owned(), Side::Left)];
    header.extend(variants.iter().map(|variant| right(format!("NMI\n{variant},\nµs"))));
    header.push(right("FIXED,\nµs".to_owned()));
    let mut table = Table::new(header);
    for (group, name) in groups.iter().zip(names) {
        let prices = group.nmi.iter().chain([&group.fixed]).map(|price| paper.or_dash(*price));
        table.row([name.clone()].into_iter().chain(prices).collect());
    }
    table
}

fn narrow(variants: &[&str], groups: &[Group], names: &[String], paper: Paper) -> Table {
    let right = |title: &str| (title.to_owned(), Side::Right);
    let mut table = Table::new([(TITLE.to_owned(), Side::Left), right("NMI, µs"), right("FIXED, µs")]);
    for (group, name) in groups.iter().zip(names) {
        table.heading(name.clone());
        for (variant, nmi) in variants.iter().zip(&group.nmi) {
            table.row(vec![format!("  {variant}"), paper.or_dash(*nmi), paper.or_dash(group.fixed)]);
        }
    }
    table
}
