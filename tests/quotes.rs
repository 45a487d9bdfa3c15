//! Every command that the pages quote with its output (after `$ apicsim`) prints what they show. `...` stands for what
//! was left out. Not looked at: commands in running text and in tables.

use crate::support::apicsim;
use std::path::Path;

/// The words of a command line, single quotes removed, up to a pipe.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in command.split(" | ").next().unwrap().chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words
}

/// Is the quoted line this one? `...` inside it stands for anything.
fn same(quoted: &str, printed: &str) -> bool {
    let mut parts = quoted.trim_end().split("...");
    let Some(mut rest) = printed.trim_end().strip_prefix(parts.next().unwrap()) else { return false };
    let mut exact = true;
    for part in parts {
        exact = part.is_empty();
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        exact |= rest.is_empty();
    }
    if quoted.contains("...") { exact } else { rest.is_empty() }
}

#[test]
fn quoted_lines_with_gaps() {
    assert!(same("at f (...) on x", "at f (a.rs:1) on x"));
    assert!(!same("at f (...) on x", "at f (a.rs:1) on xy"));
    assert!(!same("at f", "at fg"));
    assert!(same("why ...", "why CPU0 waits"));
}

#[test]
fn the_pages_quote_what_the_program_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = pages.chain([root.join("README.md")]).collect();
    pages.sort();
    let mut commands = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in text.split("```console\n").skip(1) {
            let block = block.split("```").next().unwrap();
            for quoted in block.split("$ ").skip(1) {
                let (command, expected) = quoted.split_once('\n').unwrap_or((quoted, ""));
                let Some(arguments) = command.strip_prefix("apicsim ") else { continue };
                if arguments.contains("poke.apic") {
                    continue; // needs the file that the page shows; tests/scripts.rs runs such files
                }
                let arguments = words(arguments);
                let output = apicsim(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
                let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
                let mut lines = printed.lines();
                for line in expected.lines().filter(|line| !["", "..."].contains(&line.trim())) {
                    assert!(
                        lines.any(|printed| same(line, printed)),
                        "{}: `{command}` does not print: {line}\n{printed}",
                        page.display()
                    );
                }
                commands += 1;
            }
        }
    }
    assert!(commands > 25, "only {commands} quoted commands were found");
}
