//! The built-in scenarios on every machine, and every kind of bad input.

use super::named::Named;
use super::*;
use crate::scenario::diagnostic::InputError;

fn request(scenario: &str, arch: &str, variant: &str, sets: &[&str]) -> Request {
    Request {
        arch: Some(arch.to_owned()),
        variant: Some(variant.to_owned()),
        sets: sets.iter().map(|&set| set.to_owned()).collect(),
        ..Request::new(scenario)
    }
}

fn loaded(scenario: &str, arch: &str, variant: &str, sets: &[&str]) -> Scenario {
    load(&request(scenario, arch, variant, sets)).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

/// Loads a text as a file, so that the whole path from a file to a message is used.
fn load_text(text: &str, edit: impl FnOnce(&mut Request)) -> Result<Scenario, InputError> {
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("apicsim-scenario-{}-{number}.toml", std::process::id()));
    std::fs::write(&path, text).expect("the temporary directory is writable");
    let mut request = Request::new(path.to_string_lossy());
    edit(&mut request);
    let result = load(&request);
    std::fs::remove_file(&path).expect("just written");
    result
}

static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

const SMALL: &str = "format = 1
name = \"small\"
story = \"Small.\"
goal = \"all-programs-end\"
[machine]
cpus = 4
[[event]]
at_us = 30
cpu = 0
role = \"rcu-kick\"
targets = [1]
";

#[test]
fn every_builtin_scenario_loads_on_every_machine() {
    for name in builtin_names() {
        for arch in ARCHES {
            for variant in VARIANTS {
                for bus in Bus::ALL {
                    // Eight CPUs with cluster ids have no place on one bus of a P6.
                    let clustered = ["i386/es7000-clustered", "i386/numaq", "i386/summit"].contains(&arch);
                    if name == "dead-link" && clustered && matches!(bus, Bus::Serial | Bus::Ideal) {
                        continue;
                    }
                    let request = Request { bus: Some(*bus), ..request(name, arch, variant, &[]) };
                    let scenario = load(&request).unwrap_or_else(|error| panic!("{}", error.render(false)));
                    assert_eq!((scenario.name.as_str(), scenario.machine.arch), (name, arch));
                    assert!(scenario.expectation.is_some(), "{name} {arch} {bus}");
                    assert!(scenario.events.is_sorted_by_key(|event| event.at_ps));
                }
            }
        }
    }
}

#[test]
fn nmi_stall_is_the_story() {
    let serial = loaded("nmi-stall", "i386/default", "before", &[]);
    let roles: Vec<_> =
        serial.events.iter().map(|event| (event.at_ps / 1_000_000, event.cpu, event.role.role_name())).collect();
    let expected = [
        (5, 2, RoleName::CorruptRunQueue),
        (10, 1, RoleName::Munmap),
        (20, 3, RoleName::CallFunction),
        (30, 2, RoleName::WatchdogNmi),
        (40, 0, RoleName::RcuKick),
        (60, 0, RoleName::SysrqCrash),
    ];
    assert_eq!(roles, expected);
    assert_eq!((serial.faults.len(), serial.crashing_cpu(), serial.limit_ps), (0, Some(0), LIMIT_PS_DEFAULT));

    let fsb = loaded("nmi-stall", "x86_64/flat", "before", &[]);
    assert_eq!(fsb.faults, [Fault { index: 0, at_ps: 35_000_000, kind: FaultKind::FsbStall { until_ps: None } }]);
    assert_eq!(fsb.events[4].role, Role::OopsCrash { print_ps: 5_000_000 });
    assert_eq!((fsb.events[5].at_ps, fsb.events[5].role.role_name()), (62_000_000, RoleName::WatchdogNmi));
    let summit = loaded("nmi-stall", "i386/summit", "before", &[]);
    // A device interrupt could not arrive on the stalled bus: the crash comes from the CPU itself.
    assert_eq!(summit.events[5].role, Role::OopsCrash { print_ps: 5_000_000 });
    // On i386 CPU 2 prints from before the crash until after it.
    for i386 in [serial, summit] {
        assert_eq!(i386.events[3].at_ps, 30_000_000);
        assert_eq!(i386.events[3].role, Role::WatchdogNmi { print_ps: 5_000_000_000, irq_work: false });
    }
}

