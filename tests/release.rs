//! The release of the code beside its wait: chosen, defaulted, reported, replayed, filtered by, marked.

use crate::support::{apicsim, json, words};
use serde_json::Value;

fn text(arguments: &[&str]) -> String {
    let output = apicsim(arguments);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn is_hypothetical(document: &Value) -> bool {
    document["notes"].as_array().unwrap().contains(&"hypothetical".into())
}

/// 2.6.22 for `merged`, v6.6 for `modern`, else 2.6.20; kernels that are not Linux have none.
#[test]
fn defaults_follow_the_variant() {
    let document = json(&["matrix", "normal-dispatch", "--arch", "i386/default", "--variant", "all", "--json"]);
    for cell in document["rows"][0]["cells"].as_array().unwrap() {
        let expected = match cell["variant"].as_str().unwrap() {
            "merged" => "2.6.22",
            "modern" => "v6.6",
            _ => "2.6.20",
        };
        assert_eq!(cell["release"], expected, "{}", cell["variant"]);
    }
    for (arch, release) in [("modern/x2apic-phys", "v6.6"), ("other/xv6", "own"), ("x86_64/flat", "2.6.20")] {
        assert_eq!(json(&["accesses", "--json", "--call", "send_IPI_mask", "--arch", arch])["release"], release);
        let run = json(&["run", "stuck-icr", "--json", "--arch", arch]);
        assert_eq!(run["release"], release, "{arch}");
    }
}

/// What was chosen stands in JSON, CSV, text and token, and a replay of the token is the same run.
#[test]
fn a_chosen_release_is_reported_and_replayed() {
    let by_option = json(&["run", "panic-stop", "--json", "--release", "2.6.22"]);
    let by_set = json(&["run", "panic-stop", "--json", "--set", "machine.release=2.6.22"]);
    assert_eq!((&by_option["release"], &by_option["verdict"]), (&"2.6.22".into(), &"completed".into()));
    assert_eq!(by_option["digest"], by_set["digest"]);
    let token = by_option["token"].as_str().unwrap();
    assert!(token.contains(":before:2.6.22:serial:"), "{token}");
    assert_eq!(json(&["replay", token, "--json"]), by_option);
    // a token of before there were releases is of its variant's
    let usual = json(&["run", "panic-stop", "--json"]);
    let old = usual["token"].as_str().unwrap().replacen("apicsim3", "apicsim2", 1).replacen(":2.6.20:", ":", 1);
    assert_eq!(json(&["replay", &old, "--json"]), usual);

    assert!(text(&["run", "panic-stop", "--release", "2.6.22"]).contains("\non i386/default, before of 2.6.22, "));
    assert!(text(&["run", "panic-stop", "--variant", "merged"]).contains("\non i386/default, merged, "));
    let matrix = ["matrix", "panic-stop", "--arch", "i386/default", "--release", "2.6.22"];
    assert!(text(&matrix).contains(" before of 2.6.22 ") && text(&matrix).contains(" merged "));
    let document = |more: &[&str]| json(&[&matrix[..4], more, &["--json"]].concat());
    assert_eq!(document(&["--release", "2.6.22"])["release"], "2.6.22");
    assert_eq!(document(&[])["release"], Value::Null, "each has its variant's");
    let csv = text(&[&matrix[..], &["--format", "csv"]].concat());
    let mut lines = csv.lines();
    let column = lines.next().unwrap().split(',').position(|name| name == "release").unwrap();
    assert!(lines.all(|line| line.split(',').nth(column) == Some("2.6.22")), "{csv}");
    for release in ["2.6.20", "2.6.22", "v5.4", "v6.6"] {
        assert!(text(&["list", "releases"]).lines().any(|line| line.trim_start().starts_with(release)), "{release}");
    }
}

/// The release decides what `smp_send_stop` does about the call lock, unless the knob does.
#[test]
fn the_knob_takes_its_default_from_the_release() {
    let verdict = |more: &[&str]| {
        let document = json(&[&["run", "panic-stop", "--json"], more].concat());
        assert_eq!(document["expected"], true, "{more:?}");
        document["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(&[]), "hung");
    assert_eq!(verdict(&["--variant", "merged"]), "completed");
    assert_eq!(verdict(&["--variant", "merged", "--release", "2.6.20"]), "hung");
    assert_eq!(verdict(&["--variant", "merged", "--set", "knobs.smp_send_stop=take"]), "hung");
    assert_eq!(verdict(&["--arch", "x86_64/flat"]), "hung");
    assert_eq!(verdict(&["--arch", "x86_64/flat", "--variant", "merged"]), "completed");
}

/// v5.4: 1001 rounds, the shorthand's NMI among what has a bound.
#[test]
fn v5_4_has_a_round_more() {
    let arguments = ["accesses", "--json", "--call", "smp_send_nmi_allbutself", "--icr", "stuck"];
    let reads = |more: &[&str]| {
        let document = json(&[&arguments[..], &["--arch", "modern/xapic-physflat"], more].concat());
        let reads = document["accesses"].as_array().unwrap().iter().filter(|entry| entry["reg"] == "300").count() - 1;
        (document["hang"] == false).then_some(reads)
    };
    assert_eq!(reads(&[]), Some(1000));
    assert_eq!(reads(&["--release", "v5.4"]), Some(1001));
    assert_eq!(reads(&["--release", "v5.4", "--variant", "merged"]), Some(1001));
    assert_eq!(reads(&["--variant", "merged"]), None, "2.6.22's waits do not bound it");
}

/// ‡ wherever there never was such a kernel, and nowhere else.
#[test]
fn what_never_was_is_marked() {
    for (arch, variant, release, never) in [
        ("i386/default", "before", None, false),
        ("i386/default", "merged", None, false),
        ("i386/default", "rfc", None, true),
        ("i386/default", "modern", None, true),
        ("i386/default", "merged", Some("2.6.20"), true),
        ("i386/default", "before", Some("2.6.22"), true),
        ("x86_64/cluster", "before", None, false),
        ("x86_64/cluster", "merged", None, true),
        ("modern/xapic-flat", "modern", None, false),
        ("modern/xapic-flat", "modern", Some("v5.4"), false),
        ("modern/xapic-flat", "merged", None, true),
        ("modern/xapic-flat", "before", None, true),
    ] {
        let mut arguments = vec!["run", "normal-dispatch", "--arch", arch, "--variant", variant];
        arguments.extend(release.iter().flat_map(|release| ["--release", release]));
        let document = json(&[&arguments[..], &["--json"]].concat());
        assert_eq!(is_hypothetical(&document), never, "{arch} {variant} {release:?}");
        assert_eq!(text(&arguments).contains("hypothetical"), never, "{arch} {variant} {release:?}");
        arguments[0] = "matrix";
        assert_eq!(text(&arguments).contains('‡'), never, "{arch} {variant} {release:?}");
    }
    assert!(!is_hypothetical(&json(&["run", "stuck-icr", "--arch", "other/xv6", "--json"])));
    let pages = ["prices", "who-crashes", "other-kernels", "late-retries"];
    for page in pages {
        let path = format!("{}/docs/{page}.md", env!("CARGO_MANIFEST_DIR"));
        assert!(std::fs::read_to_string(path).unwrap().contains('‡'), "{page}");
    }
}

/// Bad names, and releases of kernels that have none.
#[test]
fn bad_releases_are_refused() {
    for (arguments, message) in [
        (&["run", "nmi-stall", "--release", "2.6.21"][..], "did you mean `2.6.20`?"),
        (&["run", "nmi-stall", "--set", "machine.release=v5.5"], "did you mean `v5.4`?"),
        (&["run", "stuck-icr", "--arch", "other/xv6", "--release", "2.6.20"], "releases are Linux's"),
        (&["run", "nmi-stall", "--release", "own"], "i386/default has: 2.6.20, 2.6.22, v5.4, v6.6"),
        (&["accesses", "--call", "sync_Arb_IDs", "--release", "v6"], "unknown release `v6`"),
        (&["accesses", "--call", "sync_Arb_IDs", "--release", "own"], "i386/default has: 2.6.20, 2.6.22, v5.4, v6.6"),
        (&["accesses", "--call", "send_IPI_mask", "--arch", "other/xv6", "--release", "v6.6"], "releases are Linux's"),
    ] {
        let output = apicsim(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(words(&error).contains(message), "{error}");
    }
    // a matrix over other kernels leaves them theirs
    let document = json(&["matrix", "stuck-icr", "--arch", "other/xv6,x86_64/flat", "--release", "2.6.22", "--json"]);
    let releases: Vec<&Value> =
        document["rows"].as_array().unwrap().iter().map(|row| &row["cells"][0]["release"]).collect();
    assert_eq!(releases, ["2.6.22", "own"]);
}
