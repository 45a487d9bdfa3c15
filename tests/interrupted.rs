//! Ctrl-C, with the real program: a run ends before its time, and says what it has come to.
#![cfg(unix)]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A run that nobody waits for: a million rounds of three sends.
fn endless(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("apicsim-endless-{}-{name}.toml", std::process::id()));
    let text = "format = 1\nname = \"endless\"\nstory = \"Many sends.\"\ngoal = \"senders-return\"\n\
         limit_us = 10_000_000_000\n[machine]\ncpus = 4\n[[event]]\nat_us = 5\ncpu = 0\nrole = \"send-sequence\"\n\
         vector = \"reschedule\"\ntargets = [1, 2, 3]\nrepeat = 1_000_000\n";
    std::fs::write(&path, text).unwrap();
    path
}

fn begin(arguments: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apicsim"));
    let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// Lines until one has this, so that the run is known to be under way.
fn read_until(out: &mut BufReader<ChildStdout>, wanted: &str) -> String {
    let mut text = String::new();
    while !text.contains(wanted) {
        assert!(out.read_line(&mut text).unwrap() > 0, "{text}");
    }
    text
}

#[test]
fn a_run_that_is_interrupted_reports_what_has_come_by_then() {
    let (scenario, trace) =
        (endless("report"), std::env::temp_dir().join(format!("apicsim-{}.txt", std::process::id())));
    let names = [&scenario, &trace].map(|path| path.to_str().unwrap().to_owned());
    let (mut child, mut out) = begin(&["run", &names[0], "--waits", "all", "--trace", &names[1]]);
    let mut text = read_until(&mut out, "idle after");
    interrupt(&child);
    out.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let end = text.rsplit("each of them above").next().unwrap_or_default();
    assert!(text.contains("INTERRUPTED at") && end.contains("apicsim replay"), "{end}");
    let written = std::fs::read_to_string(&trace).unwrap();
    let waits = |text: &str, word: &str| text.lines().filter(|line| line.contains(word)).count();
    assert_eq!(waits(&written, "wait ends: for the ICR"), waits(&text, "idle after"), "both had what was committed");
    assert!(written.ends_with('\n') && written.starts_with("# time_us"));
    std::fs::remove_file(scenario).unwrap();
    std::fs::remove_file(trace).unwrap();
}

#[test]
fn a_document_of_an_interrupted_run_has_no_verdict() {
    let scenario = endless("document");
    let (mut child, mut out) = begin(&["run", scenario.to_str().unwrap(), "--waits", "all", "--json"]);
    let mut text = read_until(&mut out, "sim_us");
    interrupt(&child);
    out.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&document["verdict"], &document["interrupted"]), (&Value::Null, &true.into()));
    assert_eq!((&document["expected"], &document["ok"]), (&Value::Null, &false.into()));
    let waits = document["waits"].as_array().unwrap().len();
    assert_eq!((&document["waits_total"], &document["waits_left_out"]), (&waits.into(), &0.into()));
    assert!(document["token"].as_str().unwrap().starts_with("apicsim"));
    std::fs::remove_file(scenario).unwrap();
}

/// Its output is not read, so it cannot come to its end: the second Ctrl-C does not ask.
#[test]
fn a_second_interrupt_ends_the_program_at_once() {
    let scenario = endless("second");
    let (mut child, mut out) = begin(&["run", scenario.to_str().unwrap(), "--waits", "all"]);
    read_until(&mut out, "idle after");
    let status = loop {
        interrupt(&child);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    assert_eq!(status.code(), Some(130));
    std::fs::remove_file(scenario).unwrap();
}

/// Whoever does not want to read on closes the pipe: that is success, and the run does not go on for nobody.
#[test]
fn a_closed_pipe_ends_a_stream_of_waits() {
    for json in [&[][..], &["--json"]] {
        let scenario = endless(&format!("pipe{}", json.len()));
        let (mut child, mut out) = begin(&[&["run", scenario.to_str().unwrap(), "--waits", "all"], json].concat());
        read_until(&mut out, "reads");
        drop(out);
        let status = child.wait().unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((status.code(), &*said), (Some(0), ""));
        std::fs::remove_file(scenario).unwrap();
    }
}

/// As a script is, whose trace goes to a file that nobody may write.
#[test]
fn a_trace_that_cannot_be_written_ends_the_run() {
    let scenario = endless("trace");
    let (child, _out) = begin(&["run", scenario.to_str().unwrap(), "--trace", "/no/such/folder/run.txt"]);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot write /no/such/folder/run.txt"), "{said}");
    std::fs::remove_file(scenario).unwrap();
}

/// Of a trace that is written last or in pieces, too: nothing of it stays beside a device.
#[test]
fn a_trace_for_viewers_that_cannot_be_written_is_the_hosts_failure() {
    let formats = ["trace-cmd", "vcd"].into_iter();
    for (file, format) in formats.flat_map(|format| ["/no/such/folder/run.dat", "/dev/full"].map(|file| (file, format)))
    {
        let command = ["run", "nmi-stall", "--trace", file, "--trace-format", format];
        let output = Command::new(env!("CARGO_BIN_EXE_apicsim")).args(command).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(&format!("cannot write {file}")), "{said}");
    }
}

