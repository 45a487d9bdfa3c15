//! The files of `examples/field/`, models for the one who has a report: each has a source and says what is right, and comes
//! out so on every machine that it names. What a chain of causes must say of each, and by when, is here, from what the file's
//! head cites.

use crate::support::{apicsim_in, words};
use apicsim::scenario::diagnostic::{InputError, Source};
use apicsim::scenario::{ALL_ARCHES, Bus, Request, load_text};
use apicsim::script::{Board, End, Script, run as run_script};
use apicsim::{RunReport, Settings, Verdict, run};
use sim::{Execution, Generation, Named};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files with this ending, and their texts.
fn files(ending: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/field");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

fn file(name: &str) -> String {
    let ending = name.rsplit('.').next().unwrap();
    files(ending).into_iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("{name} is missing")).1
}

fn try_report(name: &str, text: &str, arch: Option<&str>, sets: &[String]) -> Result<RunReport, InputError> {
    let request = Request::new(name).with(|request| {
        request.arch = arch.map(str::to_owned);
        request.sets = sets.to_vec();
    });
    let scenario = load_text(text, &request)?;
    Ok(run(&scenario, &Settings::seeded(0)).unwrap_or_else(|error| panic!("{name}: {error}")).0)
}

fn report(name: &str, sets: &[&str]) -> RunReport {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let text = file(name);
    try_report(name, &text, None, &sets).unwrap_or_else(|error| panic!("{}\n{text}", error.render(false)))
}

/// The values of a key, which is one or a list.
fn values<'a>(table: &'a toml::Table, key: &str) -> Vec<&'a toml::Value> {
    match table.get(key) {
        None => Vec::new(),
        Some(toml::Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
    }
}

/// Each choice that was there, with each of these.
fn times(before: &[Vec<String>], choices: &[String]) -> Vec<Vec<String>> {
    if choices.is_empty() {
        return before.to_vec();
    }
    before
        .iter()
        .flat_map(|sets| choices.iter().map(|one| [sets.as_slice(), std::slice::from_ref(one)].concat()))
        .collect()
}

/// The machines of one `[[expect]]`: sub-architectures, none for the file's own, and the settings that bring its filters about.
fn machines(expect: &toml::Table) -> (Vec<Option<&'static str>>, Vec<Vec<String>>) {
    let named: Vec<&str> = values(expect, "arch").iter().map(|value| value.as_str().unwrap()).collect();
    let fits = |arch: &str, name: &str| name.strip_suffix('*').map_or(arch == name, |family| arch.starts_with(family));
    let fitting = ALL_ARCHES.into_iter().filter(|arch| named.iter().any(|name| fits(arch, name)));
    // The driver without a local APIC has one CPU.
    let mut arches: Vec<_> = fitting.filter(|arch| *arch != "modern/noop").map(Some).collect();
    if named.is_empty() {
        arches.push(None);
    }
    let mut sets = vec![Vec::new()];
    for (key, path) in [
        ("stall", "stall"),
        ("halted_timer", "knobs.halted_timer"),
        ("tpr_write", "knobs.tpr_write"),
        ("csd_lock_wait_debug", "knobs.csd_lock_wait_debug"),
        ("crash_cpu", "event.0.cpu"),
    ] {
        let words = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let choices: Vec<String> =
            values(expect, key).into_iter().map(|value| format!("{path}={}", words(value))).collect();
        sets = times(&sets, &choices);
    }
    if expect.get("injected").and_then(toml::Value::as_bool) == Some(false) {
        sets = times(&sets, &["fault=[]".to_owned()]);
    }
    (arches, sets)
}

/// The filters that [`machines`] brings about.
const FILTERS: [&str; 7] =
    ["arch", "stall", "halted_timer", "tpr_write", "csd_lock_wait_debug", "crash_cpu", "injected"];
const OUTCOMES: [&str; 6] = ["verdict", "proof", "hang_at", "started", "timeouts", "capture"];

#[test]
fn every_expectation_holds_on_every_machine_that_it_names() {
    let mut runs = 0;
    for (name, text) in files("toml") {
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        let expects = values(&table, "expect");
        assert!(!expects.is_empty(), "{name} expects nothing\n{text}");
        for expect in expects {
            let expect = expect.as_table().unwrap();
            for key in expect.keys() {
                assert!(FILTERS.contains(&key.as_str()) || OUTCOMES.contains(&key.as_str()), "{name}: `{key}`\n{text}");
            }
            let (arches, sets) = machines(expect);
            for (arch, sets) in arches.iter().flat_map(|arch| sets.iter().map(move |sets| (*arch, sets))) {
                let report = try_report(&name, &text, arch, sets)
                    .unwrap_or_else(|error| panic!("{arch:?} {sets:?}: {}\n{text}", error.render(false)));
                let unmet = &report.unmet;
                assert!(unmet.is_empty(), "{name} on {arch:?} with {sets:?}: {unmet:?}\n{text}");
                runs += 1;
            }
        }
    }
    assert!(runs > 100, "only {runs} runs");
}

