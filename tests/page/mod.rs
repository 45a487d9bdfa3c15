//! `run --html`: the page's data say what the run was, the file is one that needs nothing else, and its scripts do with the
//! data what they should.

pub(crate) mod document;
mod file;
mod scripts;

use crate::support::{json, load};
use apicsim::scenario::builtin_names;
use apicsim::{Settings, execute};
use document::{Document, Page, cell, cells_after, digest, page};
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
        keyframes_are_where_changes_lead(&document, &format!("{name} on {arch}"));
        events_are_in_order(&document, &format!("{name} on {arch}"));
    });
}

/// Before each block of events there is one, and one after the last.
fn keyframes_are_where_changes_lead(document: &Document, of: &str) {
    let (_, rows, block) = document.levels().find(|(name, ..)| *name == "events").unwrap();
    let frames = document.chunks("keyframes", "by").len();
    assert_eq!(frames, rows.div_ceil(block) + 1, "{of}");
    let mut values = document.keyframe(0);
    let mut changes = document.changes().into_iter().peekable();
    for frame in 0..frames {
        while let Some((_, cell, value)) = changes.next_if(|(event, ..)| *event < frame * block) {
            values[cell] = value;
        }
        assert_eq!(values, document.keyframe(frame), "{of}: keyframe {frame}");
    }
    assert_eq!(changes.next(), None, "{of}");
}

/// By instant, each with an earlier cause; every column has a row an event, and every place in another part exists.
fn events_are_in_order(document: &Document, of: &str) {
    let times = document.column("time", "time");
    assert!(times.is_sorted(), "{of}");
    for name in document.columns("events") {
        assert_eq!(document.column("events", name).len(), times.len(), "{of}: {name}");
    }
    for (name, rows, block) in document.levels() {
        assert!(block > 0, "{of}: {name}");
        if !["texts", "changes", "keyframes"].contains(&name) {
            let column = document.columns(name)[0];
            let shortest = document.columns(name).iter().map(|column| document.column(name, column).len()).min();
            assert!(shortest <= Some(rows), "{of}: {name} {column}");
        }
    }
    for (event, cause) in document.causes().into_iter().enumerate() {
        assert!(cause < event as i64 && cause >= -1, "{of}: event {event} has the cause {cause}");
    }
    let below = |name: &str, limit: usize| {
        assert!(document.column("events", name).iter().all(|place| *place < limit as i64), "{of}: {name}");
    };
    below("text", document.texts.len());
    below("site", document["sites"].as_array().unwrap().len());
    for site in document["sites"].as_array().unwrap() {
        let source = document.text(site["source"].as_i64().unwrap());
        let (first, lines) = (source["first"].as_u64().unwrap(), source["lines"].as_array().unwrap().len() as u64);
        let line = site["line"].as_u64().unwrap();
        assert!(lines > 0 && (first..first + lines).contains(&line), "{of}: {site}");
    }
}

/// CPUs that send to each other for some time: thousands of events, and more messages than a report tells.
pub(crate) const LONG: &str = r#"
format = 1
name = "long"
story = "Two CPUs send to the others, all the time."
goal = "all-programs-end"
limit_us = 100_000_000
[machine]
cpus = 4
[[event]]
at_us = 10
cpu = 0
role = "send-sequence"
vector = "reschedule"
targets = [1, 2, 3]
repeat = REPEAT
[[event]]
at_us = 10
cpu = 2
role = "send-sequence"
vector = "reschedule"
targets = [1, 3]
repeat = REPEAT
"#;

/// What has many chunks is as whole as what has one, and small; no message is left out.
#[test]
fn a_long_run_is_whole_and_small() {
    let file = document::temporary("many", "toml");
    std::fs::write(&file, LONG.replace("REPEAT", "2500")).unwrap();
    let page = page(&[&file.to_string_lossy()]).unwrap();
    let _ = std::fs::remove_file(&file);
    let document = page.run(0);
    assert_eq!(document["header"]["digest"], digest(&document));
    keyframes_are_where_changes_lead(&document, "long");
    events_are_in_order(&document, "long");
    let events = document.column("time", "time").len();
    assert!(events > 150_000, "{events}");
    // 105 bytes an event in apicsim.page/1
    assert!(page.html.len() < 10 * events, "{} bytes of {events} events", page.html.len());
    assert_eq!(document.column("messages", "number").len(), 2500 * 5);
    // On the coarsest level there is little to look at, whatever the length of the run.
    for (level, most) in [("spans.", 256 * 13), ("arrows.", 64 * 16)] {
        let coarsest = document.levels().filter(|(name, ..)| name.starts_with(level)).map(|(_, rows, _)| rows).min();
        assert!(coarsest.unwrap() <= most, "{level}: {coarsest:?}");
    }
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
        let told = told["messages"].as_array().unwrap().iter().flat_map(|message| message["fates"].as_array().unwrap());
        let told: Vec<String> = told.map(|one| format!("{} {}", one["cpu"], one["fate"])).collect();
        let (cpus, fates) = (document.column("messages", "cpu"), document.column("messages", "fate"));
        let of_page: Vec<String> = cpus
            .into_iter()
            .zip(fates)
            .map(|(cpu, fate)| {
                let cpu = if cpu < 0 { Value::Null } else { cpu.into() };
                format!("{cpu} {}", document["header"]["fates"][fate as usize][0])
            })
            .collect();
        assert!(!of_page.is_empty());
        assert_eq!(of_page, told, "{name}");
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
    let chain = document.text(values[cell(&document, 0, "why")]);
    let sentences: Vec<&Value> = chain.as_array().unwrap().iter().map(|link| &link[0]).collect();
    assert_eq!(sentences, report["hang"]["why"].as_array().unwrap().iter().collect::<Vec<_>>());
    let times = document.column("time", "time");
    let moment = |sentence: usize| chain[sentence][1].as_i64().map(|event| times[usize::try_from(event).unwrap_or(0)]);
    // "CPU0's ICR is busy since 40.21 us"; "CPU2 has interrupts off since 5.05 us"
    assert_eq!((moment(1), moment(4)), (Some(40_210_000), Some(5_050_000)), "{chain}");
}

