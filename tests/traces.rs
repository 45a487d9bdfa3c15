//! Traces for programs: what NDJSON says is the run, to its digest, and a dump of waves ends with what the machine has come to.

use crate::page::document::{digest_of, temporary};
use crate::support::{apicsim, load};
use apicsim::{Settings, execute};
use serde_json::Value;
use std::collections::BTreeMap;

/// A trace on standard output, before the report.
fn traced(arguments: &[&str], format: &str) -> String {
    let output = apicsim(&[&["run"], arguments, &["--trace", "-", "--trace-format", format]].concat());
    String::from_utf8(output.stdout).unwrap()
}

fn documents(arguments: &[&str]) -> Vec<Value> {
    let text = traced(arguments, "ndjson");
    text.lines().take_while(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_digest_of_ndjson_is_that_of_the_run() {
    for (name, arch) in [
        ("nmi-stall", "i386/default"),
        ("kdump", "i386/numaq"),
        ("smp-boot", "x86_64/flat"),
        ("lost-call", "modern/x2apic-cluster"),
        ("late-retry", "i386/default"),
        ("jabbering-agent", "i386/default"),
    ] {
        let all = documents(&[name, "--arch", arch]);
        let (head, rest) = all.split_first().unwrap();
        let (last, events) = rest.split_last().unwrap();
        assert_eq!((&head["schema"]["name"], &last["end"]), (&"apicsim.trace".into(), &true.into()), "{name}");
        assert_eq!(last["events"], events.len());
        let words = |event: &Value| -> Vec<u64> {
            let words = event["words"].as_array().unwrap();
            words.iter().map(|word| u64::from_str_radix(word.as_str().unwrap(), 16).unwrap()).collect()
        };
        let streams = events.iter().map(|event| (event["cpu"].as_i64().unwrap_or(-1), words(event)));
        let report = crate::support::json(&["run", name, "--arch", arch, "--json"]);
        assert_eq!(report["digest"], digest_of(head["cpus"].as_i64().unwrap(), streams), "{name} on {arch}");
        let told: Vec<f64> = events.iter().map(|event| event["told_us"].as_f64().unwrap()).collect();
        assert!(told.is_sorted(), "{name}");
    }
}

/// A dump, read: the last value of each wave of each CPU, and all instants.
fn waves(text: &str) -> (BTreeMap<(String, String), String>, Vec<u64>) {
    let (mut names, mut values, mut times) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut scope = String::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["$scope", "module", name, "$end"] => scope = name.to_owned(),
            ["$var", "wire", _, code, name, ..] => _ = names.insert(code.to_owned(), (scope.clone(), name.to_owned())),
            ["$end" | "$dumpvars"] => {}
            [first, ..] if first.starts_with('$') => {}
            [value, code] => _ = values.insert(names[code].clone(), value[1..].to_owned()),
            [time] if time.starts_with('#') => times.push(time[1..].parse().unwrap()),
            [change] => _ = values.insert(names[&change[1..]].clone(), change[..1].to_owned()),
            _ => panic!("{line}"),
        }
    }
    (values, times)
}

