//! The pages of `docs/` as a book: every page has its place, every link leads somewhere, and every page leads to the glossary.
//!
//! Not looked at: links to the outside. `.ci/viewers` has mdBook itself make the book.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Markdown files of a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.sort();
    pages
}

/// A page without its blocks of code, in which brackets are no links.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// The targets of the links of a page: `[text](target)`, pictures too.
fn links(text: &str) -> Vec<String> {
    let text = prose(text);
    let after = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    after.map(|(target, _)| target.to_owned()).collect()
}

/// The anchors of a page: headings in small letters, blanks as hyphens, without other signs.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let letters = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = letters.chars().filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
        kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
    };
    headings.map(anchor).collect()
}

/// What is wrong with the links of a page. A page of the book must not lead out of `docs/`, of which alone mdBook makes HTML.
fn broken(page: &Path, text: &str) -> Vec<String> {
    let outside = |target: &&String| target.contains("://") || target.starts_with("mailto:");
    let in_book = page.parent().is_some_and(|folder| folder.ends_with("docs"));
    let wrong = |target: &String| {
        if in_book && target.starts_with("..") {
            return Some(format!("{}: {target} is not in the book; name the file, as code", page.display()));
        }
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
        if !path.exists() {
            return Some(format!("{}: nothing is at {target}", page.display()));
        }
        let lost = !anchor.is_empty() && !anchors(&read(&path)).contains(anchor);
        lost.then(|| format!("{}: {target} has no such heading", page.display()))
    };
    links(text).iter().filter(|target| !outside(target)).filter_map(wrong).collect()
}

#[test]
fn a_broken_link_is_noticed() {
    let page = root().join("docs/verdicts.md");
    let text = "[a](knobs.md) [b](no-such-page.md) [c](glossary.md#retry) [d](glossary.md#no-such-term)\n```\n[e](f)\n```\n[g](../README.md)\n";
    let found = broken(&page, text);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("no-such-page.md") && found[1].contains("no-such-term"), "{found:?}");
    assert!(found[2].contains("not in the book"), "{found:?}");
    assert!(broken(&root().join("README.md"), "[a](docs/README.md)").is_empty());
}

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = Vec::new();
    for folder in ["", "docs", "examples", "examples/field", "examples/own_wait", "sim", "kernel_model"] {
        for page in pages(&root().join(folder)) {
            wrong.extend(broken(&page, &read(&page)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_stands_in_the_book_once() {
    let summary = read(&root().join("docs/SUMMARY.md"));
    let listed = links(&summary);
    for page in pages(&root().join("docs")) {
        let name = page.file_name().unwrap().to_str().unwrap();
        let times = listed.iter().filter(|target| *target == name).count();
        assert_eq!(times, usize::from(name != "SUMMARY.md"), "docs/SUMMARY.md lists {name} so often");
    }
}

#[test]
fn every_page_leads_to_the_glossary() {
    for page in pages(&root().join("docs")) {
        let name = page.file_name().unwrap().to_str().unwrap();
        let leads = links(&read(&page)).iter().any(|target| target.starts_with("glossary.md"));
        assert!(leads || ["SUMMARY.md", "glossary.md"].contains(&name), "docs/{name} does not lead to the glossary");
    }
}

#[test]
fn the_glossary_is_in_order_and_says_something() {
    let glossary = read(&root().join("docs/glossary.md"));
    let terms: Vec<&str> = glossary.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert!(terms.len() > 30, "{terms:?}");
    assert!(terms.is_sorted_by_key(|term| term.to_lowercase()), "{terms:?}");
    for entry in glossary.split("\n## ").skip(1) {
        let text = entry.split_once('\n').map_or("", |(_, text)| text.trim());
        assert!(text.len() > 30, "{entry}");
    }
}