/// SDM vol. 3 §10.9, and erratum Z47 where the acknowledge cycle comes first: served in spite of the priority, and so before it is lowered
/// at 23 us.
#[test]
fn a_priority_that_is_late_leaves_nothing_to_acknowledge() {
    let said = |sets: &[&str]| {
        let report = report("spurious-interrupt.toml", sets);
        assert_eq!(report.verdict, Verdict::Completed, "{sets:?}");
        let lines: Vec<(String, bool)> =
            report.said.iter().map(|note| (note.text.clone(), note.at < sim::Time::from_us(23))).collect();
        lines
    };
    let line = |text: &str, early| (text.to_owned(), early);
    assert_eq!(said(&[]), [line("spurious", true), line("41 is served", false)]);
    for acknowledge in ["1", "50"] {
        let sets = [format!("costs.acknowledge_cycles={acknowledge}")];
        assert_eq!(said(&[&sets[0]]), [line("41 is served", true)], "{acknowledge}");
    }
    assert_eq!(said(&["knobs.tpr_write=at-once"]), [line("41 is served", false)]);
    // Lowered, and CLI behind it: kept in the IRR by IF alone.
    let hung = report("late-priority.toml", &[]);
    says("late-priority", &hung.hang.expect("it hangs").why, &["await seen == 1", "41", "interrupts off"]);
    for sets in [["stall=slots"], ["knobs.tpr_write=at-once"], ["costs.tpr_write_cycles=1"]] {
        assert_eq!(report("late-priority.toml", &sets).verdict, Verdict::Completed, "{sets:?}");
    }
}

#[test]
fn every_file_says_where_it_is_from_and_what_is_right() {
    let all = [files("toml"), files("apic")].concat();
    assert!(all.len() >= 20, "{} files", all.len());
    let page = include_str!("../docs/field.md");
    for (name, text) in all {
        assert!(text.contains("# Report: "), "{name} has no source");
        assert!(text.contains("# Right: ") || text.contains("# Disputed: "), "{name} does not say what is right");
        assert!(page.contains(&format!("examples/field/{name}")), "docs/field.md does not lead to {name}");
    }
}

/// In this order, somewhere in the lines.
fn says(name: &str, lines: &[String], parts: &[&str]) {
    let text = words(&lines.join("\n"));
    let mut rest = text.as_str();
    for part in parts {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("{name}: `{part}` is missing in\n{text}")).1;
    }
}

#[test]
fn every_chain_goes_on_to_what_is_right() {
    let table: [(&str, &[&str], &[&str]); 11] = [
        (
            "lost-single-ipi.toml",
            &[],
            &["CPU0 waits for an acknowledgement", "for CPU1", "a fault lost it on its way to CPU1"],
        ),
        (
            "unnoticed-ipi.toml",
            &["event.1.only=[]"],
            &["CPU0 waits for an acknowledgement", "FC from CPU0 is in its IRR"],
        ),
        ("dead-apic.toml", &[], &["CPU0 sent", "for CPU1", "CPU1 did not take it: its APIC is dead since 5 us"]),
        (
            "call-to-shutdown.toml",
            &[],
            &["CPU0 sent", "for CPU1", "CPU1 is in shutdown since 50 us, by a triple fault"],
        ),
        (
            "smm-init-start-up.toml",
            &[],
            &[
                "CPU1 waits for a start-up message since 105000",
                "INIT",
                "put it there",
                "STARTUP",
                "lost",
                "STARTUP",
                "lost",
            ],
        ),
        ("nmi-handler-lock.toml", &[], &["CPU0 is in its NMI handler since 12 us", "lock nmi_desc", "interrupted"]),
        (
            "flush-against-lock.toml",
            &[],
            &["CPU1 has interrupts off", "`heap`, which CPU0 took", "they wait for each other"],
        ),
        ("lock-in-a-handler.toml", &[], &["CPU1 awaits `done`", "handler of 51", "lock flush_ops", "interrupted"]),
        ("call-from-the-tick.toml", &[], &["CPU0", "handler of 31", "lock", "interrupted"]),
        (
            "idle-race.toml",
            &[],
            &["CPU1 is in HLT", "CPU1 took 50 at 12.", "before it halted, and nothing has come since"],
        ),
        ("timer-stops.toml", &[], &["CPU1 is in HLT", "CPU1's APIC timer (vector 40) stands still"]),
    ];
    for (name, sets, parts) in table {
        let hang = report(name, sets).hang.unwrap_or_else(|| panic!("{name} does not hang\n{}", file(name)));
        says(name, &hang.why, parts);
    }
}

/// Each start is judged by itself: the second of a CPU in SMM, and that of the bootstrap processor.
#[test]
fn starts_that_do_not_come_about_say_why() {
    let report = report("smm-init-start-up.toml", &[]);
    let outcomes: Vec<&str> = report.start_ups.iter().map(|start| start.outcome.name()).collect();
    assert_eq!(outcomes, ["booted", "not-responding"]);
    says(
        "smm-init-start-up",
        &report.start_ups[1].why,
        &["INIT is latched at CPU1", "STARTUP", "lost", "STARTUP", "lost"],
    );
    let report = self::report("capture-starts-boot-cpu.toml", &[]);
    assert_eq!(report.start_ups[0].outcome.name(), "not-responding");
    says(
        "capture-starts-boot-cpu",
        &report.start_ups[0].why,
        &["INIT", "it reset CPU0", "reset vector", "STARTUP", "lost"],
    );
}

