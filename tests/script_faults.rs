//! Faults that come again, and faults in scripts.

use crate::programs::{load, program, text};
use apicsim::report::Paper;
use apicsim::scenario::diagnostic::{InputError, Source};
use apicsim::scenario::{Bus, Request, load_text};
use apicsim::script::{Board, Script, run, text as written};
use apicsim::{Settings, run as run_scenario};
use sim::{Execution, Generation};
use std::sync::Arc;

/// A fault of a bus that comes again is the same as so many faults.
#[test]
fn a_fault_of_a_bus_that_comes_again_is_as_many_faults() {
    let table = [
        ("fsb", "kind = \"fsb-stall\"", 20, 25, 40, 3),
        ("serial", "kind = \"stuck-wire\"\nwire = \"picd1\"\nstuck = \"driven\"", 20, 25, 40, 3),
        ("serial", "kind = \"stuck-wire\"\nwire = \"picd0\"\nstuck = \"released\"", 20, 25, 40, 3),
        ("serial", "kind = \"lost-clock\"", 20, 25, 40, 3),
        ("serial", "kind = \"checksum-noise\"", 20, 25, 40, 4),
        ("serial", "kind = \"jabber\"\ncpu = 1", 20, 25, 40, 2),
        ("serial", "kind = \"arbitration-id\"\ncpu = 1\nid = 9", 20, 0, 37, 3),
    ];
    for (bus, fault, at, until, every, count) in table {
        let sends = "repeat 60 {\n  ipi 0x02 LOGICAL|0x50\n  delay 3us\n}\nreach end";
        let answers = "repeat 60 {\n  ipi 0x01 LOGICAL|0x51\n  delay 3us\n}";
        let declared = format!(
            "goal = \"reach:end\"\nlimit_us = 2000\n[machine]\ncpus = 2\narch = \"x86_64/flat\"\nbus = \"{bus}\""
        );
        let with = |faults: &str| {
            let scenario = load(&text(&declared, &(program(0, sends) + &program(1, answers) + faults)));
            let digest = |execution| {
                let mut settings = Settings::seeded(0);
                settings.execution = execution;
                run_scenario(&scenario, &settings).unwrap().1.digest
            };
            let digests = [Execution::default(), Execution::Reference].map(digest);
            assert_eq!(digests[0], digests[1], "{faults}");
            digests[0]
        };
        let one = |nth: u32| {
            let until = if until == 0 { String::new() } else { format!("until_us = {}\n", until + nth * every) };
            format!("[[fault]]\nat_us = {}\n{until}{fault}\n", at + nth * every)
        };
        let again = with(&format!("{}every_us = {every}\ncount = {count}\n", one(0)));
        let all: String = (0..count).map(one).collect();
        assert_eq!(again, with(&all), "{fault}");
        // Nobody may notice an arbitration id: a digest is of what happens, and that hangs on who sends when.
        assert!(again != with(&one(0)) || until == 0, "{fault}: it does come again");
    }
}

#[test]
fn what_cannot_come_again_says_why() {
    let table = [
        ("kind = \"lost-clock\"\nevery_us = 40\ncount = 3", "`until_us` is when it ends the first time"),
        ("kind = \"lost-clock\"\nuntil_us = 60\nevery_us = 40\ncount = 3", "before it has ended"),
        ("kind = \"lost-clock\"\nuntil_us = 25\nevery_us = 40\ncount = 1001", "at most 1000 times"),
        ("kind = \"lost-clock\"\nuntil_us = 25\ncount = 3", "every_us = 50, count = 20"),
        ("kind = \"apic-dead\"\ncpu = 1\nevery_us = 40\ncount = 3", "unknown key `every_us`"),
    ];
    for (fault, says) in table {
        let text = text("goal = \"reach:end\"", &(program(0, "reach end") + "[[fault]]\nat_us = 20\n" + fault));
        let shown = load_text(&text, &Request::new("p.toml")).expect_err(fault).render(false);
        assert!(shown.contains(says), "{says} is missing in {shown}");
    }
}

fn board(generation: Generation, bus: Bus) -> Board {
    Board { generation, bus, ..Board::default() }
}

fn answers(source: &str, board: Board) -> Result<String, InputError> {
    let script = Arc::new(Script::parse(&Source::new("f.apic", source))?);
    let digest = |execution| run(&script, &board, execution).map(|transcript| (transcript.digest, transcript));
    let (reference, _) = digest(Execution::Reference)?;
    let (windowed, transcript) = digest(Execution::default())?;
    assert_eq!(reference, windowed);
    Ok(written(&transcript, Paper::PLAIN))
}

