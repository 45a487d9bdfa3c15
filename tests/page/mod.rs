//! `run --html`: the page's data say what the run was, the file is one that needs nothing else, and its scripts do with the
//! data what they should.

pub(crate) mod document;
mod file;
mod scripts;

use crate::support::{json, load};
use apicsim::scenario::builtin_names;
use apicsim::{Settings, execute};
use document::{Page, cell, cells_after, column, digest, growing, page};
use serde_json::Value;

const ARCHES: [&str; 6] =
    ["i386/default", "i386/numaq", "x86_64/flat", "modern/xapic-physflat", "modern/x2apic-cluster", "other/xv6"];

/// Pages of every built-in story on several sub-architectures: those that are refused are not of them.
fn pages(of: impl Fn(&str, &str, &Page)) {
    let mut seen = 0;
    for name in builtin_names() {
        for arch in ARCHES {
            if let Some(page) = page(&[name, "--arch", arch]) {
                of(name, arch, &page);
                seen += 1;
            }
        }
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn the_digest_of_a_pages_events_is_that_of_its_run_and_keyframes_are_where_its_changes_lead() {
    pages(|name, arch, page| {
        let document = page.run(0);
        assert_eq!(document["schema"]["name"], "apicsim.page");
        assert_eq!(document["header"]["digest"], digest(&document), "{name} on {arch}");
        let keyframes = document["keyframes"].as_array().unwrap();
        assert!(keyframes.len() >= 2, "{name} on {arch}");
        for keyframe in keyframes {
            let taken = keyframe["taken"].as_u64().unwrap() as usize;
            assert_eq!(cells_after(&document, taken), column(&keyframe["values"]), "{name} on {arch} after {taken}");
        }
        events_are_in_order(&document, &format!("{name} on {arch}"));
    });
}

/// By instant, each with an earlier cause; every column has a row an event, and every place in another part exists.
fn events_are_in_order(document: &Value, of: &str) {
    let events = &document["events"];
    let times = growing(&events["time"]);
    assert!(times.is_sorted(), "{of}");
    for (name, column) in events.as_object().unwrap() {
        assert_eq!(column.as_array().unwrap().len(), times.len(), "{of}: {name}");
    }
    for (event, cause) in column(&events["cause"]).into_iter().enumerate() {
        assert!(cause < event as i64, "{of}: event {event} has the cause {cause}");
    }
    let below = |name: &str, limit: usize| {
        assert!(column(&events[name]).iter().all(|place| *place < limit as i64), "{of}: {name}");
    };
    below("text", document["texts"].as_array().unwrap().len());
    below("site", document["sites"].as_array().unwrap().len());
    for site in document["sites"].as_array().unwrap() {
        let source = &document["texts"][site["source"].as_u64().unwrap() as usize];
        let (first, lines) = (source["first"].as_u64().unwrap(), source["lines"].as_array().unwrap().len() as u64);
        let line = site["line"].as_u64().unwrap();
        assert!(lines > 0 && (first..first + lines).contains(&line), "{of}: {site}");
    }
}

/// Runs of a keyframe or more: a load that goes on, and many CPUs.
#[test]
fn long_runs_have_keyframes_on_the_way() {
    let page = page(&["normal-dispatch", "--cpus", "8", "--set", "event.0.repeat=40"]).or_else(|| page(&["kdump"]));
    let document = page.unwrap().run(0);
    assert_eq!(document["header"]["digest"], digest(&document));
    assert!(document["keyframes"].as_array().unwrap().len() > 2, "{}", document["keyframes"]);
}

/// The engine's own CPUs, which no fold has touched.
#[test]
fn the_last_cells_are_what_the_machine_has_come_to() {
    for (name, arch) in [
        ("nmi-stall", "i386/default"),
        ("back-pressure", "i386/default"),
        ("kdump", "x86_64/flat"),
        ("irq-work", "modern/xapic-flat"),
        ("lost-call", "modern/x2apic-phys"),
    ] {
        let variant = if arch.starts_with("modern") { "modern" } else { "before" };
        let document = page(&[name, "--arch", arch, "--variant", variant]).unwrap().run(0);
        let outcome = execute(&load(name, arch, variant, &[]), &Settings::seeded(0)).unwrap();
        let values = cells_after(&document, usize::MAX);
        for cpu in &outcome.cpus {
            let number = i64::from(cpu.cpu);
            let value = |name: &str| values[cell(&document, number, name)];
            let vectors = |block: &str| -> Vec<u8> {
                let register = |index: usize| value(&format!("{block}{index}"));
                (0..=255).filter(|vector: &u8| register(usize::from(*vector) / 32) >> (vector % 32) & 1 == 1).collect()
            };
            let mut requested: Vec<u8> = cpu.requested.iter().map(|(vector, _)| *vector).collect();
            requested.sort_unstable();
            let mut in_service = cpu.in_service.clone();
            in_service.sort_unstable();
            let of = format!("{name} on {arch}, CPU{number}");
            if value("TPR") >= 0 {
                assert_eq!((vectors("IRR"), vectors("ISR")), (requested, in_service), "{of}");
                assert_eq!(value("TPR"), i64::from(cpu.task_priority), "{of}");
            }
            assert_eq!(value("interrupt flag") == 1, cpu.interrupts_off_since.is_none(), "{of}");
            assert_eq!(value("NMI latch") >= 0, cpu.nmi.1, "{of}");
        }
    }
}

#[test]
fn messages_are_those_that_the_command_of_that_name_tells() {
    for name in ["nmi-stall", "back-pressure", "smp-boot", "lost-ipi"] {
        let document = page(&[name]).unwrap().run(0);
        let told = json(&["messages", name, "--json"]);
        let fates = |messages: &Value, fate: fn(&Value) -> (&Value, &Value)| -> Vec<String> {
            let all = messages.as_array().unwrap().iter();
            all.flat_map(|message| message["fates"].as_array().unwrap()).map(|one| format!("{:?}", fate(one))).collect()
        };
        let of_page = fates(&document["messages"], |fate| (&fate["cpu"], &fate["fate"]));
        assert!(!of_page.is_empty());
        assert_eq!(of_page, fates(&told["messages"], |fate| (&fate["cpu"], &fate["fate"])), "{name}");
    }
}

/// The file does not depend on how the run was executed.
#[test]
fn every_execution_writes_the_same_page() {
    let plain = page(&["nmi-stall"]).unwrap();
    for others in [&["--executor", "reference"][..], &["--threads", "3"], &["--window", "33337"], &["--elision", "off"]]
    {
        let other = page(&[&["nmi-stall"], others].concat()).unwrap();
        assert!(plain.html == other.html, "{others:?}");
    }
}

/// The last row is the verdict, and the chain of the CPU that hangs is that of the report, each sentence with its moment.
#[test]
fn the_chain_of_a_hang_stands_at_its_end() {
    let document = page(&["nmi-stall"]).unwrap().run(0);
    let report = json(&["run", "nmi-stall", "--json"]);
    let values = cells_after(&document, usize::MAX);
    let chain = &document["texts"][usize::try_from(values[cell(&document, 0, "why")]).unwrap()];
    let sentences: Vec<&Value> = chain.as_array().unwrap().iter().map(|link| &link[0]).collect();
    assert_eq!(sentences, report["hang"]["why"].as_array().unwrap().iter().collect::<Vec<_>>());
    let times = growing(&document["events"]["time"]);
    let moment = |sentence: usize| chain[sentence][1].as_i64().map(|event| times[usize::try_from(event).unwrap_or(0)]);
    // "CPU0's ICR is busy since 40.21 us"; "CPU2 has interrupts off since 5.05 us"
    assert_eq!((moment(1), moment(4)), (Some(40_210_000), Some(5_050_000)), "{chain}");
}

/// From an event back along its causes, to what software did: the texts.
fn causes(document: &Value, what: &str) -> Vec<String> {
    let events = &document["events"];
    let (texts, causes) = (column(&events["text"]), column(&events["cause"]));
    let links = column(&events["link"]);
    let text = |event: usize| document["texts"][usize::try_from(texts[event]).unwrap()].as_str().unwrap().to_owned();
    let mut at = (0..texts.len()).find(|&event| text(event) == what).unwrap_or_else(|| panic!("nothing {what}"));
    let mut chain = vec![text(at)];
    while causes[at] >= 0 && links[at] != 1 {
        at = usize::try_from(causes[at]).unwrap();
        chain.push(text(at));
    }
    chain
}

/// ARCHITECTURE.md tells the way of an interrupt; here it is backwards.
#[test]
fn a_handler_leads_back_to_the_write_that_asked_for_it() {
    let document = page(&["nmi-stall"]).unwrap().run(0);
    assert_eq!(
        causes(&document, "enters the handler of FB"),
        [
            "enters the handler of FB",
            "FIXED FB from CPU3 delivered to CPU0",
            "FIXED FB from CPU3 to logical 07: Accepted",
            "asks the bus to send FIXED FB to logical 07",
            "write ICR = 000008FB",
        ]
    );
    let dispatched = causes(&document, "FIXED FD from CPU1 dispatched");
    assert_eq!(dispatched[1], "FIXED FD from CPU1 delivered to CPU2");
    assert_eq!(dispatched.last().unwrap(), "write ICR = 000008FD");
}

#[test]
fn two_runs_differ_first_where_the_bound_ends_the_wait() {
    let page = page(&["nmi-stall", "--compare", "variant=merged"]).unwrap();
    let (before, merged) = (page.run(0), page.run(1));
    assert_eq!((&before["header"]["verdict"], &merged["header"]["verdict"]), (&"hung".into(), &"completed".into()));
    let difference: Vec<usize> = serde_json::from_str(page.element("difference")).unwrap();
    let times = [growing(&before["events"]["time"]), growing(&merged["events"]["time"])];
    let keys = |run: usize, document: &Value| -> Vec<(i64, String)> {
        let texts = column(&document["events"]["text"]);
        let text = |place: i64| document["texts"][usize::try_from(place).unwrap()].to_string();
        texts[..difference[run]].iter().zip(&times[run]).map(|(place, time)| (*time, text(*place))).collect()
    };
    assert_eq!(keys(0, &before), keys(1, &merged));
    assert!(difference[0] > 50, "{difference:?}");
    // CPU0 crashes at 62 us in both; from there on one delays between its reads of the ICR, and the other does not
    assert!(times[1][difference[1]] > 60_000_000, "{}", times[1][difference[1]]);
    let same = document::page(&["nmi-stall", "--compare", "seed=0"]).unwrap();
    assert_eq!(same.element("difference"), "null");
}