/// From an event back along its causes, to what software did: the texts.
fn causes(document: &Document, what: &str) -> Vec<String> {
    let (texts, causes) = (document.column("events", "text"), document.causes());
    let links = document.column("events", "link");
    let text = |event: usize| document.text(texts[event]).as_str().unwrap().to_owned();
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

/// What `explain` says of it, without the CPU that waits: docs/tutorial.md shows its end.
#[test]
fn the_delivery_status_says_what_its_message_waits_for() {
    let document = page(&["nmi-stall"]).unwrap().run(0);
    let registers = document["registers"].as_array().unwrap();
    let fields = registers.iter().flat_map(|register| register["fields"].as_array().unwrap());
    let told: Vec<&Value> = fields.filter(|field| !field["why"].is_null()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["low"], &told[0]["high"], &told[0]["why"]), (&12.into(), &12.into(), &"why busy".into()));
    let own = cell(&document, 0, "why busy");
    let values = cells_after(&document, usize::MAX);
    let chain: Vec<String> = document
        .text(values[own])
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link[0].as_str().unwrap().to_owned())
        .collect();
    let begins = [
        "CPU0's ICR is busy since 40.21 us: FIXED FC to logical 04, sent by __send_IPI_dest_field",
        "the bus carries it again and again: Retry every 1.26 us",
        "CPU2's class F is full: FB in IRR from CPU3 at 21.54 us, FD in IRR from CPU1 at 11.64 us",
        "CPU2 has interrupts off since 5.05 us",
        "CPU2 is in its NMI handler since 30.002 us",
        "CPU2 spins since 5030.89 us at die_nmi",
    ];
    assert_eq!(chain.len(), begins.len(), "{chain:?}");
    for (sentence, begin) in chain.iter().zip(begins) {
        assert!(sentence.starts_with(begin), "{sentence}");
    }
    let other = cell(&document, 1, "why busy");
    assert_eq!(values[other], -1, "CPU1's message is dispatched");
}

#[test]
fn a_page_says_what_its_lanes_show_and_when_a_lock_was_taken() {
    let document = page(&["nmi-stall"]).unwrap().run(0);
    let looks = serde_json::json!(["code", "halted", "interrupt", "interrupts-off", "message", "nmi", "waits"]);
    assert_eq!(document["header"]["looks"], looks);
    // CPU2's run-queue lock: its exchange leaves at 5.05 us, and is answered 0.1 us later.
    let (times, back) = (document.column("time", "time"), document.column("events", "back"));
    let answered = times.into_iter().zip(back).find(|(_, back)| *back > 0).unwrap();
    assert_eq!(answered, (5_150_000, 100_000));
}

#[test]
fn two_runs_differ_first_where_the_bound_ends_the_wait() {
    let page = page(&["nmi-stall", "--compare", "variant=merged"]).unwrap();
    let (before, merged) = (page.run(0), page.run(1));
    assert_eq!((&before["header"]["verdict"], &merged["header"]["verdict"]), (&"hung".into(), &"completed".into()));
    let difference: Vec<usize> = serde_json::from_str(page.element("difference")).unwrap();
    let times = [before.column("time", "time"), merged.column("time", "time")];
    let keys = |run: usize, document: &Document| -> Vec<(i64, String)> {
        let texts = document.column("events", "text");
        let text = |place: i64| document.text(place).to_string();
        texts[..difference[run]].iter().zip(&times[run]).map(|(place, time)| (*time, text(*place))).collect()
    };
    assert_eq!(keys(0, &before), keys(1, &merged));
    assert!(difference[0] > 50, "{difference:?}");
    // CPU0 crashes at 62 us in both; from there on one delays between its reads of the ICR, and the other does not
    assert!(times[1][difference[1]] > 60_000_000, "{}", times[1][difference[1]]);
    let same = document::page(&["nmi-stall", "--compare", "seed=0"]).unwrap();
    assert_eq!(same.element("difference"), "null");
}
