//! `apicsim campaign` as a user meets it: what it says, where it writes, and what cannot be written. No test has a clock.

use crate::support::{apicsim, apicsim_in, words};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const GRID: &str = "format = 1\nname = \"g\"\nseeds = \"0..40\"\nset = \"knobs.jitter_picclk=20\"\n[grid]\nscenario = \"normal-dispatch\"\nvariant = [\"before\", \"merged\"]\n";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("apicsim-campaigns-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("g.toml"), GRID).unwrap();
        Self(path)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        apicsim_in(&self.0, arguments)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
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

#[test]
fn a_campaign_is_run_merged_and_reported() {
    let folder = Folder::new("whole");
    let output = folder.run(&["campaign", "g.toml"]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", error(&output));
    assert!(error(&output).contains("80 rows in g.ndjson"), "{}", error(&output));
    for part in ["slice:1/3", "slice:2/3", "slice:3/3"] {
        assert!(folder.run(&["campaign", "g.toml", "--partition", part, "-j", "3"]).status.success());
    }
    let output = folder.run(&["campaign", "merge", "g.3-of-3.ndjson", "g.1-of-3.ndjson", "--out", "two.ndjson"]);
    assert!(
        error(&output).contains("53 rows in two.ndjson; 27 of the campaign's 80 are missing"),
        "{}",
        error(&output)
    );
    // The result may be one of the files that it is made of.
    let output = folder.run(&["campaign", "merge", "two.ndjson", "g.2-of-3.ndjson", "--out", "two.ndjson"]);
    assert!(error(&output).contains("80 rows in two.ndjson: all of the campaign"), "{}", error(&output));
    assert!(folder.read("two.ndjson") == folder.read("g.ndjson"));
    let output = folder.run(&["campaign", "report", "g.ndjson", "--svg", "plots"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(words(&text).contains("g: 80 runs, 2 machines"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let plot = String::from_utf8(folder.read("plots/normal-dispatch.svg")).unwrap();
    assert!(plot.starts_with("<svg") && plot.contains("before (40)") && plot.contains("merged (40)"), "{plot}");
    let output = folder.run(&["campaign", "report", "two.ndjson", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((document["schema"].as_str(), document["rows"].as_u64()), (Some("apicsim.campaign-report/1"), Some(80)));
}

/// A process that may write so many blocks and no more is killed by the host in the middle of a line.
#[cfg(unix)]
#[test]
fn a_killed_campaign_is_gone_on_with() {
    let folder = Folder::new("killed");
    assert!(folder.run(&["campaign", "g.toml", "--out", "right"]).status.success());
    let right = folder.read("right");
    for blocks in [1, 9, 20] {
        let script = format!("ulimit -c 0; ulimit -f {blocks}; exec \"$0\" campaign g.toml --out cut -j 2");
        let output = Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_apicsim")])
            .current_dir(&folder.0)
            .output()
            .unwrap();
        assert!(!output.status.success());
        let cut = folder.read("cut");
        assert!(cut.len() <= blocks * 1024 && right.starts_with(&cut), "{blocks}: {}", cut.len());
    }
    let output = folder.run(&["campaign", "g.toml", "--out", "cut"]);
    assert!(output.status.success() && folder.read("cut") == right, "{}", error(&output));
    let again = folder.run(&["campaign", "g.toml", "--out", "cut"]);
    assert!(again.status.success() && folder.read("cut") == right, "there is nothing more to do");
}

#[test]
fn no_time_is_no_rows_and_no_error() {
    let folder = Folder::new("time");
    let output = folder.run(&["campaign", "g.toml", "--for", "0s"]);
    assert!(
        output.status.success() && error(&output).contains("0 of 80 rows in g.ndjson; the same command goes on"),
        "{}",
        error(&output)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_told() {
    let folder = Folder::new("full");
    let output = folder.run(&["campaign", "g.toml", "--out", "/dev/full"]);
    assert!(output.status.code() == Some(3) && error(&output).contains("cannot write /dev/full"), "{}", error(&output));
    assert!(folder.run(&["campaign", "g.toml"]).status.success());
    let output = folder.run(&["campaign", "merge", "g.ndjson", "--out", "/dev/full"]);
    assert!(output.status.code() == Some(3) && error(&output).contains("No space left"), "{}", error(&output));
    for out in ["no/such/folder/r.ndjson", "."] {
        let output = folder.run(&["campaign", "g.toml", "--out", out]);
        assert!(
            output.status.code() == Some(3) && error(&output).contains(&format!("cannot write {out}")),
            "{}",
            error(&output)
        );
        let output = folder.run(&["campaign", "merge", "g.ndjson", "--out", out]);
        assert!(output.status.code() == Some(3) && error(&output).contains("cannot write"), "{}", error(&output));
    }
    // Rows go through a pipe, too; then nothing is gone on with.
    let output = folder.run(&["campaign", "g.toml", "--out", "/dev/stdout"]);
    assert!(output.stdout == folder.read("g.ndjson"), "{}", error(&output));
}

#[test]
fn bad_input_is_refused_with_what_would_be_right() {
    let folder = Folder::new("bad");
    assert!(folder.run(&["campaign", "g.toml"]).status.success());
    std::fs::write(folder.0.join("other.toml"), GRID.replace("0..40", "0..41")).unwrap();
    std::fs::write(folder.0.join("half.ndjson"), &folder.read("g.ndjson")[..40]).unwrap();
    let cases: [(&[&str], &str); 11] = [
        (&["campaign"], "required"),
        (&["campaign", "nothing.toml"], "cannot read the campaign `nothing.toml`"),
        (&["campaign", "."], "cannot read the campaign `.`"),
        (&["campaign", "g.ndjson"], "not valid TOML"),
        (&["campaign", "g.toml", "--partition", "3/40"], "slice:3/40"),
        (&["campaign", "g.toml", "--for", "90"], "90m"),
        (&["campaign", "g.toml", "-j", "0"], "0"),
        (&["campaign", "other.toml", "--out", "g.ndjson"], "another grid"),
        (&["campaign", "merge", "g.toml", "--out", "x"], "no header of a campaign"),
        (&["campaign", "merge", "half.ndjson", "--out", "x"], "nothing to put together"),
        (&["campaign", "report", "half.ndjson"], "no header of a campaign"),
    ];
    for (arguments, says) in cases {
        let output = folder.run(arguments);
        assert!(output.status.code() == Some(2) && error(&output).contains(says), "{arguments:?}: {}", error(&output));
    }
    let output = folder.run(&["campaign", "merge", "gone.ndjson", "--out", "x"]);
    assert!(
        output.status.code() == Some(3) && error(&output).contains("cannot read `gone.ndjson`"),
        "{}",
        error(&output)
    );
}

/// The examples are grids, and the page names every key.
#[test]
fn examples_run_and_keys_are_in_the_page() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/campaign");
    let folder = Folder::new("examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let output = folder.run(&["campaign", path.to_str().unwrap(), "--for", "0s", "--out", "r"]);
            assert!(
                output.status.success() && error(&output).contains("0 of "),
                "{}: {}",
                path.display(),
                error(&output)
            );
            std::fs::remove_file(folder.0.join("r")).unwrap();
            seen += 1;
        }
    }
    assert!(seen > 0);
    let page = include_str!("../docs/campaign.md");
    std::fs::write(folder.0.join("k.toml"), GRID.replace("[grid]", "[grid]\nx = 1")).unwrap();
    let axes = error(&folder.run(&["campaign", "k.toml"]));
    let axes = axes.split("here: ").nth(1).unwrap_or_default().split(", ");
    let keys: Vec<&str> =
        axes.chain(["format", "name", "seeds", "impossible", "set", "grid", "include", "exclude"]).collect();
    assert!(keys.len() >= 19, "{keys:?}");
    for key in keys {
        assert!(
            page.contains(&format!("`{}`", key.trim()))
                || page.contains(&format!("`[{key}]`"))
                || page.contains(&format!("`[[{key}]]`")),
            "{key}"
        );
    }
    assert!(apicsim(&["campaign", "--help"]).status.success());
}
