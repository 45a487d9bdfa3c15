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