/// In simulated us: the watchdog's 500 NMIs come until 499 101 us; the second interrupt leaves at 1000 us; CPU 1 has interrupts
/// off for 12 s, and the kernel reports after 5 s.
#[test]
fn what_comes_late_comes_when_its_cause_ends() {
    let table = [
        ("nmi-smi-livelock.toml", &[][..], 499_101, 510_000),
        ("nmi-smi-livelock.toml", &["handler.0.steps='in8 0x61'"], 100, 1_000),
        ("unnoticed-ipi.toml", &[], 1_000, 1_010),
        ("lost-single-ipi.toml", &["stall=slots"], 1_000, 1_010),
        ("call-to-irqs-off.toml", &[], 12_000_000, 12_001_000),
    ];
    for (name, sets, from, to) in table {
        let took = report(name, sets).sim_time.as_ps() / 1_000_000;
        assert!((from..to).contains(&took), "{name} with {sets:?}: {took}\n{}", file(name));
    }
    let given_up = &report("call-to-irqs-off.toml", &[]).given_up;
    assert_eq!(given_up.len(), 1);
    says("call-to-irqs-off", &given_up[0].why, &["CPU0 sent", "CPU1 does not answer", "CPU1 has interrupts off"]);
}

/// What stands behind a line of a script, and what it is by a knob: `#=> ANSWER # by KNOB=VALUE: ANSWER`.
fn expected<'a>(line: &'a str, knob: Option<&str>) -> &'a str {
    let Some((_, expected)) = line.split_once("#=> ") else { return "ok" };
    let (usual, by) = expected.split_once("# by ").unwrap_or((expected, ""));
    let by = by.split_once(": ").filter(|(by, _)| Some(*by) == knob);
    by.map_or(usual, |(_, answer)| answer).trim_end()
}

/// Every answer but `ok` is expected somewhere, and is what is expected; by each knob that the file names, too.
#[test]
fn scripts_answer_what_is_right() {
    for (name, text) in files("apic") {
        let named = text.split("# by ").skip(1).filter_map(|by| by.split_once(": ")).map(|(knob, _)| Some(knob));
        for knob in std::iter::once(None).chain(named) {
            answers_what_is_right(&name, &text, knob);
        }
    }
}

fn answers_what_is_right(name: &str, text: &str, knob: Option<&str>) {
    let names = text.lines().next().and_then(|line| line.strip_prefix("#board ")).expect("a script names its board");
    let (generation, bus) = names.split_once(' ').unwrap();
    let mut board = Board {
        generation: *Generation::ALL.iter().find(|one| one.name() == generation).unwrap(),
        bus: *Bus::ALL.iter().find(|one| one.name() == bus).unwrap(),
        ..Board::default()
    };
    if let Some((key, value)) = knob.map(|knob| knob.split_once('=').expect("KNOB=VALUE")) {
        assert_eq!(board.knobs.set(key, value), Some(Ok(())), "{name}");
    }
    let script = Script::parse(&Source::new(name, text)).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let transcript = run_script(&Arc::new(script), &board, Execution::default()).unwrap();
    assert_eq!(transcript.end, End::Complete, "{name}\n{text}");
    let lines: Vec<&str> = text.lines().collect();
    for (reply, line) in transcript.replies.iter().zip(&transcript.script.lines) {
        let answer = reply.answer.as_ref().map_or("ok".to_owned(), ToString::to_string);
        let expected = expected(lines[line.place.line() - 1], knob);
        assert!(answer.starts_with('~') || answer == expected, "{}: {answer}, not {expected}\n{text}", line.place);
    }
}

/// What the page names in a table or a sentence, `apicsim run FILE`, runs and comes out as expected.
#[test]
fn the_pages_commands_do_what_they_say() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/field.md")).unwrap();
    let prose: String = page.split("```").step_by(2).collect();
    let mut commands = 0;
    for command in prose.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("apicsim ")) {
        let arguments: Vec<&str> = command.split(' ').filter(|word| *word != "FILE").collect();
        if command.ends_with("FILE") {
            continue;
        }
        let output = apicsim_in(Path::new(env!("CARGO_MANIFEST_DIR")), &arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "apicsim {command}: {error}");
        commands += 1;
    }
    assert!(commands > 30, "{commands}");
}

/// An id of more than eight bits in an entry of eight: the other CPU takes it, and only that one.
#[test]
fn an_id_that_does_not_fit_reaches_the_cpu_whose_id_is_left() {
    let reached = |goal: &str| report("io-apic-257.toml", &[&format!("goal=reach:{goal}")]).verdict;
    assert_eq!((reached("taken-by-1"), reached("taken-by-257")), (Verdict::Completed, Verdict::Hung));
}
