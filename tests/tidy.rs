//! House rules that a machine can check.

use std::path::{Path, PathBuf};

/// Source files of the workspace.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for directory in ["src", "sim", "kernel_model", "tests", "benches", "examples"] {
        collect(&root.join(directory), &mut files);
    }
    files.sort();
    files
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn no_file_is_too_long() {
    for file in sources() {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 700, "{} has {lines} lines: is it one concept?", file.display());
    }
}

#[test]
fn unsafe_code_is_in_one_module() {
    for file in sources() {
        let text = std::fs::read_to_string(&file).unwrap();
        let allowed = file.ends_with("sim/src/processor/boundary.rs") || file.ends_with("tests/tidy.rs");
        assert!(allowed || !text.contains("unsafe {"), "{}", file.display());
    }
}

#[test]
fn the_hardware_knows_no_software() {
    for file in sources().iter().filter(|file| file.components().any(|part| part.as_os_str() == "sim")) {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains("kernel_model"), "{}", file.display());
    }
}

#[test]
fn nothing_is_left_unfinished() {
    for file in sources() {
        let text = std::fs::read_to_string(&file).unwrap();
        for mark in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")] {
            assert!(!text.contains(mark), "{} has {mark}", file.display());
        }
    }
}

/// Functions of a file: first line and number of lines. Formatted code closes one at the indentation at which it opens.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let opens = |line: &str| {
        let words = ["fn ", "pub fn ", "pub const fn ", "pub(crate) fn ", "pub(super) fn ", "const fn "];
        words.iter().any(|word| line.trim_start().starts_with(word))
    };
    let starts = lines.iter().enumerate().filter(|(_, line)| opens(line));
    let end = |from: usize| {
        let closes =
            |line: &&str| indentation(line) == indentation(lines[from]) && (line.ends_with('}') || line.ends_with(';'));
        lines[from..].iter().position(closes).map_or(lines.len() - from, |end| end + 1)
    };
    starts.map(|(from, line)| (line.trim().to_owned(), end(from))).collect()
}

#[test]
fn kernel_functions_fit_a_screen() {
    let mut seen = 0;
    for file in sources().iter().filter(|file| file.components().any(|part| part.as_os_str() == "kernel_model")) {
        for (function, lines) in functions(&std::fs::read_to_string(file).unwrap()) {
            assert!(lines < 70, "{}: {function} has {lines} lines", file.display());
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen} functions found");
}

#[test]
fn the_kernel_model_depends_on_nothing() {
    let manifest = include_str!("../kernel_model/Cargo.toml");
    assert!(!manifest.contains("dependencies"), "{manifest}");
    let root = include_str!("../kernel_model/src/lib.rs");
    assert!(root.contains("#![no_std]") && root.contains("#![forbid(unsafe_code)]"));
}
