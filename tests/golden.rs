//! The headline's numbers, exactly: they follow from the rules, and a change of any is a change of results.

use crate::support::json;

/// (arch, variant, verdict, from_crash_us, timeouts, stopped)
#[test]
fn the_headline() {
    let document = json(&["--json"]);
    let mut lines = String::new();
    for row in document["rows"].as_array().unwrap() {
        for cell in row["cells"].as_array().unwrap() {
            let name = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
            lines += &format!(
                "{} {} {} {} {} {} {}\n",
                name(&row["arch"]),
                name(&cell["variant"]),
                name(&cell["verdict"]),
                cell["from_crash_us"],
                cell["timeouts"],
                cell["stopped"],
                cell["capture_us"]
            );
        }
    }
    if std::env::var_os("UPDATE_HEADLINE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/headline.txt"), &lines).unwrap();
        return;
    }
    assert_eq!(lines, include_str!("headline.txt"), "the headline has changed (if it is meant: tests/regenerate.sh)");
}

/// The price of an IPI: delay first costs 100 µs, read first costs nothing.
#[test]
fn prices() {
    let document = json(&["matrix", "nmi-stall", "--arch", "i386/default,x86_64/flat", "--json"]);
    for row in document["rows"].as_array().unwrap() {
        let price = |n: usize, field: &str| row["cells"][n][field].to_string().parse::<f64>().unwrap();
        assert_eq!(row["cells"][0]["nmi_us"], row["cells"][2]["nmi_us"], "before and merged");
        let delay_first = price(1, "nmi_us") - price(0, "nmi_us");
        assert!((99.9..100.1).contains(&delay_first), "{delay_first}");
        for n in 0..3 {
            assert_eq!(row["cells"][n]["fixed_us"], row["cells"][0]["fixed_us"]);
        }
    }
}

/// The README shows what the program prints.
#[test]
fn the_readme_shows_the_headline() {
    let readme = include_str!("../README.md");
    let text = String::from_utf8(crate::support::apicsim(&[]).stdout).unwrap();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        assert!(readme.contains(line), "the README does not show: {line}");
    }
}
