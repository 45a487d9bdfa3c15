//! A wait of one's own, as data (`[wait]` of a scenario file): it does what it says, and every command has it as a variant.
//! (In Rust: `examples/own_wait`, a crate outside.)

mod bad;
mod tokens;

use crate::determinism::assert_equal;
use crate::support::{apicsim, json, load};
use apicsim::scenario::{self, Request, Scenario};
use apicsim::{RunReport, Settings, Verdict, run};
use sim::{Duration, Execution, Window};

/// Two messages by one CPU; the first is never dispatched where the fault applies.
pub(crate) const STORY: &str = r#"
format = 1
name = "two-messages"
story = "CPU 0 sends to CPU 1, and then to CPU 2. The first message is never dispatched."
goal = "senders-return"
limit_us = 10_000_000
[machine]
cpus = 3
[[event]]
at_us = 10
cpu = 0
role = "send-sequence"
vector = "reschedule"
targets = [1, 2]
[[fault]]
at_us = 0
kind = "apic-dead"
cpu = 1
only = ["serial"]
[[fault]]
at_us = 5
kind = "fsb-stall"
only = ["fsb"]
"#;

/// The story as a file, with a wait.
pub(crate) fn file(name: &str, wait: &str) -> String {
    let path = std::env::temp_dir().join(format!("apicsim-own-{}-{name}.toml", std::process::id()));
    std::fs::write(&path, format!("{STORY}{wait}")).unwrap();
    path.to_str().unwrap().to_owned()
}

