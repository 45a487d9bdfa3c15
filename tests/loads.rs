//! `[[load]]` and `--load`: work that arrives whatever the CPUs are doing. Instants are worked out by hand.

use crate::determinism::{assert_equal, every_execution};
use crate::programs::{load, program, report, text};
use crate::support::{apicsim, json};
use apicsim::scenario::{Request, load_text};
use apicsim::{RunReport, Verdict};

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
    for load in ["ipis", "ipis=exp(20us)+flushes"] {
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
        (["matrix", "stuck-icr", "--load", "ipis=x"], "not a time"),
    ] {
        let output = apicsim(&arguments);
        let error = String::from_utf8(output.stderr).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(output.status.code() == Some(2) && error.contains(says), "{arguments:?}: {error}");
    }
}
