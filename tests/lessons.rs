//! Lessons: every step stands at its event, every question has the one right answer that its author meant, wrong files are
//! refused with the line, and the course is pages that say the same.

use crate::page::document::{document, temporary};
use crate::support::{apicsim, words};
use serde_json::Value;
use std::path::Path;

/// The answers that are right, as whoever wrote the lessons knows them from the manuals (SDM vol. 3 chapter 10, MP
/// specification) and from the kernels: questions of steps first, then experiments.
const RIGHT: [(&str, &str); 12] = [
    ("the-icr", "222"),
    ("who-wins-the-bus", "2222"),
    ("logical-destinations", "2332"),
    ("priority-and-slots", "22222"),
    ("nmi-latch", "1221"),
    ("level-and-eoi", "222"),
    ("waking-a-cpu", "2222"),
    ("lock-and-ipi", "2222"),
    ("hang-of-2007", "122122"),
    ("four-ways-out", "21211"),
    ("stuck-for-another-reason", "22222"),
    ("x2apic-without-the-bit", "2222"),
];

fn told(lesson: &str) -> String {
    let output = apicsim(&["demo", lesson]);
    assert_eq!(output.status.code(), Some(0), "{lesson}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The numbers of the answers that are said to be right.
fn answers(text: &str) -> String {
    text.lines().filter_map(|line| line.strip_prefix("= ")?.split(':').next()).collect()
}

#[test]
fn every_question_has_the_answer_that_was_meant() {
    let list = String::from_utf8(apicsim(&["demo", "--list"]).stdout).unwrap();
    for (name, right) in RIGHT {
        assert!(list.contains(&format!("  {name}")), "{name} in:\n{list}");
        let text = told(name);
        assert_eq!(answers(&text), right, "{name}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{name}");
    }
    let names: Vec<&str> = RIGHT.iter().map(|(name, _)| *name).collect();
    let listed = String::from_utf8(apicsim(&["list", "lessons", "--json"]).stdout).unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let listed: Vec<&str> =
        listed["lessons"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(listed, names);
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/lessons/{name}.toml")))
        .unwrap()
}

/// Tells a lesson that is only a text; gives its status and what it says.
fn try_text(text: &str, name: &str) -> (Option<i32>, String, String) {
    let path = temporary(name, "toml");
    std::fs::write(&path, text).unwrap();
    let output = apicsim(&["demo", &path.to_string_lossy()]);
    let _ = std::fs::remove_file(&path);
    let read = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), read(output.stdout), read(output.stderr))
}

/// An answer is right because of what the run does: with its conditions under another answer, that one is right; with
/// conditions of both, and with those of a wrong one twice, there is an error where the question stands.
#[test]
fn right_is_what_the_run_says_and_not_what_the_file_says() {
    for (name, right) in RIGHT {
        let text = text_of(name);
        let lines: Vec<&str> = text.lines().collect();
        // the first question: its answers' conditions, by line
        let from = lines.iter().position(|line| line.starts_with("[run.step.question]")).unwrap();
        let until =
            lines[from + 1..].iter().position(|line| line.starts_with("[[run.step]]") || line.starts_with("[[run]]"));
        let until = from + 1 + until.unwrap();
        let holds: Vec<usize> = (from..until).filter(|line| lines[*line].starts_with("holds")).collect();
        let correct = usize::from(right.as_bytes()[0] - b'1');
        let other = if correct == 0 { 1 } else { 0 };
        let with = |changes: &[(usize, &str)]| {
            let mut lines = lines.clone();
            changes.iter().for_each(|(line, text)| lines[*line] = text);
            lines.join("\n")
        };
        let swapped = with(&[(holds[correct], lines[holds[other]]), (holds[other], lines[holds[correct]])]);
        let (status, said, error) = try_text(&swapped, &format!("swapped {name}"));
        assert_eq!(status, Some(0), "{name}: {error}");
        assert_eq!(answers(&said).as_bytes()[0] - b'1', other as u8, "{name}");
        let none = with(&[(holds[correct], lines[holds[other]])]);
        let both = with(&[(holds[other], lines[holds[correct]])]);
        for (text, says) in [(none, "no answer to this question is right"), (both, "more than one answer")] {
            let (status, said, error) = try_text(&text, &format!("wrong {name}"));
            assert!(status == Some(2) && said.is_empty() && words(&error).contains(says), "{name}: {error}");
            assert!(error.contains(".toml:"), "{error}");
        }
    }
}

/// A lesson with something else in it, and what is said of that, at which line.
#[test]
fn a_wrong_lesson_is_refused_with_its_line() {
    let good = text_of("the-icr");
    let line = |part: &str| good.lines().position(|line| line.contains(part)).unwrap() + 1;
    let cases = [
        (
            "event = \"write ICR2 = 02000000\"",
            "event = \"write ICR2 = 03000000\"",
            "no such event",
            line("write ICR2 =") - 2,
        ),
        ("by = \"CPU0\"", "by = \"CPU7\"", "CPU0 to CPU1", line("by = \"CPU0\"")),
        ("title = ", "titel = ", "did you mean `title`", 3),
        ("format = 1", "format = 2", "format = 1", 1),
        ("name = \"the-icr\"", "name = \"../the-icr\"", "a to z", 2),
        ("name = \"the-icr\"", "name = \"index\"", "index.html", 2),
        ("poll ICRL 0x1000 30", "poll ICRX 0x1000 30", "ICRX", line("poll ICRL")),
        ("words = { seen = 0 }", "wrods = { seen = 0 }", "words", line("words = {")),
        (
            "told asks the bus to send\"",
            "tell asks the bus to send\"",
            "a query is",
            line("told asks the bus to send\""),
        ),
        ("set = [\"machine.bus=ideal\"]", "set = [\"machine.bus=ideel\"]", "ideal", line("[[run]]")),
        ("set = [\"machine.bus=ideal\"]", "run = 1", "changes something", line("[[experiment]]")),
        ("set = [\"machine.bus=ideal\"]", "run = 2\nset = []", "out of range", line("machine.bus=ideal")),
        ("text = '''", "scenario = \"nmi-stall\"\ntext = '''", "either", line("[[run]]")),
        ("event = \"reaches answered\"", "event = \"...\"", "no words", line("reaches answered")),
        ("goal = \"reach:answered\"", "goal = \"reach:never\"", "never", line("goal = ")),
    ];
    for (from, to, says, at) in cases {
        assert!(good.contains(from), "{from}");
        let (status, said, error) = try_text(&good.replacen(from, to, 1), "wrong");
        assert_eq!((status, &*said), (Some(2), ""), "{to}: {error}");
        assert!(words(&error).contains(says), "{to}: `{says}` in {error}");
        let placed = error.contains(&format!("toml:{at}:")) || error.contains(&format!("toml:{}:", at + 1));
        assert!(placed, "{to}: line {at} in {error}");
    }
    let endless = good
        .replace("limit_us = 100", "limit_us = 100_000_000")
        .replace("await seen == 1\nreach answered", "forever {\n  set seen 1\n}");
    for (text, says) in [
        (format!("a = {}", "[".repeat(100_000)), "error"),
        (good.replace("[[run.step]]", "[[run.steps]]"), "step"),
        (String::new(), "format"),
        (good.replacen("at = ", "at_ = ", 1).replace("event = \"reaches answered\"", "at = \"end\"\nnth = 1"), "error"),
        (endless, "too long for a lesson"),
    ] {
        let (status, _, error) = try_text(&text, "hostile");
        assert!(status == Some(2) || text.contains("at = \"end\""), "{says}: {status:?} {error}");
        assert!(!error.contains("panicked"), "{error}");
    }
    let large = format!("{}\n{}", good, "#".repeat(5 << 20));
    let (status, _, error) = try_text(&large, "large");
    assert!(status == Some(2) && error.contains("4 MiB"), "{error}");
    for missing in ["no-such-lesson", "no/such.toml", "/"] {
        let output = apicsim(&["demo", missing]);
        assert_eq!(output.status.code(), Some(2), "{missing}");
    }
    assert_eq!(apicsim(&["demo", "the-icr", "--scenario", "2"]).status.code(), Some(2));
    assert_eq!(apicsim(&["demo", "the-icr", "--list"]).status.code(), Some(2));
}

/// What the lesson calls its command runs, and shows the run that the lesson tells.
#[test]
fn the_scenario_of_a_lesson_can_be_taken_out() {
    let text = String::from_utf8(apicsim(&["demo", "who-wins-the-bus", "--scenario"]).stdout).unwrap();
    let path = temporary("who wins", "toml");
    std::fs::write(&path, text).unwrap();
    let trace = apicsim(&["run", &path.to_string_lossy(), "--trace", "-"]);
    let _ = std::fs::remove_file(&path);
    assert!(String::from_utf8(trace.stdout).unwrap().contains("FIXED 51 from CPU2 delivered to CPU3"));
}

/// One page of a course.
fn element<'a>(html: &'a str, id: &str) -> &'a str {
    let begin = format!("id=\"{id}\">");
    html.split(&begin).nth(1).unwrap_or_else(|| panic!("{id}")).split("</script>").next().unwrap()
}