fn loaded(path: &str, arch: &str) -> Scenario {
    let request = Request::new(path).with(|request| request.arch = Some(arch.to_owned()));
    scenario::load(&request).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn report(path: &str, arch: &str) -> RunReport {
    run(&loaded(path, arch), &Settings::seeded(0)).unwrap().0
}

fn printed(arguments: &[&str]) -> String {
    let output = apicsim(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `apic_mem_wait_icr_idle_timeout` (`arch/x86/kernel/apic/ipi.c`, v6.6): `for (cnt = 0; cnt < 1000; cnt++)` reads the ICR, gives
/// 0 if the bit is clear, and else `udelay(100)`; then the busy bit. And `safe_apic_wait_icr_idle` (`apic.c`, 2.6.22): `do` reads,
/// breaks, `udelay(100)` `while (timeout++ < 1000)`: one round more.
#[test]
fn a_thousand_rounds_are_the_kernels_own() {
    for (rounds, variant, arch) in [(1000, "modern", "modern/xapic-flat"), (1001, "merged", "x86_64/flat")] {
        let path =
            file(&format!("rounds-{rounds}"), &format!("[wait]\nname = \"mine\"\nrounds = {rounds}\ndelay_us = 100\n"));
        let call = ["accesses", "--arch", arch, "--call", "send_IPI_mask", "--to", "1", "--vector", "nmi"];
        let listed = |more: &[&str]| json(&[&call[..], &["--json"], more].concat());
        for icr in ["stuck", "idle", "clears-after:250"] {
            let mine = listed(&["--scenario", &path, "--icr", icr]);
            assert_eq!(mine["variant"], "mine");
            assert_eq!(mine["accesses"], listed(&["--variant", variant, "--icr", icr])["accesses"], "{variant} {icr}");
        }
        let stuck = listed(&["--scenario", &path, "--icr", "stuck"]);
        let operations: Vec<_> =
            stuck["accesses"].as_array().unwrap().iter().map(|one| one["op"].as_str().unwrap()).collect();
        let mut literal = vec!["IRQ-"];
        (0..rounds).for_each(|_| literal.extend(["R", "D"]));
        literal.extend(["W", "W", "IRQ+"]);
        assert_eq!(operations, literal);
    }
}

/// On a stuck ICR the second message never leaves: proven, on both executors, whatever stands between two reads.
#[test]
fn without_a_bound_it_is_proven_hung() {
    for (name, shape) in
        [("delays", "delay_us = 100\n"), ("pauses", "delay_us = 0\n"), ("first", "shape = \"delay-first\"\n")]
    {
        let path = file(name, &format!("[wait]\nname = \"mine\"\nrounds = \"unbounded\"\n{shape}"));
        for arch in ["i386/default", "x86_64/flat", "modern/xapic-physflat"] {
            let scenario = loaded(&path, arch);
            let reports = [Execution::default(), Execution::Reference].map(|execution| {
                run(&scenario, &Settings::seeded(0).with(|settings| settings.execution = execution)).unwrap().0
            });
            for report in &reports {
                assert_eq!(report.verdict, Verdict::Hung, "{name} {arch}");
                assert!(report.proof.is_some() && report.digest == reports[0].digest, "{name} {arch}");
                let hang = report.hang.as_ref().unwrap();
                assert!(hang.at.starts_with("planned_wait (kernel_model/src/planned_wait.rs:"), "{}", hang.at);
            }
        }
        let accesses = json(&["accesses", "--scenario", &path, "--call", "send_IPI_mask", "--icr", "stuck", "--json"]);
        assert_eq!(accesses["hang"], true, "{name}");
    }
}

/// With a bound it completes after all its pauses, which are counted here once more; the reads between them cost some ns each.
#[test]
fn with_a_bound_it_completes() {
    for (name, wait, pauses_us, reads) in [
        ("plain", "rounds = 20\ndelay_us = 10\n", 20 * 10, 20),
        ("doubling", "rounds = 10\ndelay_us = 10\nbackoff = 2\n", 10 * 1023, 10),
        ("tripling", "rounds = 4\ndelay_us = 1\nbackoff = 3\nshape = \"delay-first\"\n", 1 + 3 + 9 + 27, 4),
        ("one", "rounds = 1\ndelay_us = 100\n", 100, 1),
    ] {
        let path = file(name, &format!("[wait]\nname = \"mine\"\n{wait}at = [\"dest-field\"]\n"));
        for arch in ["i386/default", "x86_64/flat"] {
            let report = report(&path, arch);
            assert_eq!(report.verdict, Verdict::Completed, "{name} {arch}");
            let timed_out: Vec<_> = report.waits.iter().filter(|wait| wait.outcome == "timeout").collect();
            let [wait] = timed_out[..] else { panic!("{name} {arch}: {:?}", report.waits) };
            assert_eq!((wait.reads, wait.delays), (Some(reads), Some(reads)), "{name} {arch}");
            let took = wait.took.unwrap().as_ps();
            let pauses = pauses_us * 1_000_000;
            assert!((pauses..pauses + 10_000_000).contains(&took), "{name} {arch}: {took} ps");
        }
    }
}

#[test]
fn what_follows_a_time_out_is_seen_on_the_bus() {
    let sent = |then: &str| {
        let name = then.split('"').nth(1).unwrap().to_owned() + &then.len().to_string();
        let path = file(&name, &format!("[wait]\nname = \"mine\"\nrounds = 3\ndelay_us = 10\n{then}"));
        let document = json(&["messages", &path, "--from", "0", "--json"]);
        (document["messages_total"].as_u64().unwrap(), report(&path, "i386/default"))
    };
    // Two messages; the second is given up; the first is sent three times more, and then comes the second.
    let (all, report) = sent("then = \"write-anyway\"\n");
    assert_eq!((all, report.verdict), (2, Verdict::Completed));
    let (all, report) = sent("then = \"give-up\"\n");
    assert_eq!((all, report.verdict), (1, Verdict::Completed));
    let (all, report) = sent("then = \"send-again\"\nagain = 3\n");
    assert_eq!((all, report.verdict), (5, Verdict::Completed));
    let (all, report) = sent("then = \"panic\"\n");
    assert_eq!((all, report.verdict), (1, Verdict::Hung));
    assert_eq!(report.panicked.map(|panic| panic.cpu), Some(0));
}

#[test]
fn one_result_however_it_is_executed() {
    let windowed = |workers, window| Execution::Windowed { workers, window };
    let odd = Window::AtMost(Duration::from_ps(33_337));
    let executions = [
        Execution::Reference,
        windowed(1, Window::Full),
        windowed(1, Window::Half),
        windowed(1, odd),
        windowed(3, odd),
    ];
    for (name, wait) in [
        ("equal-again", "rounds = 5\ndelay_us = 3\nbackoff = 2\nthen = \"send-again\"\n"),
        ("equal-hang", "rounds = \"unbounded\"\ndelay_us = 7\n"),
        ("equal-panic", "rounds = 9\ndelay_us = 0\nthen = \"panic\"\n"),
    ] {
        let path = file(name, &format!("[wait]\nname = \"mine\"\n{wait}"));
        for arch in ["i386/default", "x86_64/flat", "modern/xapic-flat"] {
            let mut scenario = loaded(&path, arch);
            scenario.limit_ps = 300_000_000;
            assert_equal(&scenario, &executions, &[true, false]);
        }
    }
}

/// The variant of the file is its own unless another is named; every report says its name; a token brings it back.
#[test]
fn it_is_a_variant_of_its_file() {
    let expect = "[[expect]]\nvariant = [\"mine\"]\nverdict = \"completed\"\ntimeouts = 0\n";
    let pace = "[[pace]]\nvariant = [\"mine\"]\nfactor = 2\n";
    let path = file(
        "variant",
        &format!("[wait]\nname = \"mine\"\nrounds = 20\ndelay_us = 10\nbase = \"merged\"\n{pace}{expect}"),
    );
    let mine = json(&["run", &path, "--json"]);
    assert_eq!((&mine["variant"], &mine["release"], &mine["ok"]), (&"mine".into(), &"2.6.22".into(), &true.into()));
    assert_eq!((&mine["own_wait"]["name"], &mine["own_wait"]["closed"]), (&"mine".into(), &true.into()));
    assert_eq!(json(&["run", &path, "--variant", "before", "--json"])["own_wait"], serde_json::Value::Null);
    let text = printed(&["run", &path]);
    assert!(text.contains("on i386/default, mine, p6 on serial, 3 CPUs"), "{text}");
    assert!(text.contains("mine: 20 rounds, each a read, then 10 µs"), "{text}");
    let matrix = json(&["matrix", &path, "--arch", "i386/default", "--json"]);
    let cells = matrix["rows"][0]["cells"].as_array().unwrap();
    let names: Vec<_> = cells.iter().map(|cell| cell["variant"].as_str().unwrap()).collect();
    assert_eq!(names, ["before", "rfc", "merged", "mine"]);
    assert_eq!(cells[3]["digest"], mine["digest"]);
    assert!(printed(&["matrix", &path, "--variant", "mine", "--format", "csv"]).contains(":mine:"));
    // 20 rounds of 10 µs are not 5 of them: what is set is in the token.
    let set = ["run", &path, "--set", "wait.rounds=5", "--json"];
    let fewer = json(&set);
    assert_ne!(fewer["digest"], mine["digest"]);
    for run in [&mine, &fewer] {
        let replayed = json(&["replay", run["token"].as_str().unwrap(), "--json"]);
        assert_eq!((&replayed["digest"], &replayed["variant"]), (&run["digest"], &"mine".into()));
    }
}

/// A step that calls a kernel function calls it with the file's wait; a function that only bounded kernels have is there.
#[test]
fn a_program_has_it_too() {
    let program = |rounds: &str| {
        let text = STORY.replace("goal = \"senders-return\"", "goal = \"reach:back\"").replace(
            "role = \"send-sequence\"\nvector = \"reschedule\"\ntargets = [1, 2]\n",
            "steps = '''\ncall send_IPI_mask to=1 vector=0x50\ncall safe_apic_wait_icr_idle\nreach back\n'''\n",
        );
        let path = std::env::temp_dir().join(format!("apicsim-own-{}-steps-{}.toml", std::process::id(), rounds.len()));
        std::fs::write(&path, format!("{text}[wait]\nname = \"mine\"\nrounds = {rounds}\ndelay_us = 10\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let bounded = report(&program("7"), "i386/default");
    assert_eq!(bounded.verdict, Verdict::Completed);
    assert!(bounded.waits.iter().any(|wait| (wait.outcome, wait.reads) == ("timeout", Some(7))), "{:?}", bounded.waits);
    let output = apicsim(&["run", &program("\"unbounded\"")]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(message.contains("safe_apic_wait_icr_idle"), "{message}");
}

/// A built-in story takes one by `--set` alone, and expects nothing of it.
#[test]
fn a_wait_can_be_set_for_any_scenario() {
    let sets = ["--set", "wait.name=mine", "--set", "wait.rounds=20", "--set", "wait.delay_us=10"];
    let run = json(&[&["run", "nmi-stall", "--json"], &sets[..]].concat());
    assert_eq!((&run["variant"], &run["verdict"]), (&"mine".into(), &"completed".into()));
    assert_eq!((&run["expected"], &run["ok"]), (&serde_json::Value::Null, &true.into()));
    // 20 rounds of 10 µs and the reads between them, where the merged wait takes 100 100 µs.
    let from_crash = run["from_crash_us"].to_string().parse::<f64>().unwrap();
    assert!((200.0..203.0).contains(&from_crash), "{from_crash}");
    assert_eq!(load("nmi-stall", "i386/default", "before", &["wait.name=mine", "wait.rounds=20"]).own, None);
}
