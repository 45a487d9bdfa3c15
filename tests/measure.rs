//! `apicsim measure` with files, as a user meets it: what it keeps, what it compares, and what it refuses.

use crate::support::{apicsim_in, words};
use std::path::PathBuf;
use std::process::Output;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("apicsim-measures-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn measure(&self, scenario: &str, rest: &[&str]) -> Output {
        let seeds: &[&str] = if rest.contains(&"--seeds") { &[] } else { &["--seeds", "0..80"] };
        let all = [&["measure", scenario, "--set", "knobs.jitter_picclk=20"], seeds, rest].concat();
        apicsim_in(&self.0, &all)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _a_rest_is_nothing = std::fs::remove_dir_all(&self.0);
    }
}

fn error(output: &Output) -> String {
    words(&String::from_utf8_lossy(&output.stderr))
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", error(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Then the wait of 2007 never came back, and now it does after 100 ms. The same bytes for any -j, and over the file that is read.
#[test]
fn a_measurement_is_kept_and_compared() {
    let folder = Folder::new("kept");
    text(&folder.measure("nmi-stall", &["--variant", "before", "--out", "then"]));
    let found = text(&folder.measure("nmi-stall", &["--variant", "merged", "--against", "then"]));
    let fits = |line: &str| line.chars().count() <= 80 || line.starts_with("apicsim3:");
    assert!(found.lines().all(fits), "{found}");
    let found = words(&found);
    for says in [
        "Against the older measurement (nmi-stall, seeds 0 to 79, apicsim",
        "i386/default, merged (2.6.22), serial; then variant before, release 2.6.20",
        "p50 never 100180 -never -never -never",
        "80 of 80 runs that both have came out otherwise. The first is seed 0 on i386/default, merged:",
        "then: hung, digest",
        "now: completed, digest",
    ] {
        assert!(found.contains(says), "{says}: {found}");
    }
    let documents =
        ["1", "2", "5"].map(|jobs| {
            text(&folder.measure(
                "nmi-stall",
                &["--variant", "merged", "--against", "then", "--out", jobs, "--json", "-j", jobs],
            ))
        });
    assert!(documents.iter().all(|document| *document == documents[0]));
    let read = |name: &str| std::fs::read(folder.0.join(name)).unwrap();
    assert!(read("1") == read("2") && read("2") == read("5"));
    let document: serde_json::Value = serde_json::from_str(&documents[0]).unwrap();
    let against = &document["against"];
    assert_eq!((against["runs"].as_u64(), against["otherwise"].as_u64()), (Some(80), Some(80)));
    let figures = against["machines"][0]["figures"].as_array().unwrap();
    let crash = figures.iter().find(|figure| figure["what"] == "crash-path").unwrap();
    assert_eq!(crash["percentiles"][0]["tendency"], "shorter");
    assert!(crash["percentiles"][0]["then_us"].is_null() && crash["percentiles"][0]["difference_us"].is_null());
    // The file that is compared with is replaced when the new one is whole.
    let found = words(&text(&folder.measure("nmi-stall", &["--variant", "merged", "--against", "1", "--out", "1"])));
    assert!(found.contains("All 80 runs that both have came out the same."), "{found}");
    assert!(read("1") == read("2"));
    assert_eq!(folder.names(), ["1", "2", "5", "then"]);
}

#[test]
fn nothing_in_common_is_told() {
    let folder = Folder::new("nothing");
    text(&folder.measure("normal-dispatch", &["--out", "then"]));
    let found = words(&text(&folder.measure("normal-dispatch", &["--seeds", "100..101", "--against", "then"])));
    assert!(found.contains("No run is in both"), "{found}");
    let two = ["--arch", "i386/default,i386/bigsmp", "--out", "two"];
    text(&folder.measure("normal-dispatch", &two));
    let found = words(&text(&folder.measure("normal-dispatch", &["--arch", "x86_64/flat", "--against", "two"])));
    assert!(found.contains("3 machines only one of both has."), "{found}");
}

#[test]
fn what_cannot_be_read_or_written_is_told_first() {
    let folder = Folder::new("refused");
    text(&folder.measure("normal-dispatch", &["--out", "then"]));
    let then = std::fs::read_to_string(folder.0.join("then")).unwrap();
    std::fs::write(folder.0.join("cut"), &then[..then.len() / 2]).unwrap();
    std::fs::write(folder.0.join("other"), then.replacen("\"result_version\":2", "\"result_version\":3", 1)).unwrap();
    std::fs::write(folder.0.join("bytes"), [0xFF, 0xFE, 0x00, b'\n']).unwrap();
    let cases: [(&[&str], i32, &str); 10] = [
        (&["--against", "gone"], 3, "cannot read `gone`"),
        (&["--against", "."], 3, "cannot read `.`"),
        (&["--against", "cut"], 2, "`cut`, line"),
        (&["--against", "other"], 2, "`other`, line 1: it is of another version of results: 3 there, 2 here"),
        (&["--against", "bytes"], 2, "cannot read `bytes`"),
        (&["--against", "/dev/null"], 2, "nothing is in it"),
        (&["--against", "then", "--format", "csv"], 2, "--format json"),
        (&["--out", "-"], 2, "--out needs a file"),
        (&["--out", "no/such/folder"], 3, "cannot write no/such/folder"),
        (&["--out", "."], 3, "cannot write ."),
    ];
    for (arguments, status, says) in cases {
        let output = folder.measure("normal-dispatch", arguments);
        let told = error(&output);
        assert!(output.status.code() == Some(status) && told.contains(says), "{arguments:?}: {told}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    if cfg!(target_os = "linux") {
        let output = folder.measure("normal-dispatch", &["--out", "/dev/full"]);
        assert!(output.status.code() == Some(3) && error(&output).contains("No space left"), "{}", error(&output));
    }
    assert_eq!(folder.names(), ["bytes", "cut", "other", "then"], "nothing half-written stays");
}