/// Ranges and lists of numbers: the first row that passes counts.
#[test]
fn an_expectation_may_name_numbers() {
    let rows = "\n[[expect]]\nmps_retries = { from = 5, to = 9 }\nverdict = \"hung\"\n\
                [[expect]]\nmps_retries = [2, 4]\njitter_picclk = { to = 3 }\nverdict = \"hung\"\n\
                [[expect]]\ndelay_hz = { from = 250 }\nverdict = \"hung\"\n\
                [[expect]]\nverdict = \"completed\"\n";
    for (sets, row) in [
        (&["knobs.mps_retries=5"][..], 0),
        (&["knobs.mps_retries=9"], 0),
        (&["knobs.mps_retries=10"], 3),
        (&["knobs.mps_retries=4"], 1),
        (&["knobs.mps_retries=3"], 3),
        (&["knobs.mps_retries=2", "knobs.jitter_picclk=4"], 3),
        (&["knobs.delay_hz=250"], 2),
        (&["knobs.delay_hz=100"], 3),
        (&[], 3),
    ] {
        let sets = sets.iter().map(|set| (*set).to_owned()).collect();
        let scenario = load_text(&format!("{SMALL}{rows}"), |request| request.sets = sets).expect("valid");
        assert_eq!(scenario.expectation.expect("one passes").index, row, "{:?}", scenario.sets);
    }
}

/// No key of a filter is accepted and then not looked at: each refuses what is not of its kind.
#[test]
fn every_knob_filters() {
    for key in super::knobs::knob_keys() {
        let text = format!("{SMALL}\n[[expect]]\n{key} = {{ nonsense = 1 }}\nverdict = \"hung\"\n");
        assert!(load_text(&text, |_| {}).is_err(), "{key} is not looked at");
    }
}

#[test]
fn expectations_follow_the_machine() {
    use ExpectedVerdict::{Completed, Hung};
    let cases: [(&str, &str, &str, &[&str], ExpectedVerdict); 17] = [
        ("nmi-stall", "i386/default", "before", &[], Hung),
        ("nmi-stall", "i386/default", "rfc", &[], Completed),
        ("nmi-stall", "i386/numaq", "merged", &["knobs.icr_write_while_busy=stall"], Hung),
        ("nmi-stall", "i386/default", "before", &["knobs.slots=per-vector"], Completed),
        ("nmi-stall", "i386/default", "before", &["knobs.full_target=accept"], Completed),
        ("nmi-stall", "x86_64/flat", "before", &[], Hung),
        ("nmi-stall", "x86_64/flat", "before", &["fault=[]"], Completed),
        ("nmi-stall", "x86_64/flat", "merged", &[], Completed),
        ("dead-target", "i386/bigsmp", "before", &[], Hung),
        ("dead-target", "i386/bigsmp", "before", &["fault=[]"], Completed),
        ("crossed-senders", "i386/default", "merged", &[], Hung),
        ("crossed-senders", "x86_64/flat", "merged", &[], Completed),
        ("crossed-broadcasts", "i386/default", "merged", &[], Hung),
        ("crossed-broadcasts", "i386/default", "solution-a", &[], Completed),
        ("kdump", "i386/default", "before", &[], Completed),
        ("kdump", "i386/default", "merged", &["stall=slots", "knobs.icr_write_while_busy=drop"], Hung),
        ("kdump", "x86_64/physflat", "before", &["stall=fsb"], Hung),
    ];
    for (scenario, arch, variant, sets, verdict) in cases {
        let expectation = loaded(scenario, arch, variant, sets).expectation.expect("something is expected");
        assert_eq!(expectation.verdict, verdict, "{scenario} {arch} {variant} {sets:?}");
    }
}

#[test]
fn choices_and_settings_change_the_scenario() {
    let sets = ["event.4.at_us=40.000001", "event.3.only=[]", "costs.pause_cycles=10", "knobs.jitter_picclk=7"];
    let mut wanted = request("nmi-stall", "i386/bigsmp", "merged", &sets);
    (wanted.cpus, wanted.limit_ps) = (Some(14), Some(1_500_000));
    let scenario = load(&wanted).expect("valid");
    assert_eq!((scenario.machine.cpus, scenario.limit_ps), (14, 1_500_000), "a limit from outside may cut events off");
    assert!(scenario.events.iter().all(|event| event.role.role_name() != RoleName::WatchdogNmi));
    assert_eq!(scenario.events.iter().find(|event| event.index == 4).map(|event| event.at_ps), Some(40_000_001));
    assert_eq!((scenario.costs.pause_cycles, scenario.knobs.hardware.jitter_cycles), (Some(10), 7));
    assert_eq!(scenario.sets, sets);
    let plain = loaded("nmi-stall", "i386/bigsmp", "merged", &[]);
    assert_eq!(plain.hash, scenario.hash, "the hash is that of the file: settings travel beside it");
    assert_eq!(plain.hash.len(), 16);
}

