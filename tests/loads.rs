//! `[[load]]` and `--load`: work that arrives whatever the CPUs are doing. Instants are worked out by hand.

use crate::determinism::{assert_equal, every_execution};
use crate::programs::{load, program, report, text};
use crate::support::{apicsim, json};
use apicsim::scenario::{Request, load_text};
use apicsim::{RunReport, Settings, Verdict, run, run_observed};
use serde_json::Value;
use sim::{Batch, Context, Observer, Seeded, What};

fn with(loads: &str, happens: &str) -> String {
    text("goal = \"all-programs-end\"\nlimit_us = 10000", &format!("{happens}{loads}"))
}

fn entry(keys: &str) -> String {
    format!("[[load]]\n{keys}\n")
}

/// When CPU 0 said what, in µs; behind the goal nothing is told, so CPU 1 is busy for long.
fn said(loads: &str, happens: &str) -> Vec<(u64, String)> {
    let busy = "[[event]]\nat_us = 0\ncpu = 1\nsteps = 'delay 5ms'\n";
    let report: RunReport = report(&with(loads, &format!("{busy}{happens}")));
    assert_eq!(report.verdict, Verdict::Completed);
    report.said.iter().map(|note| (note.at.as_ps() / 1_000_000, note.text.clone())).collect()
}

fn instants(loads: &str, happens: &str) -> Vec<u64> {
    said(loads, happens).into_iter().map(|(at, _)| at).collect()
}

#[test]
fn arrivals_come_at_their_instants() {
    let of = |keys: &str| instants(&entry(&format!("cpus = [0]\nsteps = 'say \"x\"'\n{keys}")), "");
    assert_eq!(of("every = \"10us\"\ncount = 3"), [10, 20, 30]);
    assert_eq!(of("every = \"10us\"\nfor = \"45us\""), [10, 20, 30, 40]);
    assert_eq!(of("every = \"10us\"\nfor = \"45us\"\nat_us = 100"), [110, 120, 130, 140]);
    assert_eq!(of("every = \"10us\"\nburst = 2\ncount = 5"), [10, 10, 20, 20, 30]);
}

/// The second and third arrive at 20 and 30 µs, and each takes 25 µs: they wait, and none is left out.
#[test]
fn arrivals_do_not_wait_for_service() {
    let load = entry("cpus = [0]\nevery = \"10us\"\ncount = 3\nsteps = '''\nsay \"x\"\ndelay 25us\n'''");
    assert_eq!(instants(&load, ""), [10, 35, 60]);
}

/// The load goes on before and after an event, and whoever is served when the event is due holds it up.
#[test]
fn a_load_and_a_story_share_a_cpu() {
    let load = entry("cpus = [0]\nevery = \"10us\"\ncount = 4\nsteps = '''\nsay \"load\"\ndelay 6us\n'''");
    let event = "[[event]]\nat_us = 12\ncpu = 0\nsteps = '''\nsay \"story\"\ndelay 10us\n'''\n";
    let right = [(10, "load"), (16, "story"), (26, "load"), (32, "load"), (40, "load")];
    assert_eq!(said(&load, event), right.map(|(at, text)| (at, text.to_owned())));
}

/// 2 000 spans of a mean of 1 µs: the standard deviation of their mean is 0.022 µs, so five of them are 0.11.
#[test]
fn drawn_arrivals_have_their_mean_and_another_seed_has_others() {
    let loads = entry("cpus = [0]\nevery = \"exp(1us)\"\ncount = 2000\nsteps = 'add w 1'");
    let end = "[[event]]\nat_us = 0\ncpu = 1\nsteps = '''\nawait w == 2000\nreach all\n'''\n";
    let text = text("words = { w = 0 }\ngoal = \"reach:all\"\nlimit_us = 10000", &(loads + end));
    let of = |seed| apicsim::run(&load(&text), &apicsim::Settings::seeded(seed)).unwrap().0;
    let (one, other) = (of(1), of(2));
    assert!(one.digest != other.digest);
    for report in [one, other] {
        let us = report.sim_time.as_ps() / 1_000_000;
        assert_eq!(report.verdict, Verdict::Completed);
        assert!((1_780..2_220).contains(&us), "{us}");
    }
}