#[test]
fn pages_of_the_course_stand_at_the_events_of_the_lessons() {
    let folder = temporary("course", "d");
    let output = apicsim(&["demo", "--html", &folder.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let index = std::fs::read_to_string(folder.join("index.html")).unwrap();
    for (name, right) in RIGHT {
        assert!(index.contains(&format!("href=\"{name}.html\"")), "{name}");
        let html = std::fs::read_to_string(folder.join(format!("{name}.html"))).unwrap();
        assert!(html.len() < 1_500_000 && !html.contains("http:") && !html.contains("https:"), "{name}");
        let lesson: Value = serde_json::from_str(element(&html, "lesson")).unwrap();
        let steps = lesson["steps"].as_array().unwrap();
        let asked =
            steps.iter().chain(lesson["experiments"].as_array().unwrap()).filter(|step| !step["question"].is_null());
        let found: String = asked.map(|step| (step["question"]["right"].as_u64().unwrap() + 1).to_string()).collect();
        assert_eq!(found, right, "{name}");
        // The event of each step of the file is the one that the page has there.
        let text = text_of(name);
        let anchors: Vec<Option<&str>> = text
            .lines()
            .filter_map(|line| match line {
                "at = \"end\"" => Some(None),
                _ => line.strip_prefix("event = \"")?.strip_suffix('"').map(Some),
            })
            .collect();
        assert_eq!(anchors.len(), steps.len(), "{name}");
        for (anchor, step) in anchors.iter().zip(steps) {
            let part = |part: &str| element(&html, &format!("{part}-{}", step["run"]));
            let run = document(part("run"), part("data"));
            let texts = run.column("events", "text");
            let taken = usize::try_from(step["taken"].as_u64().unwrap()).unwrap();
            let Some(anchor) = anchor else {
                assert_eq!(taken, texts.len() - 1, "{name}: the last row is the verdict");
                continue;
            };
            let said = run.text(texts[taken - 1]).as_str().unwrap();
            assert!(anchor.split(" ... ").all(|part| said.contains(part)), "{name}: {anchor} stands at {said}");
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!(apicsim(&["demo", "--html", "/dev/null/x"]).status.code(), Some(3));
}

#[test]
fn markup_in_a_lesson_is_text() {
    const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
    let text = text_of("the-icr").replace("What the ICR does", HOSTILE).replace("Is anything sent", HOSTILE);
    let (folder, path) = (temporary("hostile course", "d"), temporary("hostile", "toml"));
    std::fs::write(&path, text).unwrap();
    let output = apicsim(&["demo", &path.to_string_lossy(), "--html", &folder.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let plain = temporary("plain course", "d");
    apicsim(&["demo", "the-icr", "--html", &plain.to_string_lossy()]);
    let read = |folder: &Path, file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    for file in ["index.html", "the-icr.html"] {
        for mark in ["<script", "</script", "<img"] {
            assert_eq!(
                read(&folder, file).matches(mark).count(),
                read(&plain, file).matches(mark).count(),
                "{file}: {mark}"
            );
        }
    }
    let _ = (std::fs::remove_file(&path), std::fs::remove_dir_all(&folder), std::fs::remove_dir_all(&plain));
}
