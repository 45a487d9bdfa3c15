//! Bad input: one clear error with what, where, and what would be right; exit status 2; never a panic.

use crate::support::{apicsim, words};

struct Refused {
    status: Option<i32>,
    message: String,
}

fn refused(arguments: &[&str]) -> Refused {
    let output = apicsim(arguments);
    assert!(output.stdout.is_empty(), "{arguments:?}: nothing on standard output");
    Refused { status: output.status.code(), message: String::from_utf8(output.stderr).unwrap() }
}

fn assert_refused(arguments: &[&str], says: &[&str]) {
    let Refused { status, message } = refused(arguments);
    assert_eq!(status, Some(2), "{arguments:?}: {message}");
    for part in says {
        let said = message.contains(part) || words(&message).contains(&words(part)); // wherever its lines are broken
        assert!(said, "{arguments:?}: `{part}` is missing in:\n{message}");
    }
    assert!(!message.contains("panicked"), "{arguments:?}: {message}");
}

/// A file of a scenario, broken in one way.
fn file(name: &str, text: &str) -> String {
    let path = std::env::temp_dir().join(format!("apicsim-bad-{}-{name}.toml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

const GOOD: &str = "format = 1\nname = \"x\"\nstory = \"y\"\ngoal = \"all-programs-end\"\n[machine]\ncpus = 4\n\
                    [[event]]\nat_us = 5\ncpu = 0\nrole = \"rcu-kick\"\ntargets = [1]\n";

#[test]
fn names_have_a_nearest_one() {
    assert_refused(&["run", "nmi-stal"], &["nmi-stall"]);
    assert_refused(&["run", "nmi-stall", "--arch", "i386/numa"], &["i386/numaq"]);
    assert_refused(&["run", "nmi-stall", "--variant", "merge"], &["merged"]);
    assert_refused(&["run", "nmi-stall", "--bus", "seriel"], &["serial"]);
    assert_refused(&["run", "nmi-stall", "--set", "knobs.slot=per-vector"], &["slots"]);
    assert_refused(&["run", "nmi-stall", "--set", "knobs.slots=per-klass"], &["per-class"]);
    assert_refused(&["list", "scenario"], &["scenarios"]);
    assert_refused(&["demo", "hang-of-207"], &["hang-of-2007"]);
}

#[test]
fn an_option_of_another_command_is_not_ignored() {
    assert_refused(&["explain", "nmi-stall", "--trace", "x.txt"], &["`--trace` and `--host` are for `apicsim run`"]);
    assert_refused(&["explain", "nmi-stall", "--host"], &["`--trace` and `--host` are for `apicsim run`"]);
    assert_refused(&["explain", "nmi-stall", "--waits", "all"], &["`--waits` is for `apicsim run`"]);
}

#[test]
fn what_comes_later_says_so() {
    assert_refused(&["run", "nmi-stall", "--arch", "modern/xapic-flt"], &["did you mean `modern/xapic-flat`?"]);
    assert_refused(&["run", "nmi-stall", "--trace", "x.fst"], &["later"]);
    assert_refused(&["explore", "x"], &["later"]);
}

#[test]
fn impossible_machines_are_refused() {
    assert_refused(&["run", "nmi-stall", "--cpus", "0"], &["--cpus"]);
    assert_refused(&["run", "nmi-stall", "--cpus", "9"], &["8"]);
    assert_refused(&["run", "nmi-stall", "--arch", "i386/bigsmp", "--cpus", "15"], &["14"]);
    assert_refused(&["run", "nmi-stall", "--generation", "xapic", "--bus", "serial"], &["serial"]);
    assert_refused(&["run", "nmi-stall", "--cpus", "2"], &["cpu"]);
    assert_refused(&["accesses", "--call", "send_IPI_mask", "--from", "4"], &["--from"]);
    assert_refused(
        &["run", "nmi-stall", "--arch", "modern/x2apic-phys", "--generation", "p6"],
        &["needs APICs in x2APIC mode"],
    );
    assert_refused(&["run", "nmi-stall", "--arch", "modern/x2apic-cluster", "--bus", "serial"], &["serial"]);
    assert_refused(&["run", "nmi-stall", "--arch", "modern/xapic-flat", "--cpus", "9"], &["8"]);
    assert_refused(
        &["run", "nmi-stall", "--arch", "i386/numaq", "--bus", "serial", "--cpus", "6"],
        &["at most 4", "one quad a bus"],
    );
}

#[test]
fn code_of_linux_is_refused_on_other_kernels() {
    assert_refused(
        &["run", "nmi-stall", "--arch", "other/xv6"],
        &["role `corrupt-run-queue` is code of Linux", "nmi-stall.toml", "send-fixed, send-sequence"],
    );
    assert_refused(&["run", "stuck-icr", "--arch", "other/redox", "--variant", "rfc"], &["not Linux", "`own`"]);
    assert_refused(
        &["run", "stuck-icr", "--variant", "own"],
        &["`own` is the variant of kernels", "before, solution-a"],
    );
    assert_refused(&["run", "stuck-icr", "--arch", "other/xv6", "--cpus", "9"], &["at most 8 CPUs", "takes no more"]);
    assert_refused(
        &["accesses", "--arch", "other/xv6", "--call", "sync_Arb_IDs"],
        &["function of Linux", "send_IPI_mask"],
    );
}

#[test]
fn files_are_checked_with_line_and_column() {
    let good = file("good", GOOD);
    assert_eq!(apicsim(&["run", &good]).status.code(), Some(0));
    let cases: [(&str, String, &[&str]); 8] = [
        ("syntax", GOOD.replace("goal = ", "goal "), &["syntax.toml:4"]),
        ("key", GOOD.replace("[machine]", "limit_u = 3\n[machine]"), &["limit_u", "limit_us", "key.toml:5"]),
        ("role", GOOD.replace("rcu-kick", "rcu-kik"), &["rcu-kick", "role.toml:10"]),
        ("self", GOOD.replace("targets = [1]", "targets = [0]"), &["self.toml:11"]),
        ("cpu", GOOD.replace("cpu = 0", "cpu = 7"), &["cpu.toml:9"]),
        ("overflow", GOOD.replace("at_us = 5", "at_us = 99999999999999999"), &["overflow.toml:8"]),
        ("format", GOOD.replace("format = 1", "format = 9"), &["format"]),
        ("negative", GOOD.replace("at_us = 5", "at_us = -5"), &["negative.toml:8"]),
    ];
    for (name, text, says) in cases {
        assert_refused(&["run", &file(name, &text)], says);
    }
    assert_refused(&["run", "no-such-file.toml"], &["no-such-file.toml"]);
}

#[test]
fn tokens_are_checked() {
    assert_refused(&["replay", "nonsense"], &["token"]);
    let token = crate::support::report("nmi-stall", "i386/default", "before", &[]).token;
    let other_hash = token.replace("nmi-stall:", "nmi-stall:0");
    assert_refused(&["replay", &other_hash], &[]);
}

/// Digests of another version cannot be compared: a token that was printed with one says so.
#[test]
fn tokens_of_another_digest_version_are_refused() {
    let old = "apicsim1:0.1.0:nmi-stall:85a20081cb699faf:i386/default:before:serial:p6:4:0:10000000:";
    assert_refused(&["replay", old], &["this token is of digest version 1; this program has version 2: "]);
    let token = crate::support::report("nmi-stall", "i386/default", "before", &[]).token;
    assert_eq!(apicsim(&["replay", &token]).status.code(), Some(0), "{token}");
    let later = token.replacen(":2:", ":3:", 1);
    assert_refused(&["replay", &later], &["this token is of digest version 3; this program has version 2: "]);
}

#[test]
fn what_the_machine_cannot_model_is_an_error() {
    assert_refused(&["run", "nmi-stall", "--set", "costs.visibility_ns=200"], &["R >= V"]);
}

/// A JSON document is alone on standard output.
#[test]
fn two_outputs_for_one_stream_are_refused() {
    let script = file("stream.apic", "cpus 1\n");
    for command in [&["run", "normal-dispatch"][..], &["script", &script]] {
        assert_refused(&[command, &["--json", "--trace", "-"]].concat(), &["standard output", "--trace run.txt"]);
    }
}