/// Killed, and not asked: what is in the file by then is whole lines in the order of time, wires and all, but for the last one.
#[test]
fn waves_can_be_read_to_the_end_of_a_run_that_was_killed() {
    let (scenario, trace) =
        (endless("killed"), std::env::temp_dir().join(format!("apicsim-killed-{}.vcd", std::process::id())));
    let names = [&scenario, &trace].map(|path| path.to_str().unwrap().to_owned());
    let (mut child, mut out) = begin(&["run", &names[0], "--waits", "all", "--trace", &names[1]]);
    for _ in 0..200 {
        read_until(&mut out, "idle after");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let text = std::fs::read_to_string(&trace).unwrap();
    let (whole, _) = text.rsplit_once('\n').unwrap();
    let (head, changes) = whole.split_once("$end\n#0\n$dumpvars\n").unwrap();
    assert!(head.contains(" picd [1:0] "), "{head}");
    let mut times = vec![0_u64];
    for line in changes.lines().filter(|line| *line != "$end") {
        match line.split_at(1) {
            ("#", time) => times.push(time.parse().unwrap()),
            ("b", change) => assert!(change.split_once(' ').is_some_and(|(_, code)| !code.is_empty()), "{line}"),
            (value, code) => assert!(["0", "1", "z", "x"].contains(&value) && !code.is_empty(), "{line}"),
        }
    }
    assert!(times.len() > 1000 && times.windows(2).all(|two| two[0] < two[1]), "{} instants", times.len());
    std::fs::remove_file(scenario).unwrap();
    std::fs::remove_file(trace).unwrap();
}

/// A session from a pipe ends with the run that is interrupted; what was printed stays, and the line is not kept.
#[test]
fn an_interrupted_session_ends_with_what_was_kept() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apicsim"));
    command.args(["script", "--interactive"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut input = child.stdin.take().unwrap();
    input.write_all("cpu 0 poll TPR 0x1 10000000\n".repeat(60).as_bytes()).unwrap();
    let mut text = read_until(&mut out, "003 cpu 0 poll TPR 0x1 10000000 => 0/10000000");
    interrupt(&child);
    out.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let [kept @ .., end] = &lines[..] else { panic!("{text}") };
    assert_eq!(*end, "# end icr_reads=0 icr_busy=0", "{text}");
    // On a busy host a run may be over when the signal comes.
    let kept = kept.strip_suffix(&["# interrupted: the line is not kept"]).unwrap_or(kept);
    let whole = (1..=kept.len()).map(|n| format!("{n:03} cpu 0 poll TPR 0x1 10000000 => 0/10000000"));
    assert!(whole.eq(kept.iter().map(ToString::to_string)) && (3..60).contains(&kept.len()), "{text}");
}

/// A matrix keeps the rows that it has, and says by its status that there should be more.
#[test]
fn an_interrupted_matrix_keeps_what_is_finished() {
    let scenario = endless("matrix");
    let (mut child, mut out) = begin(&["matrix", scenario.to_str().unwrap(), "--arch", "i386/default", "--json"]);
    let status = loop {
        interrupt(&child);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
    };
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    let signalled = std::os::unix::process::ExitStatusExt::signal(&status) == Some(2); // before its first run
    assert!(signalled || status.code() == Some(130), "{status}");
    std::fs::remove_file(scenario).unwrap();
}

#[test]
fn a_fifo_that_nobody_writes_to_is_an_error_and_one_that_somebody_writes_to_is_read() {
    let path = std::env::temp_dir().join(format!("apicsim-fifo-{}", std::process::id()));
    let name = path.to_str().unwrap();
    assert!(Command::new("mkfifo").arg(name).status().unwrap().success());
    let token = crate::support::report("normal-dispatch", "i386/default", "before", &[]).token;
    for arguments in
        [&["run", name][..], &["explain", name], &["script", name], &["replay", &token, "--scenario", name]]
    {
        let output = crate::support::apicsim(arguments);
        let said = crate::support::words(&String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("it is a FIFO, and nobody writes to it"), "{said}");
    }
    let show = format!("exec {} show kdump > {name}", env!("CARGO_BIN_EXE_apicsim"));
    let mut writer = Command::new("sh").args(["-c", &show]).spawn().unwrap();
    // It opens the FIFO, and waits there for a reader; until it has come so far, nobody writes.
    let mut reads = std::iter::repeat_with(|| crate::support::apicsim(&["run", name, "--json"]));
    let read = reads.find(|output| output.status.code() == Some(0)).expect("it comes so far");
    let document: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert!(writer.wait().unwrap().success());
    assert_eq!(document["scenario"], "kdump");
    std::fs::remove_file(path).unwrap();
}