/// The engine's own CPUs, which no fold has touched.
#[test]
fn waves_end_with_what_the_machine_has_come_to() {
    for (name, arch, variant) in [
        ("nmi-stall", "i386/default", "before"),
        ("kdump", "x86_64/flat", "before"),
        ("lost-call", "modern/x2apic-phys", "modern"),
    ] {
        let path = temporary(&format!("waves {name}"), "vcd");
        let file = path.to_string_lossy().into_owned();
        apicsim(&["run", name, "--arch", arch, "--variant", variant, "--trace", &file]);
        let text = std::fs::read_to_string(&path).unwrap();
        let _ = std::fs::remove_file(&path);
        let (values, times) = waves(&text);
        assert!(times.len() > 5 && times.windows(2).all(|two| two[0] < two[1]), "{name}: {times:?}");
        let outcome = execute(&load(name, arch, variant, &[]), &Settings::seeded(0)).unwrap();
        for cpu in &outcome.cpus {
            let value = |wave: &str| values[&(format!("cpu{}", cpu.cpu), wave.to_owned())].as_str();
            let highest = |vectors: Option<u8>| vectors.map_or_else(|| "z".to_owned(), |vector| format!("{vector:b}"));
            let of = format!("{name} on {arch}, CPU{}", cpu.cpu);
            assert_eq!(value("interrupt_flag") == "1", cpu.interrupts_off_since.is_none(), "{of}");
            assert_eq!(value("nmi_latched") == "1", cpu.nmi.1, "{of}");
            assert_eq!(value("icr_busy") == "1", cpu.busy_since.is_some(), "{of}");
            assert_eq!(value("irr_highest"), highest(cpu.requested.iter().map(|(vector, _)| *vector).max()), "{of}");
            assert_eq!(value("isr_highest"), highest(cpu.in_service.iter().copied().max()), "{of}");
            assert_eq!(value("handlers"), format!("{:b}", cpu.frames.len() - 1), "{of}");
        }
    }
}

/// What was written before an end from outside is whole lines; the last line is there all the same, as the run has an end.
#[test]
fn formats_are_by_name_or_by_file() {
    let text = traced(&["stuck-icr"], "text");
    assert!(text.starts_with("# time_us"), "{text}");
    assert!(traced(&["stuck-icr"], "vcd").starts_with("$version apicsim $end"));
    let script = apicsim(&["script", "tests/scripts/none.apic", "--trace", "x.vcd"]);
    let error = String::from_utf8(script.stderr).unwrap();
    assert!(script.status.code() == Some(2) && error.contains("FILE.ndjson"), "{error}");
}

/// A field of a message in protocol buffers: its number, and a number or bytes.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, read by the rules of the encoding (protobuf.dev), which the writer does not share.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for place in 0.. {
            let (first, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(first & 0x7F) << (7 * place);
            if first & 0x80 == 0 {
                break;
            }
        }
        value
    }
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 => {
                let (eight, rest) = bytes.split_at(8);
                bytes = rest;
                Field::Number(u64::from_le_bytes(eight.try_into().unwrap()))
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes)).unwrap();
                let (part, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(part)
            }
            other => panic!("wire type {other}"),
        };
        all.push((key >> 3, field));
    }
    all
}

/// Every event is an instant, in its words; what begins on a track ends there, the last thing first; a handler's flow is that
/// of a message that was sent.
#[test]
fn a_trace_for_perfetto_has_every_event_and_nests() {
    for (name, arch) in [
        ("nmi-stall", "i386/default"),
        ("kdump", "i386/numaq"),
        ("smp-boot", "x86_64/flat"),
        ("smm-target", "i386/default"),
    ] {
        let path = temporary(&format!("perfetto {name}"), "pftrace");
        apicsim(&["run", name, "--arch", arch, "--trace", &path.to_string_lossy()]);
        let bytes = std::fs::read(&path).unwrap();
        let _ = std::fs::remove_file(&path);
        let (mut instants, mut sent, mut ended, mut handlers) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let mut open: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for (number, packet) in fields(&bytes) {
            let (1, Field::Bytes(packet)) = (number, packet) else { panic!("a trace is packets") };
            let packet = fields(packet);
            let Some((_, Field::Bytes(event))) = packet.iter().find(|(number, _)| *number == 11) else { continue };
            let event = fields(event);
            let number = |wanted: u64| {
                event.iter().find_map(|(number, field)| match field {
                    Field::Number(value) if *number == wanted => Some(*value),
                    _ => None,
                })
            };
            let said = event.iter().find_map(|(number, field)| match field {
                Field::Bytes(bytes) if *number == 23 => Some(String::from_utf8(bytes.to_vec()).unwrap()),
                _ => None,
            });
            let track = number(11).unwrap();
            match number(9).unwrap() {
                1 => {
                    ended.extend(number(48));
                    let said = said.unwrap();
                    handlers += usize::from(!said.starts_with("waits ") && said != "HLT");
                    open.entry(track).or_default().push(said);
                }
                2 => assert!(open.entry(track).or_default().pop().is_some(), "{name}: an end of nothing on {track:x}"),
                3 => {
                    let said = said.unwrap();
                    if said.starts_with("asks the bus") {
                        sent.extend(number(47));
                    }
                    instants.push(said);
                }
                _ => {}
            }
        }
        assert!(open.values().all(Vec::is_empty), "{name}: {open:?}");
        let text = traced(&[name, "--arch", arch], "text");
        let lines = text.lines().skip(1).take_while(|line| !line.starts_with(name)).count();
        assert_eq!(instants.len(), lines, "{name}");
        assert!(!sent.is_empty(), "{name}");
        let enters = text.lines().filter(|line| line.contains("  enters ")).count();
        assert_eq!(handlers, enters, "{name}");
        assert_eq!(ended.is_empty(), enters == 0, "{name}: {ended:x?}");
        let by_device = |flow: &u64| flow >> 32 >= 4;
        assert!(ended.iter().all(|flow| sent.contains(flow) || by_device(flow)), "{name}: {ended:x?} of {sent:x?}");
    }
}