#[test]
fn loads_are_the_same_in_every_execution_and_end() {
    let machines = [
        ("ipis", "i386/default", "nmi-stall"),
        ("flushes", "x86_64/cluster", "normal-dispatch"),
        ("calls", "modern/x2apic-phys", "normal-dispatch"),
        ("devices", "i386/default", "nmi-stall"),
        ("devices", "modern/x2apic-phys", "normal-dispatch"),
        ("eois", "i386/default", "nmi-stall"),
        ("eois", "i386/numaq", "nmi-stall"),
        ("eois", "x86_64/cluster", "normal-dispatch"),
    ];
    for (preset, arch, name) in machines {
        let mut request = Request::new(name);
        request.arch = Some(arch.to_owned());
        request.sets = vec![format!("load=[{{ preset = \"{preset}\", every = \"exp(30us)\", for = \"200us\" }}]")];
        assert_equal(&apicsim::scenario::load(&request).unwrap(), &every_execution(), &[true, false]);
    }
}

/// A load that ends leaves a hang a hang: it is proven, and the unbounded send of 2007 hangs under load as without.
#[test]
fn a_hang_under_load_is_proven() {
    for load in ["ipis", "ipis=exp(20us)+flushes", "devices", "devices=exp(50us)+eois=exp(80us)"] {
        let found = json(&["run", "nmi-stall", "--load", load, "--json"]);
        assert_eq!(found["verdict"], "hung", "{load}");
        let token = found["token"].as_str().unwrap();
        assert_eq!(json(&["replay", token, "--json"])["digest"], found["digest"], "{load}");
    }
}

#[test]
fn a_file_of_loads_is_part_of_the_token() {
    let path = std::env::temp_dir().join(format!("apicsim-load-{}.toml", std::process::id()));
    std::fs::write(&path, entry("cpus = [0, 1]\nevery = \"exp(9us)\"\ncount = 7\nsteps = '''\ndelay 1us\npause\n'''"))
        .unwrap();
    let found = json(&["run", "normal-dispatch", "--load", path.to_str().unwrap(), "--json"]);
    std::fs::remove_file(&path).unwrap();
    let again = json(&["replay", found["token"].as_str().unwrap(), "--json"]);
    assert_eq!(again["digest"], found["digest"]);
    assert_ne!(json(&["run", "normal-dispatch", "--json"])["digest"], found["digest"]);
}

/// Whoever waits for a word that a load changes is told so: the load has ended, and the word is not what is awaited.
#[test]
fn a_load_that_changes_a_word_is_named() {
    let load = entry("cpus = [1]\nevery = \"1us\"\ncount = 2\nsteps = 'add w 1'");
    let text = text("words = { w = 0 }\ngoal = \"reach:three\"", &(program(0, "await w == 3\nreach three") + &load));
    let report = report(&text);
    let why = report.hang.as_ref().expect("it hangs").why.join("\n");
    assert!(report.verdict == Verdict::Hung && why.contains("CPU1's load changes `w`"), "{why}");
}

/// The machine of 2007 that hangs; the load is over long before the limit.
fn stalled(loads: &str) -> Request {
    Request::new("nmi-stall").with(|request| request.sets = vec![format!("load=[{loads}]")])
}

/// Its messages of a vector.
fn messages(loads: &str, vector: &str) -> Vec<Value> {
    let document = json(&["messages", "nmi-stall", "--set", &format!("load=[{loads}]"), "--vector", vector, "--json"]);
    document["messages"].as_array().unwrap().clone()
}

/// When the I/O agent had an interrupt for whom.
fn sent(loads: &str) -> Vec<(u64, String)> {
    let of = |message: &Value| (message["sent_us"].as_u64().unwrap(), message["to"].as_str().unwrap().to_owned());
    messages(loads, "0x41").iter().map(of).collect()
}

#[test]
fn devices_interrupt_at_their_instants() {
    let right = |instants: &[(u64, u32)]| -> Vec<(u64, String)> {
        instants.iter().map(|(at, cpu)| (*at, format!("physical {cpu:02X}"))).collect()
    };
    let burst = r#"{ preset = "devices", cpus = [1, 3], every = "10us", burst = 2, count = 3, at_us = 5 }"#;
    assert_eq!(sent(burst), right(&[(15, 1), (15, 1), (15, 3), (15, 3), (25, 1), (25, 3)]));
    let lasts = r#"{ preset = "devices", cpus = [0], every = "10us", for = "30us" }"#;
    assert_eq!(sent(lasts), right(&[(10, 0), (20, 0), (30, 0)]));
}