#[test]
fn a_file_is_as_good_as_a_built_in_scenario() {
    let scenario = load_text(builtin("nmi-stall").expect("built in"), |_| {}).expect("valid");
    assert!(matches!(scenario.origin, Origin::File(_)));
    assert_eq!(scenario.hash, loaded("nmi-stall", "i386/default", "before", &[]).hash);
}

#[test]
fn bad_files_say_where_and_what_would_be_right() {
    // (replaced text, its replacement, line, part of the message, part of the help)
    let cases = [
        ("format = 1", "format = 2", 1, "unknown format", "format = 1"),
        ("format = 1", "", 1, "missing key `format`", "format = 1"),
        ("cpus = 4", "cpus = = 4", 6, "not valid TOML", "TOML"),
        ("cpus = 4", "cpus = 4\ncpus = 5", 7, "duplicate key", "keep one"),
        ("cpus = 4", "cpus = 0", 6, "out of range", "from 1 to 8"),
        ("cpus = 4", "cpus = 9", 6, "out of range", "mask of 8 bits"),
        ("cpus = 4", "cpus = 99999999999999999999999999999", 6, "out of range", "at most 8"),
        ("cpus = 4", "cpus = -1", 6, "out of range", "from 1 to 8"),
        ("cpus = 4", "cpus = \"4\"", 6, "must be an integer", "at most 8"),
        (
            "cpus = 4",
            "cpus = 4\ngeneration = \"xapic\"\nbus = \"serial\"",
            8,
            "cannot sit on bus",
            "fsb, cluster, fabric, ideal",
        ),
        ("cpus = 4", "cpus = 4\nbus = \"fabrik\"", 7, "unknown bus", "`fabric`"),
        ("cpus = 4", "cpus = 4\narch = \"i386/sumit\"", 7, "unknown sub-architecture", "`i386/summit`"),
        ("cpus = 4", "cpus = 4\nvariant = \"b2\"", 7, "unknown variant `b2`", "did you mean `b1`?"),
        ("cpus = 4", "cpus = 4\n[knobs]\nslot = \"per-class\"", 8, "unknown key `slot`", "`knobs.slots`"),
        ("cpus = 4", "cpus = 4\n[knobs]\nslots = \"per-clas\"", 8, "unknown slot rule", "`per-class`"),
        ("cpus = 4", "cpus = 4\n[knobs]\njitter_picclk = 1001", 8, "out of range", "0 to 1000"),
        ("cpus = 4", "cpus = 4\n[costs]\npause_cycles = 0", 8, "out of range", "from 1"),
        ("cpus = 4", "cpus = 4\n[costs]\nvisibility_ns = 0.0", 8, "cannot be zero", "0.001 ns"),
        ("goal = \"all-", "gaol = \"all-", 4, "unknown key `gaol`", "`goal`"),
        ("all-programs-end", "all-programs-ends", 4, "unknown goal", "`all-programs-end`"),
        ("all-programs-end", "nmi-send-returns", 4, "nobody can reach", "sysrq-crash"),
        ("all-programs-end", "senders-return", 4, "nobody can reach", "send-sequence"),
        ("name = \"small\"", "name = 7", 2, "must be a string", ""),
        ("at_us = 30", "at_us = 30\nlimit_us = 4", 9, "unknown key `limit_us`", "at_us"),
        ("story = \"Small.\"", "limit_us = 0\nstory = \"Small.\"", 3, "needs some time", "10 s"),
        ("story = \"Small.\"", "limit_us = 20\nstory = \"Small.\"", 9, "after the end", "`limit_us` is 20"),
        ("at_us = 30", "at_us = 18446744073710", 8, "overflows", ""),
        ("at_us = 30", "at_us = -3", 8, "negative", ""),
        ("at_us = 30", "at_us = 0.0000001", 8, "picoseconds", ""),
        ("at_us = 30", "at_us = inf", 8, "plain decimal", ""),
        ("cpu = 0", "cpu = 4", 9, "no CPU 4", "0 to 3"),
        ("targets = [1]", "targets = [4]", 11, "no CPU 4", "0 to 3"),
        ("targets = [1]", "targets = [0]", 11, "nobody but itself", "other CPU"),
        (
            "\"rcu-kick\"\ntargets = [1]",
            "\"send-sequence\"\nvector = 0x41\ntargets = [1]\nallbutself = true",
            12,
            "goes to all others",
            "one of the two",
        ),
        ("targets = [1]", "targets = []", 11, "nobody to send to", "at least one"),
        ("targets = [1]", "targets = [1, 1]", 11, "named twice", "once"),
        ("targets = [1]", "target = [1]", 11, "unknown key `target`", "`event.0.targets`"),
        ("targets = [1]", "targets = [1]\nvector = 0xFC", 12, "with role `rcu-kick`", "targets"),
        ("targets = [1]", "", 7, "missing key `event.0.targets`", "targets = [2]"),
        ("\"rcu-kick\"", "\"rcu-kik\"", 10, "unknown role", "`rcu-kick`"),
        ("\"rcu-kick\"", "\"send-fixed\"\nvector = \"resched\"", 11, "unknown vector", "`reschedule`"),
        ("\"rcu-kick\"", "\"send-fixed\"\nvector = 2", 11, "out of range", "reschedule"),
        ("targets = [1]", "targets = [1]\nonly = [\"fbs\"]", 12, "unknown bus", "`fsb`"),
        ("targets = [1]", "targets = [1]\narch = [\"i386/\"]", 12, "unknown sub-architecture", "i386/*"),
        (
            "targets = [1]",
            "targets = [1]\n[[fault]]\nat_us = 1\nkind = \"fsb-stal\"",
            14,
            "unknown fault",
            "`fsb-stall`",
        ),
        ("targets = [1]", "targets = [1]\n[[fault]]\nat_us = 1\nkind = \"fsb-stall\"", 14, "no front-side bus", "only"),
        (
            "targets = [1]",
            "targets = [1]\n[[fault]]\nat_us = 1\nkind = \"apic-dead\"\ncpu = 7",
            15,
            "no CPU 7",
            "0 to 3",
        ),
        (
            "targets = [1]",
            "targets = [1]\n[[fault]]\nat_us = 2\nkind = \"fsb-stall\"\nuntil_us = 2\nonly = [\"fsb\"]",
            15,
            "ends after",
            "2",
        ),
        (
            "targets = [1]",
            "targets = [1]\n[[fault]]\nat_us = 2\nkind = \"icr-stuk\"\ncpu = 1",
            14,
            "unknown fault",
            "`icr-stuck`",
        ),
        (
            "targets = [1]",
            "targets = [1]\n[[expect]]\nmps_retries = { form = 2 }\nverdict = \"hung\"",
            13,
            "unknown key `form` in the range `mps_retries`",
            "`expect.0.mps_retries.from`",
        ),
        (
            "targets = [1]",
            "targets = [1]\n[[expect]]\nmps_retries = { to = 0 }\nverdict = \"hung\"",
            13,
            "out of range",
            "from 1 to 1000",
        ),
        (
            "targets = [1]",
            "targets = [1]\n[[expect]]\nverdict = \"any\"\ncapture = true",
            14,
            "expects nothing else",
            "name the verdict",
        ),
        ("targets = [1]", "targets = [1]\n[[expect]]\nverdict = \"hangs\"", 13, "unknown verdict", "completed, hung"),
        (
            "targets = [1]",
            "targets = [1]\n[[expect]]\nvariant = [\"befor\"]\nverdict = \"hung\"",
            13,
            "unknown variant",
            "`before`",
        ),
        ("[[event]]", "[event]", 7, "must be an array of tables", ""),
    ];
    for (old, new, line, message, help) in cases {
        let text = SMALL.replacen(old, new, 1);
        assert_ne!(text, SMALL, "{old}");
        let error = load_text(&text, |_| {}).expect_err(new);
        let shown = error.render(false);
        assert!(!error.is_of_host());
        assert_eq!(error.place().map(crate::scenario::diagnostic::Place::line), Some(line), "{new}\n{shown}");
        assert!(error.message().contains(message), "{new}\n{shown}");
        assert!(help.is_empty() || error.help_lines().iter().any(|text| text.contains(help)), "{new}\n{shown}");
        assert!(shown.contains(&format!(".toml:{line}:")), "{shown}");
    }
    load_text(SMALL, |_| {}).expect("the unchanged text is valid");
}

