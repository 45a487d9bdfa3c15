//! Scenarios put together in Rust: what is built is what a file says, errors and all.

use crate::support::reads_back;
use apicsim::scenario::{
    self, Bus, CostOverrides, CpuFault, Expectation, ExpectedProof, ExpectedVerdict, FaultKind, Goal, IpiVector,
    Mechanism, Role, Scenario, ScenarioBuilder, Times, VectorUse,
};
use sim::bus::{SerialFaultKind, Wire};
use sim::{Generation, Named, Time};

fn us(us: u64) -> Time {
    Time::from_us(us)
}

/// A builder with something of everything, and the file that a person would write.
#[test]
fn what_is_built_is_what_a_file_says() {
    let costs = CostOverrides::default().with(|costs| {
        costs.pause_cycles = Some(2);
        costs.visibility_ps = Some(90_500);
    });
    let smm = FaultKind::Cpu {
        cpu: 2,
        fault: CpuFault::Smm { length_ps: 5_000_000 },
        times: Times { every_ps: 50_000_000, count: 3 },
    };
    let wire = FaultKind::Wires {
        until_ps: Some(70_000_000),
        fault: SerialFaultKind::StuckWire { wire: Wire::Picd1, driven: true },
    };
    let built = ScenarioBuilder::new("everything")
        .story("Some of everything.")
        .mechanism(Mechanism::ALL[0])
        .goal(Goal::NmiSendReturns)
        .limit(us(500))
        .cpus(3)
        .offline(&[2])
        .arch("i386/bigsmp")
        .variant("merged")
        .release("2.6.20")
        .generation(Generation::P6)
        .bus(Bus::Serial)
        .knob("slots", "per-vector")
        .knob("jitter_picclk", 2)
        .knob("no_broadcast", false)
        .costs(&costs)
        .klogd(1)
        .klogd_reschedule()
        .word("w", 7)
        .lock("l")
        .event(
            us(1),
            0,
            &Role::SendSequence {
                vector: IpiVector::Use(VectorUse::Reschedule),
                targets: vec![1],
                repeat: 2,
                send_after_ps: 1_500_000,
            },
        )
        .steps(us(2), 1, "lock l\nif w == 7 {\n say \"it's seven\"\n} else {\n set w 1\n}\nunlock l")
        .event(us(60), 0, &Role::OopsCrash { print_ps: 0 })
        .fault(us(40), smm)
        .fault(us(50), wire)
        .expect(&Expectation { proof: Some(ExpectedProof::Recurrence), ..Expectation::of(ExpectedVerdict::Hung) })
        .build()
        .unwrap_or_else(|error| panic!("{}", error.render(false)));
    let file = r#"
        format = 1
        name = "everything"
        mechanism = "A"
        story = "Some of everything."
        goal = "nmi-send-returns"
        limit_us = 500
        words = { w = 7 }
        locks = ["l"]
        machine = { cpus = 3, offline = [2], arch = "i386/bigsmp", variant = "merged", release = "2.6.20", bus = "serial" }
        knobs = { slots = "per-vector", jitter_picclk = 2, no_broadcast = false }
        costs = { pause_cycles = 2, visibility_ns = 90.5 }
        klogd = [{ cpu = 1, reschedule = true }]
        [[event]]
        at_us = 1
        cpu = 0
        role = "send-sequence"
        vector = "reschedule"
        targets = [1]
        repeat = 2
        send_after_us = 1.5
        [[event]]
        at_us = 2
        cpu = 1
        steps = """
        lock l
        if w == 7 { say "it's seven" }  # a comment
        else { set w 1 }
        unlock l
        """
        [[event]]
        at_us = 60
        cpu = 0
        role = "oops-crash"
        [[fault]]
        at_us = 40
        kind = "smm"
        cpu = 2
        length_us = 5
        every_us = 50
        count = 3
        [[fault]]
        at_us = 50
        kind = "stuck-wire"
        wire = "picd1"
        stuck = "driven"
        until_us = 70
        [[expect]]
        verdict = "hung"
        proof = "recurrence"
    "#;
    // One line a step: a block that a file has on a line is the same program.
    let file = file.replace("        if w == 7 { say", "        if w == 7 {\n say").replace("seven\" }", "seven\"\n }");
    let read = Scenario::from_toml(&file).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert!(built.says_the_same_as(&read), "{}\n{}", built.to_toml(), read.to_toml());
    reads_back(&built);
}

/// Each part matters: what differs in one is not the same.
#[test]
fn what_differs_does_not_say_the_same() {
    let base = || ScenarioBuilder::new("base").cpus(3).word("w", 1).steps(us(1), 0, "set w 2\nreach x").reach("x");
    let lose = |nth, count| {
        let Ok(scenario) = Scenario::from_toml(&format!(
            "format = 1\nname = \"x\"\nstory = \"x\"\ngoal = \"all-programs-end\"\nmachine = {{ cpus = 3 }}\n\
             fault = [{{ kind = \"message\", effect = \"lose\", nth = {nth}{count} }}]"
        )) else {
            panic!("valid")
        };
        scenario.faults[0].kind
    };
    let others = [
        base().cpus(2),
        base().word("v", 1),
        base().knob("slots", "per-vector"),
        base().limit(us(9)),
        base().story("Another."),
        base().steps(us(1), 1, "pause"),
        base().event(us(1), 1, &Role::Idle),
        base().event(us(1), 1, &Role::SpinIrqsOff),
        base().fault(us(0), lose(2, "")),
        base().fault(us(0), lose(2, ", count = 2")),
        base().fault(us(0), lose(2, ", every = 1")),
        base().fault(us(0), lose(1, ", every = 1")),
        base().fault(us(0), FaultKind::ApicDead { cpu: 1 }),
        base().expect(&Expectation::of(ExpectedVerdict::Any)),
        base().handler(&[1], scenario::On::Nmi, "pause"),
        base().crash_image(false),
        base().variant("rfc"),
        base(),
    ];
    let scenarios: Vec<Scenario> = others
        .iter()
        .map(|builder| builder.build().unwrap_or_else(|error| panic!("{}\n{}", error.render(false), builder.to_toml())))
        .collect();
    for (number, one) in scenarios.iter().enumerate() {
        reads_back(one);
        for (place, other) in scenarios.iter().enumerate() {
            assert_eq!(one.says_the_same_as(other), number == place, "{}\n{}", one.to_toml(), other.to_toml());
        }
    }
}

