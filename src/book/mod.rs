//! The pages of the book that are printed from tables and runs, so that they cannot differ from them.
//!
//! No part of the library: only its test binary makes them, and holds the files to them. Write them anew with
//! `UPDATE_PAGES=1 cargo test --lib book`; the costs, which take minutes, with `UPDATE_COST=1 cargo test --release --lib cost`.

mod cost;
mod cost_page;
mod late_retries;
mod other_kernels;
mod prices;
mod serial_bus;
mod tables;
mod who_crashes;

use crate::failure::Failure;

/// Every page: its file in `docs/`, and its text.
fn pages() -> Result<Vec<(&'static str, String)>, Failure> {
    Ok(vec![
        ("registers.md", tables::registers()),
        ("knobs.md", tables::knobs()),
        ("mechanisms.md", tables::mechanisms()),
        ("prices.md", prices::prices()?),
        ("other-kernels.md", other_kernels::other_kernels()?),
        ("late-retries.md", late_retries::late_retries()?),
        ("who-crashes.md", who_crashes::who_crashes()?),
        ("serial-bus.md", serial_bus::serial_bus()?),
        ("pictures/serial-bus.svg", serial_bus::picture()?),
    ])
}

#[test]
fn the_pages_are_what_tables_and_runs_print() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for (name, mut text) in pages().expect("built-in scenarios run") {
        if name.ends_with(".md") && !text.contains("(glossary.md") {
            text += "\nTerms: [glossary](glossary.md).\n";
        }
        let path = directory.join(name);
        if std::env::var_os("UPDATE_PAGES").is_some() {
            std::fs::write(&path, &text).expect("a page can be written");
        }
        assert!(
            std::fs::read_to_string(&path).expect("the page is there") == text,
            "docs/{name} is not what the program prints (if that is meant: UPDATE_PAGES=1 cargo test --lib book)"
        );
    }
}