#[test]
fn bad_choices_point_at_the_command_line() {
    type Edit = fn(&mut Request);
    let cases: [(Edit, &str, &str); 9] = [
        (|request| request.cpus = Some(0), "--cpus 0", "from 1 to 8"),
        (|request| request.arch = Some("i386/defualt".to_owned()), "--arch i386/defualt", "`i386/default`"),
        (
            |request| request.arch = Some("modern/x2apic-fys".to_owned()),
            "--arch modern/x2apic-fys",
            "did you mean `modern/x2apic-phys`?",
        ),
        (|request| request.limit_ps = Some(0), "--limit-us 0", "10 s"),
        (
            |request| (request.generation, request.bus) = (Some(sim::Generation::P6), Some(Bus::Fsb)),
            "--bus fsb",
            "serial, cluster, ideal",
        ),
        (|request| request.sets.push("slots=per-vector".to_owned()), "--set slots=", "`knobs.slots`"),
        (|request| request.sets.push("knob.slots=per-vector".to_owned()), "--set knob.slots=", "`knobs`"),
        (|request| request.sets.push("event.0.at=3".to_owned()), "--set event.0.at=3", "`event.0.at_us`"),
        (|request| request.sets.push("event.1.cpu=3".to_owned()), "--set event.1.cpu=3", "`event.0`"),
    ];
    for (edit, shown, help) in cases {
        let error = load_text(SMALL, edit).expect_err(shown);
        let text = error.render(false);
        assert!(text.contains(shown) && text.contains("command line:1:"), "{text}");
        assert!(error.help_lines().iter().any(|line| line.contains(help)), "{text}");
    }
    let error = load_text(SMALL, |request| request.cpus = Some(2)).map(|scenario| scenario.machine.cpus);
    assert_eq!(error, Ok(2));
    let error = load(&Request { cpus: Some(3), ..Request::new("nmi-stall") }).expect_err("CPU 3 takes part");
    assert!(error.message().contains("no CPU 3"), "{error}");
}