/// A dump of a run, with these arguments.
fn dump(name: &str, arguments: &[&str]) -> String {
    let path = temporary(&format!("wires {name} {}", arguments.join(" ").replace('/', "-")), "vcd");
    apicsim(&[&["run", name, "--trace", &path.to_string_lossy()], arguments].concat());
    let text = std::fs::read_to_string(&path).unwrap();
    let _ = std::fs::remove_file(&path);
    text
}

/// The changes of a wave of a scope: when, what.
fn changes(text: &str, scope: &str, wave: &str) -> Vec<(u64, String)> {
    let (mut here, mut code, mut now, mut found) = (String::new(), String::new(), 0, Vec::new());
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["$scope", "module", name, "$end"] => here = name.to_owned(),
            ["$var", "wire", _, one, name, ..] if here == scope && name == wave => code = one.to_owned(),
            [time] if time.starts_with('#') => now = time[1..].parse().unwrap(),
            [value, one] if one == code && !code.is_empty() => found.push((now, value[1..].to_owned())),
            _ => {}
        }
    }
    found
}

/// What a wave is in the cells of so many picoseconds from an instant on.
fn cells(changes: &[(u64, String)], from: u64, cell: u64, count: u64) -> Vec<&str> {
    let at = |time: u64| changes.iter().rfind(|(at, _)| *at <= time).map_or("?", |(_, value)| value);
    (0..count).map(|number| at(from + number * cell)).collect()
}

const PICCLK_PS: u64 = 60_000;

/// The message that the hang is about, by hand: SDM vol. 3 §10.13 and 82801BA §5.8.3, as docs/serial-bus.md has it. CPU0's
/// arbitration id is 2: it was 0, and each of the two messages before, of others, has raised it by one (SDM vol. 3 §10.7).
#[test]
fn the_wires_carry_the_refused_message_as_documents_say() {
    let text = dump("nmi-stall", &[]);
    let (picd, winner) = (changes(&text, "bus0", "picd"), changes(&text, "bus0", "winner"));
    let message = [
        "1", "0", "0", "10", "0", // start; id 0010
        "10", "0", "10", // logical, fixed; asserted, edge
        "11", "11", "11", "0", // FC
        "0", "0", "1", "0", // 04
        "10", "0", // 2 + 2 + 3 + 3 + 3 + 1 = 14 mod 4; postamble
        "0", "11", "0", // intact; CPU2 has no room; idle
    ];
    assert_eq!(cells(&picd, 40_260_000, PICCLK_PS, 21), message);
    let won: Vec<&str> = ["z"; 5].into_iter().chain(["0"; 16]).collect();
    assert_eq!(cells(&winner, 40_260_000, PICCLK_PS, 21), won);
    // again at once; CPU0 has won the last one, so that its id is 0 now, and stays the lowest
    let mut again = message;
    again[3] = "0";
    for round in [1, 2, 1000, 3900] {
        assert_eq!(cells(&picd, 40_260_000 + round * 21 * PICCLK_PS, PICCLK_PS, 21), again, "{round}");
    }
}

