//! `apicsim script`: the scripts of `tests/scripts/`, whose expected answers stand behind `#=>` on each line, and the
//! command around them.

use crate::support::{apicsim, json};
use apicsim::report::Paper;
use apicsim::scenario::diagnostic::Source;
use apicsim::script::{Board, End, Script, Transcript, run, text};
use sim::{Execution, Named, Window};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

const PAPER: Paper = Paper::PLAIN;

/// All scripts, with their texts.
fn scripts() -> Vec<(PathBuf, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The machine that a script names in its first line, `#board GENERATION BUS`; else the one of emulators.
fn board(text: &str) -> Board {
    let Some(names) = text.lines().next().and_then(|line| line.strip_prefix("#board ")) else {
        return Board::default();
    };
    let (generation, bus) = names.split_once(' ').unwrap();
    Board {
        generation: *sim::Generation::ALL.iter().find(|one| one.name() == generation).unwrap(),
        bus: *apicsim::scenario::Bus::ALL.iter().find(|one| one.name() == bus).unwrap(),
        ..Board::default()
    }
}

fn transcript(name: &str, text: &str, execution: Execution) -> Transcript {
    let script = Script::parse(&Source::new(name, text)).unwrap_or_else(|error| panic!("{}", error.render(false)));
    run(&Arc::new(script), &board(text), execution).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

/// Every answer but `ok` is expected somewhere, and is what is expected.
#[test]
fn scripts_answer_what_they_expect() {
    for (path, source) in scripts() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let transcript = transcript(name, &source, Execution::default());
        assert_eq!(transcript.end, End::Complete, "{name}");
        let lines: Vec<&str> = source.lines().collect();
        for (reply, line) in transcript.replies.iter().zip(&transcript.script.lines) {
            let answer = reply.answer.as_ref().map_or("ok".to_owned(), ToString::to_string);
            let expected = lines[line.place.line() - 1].split_once("#=> ").map_or("ok", |(_, expected)| expected);
            assert!(answer.starts_with('~') || answer == expected, "{}: {answer}, not {expected}", line.place);
        }
    }
}

/// Worker threads, windows and the executor change nothing: not the answers, not their instants, not the events.
#[test]
fn answers_do_not_depend_on_the_execution() {
    let others = [
        Execution::Reference,
        Execution::Windowed { workers: 3, window: Window::Full },
        Execution::Windowed { workers: 2, window: Window::Half },
    ];
    for (path, source) in scripts() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let first = transcript(name, &source, Execution::default());
        for execution in others {
            let other = transcript(name, &source, execution);
            assert_eq!(text(&other, PAPER), text(&first, PAPER), "{name} on {execution:?}");
            assert_eq!((other.replies, other.digest), (first.replies.clone(), first.digest), "{name} on {execution:?}");
        }
    }
}

