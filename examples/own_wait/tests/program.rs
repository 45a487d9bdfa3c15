//! The program: every command works on the variants of this crate.

use apicsim::{Settings, run, scenario};
use std::process::{Command, Output};

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_own_wait")).args(arguments).output().expect("the program runs")
}

/// What a command printed that went well.
fn printed(arguments: &[&str]) -> String {
    let output = program(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&printed(arguments)).expect("one document")
}

/// The number of the line of `text` that contains `part`, which no other does.
fn line_of(text: &str, part: &str) -> usize {
    let lines: Vec<usize> = (1..).zip(text.lines()).filter(|(_, line)| line.contains(part)).map(|(n, _)| n).collect();
    let [line] = lines[..] else { panic!("`{part}` is in lines {lines:?}") };
    line
}

const POLITE: &str = include_str!("../src/polite.rs");
const LOOK_AFTER: &str = include_str!("../src/look_after.rs");

/// 17 reads and pauses of 1 µs and twice as long each time, then the message all the same; on an idle ICR one read.
#[test]
fn the_accesses_of_the_doubling_wait() {
    let call = ["accesses", "--variant", "doubling", "--call", "send_IPI_mask", "--to", "1", "--vector", "nmi"];
    let message = "W 310 02000000\nW 300 00000c00\nIRQ+\n";
    assert_eq!(printed(&call), format!("IRQ-\nR 300\n{message}"));
    let mut rounds = String::new();
    for round in 0..17 {
        rounds += &format!("R 300\nD {}\n", 1 << round);
    }
    assert_eq!(printed(&[&call[..], &["--icr", "stuck"]].concat()), format!("IRQ-\n{rounds}{message}"));
}

#[test]
fn the_accesses_of_the_endless_wait_and_of_the_send_function() {
    let call = |variant| ["accesses", "--variant", variant, "--call", "send_IPI_mask", "--to", "1", "--vector", "nmi"];
    let stuck = |variant| printed(&[&call(variant)[..], &["--icr", "stuck"]].concat());
    let polite = json(&[&call("polite")[..], &["--icr", "stuck", "--limit", "4", "--json"]].concat());
    assert_eq!((polite["hang"].as_bool(), polite["variant"].as_str()), (Some(true), Some("polite")));
    assert_eq!(polite["accesses"].as_array().map(Vec::len), Some(4));
    let message = "W 310 02000000\nW 300 00000c00\n";
    let looks = "(R 300  D 1) x50\n";
    assert_eq!(stuck("look-after"), format!("IRQ-\n(R 300  D 100) x1001\n{message}{looks}{message}{looks}IRQ+\n"));
    // What is no NMI is sent as without it.
    let fixed = ["accesses", "--variant", "look-after", "--call", "send_IPI_mask", "--to", "1", "--vector", "0xfc"];
    assert_eq!(printed(&fixed), "IRQ-\nR 300\nW 310 02000000\nW 300 000008fc\nIRQ+\n");
}

#[test]
fn explain_quotes_the_line_of_this_crate() {
    let text = printed(&["explain", "nmi-stall", "--variant", "polite"]);
    let at = format!("wait_politely (src/polite.rs:{})", line_of(POLITE, "cpu.udelay(PAUSE_US)"));
    let line = line_of(POLITE, "while cpu.read(Register::ICR)");
    let quoted = "while cpu.read(Register::ICR) & APIC_ICR_BUSY != 0 {";
    assert!(text.contains("HUNG for ever (proven"), "{text}");
    assert!(text.contains(&at) || text.contains(&format!("wait_politely (src/polite.rs:{line})")), "{text}");
    assert!(text.contains(quoted) || text.contains("cpu.udelay(PAUSE_US);"), "{text}");
    assert!(text.contains("CPU2's class F is full"), "{text}");
    // A message of the own send function says its line, too, and where it went.
    let sent = line_of(LOOK_AFTER, "apic_write_around(kernel, &cpu, Register::ICR, message.icr)");
    let messages = printed(&["messages", "nmi-stall", "--variant", "look-after", "--from", "0"]);
    assert!(messages.contains(&format!("send_and_look (src/look_after.rs:{sent})")), "{messages}");
}

