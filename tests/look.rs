//! Text for people: as wide as it may be, in colours where they are wanted, with times that one can read.

use crate::support::{apicsim, apicsim_with, json, words};
use apicsim::scenario::builtin_names;
use textwrap::core::display_width;

/// Without COLUMNS, into a pipe.
const WIDTH: usize = 80;

fn text(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = apicsim_with(arguments, variables);
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// A single word that nobody would want to be broken.
fn is_token_or_path(line: &str) -> bool {
    let word = line.trim();
    !word.contains(char::is_whitespace) && (word.starts_with("'apicsim3:") || word.contains('/'))
}

fn fits(arguments: &[&str], variables: &[(&str, &str)], width: usize) {
    for line in text(arguments, variables).lines() {
        assert!(
            display_width(line) <= width || is_token_or_path(line),
            "`apicsim {}` prints {} columns of {width}: {line}",
            arguments.join(" "),
            display_width(line)
        );
    }
}

/// Every built-in scenario; matrices of all of them, too: a few seconds.
#[test]
fn no_line_is_wider_than_eighty_columns_but_a_token_or_a_path() {
    for arguments in [&[][..], &["list"], &["demo"]] {
        fits(arguments, &[], WIDTH);
    }
    for name in builtin_names() {
        for command in ["run", "explain", "messages", "matrix"] {
            fits(&[command, name], &[], WIDTH);
        }
        fits(&["explain", name, "--arch", "x86_64/cluster", "--variant", "merged", "--exact"], &[], WIDTH);
    }
    fits(&["matrix", "nmi-stall", "--variant", "all", "--arch", "i386/*", "--crash-cpu", "0,1"], &[], WIDTH);
    fits(&["matrix", "stuck-icr", "--arch", "other/*"], &[], WIDTH);
    for name in ["kdump", "nmi-stall", "panic-stop", "smp-boot"] {
        fits(&["measure", name, "--variant", "all", "--seeds", "0..3", "--set", "knobs.jitter_picclk=9"], &[], WIDTH);
    }
    for command in ["list", "run", "replay", "matrix", "measure", "explain", "messages", "accesses", "demo", "script"] {
        fits(&[command, "--help"], &[], WIDTH);
    }
}

#[test]
fn columns_decide_where_there_is_no_terminal() {
    let narrow = [("COLUMNS", "60")];
    for arguments in [&["list"][..], &["run", "nmi-stall"], &["explain", "kdump"], &["messages", "kdump"], &["demo"]] {
        fits(arguments, &narrow, 60);
    }
    let matrix = ["matrix", "kdump", "--arch", "i386/default"];
    let (narrow, wide) = (text(&matrix, &[]), text(&matrix, &[("COLUMNS", "140")]));
    assert!(!narrow.contains("sub-architecture  machine") && narrow.contains("price of an IPI"), "{narrow}");
    assert!(wide.contains("sub-architecture  machine") && wide.contains("FIXED, µs"), "{wide}");
    for nonsense in ["0", "-3", "wide", ""] {
        assert_eq!(text(&matrix, &[("COLUMNS", nonsense)]), narrow, "COLUMNS={nonsense}");
    }
}

/// What goes wrong is said on as wide a paper; a line of a file that is quoted, and what points at it, stays as it is.
#[test]
fn complaints_are_wrapped_as_text_is() {
    let complaints: [&[&str]; 6] = [
        &["run", "nmi-stall", "--set", "knobs.slotz=per-vector"],
        &["run", "nmi-stall", "--arch", "i386/defualt"],
        &["accesses", "--call", "send_IPI_maks"],
        &["list", "knosb"],
        &["run", "nmi-stal"],
        &["matrix", "boot-cpus-of-nobody", "--variant", "al"],
    ];
    for (arguments, width) in complaints.iter().flat_map(|arguments| [(arguments, 80), (arguments, 60)]) {
        let columns = width.to_string();
        let output = apicsim_with(arguments, &[("COLUMNS", &columns)]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        for line in text.lines().filter(|line| !line.contains(" | ") && !is_token_or_path(line)) {
            assert!(display_width(line) <= width, "{} of {width} columns: {line}\n{text}", display_width(line));
        }
    }
}

/// One rule, below the header.
#[test]
fn rows_of_a_table_have_no_rules_between_them() {
    let text = text(&["matrix", "nmi-stall", "--arch", "i386/default,x86_64/flat"], &[("COLUMNS", "140")]);
    assert_eq!(text.lines().filter(|line| line.contains('─')).count(), 1, "{text}");
}

#[test]
fn colours_are_asked_for_or_at_a_terminal() {
    const ESCAPE: char = '\u{1b}';
    let run = ["run", "nmi-stall"];
    for (extra, variables, coloured) in [
        (&[][..], &[][..], false),
        (&["--color", "auto"], &[], false),
        (&["--color", "never"], &[], false),
        (&["--color", "always"], &[], true),
        (&["--colour", "always"], &[("NO_COLOR", "1")], true),
        (&["--color", "always", "--json"], &[], false),
        (&["--color", "always", "--set", "knobs.slotz=1"], &[], true),
        (&["--color", "never", "--set", "knobs.slotz=1"], &[], false),
    ] {
        let text = text(&[&run[..], extra].concat(), variables);
        assert_eq!(text.contains(ESCAPE), coloured, "{extra:?} {variables:?}:\n{text}");
    }
    assert_eq!(text(&["--color", "never", "run", "nmi-stall"], &[]), text(&run, &[]), "before the command, too");
    let refused = apicsim(&["run", "nmi-stall", "--color", "alway"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("did you mean `always`?"));
}

/// x86_64/flat under merged: 100183.52875 µs from the crash to the goal, as JSON has it.
#[test]
fn times_have_three_decimals_unless_all_are_asked_for() {
    let run = ["run", "nmi-stall", "--arch", "x86_64/flat", "--variant", "merged"];
    assert_eq!(json(&[&run[..], &["--json"]].concat())["from_crash_us"].to_string(), "100183.52875");
    assert!(words(&text(&run, &[])).contains("100183.529 µs after the crash"));
    assert!(words(&text(&[&run[..], &["--exact"]].concat(), &[])).contains("100183.52875 µs after the crash"));
    for arguments in [&[][..], &["explain", "kdump"], &["matrix", "kdump"], &["demo"], &["list"]] {
        let text = text(arguments, &[]);
        for word in text.split_whitespace() {
            let number = word.trim_matches(|c: char| !c.is_ascii_digit());
            let decimals = number.split_once('.').map_or(0, |(whole, places)| {
                if [whole, places].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
                    places.len()
                } else {
                    0
                }
            });
            assert!(decimals <= 3, "{arguments:?}: {word}");
            assert!(word != "us" && word != "us:", "{arguments:?} spells µs in another way:\n{text}");
        }
    }
}

#[test]
fn one_is_not_many() {
    let text = text(&["run", "nmi-stall", "--variant", "merged"], &[]);
    assert!(text.contains("1 wait timed out, 2 CPUs stopped") && text.contains("1 read, 0 delays"), "{text}");
    let alone = self::text(&["run", "stuck-icr", "--arch", "modern/noop", "--cpus", "1"], &[]);
    assert!(!alone.contains("1 CPUs"), "{alone}");
}

#[test]
fn json_before_a_command_is_refused() {
    let output = apicsim(&["--json", "run", "nmi-stall"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("behind the command"));
}