/// Invalid combinations: the same message, and the same help, as the file's.
#[test]
fn a_builder_refuses_what_a_file_refuses() {
    let base = || ScenarioBuilder::new("b").cpus(2);
    let event = |keys: &str| format!("machine = {{ cpus = 2 }}\nevent = [{{ {keys} }}]");
    let fault = |keys: &str| format!("machine = {{ cpus = 2 }}\nfault = [{{ {keys} }}]");
    let damage = FaultKind::Wires {
        until_ps: None,
        fault: SerialFaultKind::Damage { from: None, vectors: Some((1, 2)), mode: None, nth: 1, every: 1, count: None },
    };
    let munmap = |targets: &[u32]| Role::Munmap { targets: targets.to_vec(), irqs_off: false };
    let cases = [
        (base().cpus(0), "machine = { cpus = 0 }".to_owned()),
        (base().cpus(15), "machine = { cpus = 15 }".to_owned()),
        (base().arch("i386/visws"), "machine = { cpus = 2, arch = \"i386/visws\" }".to_owned()),
        (base().variant("later"), "machine = { cpus = 2, variant = \"later\" }".to_owned()),
        (
            base().bus(Bus::Fsb).generation(Generation::P6),
            "machine = { cpus = 2, bus = \"fsb\", generation = \"p6\" }".to_owned(),
        ),
        (base().offline(&[0]), "machine = { cpus = 2, offline = [0] }".to_owned()),
        (base().knob("slots", "none"), "machine = { cpus = 2 }\nknobs = { slots = \"none\" }".to_owned()),
        (base().knob("slot", 1), "machine = { cpus = 2 }\nknobs = { slot = 1 }".to_owned()),
        (
            base().costs(&CostOverrides::default().with(|costs| costs.pause_cycles = Some(0))),
            "machine = { cpus = 2 }\ncosts = { pause_cycles = 0 }".to_owned(),
        ),
        (base().event(us(1), 2, &Role::SpinIrqsOff), event("at_us = 1, cpu = 2, role = \"spin-irqs-off\"")),
        (base().event(us(1), 0, &munmap(&[])), event("at_us = 1, cpu = 0, role = \"munmap\", targets = []")),
        (base().event(us(1), 0, &munmap(&[0])), event("at_us = 1, cpu = 0, role = \"munmap\", targets = [0]")),
        (base().event(us(1), 0, &Role::Steps(0..3)), event("at_us = 1, cpu = 0, role = \"steps\"")),
        (base().event(us(20_000_000), 0, &Role::Idle), event("at_us = 20000000, cpu = 0, role = \"idle\"")),
        (base().steps(us(1), 0, ""), event("at_us = 1, cpu = 0, steps = \"\"")),
        (base().steps(us(1), 0, "lock l"), event("at_us = 1, cpu = 0, steps = \"lock l\"")),
        (base().fault(us(1), FaultKind::FsbStall { until_ps: None }), fault("at_us = 1, kind = \"fsb-stall\"")),
        (
            base().fault(us(1), FaultKind::DeadLink { cluster: 0 }),
            fault("at_us = 1, kind = \"dead-link\", cluster = 0"),
        ),
        (
            base().fault(us(9), FaultKind::Wires { until_ps: Some(9_000_000), fault: SerialFaultKind::LostClock }),
            fault("at_us = 9, kind = \"lost-clock\", until_us = 9"),
        ),
        (base().fault(us(0), damage), fault("kind = \"message\", effect = \"damage\", vectors = [1, 2]")),
        (base().goal(Goal::CaptureKernel), "machine = { cpus = 2 }\ngoal = \"capture-kernel\"".to_owned()),
        (base().goal(Goal::Reach), "machine = { cpus = 2 }\ngoal = \"reach:NAME\"".to_owned()),
        (base().reach("there"), "machine = { cpus = 2 }\ngoal = \"reach:there\"".to_owned()),
        (base().limit(us(0)), "machine = { cpus = 2 }\nlimit_us = 0".to_owned()),
    ];
    for (builder, file) in cases {
        let goal = if file.contains("goal") { "" } else { "goal = \"all-programs-end\"\n" };
        let file = format!("format = 1\nname = \"b\"\nstory = \"b\"\n{goal}{file}\n");
        let (built, read) = (builder.build(), Scenario::from_toml(&file));
        let (Err(built), Err(read)) = (built, read) else { panic!("one of them is valid\n{file}") };
        assert_eq!(built.message(), read.message(), "{file}");
        assert_eq!(built.help_lines(), read.help_lines(), "{file}");
        assert!(built.place().is_some(), "{built}");
    }
}
