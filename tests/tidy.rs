//! House rules that a machine can check.

use std::collections::{BTreeMap, BTreeSet};
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
fn files_of_the_library_are_short() {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources().iter().filter(|file| file.starts_with(&library)) {
        let lines = std::fs::read_to_string(file).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines: is it one concept?", file.display());
    }
}

#[test]
fn unsafe_code_is_in_one_folder() {
    for file in sources() {
        let text = std::fs::read_to_string(&file).unwrap();
        let folder = file.ancestors().any(|folder| folder.ends_with("sim/src/coroutine"));
        let allowed = folder || file.ends_with("tests/tidy.rs");
        assert!(
            allowed || !["unsafe {", "unsafe fn", "unsafe impl"].iter().any(|word| text.contains(word)),
            "{}",
            file.display()
        );
    }
}

#[test]
fn the_hardware_has_short_files_without_circles() {
    let hardware = Path::new(env!("CARGO_MANIFEST_DIR")).join("sim/src");
    let files: Vec<PathBuf> = sources().into_iter().filter(|file| file.starts_with(&hardware)).collect();
    for file in &files {
        let lines = std::fs::read_to_string(file).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines", file.display());
    }
    for room in ["apic", "coroutine", "engine", "memory", "processor", "stream"] {
        let members = files.iter().filter(|file| file.parent().is_some_and(|folder| folder.ends_with(room)));
        let arrows: BTreeMap<String, BTreeSet<String>> = members.map(|file| (stem(file), neighbours(file))).collect();
        let mut done = BTreeSet::new();
        while done.len() < arrows.len() {
            let free = |(name, to): &(&String, &BTreeSet<String>)| {
                !done.contains(*name) && to.iter().all(|other| done.contains(other) || !arrows.contains_key(other))
            };
            let next = arrows.iter().find(free).map(|(name, _)| name.clone());
            let left = || arrows.keys().filter(|name| !done.contains(*name)).collect::<Vec<_>>();
            done.insert(next.unwrap_or_else(|| panic!("a circle of files in {room}, among {:?}", left())));
        }
    }
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap().to_string_lossy().into_owned()
}

/// Files of the same folder that a file imports from, tests left out.
fn neighbours(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let own = if stem(file) == "mod" { "" } else { "super::" };
    let names = code.match_indices(own).filter(|_| !own.is_empty()).map(|(place, _)| {
        code[place + own.len()..].chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect::<String>()
    });
    names.filter(|name| *name != stem(file)).collect()
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

/// Public types of the crates that others build on, without an example of their own and without saying which type's example
/// uses them. How many are left may only become fewer.
#[test]
fn public_types_have_an_example() {
    // `ArbitrationIds` cannot be named from outside.
    for (root, left) in [("sim/src", 1), ("kernel_model/src", 0)] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        let files = sources().into_iter().filter(|file| file.starts_with(&folder));
        let without: Vec<String> = files.flat_map(|file| types_without_an_example(&file)).collect();
        assert!(without.len() <= left, "{} types of {root}, not {left}: {without:#?}", without.len());
        assert_eq!(without.len(), left, "fewer types of {root} are left: write the number here");
    }
}

fn types_without_an_example(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    // What a macro makes has the name that it is given there.
    let is_type = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().take(3).collect();
        matches!(words[..], ["pub", "struct" | "enum" | "trait" | "union" | "type", name] if !name.starts_with('$'))
    };
    let mut without = Vec::new();
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| is_type(line)) {
        let above = lines[..number].iter().rev();
        let mut doc =
            above.take_while(|line| line.starts_with("///") || line.starts_with("#[") || line.ends_with(")]"));
        let has_one =
            doc.any(|line| *line == "/// ```" || line.contains("See [`") && line.ends_with("for an example."));
        if !has_one {
            without.push(format!("{}:{}: {line}", file.display(), number + 1));
        }
    }
    without
}

/// What grows does so without breaking who builds on it: enums, and structs whose fields are all public, are `#[non_exhaustive]`, or stand
/// in `exhaustive.txt` under a reason. There everything is needed, too.
#[test]
fn public_types_that_grow_are_non_exhaustive() {
    let list = include_str!("exhaustive.txt");
    let mut excepted: BTreeMap<&str, bool> = BTreeMap::new();
    let mut reason = "";
    for line in list.lines().filter(|line| !line.is_empty()) {
        if let Some(text) = line.strip_prefix("# ") {
            reason = text;
            continue;
        }
        assert!(!reason.is_empty(), "`{line}` has no reason");
        assert_eq!(excepted.insert(line, false), None, "`{line}` stands there twice");
    }
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| is_of_the_library(file)) {
        for name in exhaustive_types(file) {
            match excepted.get_mut(name.as_str()) {
                Some(needed) => *needed = true,
                None => wrong.push(format!("{name}: not #[non_exhaustive], and not in tests/exhaustive.txt")),
            }
        }
    }
    let needless = excepted.into_iter().filter(|(_, needed)| !needed);
    wrong.extend(needless.map(|(name, _)| format!("{name}: in tests/exhaustive.txt, and need not be")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A file of one of the three crates that others build on, but for the command line and tests.
fn is_of_the_library(file: &Path) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    let of_library = ["src/", "sim/src/", "kernel_model/src/"].iter().any(|folder| name.starts_with(folder));
    of_library && !name.starts_with("src/cli/") && !name.ends_with("tests.rs")
}

/// `file: Type` of the public types of a file that others could build or take apart whole.
fn exhaustive_types(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let name = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_string_lossy().replace('\\', "/");
    let (mut found, mut is_open) = (Vec::new(), false);
    let lines: Vec<&str> = text.lines().collect();
    for (n, line) in lines.iter().enumerate() {
        let line = line.trim_start();
        is_open |= line == "#[non_exhaustive]";
        let is_enum = line.starts_with("pub enum ");
        if is_enum || line.starts_with("pub struct ") && line.ends_with('{') {
            let body = lines[n + 1..].iter().take_while(|line| line.trim_start() != **line || line.is_empty());
            let fields: Vec<&str> = body.map(|line| line.trim()).filter(|line| is_field(line)).collect();
            let all_public = !fields.is_empty() && fields.iter().all(|field| field.starts_with("pub "));
            let is_whole = is_enum || all_public;
            if is_whole && !is_open {
                let end = |c: char| !c.is_alphanumeric() && c != '_';
                let type_name = line.split(' ').nth(2).unwrap_or_default().split(end).next().unwrap_or_default();
                if !type_name.is_empty() {
                    found.push(format!("{name}: {type_name}")); // else a macro names it
                }
            }
        }
        if !line.starts_with("#[") && !line.starts_with("///") && !line.starts_with("//") {
            is_open = false;
        }
    }
    found
}

/// Is it the line of a field?
fn is_field(line: &str) -> bool {
    let name = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
    let (field, rest) = name.split_once(':').unwrap_or_default();
    !field.is_empty()
        && field.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && rest.starts_with(' ')
}