/// 2 ms, a device interrupt each 20 µs for each of four CPUs: 400, and CPU 2, which is deaf, keeps what came in its IRR.
#[test]
fn each_interrupt_of_a_device_is_taken_or_has_a_fate() {
    let messages = messages(r#"{ preset = "devices", every = "20us" }"#, "0x41");
    assert_eq!(messages.len(), 400);
    let mut taken = [0; 4];
    for message in &messages {
        let fates = message["fates"].as_array().unwrap();
        assert_eq!(fates.len(), 1, "{message}");
        let (cpu, fate) = (fates[0]["cpu"].as_u64().unwrap() as usize, fates[0]["fate"].as_str().unwrap());
        assert!(["taken", "pending", "merged"].contains(&fate), "{message}");
        taken[cpu] += u32::from(fate == "taken");
    }
    assert!(taken[1] == 100 && taken[3] == 100 && taken[2] == 0, "{taken:?}");
}

/// What a run's level-triggered interrupts come to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ended {
    entered: u32,
    told: u32,
}

impl Observer for Ended {
    fn take(&mut self, batch: &Batch<'_>) {
        for told in batch.events {
            match told.event.what {
                What::Entered(Context::Interrupt(0x49)) => self.entered += 1,
                What::EndOfInterrupt(0x49) => self.told += 1,
                _ => {}
            }
        }
    }
}