const SENDS: &str =
    "cpus 2\ncpu 1 sti\ncpu 0 ipi 1 ASSERT|0x31\nwait\nirqlog 1\ncpu 0 ipi 1 ASSERT|0x41\nwait\nirqlog 1\n";

#[test]
fn a_script_loses_messages_and_says_which_fault_hit() {
    let on = |fault: &str| answers(&format!("{SENDS}{fault}\n"), Board::default()).unwrap();
    let usual = on("");
    assert!(usual.contains("irqlog 1 => [31]") && usual.contains("irqlog 1 => [41]") && !usual.contains("# fault"));
    let lost = on("fault message effect=lose vector=0x31");
    assert!(lost.contains("irqlog 1 => []") && lost.contains("irqlog 1 => [41]"), "{lost}");
    assert!(lost.contains("#   fault message effect=lose vector=0x31: it has hit 1 message\n"), "{lost}");
    let nothing = on("fault message effect=lose vector=0x77");
    assert!(nothing.contains("=> [31]") && nothing.contains("vector=0x77: it has hit nothing"), "{nothing}");
    // 4 ms late: after the first log, before the second.
    let late = on("fault message effect=delay delay_us=3000.5 mode=fixed nth=1");
    assert!(late.contains("004 irqlog 1 => []") && late.contains("007 irqlog 1 => [41 31]"), "{late}");
}

#[test]
fn a_script_has_the_other_faults_too() {
    let dead = answers(&format!("{SENDS}fault apic-dead cpu=1 at_us=12000\n"), Board::default()).unwrap();
    // Some 10 ms pass until the CPUs are started, and 2 ms more until the first log.
    assert!(dead.contains("004 irqlog 1 => [31]") && dead.contains("007 irqlog 1 => []"), "{dead}");
    // LINT1 is the NMI pin; the script's own start has masked it.
    let nmi =
        "cpus 2\ncpu 1 write LVT1 NMI\nwait 100000\nirqlog 1\nfault nmi cpu=1 at_us=60000 every_us=1000 count=3\n";
    assert!(answers(nmi, Board::default()).unwrap().contains("irqlog 1 => [NMI*3]"));
    let masked = nmi.replace("cpu 1 write LVT1 NMI\n", "");
    assert!(answers(&masked, Board::default()).unwrap().contains("irqlog 1 => []"));
    let wires = "cpus 2\ncpu 1 sti\nwait 100000\ncpu 0 icrpoll ASSERT|0x01000031 1\nfault lost-clock at_us=50000\ncpu 0 ipi 1 0x31\nwait\ncpu 0 why icr\n";
    let stuck = answers(wires, board(Generation::P6, Bus::Serial)).unwrap();
    assert!(stuck.contains("why icr => ") && stuck.contains("icr_busy=2"), "{stuck}");
}

#[test]
fn a_wrong_fault_of_a_script_says_what_would_be_right() {
    let table = [
        ("fault", "", "KIND is missing"),
        ("fault mesage effect=lose", "mesage", "did you mean `message`?"),
        ("fault message", "fault message", "effect"),
        ("fault message effect=loose", "loose", "did you mean `lose`?"),
        ("fault message effect=lose vector", "vector", "KEY=VALUE"),
        ("fault message effect=lose effect=lose", "effect", "stands twice"),
        ("fault message effect=lose only=fsb", "only", "has no place in a script"),
        (
            "fault message effect=lose vector=reschedule",
            "fault message effect=lose vector=reschedule",
            "give its number",
        ),
        ("fault message effect=lose vectr=0x31", "vectr", "did you mean"),
        ("fault message effect=lose to=5", "5", "CPU"),
        ("fault message effect=lose vector=0x3g", "0x3g", ""),
        ("fault apic-dead cpu=9 at_us=1", "9", "CPU"),
        ("fault nmi cpu=1", "fault nmi cpu=1", "at_us"),
        ("fault nmi cpu=1 at_us=-1", "-1", ""),
        ("fault fsb-stall at_us=1", "fsb-stall", "no front-side bus"),
        ("fault lost-clock at_us=1", "lost-clock", "no serial bus"),
    ];
    for (line, at, says) in table {
        let error = answers(&format!("cpus 2\n{line}\ncpu 0 sti\n"), Board::default()).expect_err(line);
        let shown = error.render(false);
        let place = error.place().unwrap_or_else(|| panic!("{line} has no place: {shown}"));
        assert_eq!(&place.source().text()[place.span()], at, "{shown}");
        assert!(shown.contains(says) && place.line() == 2, "{says} is missing in {shown}");
    }
}
