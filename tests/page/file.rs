//! The file: one, small, without anything from elsewhere, and with names from scenarios as text.

use super::document::{page, temporary};
use crate::support::{apicsim, words};
use apicsim::scenario::builtin_names;

/// All built-in stories.
#[test]
fn pages_of_the_built_in_stories_are_small_and_name_no_other_place() {
    for name in builtin_names() {
        let page = page(&[name]).unwrap();
        let size = page.html.len();
        assert!(size < 1_500_000, "{name}: {size} bytes");
        let outside =
            ["http:", "https:", "ws:/", "wss:", "//cdn", "src=", "@import", "<link rel=\"stylesheet", "<iframe"];
        for text in outside {
            let found = page.html.find(text).map(|place| &page.html[place.saturating_sub(40)..][..80]);
            assert_eq!(found, None, "{name}: {text}");
        }
        assert!(page.html.contains("default-src 'none'"), "the browser refuses what the test does not find");
    }
}

const HOSTILE: &str = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>";

#[test]
fn markup_in_a_scenario_is_text() {
    let path = temporary("hostile", "toml");
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/stuck-icr.toml")).unwrap();
    let story = text.lines().find(|line| line.starts_with("story")).unwrap();
    let (key, _) = story.split_once('=').unwrap();
    let (before, after) = text.split_once(story).unwrap();
    let after = if story.contains("\"\"\"") { after.split_once("\"\"\"").unwrap().1 } else { after };
    std::fs::write(&path, format!("{before}{key}= '{HOSTILE}'{after}")).unwrap();
    let file = path.to_string_lossy().into_owned();
    let plain = page(&["stuck-icr"]).unwrap();
    let page = page(&[&file]).expect("a story may say anything");
    let _ = std::fs::remove_file(&path);
    assert_eq!(page.run(0)["header"]["story"], HOSTILE);
    for mark in ["<script", "</script", "<!--", "<img"] {
        assert_eq!(page.html.matches(mark).count(), plain.html.matches(mark).count(), "{mark}");
    }
}

#[test]
fn what_cannot_be_written_or_compared_is_said() {
    let refused = |arguments: &[&str], status: i32, says: &str| {
        let output = apicsim(arguments);
        let error = words(&String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    };
    refused(&["run", "nmi-stall", "--html", "/nowhere/x.html"], 3, "/nowhere/x.html");
    refused(&["run", "nmi-stall", "--html", "-"], 2, "--html run.html");
    refused(&["run", "nmi-stall", "--compare", "variant=merged"], 2, "--html");
    let page = temporary("refused", "html");
    let file = page.to_string_lossy().into_owned();
    let compare = |change: &str, says: &str| {
        refused(&["run", "nmi-stall", "--html", &file, "--compare", change], 2, says);
    };
    compare("variant", "there is no `=`");
    compare("bus=seriel", "serial");
    compare("cpus=many", "no number of CPUs");
    compare("variant=merge", "merged");
    compare("knobs.slot=per-vector", "slots");
    assert!(!page.exists(), "nothing is written where something is refused");
    refused(&["explain", "nmi-stall", "--html", &file], 2, "`--html` is for `apicsim run`");
}

/// A file that was written is said after the report; a JSON document has standard output for itself.
#[test]
fn what_was_written_is_said() {
    let (html, trace) = (temporary("said", "html"), temporary("said", "txt"));
    let (page, text) = (html.to_string_lossy().into_owned(), trace.to_string_lossy().into_owned());
    let said = |arguments: &[&str]| {
        let arguments = [&["run", "normal-dispatch"], arguments].concat();
        String::from_utf8(apicsim(&arguments).stdout).unwrap()
    };
    let report = said(&[]);
    let all = said(&["--html", &page, "--trace", &text]);
    let after = words(all.strip_prefix(report.as_str()).expect("the report, and what was written"));
    let lines = std::fs::read_to_string(&trace).unwrap().lines().count();
    assert!(after.contains(&format!("trace {text} (")) && after.contains(&format!("page {page} (")), "{after}");
    assert!(after.ends_with("events)") && lines > 50, "{after}");
    assert_eq!(said(&["--trace", "-"]).find("trace    -"), None);
    let document: serde_json::Value = serde_json::from_str(&said(&["--json", "--html", &page])).expect("one document");
    assert_eq!(document["scenario"], "normal-dispatch");
    let _ = (std::fs::remove_file(&html), std::fs::remove_file(&trace));
}
