//! A wait of one's own that is described wrongly: one clear error, with its line and column.

use super::{STORY, file};
use crate::support::{apicsim, words};

/// The message of a refused command, which has what it shall say.
fn refused(arguments: &[&str], says: &[&str]) -> String {
    let output = apicsim(arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty() && message.matches("error:").count() == 1, "{arguments:?}: {message}");
    for part in says {
        assert!(words(&message).contains(part), "{arguments:?}: `{part}` is missing in:\n{message}");
    }
    message
}

#[test]
fn each_says_what_and_where() {
    let cases: &[(&str, usize, usize, &[&str])] = &[
        (
            "name = \"mine\"\nrounds = 20\nshape = \"read-frist\"",
            4,
            9,
            &["unknown wait shape", "did you mean `read-first`?"],
        ),
        ("name = \"mine\"\nrounds = 0", 3, 10, &["`wait.rounds` is out of range", "rounds = \"unbounded\""]),
        ("name = \"mine\"\nrounds = 1000001", 3, 10, &["from 1 to 1000000"]),
        ("name = \"mine\"\nrounds = \"many\"", 3, 10, &["a number of rounds, or \"unbounded\""]),
        ("name = \"mine\"", 1, 1, &["missing key `wait.rounds`", "rounds = 20"]),
        ("rounds = 20", 1, 1, &["needs a name", "name = \"mine\""]),
        (
            "name = \"mine\"\nrounds = 20\nat = [\"dest-field\", \"dest-feild-nmi\"]",
            4,
            21,
            &["unknown place of a wait", "`dest-field-nmi`"],
        ),
        ("name = \"mine\"\nrounds = 20\nat = []", 4, 6, &["stands nowhere", "without `at`, everywhere"]),
        ("name = \"merged\"\nrounds = 20", 2, 8, &["`merged` is a variant already", "taken: before"]),
        ("name = \"own\"\nrounds = 20", 2, 8, &["`own` is a variant already"]),
        ("name = \"all\"\nrounds = 20", 2, 8, &["`all` is a variant already"]),
        ("name = \"a wait\"\nrounds = 20", 2, 8, &["is not a name"]),
        ("name = \"\"\nrounds = 20", 2, 8, &["is not a name"]),
        ("name = \"mine\"\nrounds = 20\nthen = \"giveup\"", 4, 8, &["did you mean `give-up`?"]),
        ("name = \"mine\"\nrounds = 20\nagain = 2", 4, 9, &["`send-again`"]),
        ("name = \"mine\"\nrounds = 20\nthen = \"send-again\"\nagain = 0", 5, 9, &["from 1 to 1000"]),
        (
            "name = \"mine\"\nrounds = \"unbounded\"\nthen = \"panic\"",
            4,
            8,
            &["nothing follows a wait without a bound"],
        ),
        ("name = \"mine\"\nrounds = \"unbounded\"\nbackoff = 2", 4, 11, &["would grow for ever", "give it rounds"]),
        ("name = \"mine\"\nrounds = 64\nbackoff = 2", 4, 11, &["longer than an hour"]),
        ("name = \"mine\"\nrounds = 1000000\nbackoff = 1000", 4, 11, &["longer than an hour"]),
        ("name = \"mine\"\nrounds = 1000000\ndelay_us = 10000000", 3, 10, &["longer than an hour"]),
        ("name = \"mine\"\nrounds = 2\ndelay_us = 0\nbackoff = 2", 5, 11, &["a PAUSE cannot become longer"]),
        ("name = \"mine\"\nrounds = 2\ndelay_us = 0.5", 4, 12, &["an integer from 0"]),
        ("name = \"mine\"\nrounds = 2\ndelay_us = 99999999999999999999", 4, 12, &["an integer from 0"]),
        ("name = \"mine\"\nrounds = 2\nbackoff = 0", 4, 11, &["from 1 to 1000"]),
        ("name = \"mine\"\nrounds = 2\nbase = \"mps-retry\"", 4, 8, &["unknown variant to build on", "merged"]),
        ("name = \"mine\"\nround = 2", 3, 1, &["unknown key `round` in [wait]", "`wait.rounds`"]),
    ];
    let first = STORY.lines().count() + 1;
    for (number, (wait, line, column, says)) in cases.iter().enumerate() {
        let path = file(&format!("bad-{number}"), &format!("[wait]\n{wait}\n"));
        let message = refused(&["run", &path], says);
        let place = format!("{path}:{}:{column}", first + line - 1);
        assert!(message.contains(&place), "{wait}: {place} is not where it points\n{message}");
    }
}

#[test]
fn a_setting_of_a_wait_that_is_not_there() {
    let message = refused(&["run", "nmi-stall", "--set", "wait.rounds=20"], &["needs a name", "wait.name=mine"]);
    assert!(message.contains("command line:1:7"), "{message}");
    let plain = file("no-wait", "");
    refused(&["run", &plain, "--set", "wait.delay_us=20"], &["needs a name"]);
    refused(&["run", &plain, "--set", "wait=3"], &["`wait` must be a table"]);
    refused(&["run", &plain, "--set", "rounds=20"], &["did you mean `wait.rounds`?"]);
}

#[test]
fn a_variant_that_is_nobodys() {
    let path = file("whose", "[wait]\nname = \"mine\"\nrounds = 20\n");
    refused(&["run", &path, "--variant", "mime"], &["unknown variant `mime`", "did you mean `mine`?"]);
    refused(&["matrix", &path, "--variant", "mime"], &["unknown variant `mime`", "did you mean `mine`?"]);
    refused(&["run", "nmi-stall", "--variant", "mine"], &["unknown variant `mine`"]);
    refused(&["accesses", "--call", "send_IPI_mask", "--variant", "mine"], &["unknown variant `mine`"]);
    refused(&["accesses", "--call", "send_IPI_mask", "--scenario", "nmi-stall"], &["has no wait of its own"]);
    let other = ["accesses", "--call", "send_IPI_mask", "--scenario", &path, "--arch", "other/xv6"];
    refused(&other, &["other/xv6 is not Linux"]);
    refused(&["run", &path, "--arch", "other/xv6", "--variant", "mine"], &["other/xv6 is not Linux"]);
    // Without a name the other kernel has its own wait, and the file's stands aside.
    assert!(matches!(apicsim(&["run", &path, "--arch", "other/xv6"]).status.code(), Some(0 | 1)));
}

/// A token of a wait in Rust says so to a program that has none.
#[test]
fn a_token_of_code_that_is_not_here() {
    let token = "apicsim3:0.1.0:2:nmi-stall:729daacfffcea6da:i386/default:mine=1.2.3:2.6.20:serial:p6:4:0:10000000:";
    refused(&["replay", token], &["`mine`, version 1.2.3", "the program that printed it"]);
    let none = token.replace("=1.2.3", "=");
    refused(&["replay", &none], &["`mine`"]);
}