#[test]
fn each_bus_and_sub_architecture_has_its_number_of_cpus() {
    let most = |arch: &str, bus: Option<Bus>, io_agent: bool, cpus: u32| {
        let request = Request { cpus: Some(cpus), bus, ..request("normal-dispatch", arch, "before", &[]) };
        let sets = if io_agent { vec![] } else { vec!["machine.io_agent=false".to_owned()] };
        load(&Request { sets, ..request }).is_ok()
    };
    for (arch, bus, io_agent, cpus) in [
        ("i386/default", None, true, 8),
        ("i386/bigsmp", None, true, 14),
        ("i386/bigsmp", None, false, 15),
        ("i386/summit", None, true, 60),
        ("x86_64/flat", None, true, 8),
        ("x86_64/physflat", None, true, 255),
        ("x86_64/physflat", Some(Bus::Serial), true, 14),
    ] {
        assert!(most(arch, bus, io_agent, cpus), "{arch} with {cpus}");
        assert!(!most(arch, bus, io_agent, cpus + 1), "{arch} with {}", cpus + 1);
    }
}

#[test]
fn crashes_are_single_and_possible() {
    let error = load(&Request { sets: vec!["machine.io_agent=false".to_owned()], ..Request::new("nmi-stall") });
    assert!(error.expect_err("no I/O agent").message().contains("I/O agent"));
    let error = load(&Request { sets: vec!["event.6.arch=i386/*".to_owned()], ..Request::new("nmi-stall") });
    assert!(error.expect_err("two crashes").message().contains("crashes once"));
}

#[test]
fn stories_are_one_paragraph() {
    for name in builtin_names() {
        let story = loaded(name, "i386/default", "before", &[]).story;
        assert!(story.len() > 200 && !story.contains('\n') && !story.contains("  "), "{story}");
    }
}

#[test]
fn mutilated_files_never_panic() {
    for name in builtin_names() {
        let text = builtin(name).expect("built in");
        for (index, line) in text.lines().enumerate() {
            let without: Vec<&str> =
                text.lines().enumerate().filter(|(at, _)| *at != index).map(|(_, line)| line).collect();
            let _ = load_text(&without.join("\n"), |_| {}).map_err(|error| error.render(false));
            let mangled = text.replacen(line, &line.replace('"', "").replace(['4', '1'], "-9e9"), 1);
            let _ = load_text(&mangled, |_| {}).map_err(|error| error.render(false));
        }
    }
}