/// Each that was served, and no other, is ended at the I/O agent, on each bus. An edge ends in its CPU.
#[test]
fn the_eoi_of_each_level_interrupt_that_is_served_reaches_the_io_agent() {
    for arch in ["i386/default", "i386/numaq", "x86_64/flat", "modern/x2apic-phys"] {
        let mut request = stalled(r#"{ preset = "eois", every = "exp(40us)" }, { preset = "devices" }"#);
        request.arch = Some(arch.to_owned());
        let mut ended = Ended::default();
        run_observed(&apicsim::scenario::load(&request).unwrap(), &Settings::seeded(0), &mut ended).unwrap();
        assert!(ended.entered > 0 && ended.entered == ended.told, "{arch}: {ended:?}");
    }
}

/// As with all that is drawn: by the seed, or by who decides instead of it.
#[test]
fn interrupts_of_devices_are_drawn_by_the_chooser() {
    let scenario = apicsim::scenario::load(&stalled(r#"{ preset = "devices" }"#)).unwrap();
    let digest = |settings: &Settings| run(&scenario, settings).unwrap().1.digest;
    let chosen = Settings::seeded(0).with_chooser(apicsim::OwnPart::chooser("of-seed-5", Seeded(5)));
    assert_eq!(digest(&chosen), digest(&Settings::seeded(5)));
    assert_ne!(digest(&chosen), digest(&Settings::seeded(0)));
    for (load, same) in [("devices", false), ("devices=20us", true)] {
        let measured = apicsim(&["measure", "nmi-stall", "--load", load, "--seeds", "0..2"]);
        let text = String::from_utf8(measured.stdout).unwrap();
        assert_eq!(measured.status.code(), Some(0));
        assert_eq!(text.contains("Nothing was drawn"), same, "{text}");
    }
}

/// A vector of a device's that brings `SysRq` would bring the crash: then devices have another.
#[test]
fn a_device_does_not_crash_the_machine() {
    let crash = "[[event]]\nat_us = 500\ncpu = 0\nrole = \"sysrq-crash\"\nvector = 0x41\n";
    let load = entry("preset = \"devices\"\nevery = \"10us\"\ncount = 3");
    let report = report(&text("goal = \"nmi-send-returns\"\nlimit_us = 10000", &format!("{crash}{load}")));
    assert!(report.verdict == Verdict::Completed && report.sim_time.as_ps() > 500_000_000, "{:?}", report.sim_time);
}

#[test]
fn a_machine_must_have_what_devices_need() {
    let load = entry("preset = \"eois\"");
    let wrong = |text: &str, arch: Option<&str>| {
        let request = Request::new("p.toml").with(|request| request.arch = arch.map(str::to_owned));
        load_text(text, &request).expect_err(text).render(false)
    };
    let alone = "goal = \"all-programs-end\"\nlimit_us = 10000\n[machine]\ncpus = 2\nio_agent = false\n";
    let none = wrong(&text(alone, &format!("{}{load}", program(0, "pause"))), None);
    assert!(none.contains("this machine has none") && none.contains("machine.io_agent = true"), "{none}");
    let many = |keys: &str| {
        text(
            "goal = \"all-programs-end\"\nlimit_us = 10000\n[machine]\ncpus = 300\n",
            &format!("{}{}", program(0, "pause"), entry(&format!("preset = \"eois\"{keys}"))),
        )
    };
    let far = wrong(&many("\ncpus = [3, 255]"), Some("modern/x2apic-phys"));
    assert!(far.contains("reaches CPU 255 alone") && far.contains("0 to 254"), "{far}");
    let request = Request::new("p.toml").with(|request| request.arch = Some("modern/x2apic-phys".to_owned()));
    let scenario = load_text(&many(""), &request).unwrap();
    assert!(scenario.programs.loads[0].cpus.iter().copied().eq(0..255));
}

#[test]
fn what_is_wrong_with_a_load_is_said_at_its_place() {
    let cases = [
        ("cpus = [0]\nevery = \"10us\"\nsteps = 'pause'", "a load without an end", "count"),
        ("cpus = []\nevery = \"10us\"\ncount = 1\nsteps = 'pause'", "a load of no CPU", "at least one"),
        ("cpus = [7]\nevery = \"10us\"\ncount = 1\nsteps = 'pause'", "there is no CPU 7", "CPUs 0 to 1"),
        ("cpus = [0]\ncount = 1\nsteps = 'pause'", "every", "exp(50us)"),
        ("cpus = [0]\nevery = \"10\"\ncount = 1\nsteps = 'pause'", "has no unit", "200ns"),
        ("cpus = [0]\nevery = \"0us\"\ncount = 1\nsteps = 'pause'", "no time between", "50us"),
        ("cpus = [0]\nevery = \"1us\"\ncount = 0\nsteps = 'pause'", "0", "1 to"),
        ("cpus = [0]\nevery = \"1us\"\ncount = 1", "steps", "call"),
        ("preset = \"ipi\"", "unknown load `ipi`", "ipis"),
        ("preset = \"ipis\"\nsteps = 'pause'", "a preset has its own steps", "leave"),
        ("preset = \"ipis\"\nrate = 5", "unknown key `rate`", "every"),
        ("preset = \"device\"", "unknown load `device`", "ipis, flushes, calls, devices, eois"),
        ("preset = \"devices\"\nsteps = 'pause'", "a preset has its own steps", "leave"),
        ("preset = \"eois\"\nevery = \"0us\"", "no time between", "50us"),
        ("preset = \"devices\"\nevery = \"1ns\"", "some 4000000 times", "at most 1000000"),
        ("preset = \"eois\"\nevery = \"1ns\"\ncount = 500001", "some 1000002 times", "at most 1000000"),
        ("preset = \"ipis\"\nevery = \"1ps\"", "some 4000000000 arrivals", "at most 100000000"),
        ("cpus = [0, 1]\nevery = \"1us\"\ncount = 50000001\nsteps = 'pause'", "some 100000002", "at most 100000000"),
    ];
    for (keys, message, help) in cases {
        let text = with(&entry(keys), &program(0, "pause"));
        let error = load_text(&text, &Request::new("p.toml")).expect_err(keys).render(false);
        assert!(error.contains(message) && error.contains(help) && error.contains("p.toml:"), "{keys}:\n{error}");
    }
    let many = entry("cpus = [0]\nevery = \"1us\"\ncount = 1\nsteps = 'pause'").repeat(9);
    let error = load_text(&with(&many, ""), &Request::new("p.toml")).expect_err("nine").render(false);
    assert!(error.contains("too many loads on CPU 0"), "{error}");
    for (arguments, says) in [
        (["run", "nmi-stall", "--load", "ipsi"], "did you mean `ipis`"),
        (["run", "nmi-stall", "--load", "ipis,calls"], "one load here"),
        (["run", "nmi-stall", "--load", "./nothing.toml"], "cannot read the load ./nothing.toml"),
        (
            ["run", "nmi-stall", "--load", "./nothing.toml"],
            "(a load by name, or the path of a TOML file with [[load]])",
        ),
        (["run", "nmi-stall", "--load", "none+ipis"], "`none` is no load"),
        (["run", "nmi-stall", "--load", "ipis=20us+none"], "`none` is no load"),
        (["matrix", "stuck-icr", "--load", "ipis=x"], "not a time"),
        (["run", "normal-dispatch", "--load", "ipis=1ps"], "too many"),
    ] {
        let output = apicsim(&arguments);
        let error = String::from_utf8(output.stderr).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(output.status.code() == Some(2) && error.contains(says), "{arguments:?}: {error}");
    }
}
