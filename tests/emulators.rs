//! The scripts of `tests/emulators/`, with what Bochs 2.7 and QEMU 10.0.2 answer behind `##` (one answer where they agree).
//! Where the two agree, so do we; where they differ, or both are wrong, `differences.txt` says who is right by the manual, or
//! what we chose where the manual is silent or allows several answers.

use apicsim::scenario::diagnostic::Source;
use apicsim::script::{Board, Script, run};
use sim::{Execution, Generation, Named};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulators")
}

/// By script and answer number: who is right, and the right answer if neither is.
fn differences() -> BTreeMap<(String, usize), (String, String)> {
    let table = std::fs::read_to_string(directory().join("differences.txt")).unwrap();
    let row = |line: &str| {
        let [place, kind, right, value, source] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("not five columns: {line}")
        };
        assert!(["manual", "undocumented", "permitted"].contains(&kind), "no kind: {line}");
        assert!(source.contains(": ") || source.contains("; "), "what the source says is not said: {line}");
        assert!(source.contains('§') || source.contains("table") || source.contains("fig."), "no source: {line}");
        let (script, answer) = place.split_once(':').unwrap();
        ((script.to_owned(), answer.parse().unwrap()), (right.to_owned(), value.to_owned()))
    };
    table.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

/// The script without the answers, and the answers of Bochs and QEMU, line by line.
fn split(text: &str) -> (String, Vec<Option<(String, String)>>) {
    let mut script = String::new();
    let mut answers = Vec::new();
    for line in text.lines() {
        let mut columns = line.split(" ## ");
        script += columns.next().unwrap();
        script += "\n";
        let bochs = columns.next().map(str::to_owned);
        answers.push(bochs.map(|bochs| (bochs.clone(), columns.next().map_or(bochs, str::to_owned))));
    }
    (script, answers)
}

#[test]
fn the_manual_decides_where_emulators_differ() {
    let mut table = differences();
    let mut compared = 0;
    let mut scripts: Vec<PathBuf> =
        std::fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.retain(|path| path.extension().is_some_and(|extension| extension == "apic"));
    assert_eq!(scripts.len(), 12);
    for path in scripts {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (text, answers) = split(&std::fs::read_to_string(&path).unwrap());
        let generation = text.lines().next().unwrap().strip_prefix("# generation ").unwrap();
        let generation = *Generation::ALL.iter().find(|one| one.name() == generation).unwrap();
        let script = Script::parse(&Source::new(name, &text)).unwrap_or_else(|error| panic!("{}", error.render(false)));
        let board = Board { generation, ..Board::default() };
        let transcript = run(&Arc::new(script), &board, Execution::default())
            .unwrap_or_else(|error| panic!("{}", error.render(false)));
        for (number, (reply, line)) in (1..).zip(transcript.replies.iter().zip(&transcript.script.lines)) {
            let Some((bochs, qemu)) = &answers[line.place.line() - 1] else { continue };
            let ours = reply.answer.as_ref().map_or("ok".to_owned(), ToString::to_string);
            let row = table.remove(&(name.to_owned(), number));
            let right = match &row {
                None => bochs,
                Some((right, _)) if right == "bochs" => bochs,
                Some((right, _)) if right == "qemu" => qemu,
                Some((_, value)) => value,
            };
            assert!(row.is_some() || bochs == qemu, "{name}:{number} has no row: {bochs} against {qemu}");
            assert!(row.is_none() || bochs != qemu || right != bochs, "{name}:{number}: a row without a difference");
            assert_eq!(&ours, right, "{name}:{number} ({})", line.place);
            compared += 1;
        }
    }
    assert!(table.is_empty(), "rows of no answer: {table:?}");
    assert!(compared > 450, "{compared} answers");
}