/// Each message and each EOI message has a winner; attempts are counted by the stream, which knows nothing of wires.
#[test]
fn the_wires_carry_every_attempt_of_the_stream() {
    for (name, arch, buses) in [
        ("late-retry", "i386/default", 1),
        ("smp-boot", "i386/default", 1),
        ("normal-dispatch", "i386/numaq", 1),
        ("boot-late-cpu", "i386/bigsmp", 1),
        ("dead-target", "i386/bigsmp", 1),
    ] {
        let events = documents(&[name, "--arch", arch]);
        let what = |event: &Value| event["what"].as_str().unwrap_or_default().to_owned();
        let attempts: u64 = events
            .iter()
            .filter(|event| what(event).contains(" to ") && what(event).contains(" (last "))
            .map(|event| event["count"].as_u64().unwrap())
            .sum();
        let ends = events.iter().filter(|event| what(event).starts_with("EOI message")).count() as u64;
        let text = dump(name, &["--arch", arch]);
        let winners: Vec<_> = (0..buses).flat_map(|bus| changes(&text, &format!("bus{bus}"), "winner")).collect();
        let won = winners.iter().filter(|(_, value)| value != "z").count() as u64;
        let last = winners.last().is_some_and(|(_, value)| value != "z");
        assert!(attempts > 0, "{name}");
        // the one that is on the wires at the end is not decided yet, or not told
        assert!(
            (attempts + ends..=attempts + ends + u64::from(last)).contains(&won),
            "{name}: {won} {attempts} {ends}"
        );
    }
}

#[test]
fn waves_do_not_depend_on_how_a_run_is_executed() {
    for (name, arch) in [
        ("nmi-stall", "i386/default"),
        ("late-retry", "i386/default"),
        ("kdump", "i386/numaq"),
        ("stuck-wire", "i386/default"),
        ("jabbering-agent", "i386/default"),
        ("starving-sender", "i386/bigsmp"),
    ] {
        let text = dump(name, &["--arch", arch]);
        for other in [
            &["--elision", "off"][..],
            &["--executor", "reference"],
            &["--threads", "3"],
            &["--window", "70000"],
            &["--max-events", "1000000"],
        ] {
            let found = dump(name, &[&["--arch", arch], other].concat());
            assert!(found == text, "{name} on {arch} with {other:?}: {} and {} bytes", found.len(), text.len());
        }
    }
}

/// An injected fault of the wires: PICD0 reads 1 from its beginning on, and nothing starts any more.
#[test]
fn a_stuck_wire_is_stuck_in_the_dump() {
    let text = dump("stuck-wire", &["--arch", "i386/default"]);
    let picd = changes(&text, "bus0", "picd");
    let scenario = load("stuck-wire", "i386/default", "before", &[]);
    let from = scenario.faults.iter().map(|fault| fault.at_ps).min().unwrap();
    assert!(picd.iter().filter(|(at, _)| *at >= from).all(|(_, value)| value.ends_with('1')), "{picd:?}");
    assert!(picd.iter().any(|(at, _)| *at == from), "{picd:?}");
    assert_eq!(changes(&text, "bus0", "winner").iter().filter(|(at, value)| *at > from && value != "z").count(), 0);
}

/// A front-side bus has other wires, which nobody shows.
#[test]
fn only_serial_buses_have_these_wires() {
    assert!(!dump("normal-dispatch", &["--arch", "x86_64/flat"]).contains("picd"));
    let two = dump("normal-dispatch", &["--arch", "i386/numaq", "--cpus", "8"]);
    assert_eq!(two.matches(" picd ").count(), 2, "a bus a quad");
}
