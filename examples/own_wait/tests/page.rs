//! The page that leads here (`docs/own-wait.md`) quotes this crate, and what its program prints.

use std::process::Command;

const PAGE: &str = include_str!("../../../docs/own-wait.md");

const SOURCES: [&str; 5] = [
    include_str!("../src/polite.rs"),
    include_str!("../src/lib.rs"),
    include_str!("../src/main.rs"),
    include_str!("../src/doubling.rs"),
    include_str!("library.rs"),
];

/// The blocks of the page in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn its_rust_stands_here() {
    let blocks = blocks("rust");
    assert!(blocks.len() > 3);
    for block in blocks {
        assert!(SOURCES.iter().any(|source| source.contains(block)), "nowhere:\n{block}");
    }
}

/// Lines are printed in their order; `...` stands for what was left out.
#[test]
fn its_commands_print_that() {
    let mut commands = 0;
    for quoted in blocks("console").iter().flat_map(|block| block.split("$ own_wait ").skip(1)) {
        let (arguments, expected) = quoted.split_once('\n').expect("a command with what it prints");
        let mut program = Command::new(env!("CARGO_BIN_EXE_own_wait"));
        let output = program.env_remove("COLUMNS").env("NO_COLOR", "1").args(arguments.split(' ')).output();
        let printed = String::from_utf8(output.expect("it runs").stdout).expect("UTF-8");
        let mut lines = printed.lines();
        for line in expected.lines().filter(|line| !["", "..."].contains(&line.trim())) {
            assert!(lines.any(|one| one.trim_end() == line), "`{arguments}` does not print: {line}\n{printed}");
        }
        commands += 1;
    }
    assert_eq!(commands, 3);
}
