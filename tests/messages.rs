//! `apicsim messages`: where each message of a run went, with the real binary.

use crate::many_waits::many;
use crate::support::{apicsim, json};
use serde_json::Value;
use std::collections::BTreeMap;

fn text(arguments: &[&str]) -> String {
    String::from_utf8(apicsim(arguments).stdout).unwrap()
}

/// Fates of all messages, counted by a reader of the document.
fn counted(document: &Value) -> BTreeMap<String, u64> {
    let mut counted = BTreeMap::new();
    for message in document["messages"].as_array().unwrap() {
        for fate in message["fates"].as_array().unwrap() {
            *counted.entry(fate["fate"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    counted
}

#[test]
fn the_document_has_what_the_contract_says() {
    let document = json(&["messages", "nmi-stall", "--json"]);
    assert_eq!(document.as_object().unwrap().keys().next().unwrap(), "schema");
    assert_eq!(document["schema"]["name"], "apicsim.messages");
    let messages = document["messages"].as_array().unwrap();
    for message in messages {
        let keys: Vec<&str> = message.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["number", "from", "sent_us", "at", "what", "to", "fates"]);
        for fate in message["fates"].as_array().unwrap() {
            let keys: Vec<&str> = fate.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, ["cpu", "fate", "at_us", "because"]);
        }
    }
    let totals: BTreeMap<String, u64> = serde_json::from_value(document["totals"].clone()).unwrap();
    assert_eq!(counted(&document), totals);
    assert_eq!(document["messages_total"], messages.len() as u64);
}

/// The serial bus samples its targets 19 cycles of 60 ns after the first clock edge behind the write, and a Retry comes again
/// every 21 (hardware.md §3.2, §3.4): the first attempt of CPU 0's message ends 19 cycles after 40.26 µs.
#[test]
fn a_message_is_retried_since_its_first_attempt() {
    let document = json(&["messages", "nmi-stall", "--fate", "retried", "--json"]);
    let fates = document["messages"][0]["fates"].as_array().unwrap();
    assert_eq!((document["messages_total"].as_u64(), fates.len()), (Some(1), 1));
    let since = fates[0]["at_us"].as_f64().unwrap();
    let written = document["messages"][0]["sent_us"].as_f64().unwrap();
    assert!(since > written && since < written + 2.0 * 21.0 * 0.06, "{written} {since}");
}

#[test]
fn what_does_not_exist_is_refused() {
    for (arguments, said) in [
        (&["--to", "9"][..], "there is no CPU 9"),
        (&["--from", "4"], "there is no CPU 4"),
        (&["--vector", "0x1FF"], "a number from 0 to 0xff"),
        (&["--vector", "FD"], "decimal or 0x hex"),
        (&["--fate", "gone"], "unknown fate `gone`"),
        (&["--fate", "takn"], "did you mean `taken`?"),
    ] {
        let output = apicsim(&[&["messages", "nmi-stall"], arguments].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.split_whitespace().collect::<Vec<_>>().join(" ").contains(said), "{arguments:?}: {error}");
    }
}

/// Three reschedule interrupts a round, to three CPUs: counted all, of ten thousand each is told, text shows forty.
#[test]
fn a_long_run_is_told_in_part() {
    let path = many(5_100);
    let name = path.to_str().unwrap();
    let document = json(&["messages", name, "--json"]);
    assert_eq!((&document["messages_total"], &document["messages_left_out"]), (&15_300.into(), &5_300.into()));
    let totals: BTreeMap<String, u64> = serde_json::from_value(document["totals"].clone()).unwrap();
    assert_eq!(totals.values().sum::<u64>(), 15_300, "{totals:?}");
    let sent: Vec<f64> =
        document["messages"].as_array().unwrap().iter().map(|message| message["sent_us"].as_f64().unwrap()).collect();
    assert!(sent.len() == 10_000 && sent.is_sorted());
    let text = text(&["messages", name]);
    assert!(text.contains("and 15260 more") && text.contains("15300 messages, 15300 fates"), "{text}");
    assert!(text.lines().count() < 200);
    std::fs::remove_file(path).unwrap();
}