#[test]
fn a_matrix_has_a_column_for_each() {
    let matrix = json(&["matrix", "nmi-stall", "--arch", "i386/default", "--json"]);
    let cells = matrix["rows"][0]["cells"].as_array().expect("cells");
    let verdicts: Vec<_> = cells.iter().map(|cell| (cell["variant"].as_str(), cell["verdict"].as_str())).collect();
    let expected = [
        ("before", "hung"),
        ("rfc", "completed"),
        ("merged", "completed"),
        ("doubling", "completed"),
        ("polite", "hung"),
        ("look-after", "completed"),
    ];
    assert_eq!(verdicts, expected.map(|(variant, verdict)| (Some(variant), Some(verdict))));
    // From the crash to the end of the send: 17 pauses make 131 071 µs, and the reads between them come on top.
    let doubling = cells[3]["from_crash_us"].to_string().parse::<f64>().expect("a number");
    assert!((131_071.0..131_080.0).contains(&doubling), "{doubling}");
    let csv = printed(&["matrix", "nmi-stall", "--arch", "i386/default", "--variant", "polite", "--format", "csv"]);
    assert!(csv.contains(":polite=0.1.0="), "the token stands in the record: {csv}");
    assert!(printed(&["list", "variants"]).contains("look-after  Your own"));
}

#[test]
fn a_token_replays_the_run() {
    for variant in ["doubling", "polite", "look-after"] {
        let run = json(&["run", "nmi-stall", "--variant", variant, "--json"]);
        let token = run["token"].as_str().expect("a token");
        assert!(token.contains(&format!(":{variant}=0.1.0=")), "{token}");
        assert_eq!(run["own_wait"]["version"].as_str(), Some("0.1.0"));
        let again = json(&["replay", token, "--json", "--executor", "reference"]);
        assert_eq!((&again["digest"], &again["verdict"]), (&run["digest"], &run["verdict"]), "{variant}");
        let other = token.replace("=0.1.0=", "=0.0.9=");
        let refused = program(&["replay", &other]);
        assert_eq!(refused.status.code(), Some(2));
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(message.contains("version 0.0.9") && message.contains("0.1.0"), "{message}");
        // The same version, and another text.
        let (start, rest) = token.split_once("=0.1.0=").expect("a hash");
        let refused = program(&["replay", &format!("{start}=0.1.0=0123456789abcdef{}", &rest[16..])]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            message.contains(&format!("`{variant}` has changed")) && message.contains("0123456789abcdef"),
            "{message}"
        );
    }
}

/// A run that the library made with the chooser of this crate, cut short, by the program.
#[test]
fn a_token_brings_the_chooser_back() {
    let text = "format = 1\nname = \"drawn\"\nstory = \"One delay is drawn.\"\ngoal = \"reach:there\"\n[machine]\ncpus = 1\n\
                [[event]]\nat_us = 0\ncpu = 0\nsteps = \"delay uniform(1us,9us)\nreach there\ndelay 5us\"\n";
    let path = std::env::temp_dir().join(format!("own-wait-drawn-{}.toml", std::process::id()));
    std::fs::write(&path, text.replace("steps = \"", "steps = \"\"\"").replace("5us\"", "5us\"\"\""))
        .expect("it is written");
    let scenario = scenario::load(&scenario::Request::new(path.to_str().expect("UTF-8"))).expect("it loads");
    let own = own_wait::own_code();
    let settings = Settings::seeded(3).with_chooser(own.choosers()[0].clone());
    let (report, _) = run(&scenario, &settings).expect("it runs");
    let (seeded, _) = run(&scenario, &Settings::seeded(3)).expect("it runs");
    assert!(report.token.ends_with(":chooser=longest=0.1.0") && !seeded.token.contains("chooser"), "{}", report.token);
    assert_ne!(report.digest, seeded.digest);
    let digest = |token: &str| {
        let replayed = json(&["replay", token, "--json"]);
        assert_eq!(replayed["token"].as_str(), Some(token));
        replayed["digest"].as_str().expect("a digest").to_owned()
    };
    assert_eq!(digest(&report.token), format!("2:{:016x}", report.digest));
    assert_eq!(digest(&seeded.token), format!("2:{:016x}", seeded.digest));
    for (other, says) in [
        (report.token.replace("longest=0.1.0", "shortest=0.1.0"), "does not have: `shortest`, version 0.1.0"),
        (report.token.replace("longest=0.1.0", "longest=0.2.0"), "this program has version 0.1.0"),
        (report.token.replace("chooser=", "parts="), "had parts of its own that this program does not have: `longest`"),
        (report.token.replace("chooser=", "choser="), "what else decides the token's run cannot be read"),
    ] {
        let refused = program(&["replay", &other]);
        let message = String::from_utf8_lossy(&refused.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(refused.status.code(), Some(2), "{other}");
        assert!(message.contains(says), "{other}: {message}");
    }
    std::fs::remove_file(path).expect("it was there");
}

#[test]
fn a_name_that_is_none_gets_the_nearest() {
    let output = program(&["run", "nmi-stall", "--variant", "polit"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(message.contains("did you mean `polite`?"), "{message}");
}