/// A file of its own for a script.
fn file(name: &str, text: &str) -> String {
    let path = std::env::temp_dir().join(format!("apicsim-script-{}-{name}.apic", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_output_is_the_format() {
    let path =
        file("format", "# a comment\ncpus 2\ncpu 1   sti # here\nnote  done\ncpu 0 ipi 1 0x31\nwait\nirqlog *\n");
    let output = apicsim(&["script", &path]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "# apic-script v1 cpus=2 init=std\n\
         001 cpu 1 sti => ok\n\
         002 note done\n\
         003 cpu 0 ipi 1 0x31 => ok\n\
         004 wait => ok\n\
         005 irqlog * => 0:[] 1:[31]\n\
         # end icr_reads=1 icr_busy=0\n"
    );
}

#[test]
fn json_has_the_same_answers_with_their_instants() {
    let path = file("json", "cpus 2\ncpu 1 read TPR\ncpu 1 cpuid 1\nnote end\nwait 5\n");
    let document = json(&["script", &path, "--json"]);
    assert_eq!(document["schema"]["name"], "apicsim.script");
    assert_eq!((&document["cpus"], &document["end"]), (&2.into(), &"complete".into()));
    let lines = document["lines"].as_array().unwrap();
    assert_eq!((&lines[0]["result"], &lines[0]["line"]), (&"0x00000000".into(), &2.into()));
    assert_eq!((&lines[1]["for_information"], &lines[2]["result"]), (&true.into(), &serde_json::Value::Null));
    let at = |line: usize| lines[line]["at_us"].to_string().parse::<f64>().unwrap();
    assert!((5.0..5.1).contains(&(at(3) - at(2))), "wait 5");
}

#[test]
fn a_machine_without_x2apic_skips_what_requires_it() {
    let path = file("require", "require x2apic\ncpu 0 sti\n");
    let output = apicsim(&["script", &path, "--generation", "xapic"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "# apic-script v1 cpus=4 init=std\n# SKIP: no x2APIC\n");
    let path = file("wide", "cpus 300\ninit x2apic\ncpu 0 sti\n");
    let output = apicsim(&["script", &path, "--generation", "p6", "--bus", "serial"]);
    assert_eq!(output.status.code(), Some(0));
    let skipped = "# apic-script v1 cpus=300 init=x2apic\n# SKIP: no x2APIC\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), skipped);
}

#[test]
fn a_script_that_loses_cpu_0_says_so() {
    let path = file("lost", "cpu 0 sti\ncpu 1 ipi 0 INIT\nwait\ncpu 0 sti\n");
    let output = apicsim(&["script", &path]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("# stopped at line 002: cpu 0 took an INIT") && !text.contains("# end"), "{text}");
}

/// With the knob `stall` a write of the ICR waits until the message before it is accepted: here for ever.
#[test]
fn a_script_whose_cpu_0_is_stuck_says_so() {
    let full = "cpus 2\ncpu 0 ipi 1 0xfb\nwait\ncpu 0 ipi 1 0xfc\nwait\ncpu 0 ipi 1 0xfd\ncpu 0 ipi 1 0xfe\nwait\n";
    let path = file("stuck", full);
    let stall = ["--generation", "p6", "--bus", "serial", "--set", "knobs.icr_write_while_busy=stall"];
    let output = apicsim(&[&["script", path.as_str()], &stall[..]].concat());
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("005 cpu 0 ipi 1 0xfd => ok\n# stopped at line 006: cpu 0 does not get on\n"), "{text}");
}

#[test]
fn knobs_change_answers() {
    let path = file("knob", "cpus 2\ncpu 1 write ICRL SELF|NMI\nwait\nirqlog 1\n");
    let answer = |options: &[&str]| {
        let output = apicsim(&[&["script", path.as_str()], options].concat());
        String::from_utf8(output.stdout).unwrap().lines().nth(3).unwrap().to_owned()
    };
    assert_eq!(answer(&[]), "003 irqlog 1 => []");
    assert_eq!(answer(&["--set", "knobs.invalid_shorthand=delivered"]), "003 irqlog 1 => [NMI]");
}

#[test]
fn a_trace_names_the_mailboxes() {
    let path = file("trace", "cpus 2\ncpu 1 write TPR 0x20\n");
    let trace = String::from_utf8(apicsim(&["script", &path, "--trace", "-"]).stdout).unwrap();
    for part in ["write TPR = 00000020", "mailbox of CPU1", "receipt of CPU1", "started at vector 08"] {
        assert!(trace.contains(part), "{part} is missing in\n{trace}");
    }
}

#[test]
fn scripts_run_on_every_generation() {
    let path = file("generations", "cpus 2\ncpu 1 sti\ncpu 0 ipi 1 0x31\nwait\nirqlog 1\nboots 1\nping 1\n");
    for generation in sim::Generation::names() {
        for bus in apicsim::scenario::Bus::names() {
            let output = apicsim(&["script", &path, "--generation", generation, "--bus", bus]);
            let message = String::from_utf8(output.stderr).unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            match output.status.code() {
                Some(2) => assert!(message.contains(&format!("--bus for {generation}")), "{message}"),
                code => {
                    assert_eq!(code, Some(0), "{message}");
                    assert!(text.contains("irqlog 1 => [31]\n005 boots 1 => 1 vec=08\n006 ping 1 => alive"), "{text}");
                }
            }
        }
    }
}

#[test]
fn bad_scripts_are_refused() {
    let cases: [(&[&str], &str, &[&str]); 6] = [
        (&[], "cpu 1 sti\ncpu 1 raed TPR\n", &[":2:7", "`read`", "cpu 1 raed TPR"]),
        (&["--generation", "p6"], "cpus 16\n", &[":1:6", "up to 15"]),
        (&["--generation", "p6", "--bus", "fsb"], "wait\n", &["serial, cluster, ideal"]),
        (&["--set", "knobs.slot=per-class"], "wait\n", &["`slots`"]),
        (&["--set", "slots=per-class"], "wait\n", &["`knobs.slots`"]),
        (&["--set", "knobs.slots=per-klass"], "wait\n", &["`per-class`"]),
    ];
    for (number, (options, script, says)) in cases.into_iter().enumerate() {
        let path = file(&format!("bad-{number}"), script);
        let output = apicsim(&[&["script", path.as_str()], options].concat());
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{message}");
        assert!(!message.contains("panicked"), "{message}");
        for part in says {
            assert!(message.contains(part), "`{part}` is missing in:\n{message}");
        }
    }
    assert_eq!(apicsim(&["script", "no-such-file.apic"]).status.code(), Some(3));
    assert_eq!(apicsim(&["script"]).status.code(), Some(2), "no file, and no terminal");
}

#[test]
fn a_session_reads_lines_and_survives_wrong_ones() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_apicsim"))
        .args(["script", "--interactive"])
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = "cpu 1 write TPR 0x20\ncpu 1 raed TPR\ncpu 1 read TPR\nundo\nlist\n";
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "001 cpu 1 write TPR 0x20 => ok\n002 cpu 1 read TPR => 0x00000020\n# taken back: cpu 1 read TPR\n\
         cpu 1 write TPR 0x20\n# end icr_reads=0 icr_busy=0\n"
    );
    assert!(String::from_utf8(output.stderr).unwrap().contains("did you mean `read`?"));
}

/// In C `300` is decimal; whoever writes it in a script means the ICR.
#[test]
fn an_offset_says_its_base() {
    for (offset, meant) in [("300", "0x300"), ("3f0", "0x3f0"), ("0300", "0x0300")] {
        let script = file(&format!("offset-{offset}"), &format!("cpu 0 write {offset} 0x31\n"));
        let output = apicsim(&["script", &script]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(2) && text.contains(&format!("the offset `{offset}` has no 0x")),
            "{text}"
        );
        assert!(text.contains(&format!("hexadecimal: {meant}")) && text.contains(":1:13"), "{text}");
    }
    let script = file("offset-good", "cpu 0 read 0x20\ncpu 0 read 0\ncpu 0 read ICR\ncpu 0 rdmsr 0x1b\n");
    assert_eq!(apicsim(&["script", &script]).status.code(), Some(0));
}

#[test]
fn state_changes_nothing_that_follows() {
    let with =
        transcript("with", "cpu 1 sti\nstate *\ncpu 0 ipi 1 ASSERT|0x31\nwait\nirqlog *\n", Execution::default());
    let without =
        transcript("without", "cpu 1 sti\nnote\ncpu 0 ipi 1 ASSERT|0x31\nwait\nirqlog *\n", Execution::default());
    assert_eq!((with.digest, &with.replies[2..]), (without.digest, &without.replies[2..]));
    let states = with.replies[1].answer.as_ref().unwrap().to_string();
    assert!(states.contains("1: running if=1 irr={} isr={} tpr=00 icr=idle"), "{states}");
    assert_eq!(with.replies[1].at, without.replies[1].at);
}

/// 4 MiB, whatever it comes from: a device without an end, a pipe, a session.
#[cfg(unix)]
#[test]
fn no_more_is_read_than_a_script_can_need() {
    use std::process::{Command, Stdio};
    for arguments in [&["script", "/dev/zero"][..], &["script", "-"], &["script", "--interactive"]] {
        let endless = std::fs::File::open("/dev/zero").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_apicsim"));
        let output = command.args(arguments).stdin(Stdio::from(endless)).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && text.contains("is larger than 4 MiB"), "{arguments:?}: {text}");
    }
}
