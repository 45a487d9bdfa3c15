//! Scenarios as text and back: what is written reads back as the same, and runs as the same; what is put together in Rust is what
//! a file says, errors and all.

use crate::support::{apicsim, reads_back};
use apicsim::scenario::{
    self, ALL_ARCHES, Bus, CostOverrides, CpuFault, Expectation, ExpectedProof, ExpectedVerdict, FaultKind, Goal,
    IpiVector, Mechanism, Request, Role, Scenario, ScenarioBuilder, Stall, Times, VARIANTS, VectorUse, builtin_names,
};
use apicsim::{OwnVariant, Settings, run};
use kernel_model::{Kernel, OwnWait, Processor, Site, Waited};
use sim::bus::{SerialFaultKind, Wire};
use sim::{Generation, Named, Time};
use std::path::Path;

/// Every scenario, on every machine that it is for, under every variant and stall.
#[test]
fn every_built_in_scenario_reads_back() {
    let mut written = 0;
    for name in builtin_names() {
        for arch in ALL_ARCHES {
            let variants = VARIANTS.map(Some).into_iter().chain([None]);
            for (variant, stall) in variants.flat_map(|variant| Stall::ALL.iter().map(move |stall| (variant, stall))) {
                let mut request = Request::new(name);
                request.arch = Some(arch.to_owned());
                request.variant = variant.map(str::to_owned);
                request.sets = vec![format!("stall={stall}")];
                if let Ok(scenario) = scenario::load(&request) {
                    reads_back(&scenario);
                    written += 1;
                }
            }
        }
    }
    assert!(written > 8_000, "{written}");
}

/// Buses, releases, clocks, costs and knobs of every value.
#[test]
fn every_choice_reads_back() {
    let knobs = sim::Knobs::ALL.iter().flat_map(|knob| knob.values.iter().map(|value| format!("{}={value}", knob.key)));
    let of_the_kernel = [
        "jitter_picclk=3",
        "delay_hz=250",
        "wait_shape=read-first",
        "mps_timeout=external-interrupt",
        "mps_retries=7",
        "smp_send_stop=try",
        "no_broadcast=false",
        "tick_stopped=true",
        "csd_lock_wait_debug=true",
        "panic_on_ipistall=20",
    ];
    let knobs = knobs.chain(of_the_kernel.map(str::to_owned)).map(|knob| format!("knobs.{knob}"));
    let others = [
        "machine.bus=fsb",
        "machine.bus=ideal",
        "machine.bus=cluster",
        "machine.bus=fabric",
        "machine.generation=82489dx",
        "machine.release=2.6.22",
        "machine.release=v5.4",
        "machine.crash_image=true",
        "machine.io_agent=false",
        "machine.picclk_period_ps=50001",
        "machine.core_period_ps=333",
        "machine.fsb_period_ps=7",
        "machine.cpus_per_socket=2",
        "machine.cluster_queue_depth=1",
        "machine.checks_off=[\"lost-ipi\", \"sent-twice\"]",
        "costs.pause_cycles=3",
        "costs.register_read_cycles=1000000",
        "costs.visibility_ns=12.345",
        "costs.read_modify_write_ns=0.001",
        "costs.ideal_delivery_ns=1",
        "costs.cluster_hop_ns=1000000000",
        "costs.fsb_transaction_cycles=9",
        "klogd=[{ cpu = 3 }]",
        "klogd=[{ cpu = 0, reschedule = true }]",
        "story=\"It said: 'C:\\\\new'.\\nAnd a second line, with '''.\"",
        "wait={ name = \"mine\", rounds = 20 }",
        "wait={ name = \"mine\", rounds = \"unbounded\", shape = \"delay-first\", delay_us = 0, base = \"merged\" }",
        "wait={ name = \"mine\", rounds = 5, backoff = 3, then = \"send-again\", again = 4, at = [\"dest-field-nmi\"] }",
        "pace=[{ variant = [\"before\"], factor = 1000 }]",
    ];
    let mut texts = Vec::new();
    for set in knobs.chain(others.map(str::to_owned)) {
        let request = Request { sets: vec![set.clone()], ..Request::new("normal-dispatch") };
        let scenario = scenario::load(&request).unwrap_or_else(|error| panic!("{set}: {}", error.render(false)));
        reads_back(&scenario);
        texts.push(scenario.to_toml());
    }
    // What is the default is written as nothing; all the rest is written.
    texts.sort();
    texts.dedup();
    assert!(texts.len() > 60, "{}", texts.len());
}

#[test]
fn every_file_of_the_field_reads_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/field");
    let mut written = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            for arch in ALL_ARCHES.map(Some).into_iter().chain([None]) {
                let request = Request { arch: arch.map(str::to_owned), ..Request::new(path.to_str().unwrap()) };
                if let Ok(scenario) = scenario::load(&request) {
                    reads_back(&scenario);
                    written += 1;
                }
            }
        }
    }
    assert!(written > 100, "{written}");
}

/// The same events too, and the same judgement.
#[test]
fn what_is_read_back_runs_the_same() {
    for name in builtin_names() {
        let scenario = scenario::load(&Request::new(name)).unwrap();
        let again = Scenario::from_toml(&scenario.to_toml()).unwrap();
        let settings = Settings::seeded(3);
        match (run(&scenario, &settings), run(&again, &settings)) {
            (Ok((one, _)), Ok((other, _))) => {
                assert_eq!(
                    (one.digest, one.verdict, one.expected),
                    (other.digest, other.verdict, other.expected),
                    "{name}"
                );
            }
            (one, other) => panic!("{name}: {:?} {:?}", one.err(), other.err()),
        }
    }
}

/// Events after a limit that was shortened are cut off, and say so in the file.
#[test]
fn a_limit_that_cuts_is_written() {
    let request = Request { limit_ps: Some(20_000_000), ..Request::new("nmi-stall") };
    let scenario = scenario::load(&request).unwrap();
    assert!(scenario.events.iter().any(|event| event.at_ps > scenario.limit_ps));
    reads_back(&scenario);
    let text = scenario.to_toml();
    assert!(text.contains("limit_us = 20\n") && text.contains("limit_cuts = true\n"), "{text}");
    let error = Scenario::from_toml(&text.replace("limit_cuts = true", "limit_cuts = false")).unwrap_err();
    assert!(error.message().contains("after the end of the run"), "{error}");
}

/// Texts that TOML would end early, blocks of every kind, and words that are only perhaps locks.
#[test]
fn programs_read_back_as_they_were_written() {
    let steps = "say \"it's '''quoted''' \\ with a # and µ\"  # and a comment\n\
                 forever {\n pause\n}\nevery exp(5us) for uniform(1us, 9us) {\n  add w 1\n}\n\
                 try l {\ndelay 1us\n} else {\nirqs-off {\nset w 0x10\n}\n}\nif w & 4 {\n} else {\npause\n}\n\
                 call smp_call_function\nwrite ICRL SELF|0x50\ntimer periodic 9us vector=0x60\nreach a-b_c";
    let builder = ScenarioBuilder::new("texts").cpus(2).word("w", 1).word("v", 0).lock("k").lock("l").lock("m");
    let builder = builder.steps(us(1), 0, steps).handler_without_eoi(&[0, 1], scenario::On::Vector(0x50), steps);
    let scenario = builder.reach("a-b_c").build().unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert_eq!(scenario.programs.steps.len(), 2 * 15);
    reads_back(&scenario);
    assert!(ScenarioBuilder::from(&scenario).build().unwrap().says_the_same_as(&scenario));
}

/// Code of one's own is known by its name, and has to be handed over again.
#[test]
fn a_variant_in_rust_stands_by_its_name() {
    #[derive(Debug)]
    struct Never;
    impl OwnWait for Never {
        fn name(&self) -> &'static str {
            "never"
        }
        fn wait(&self, _: &Kernel, _: &dyn Processor, _: Site) -> Option<Waited> {
            Some(Waited::Idle)
        }
    }
    let own = OwnVariant::new(&Never).closed();
    let mut request = Request::new("nmi-stall");
    (request.variant, request.own) = (Some("never".to_owned()), vec![own]);
    let scenario = scenario::load(&request).unwrap();
    let text = scenario.to_toml();
    let error = Scenario::from_toml(&text).unwrap_err();
    assert!(error.message().contains("variant `never`"), "{error}");
    let read = scenario::load_text(&text, &Request { own: vec![own], ..Request::new("x.toml") }).unwrap();
    assert!(read.says_the_same_as(&scenario));
    assert!(ScenarioBuilder::from(&scenario).build().unwrap().says_the_same_as(&scenario));
}

/// What is saved replays by its own token, from its own file.
#[test]
fn a_saved_scenario_replays_from_its_file() {
    let path = std::env::temp_dir().join(format!("apicsim-written-{}.toml", std::process::id()));
    let request = Request { variant: Some("rfc".to_owned()), ..Request::new("nmi-stall") };
    let saved = scenario::load(&request).unwrap().save(&path).unwrap();
    let (report, _) = run(&saved, &Settings::seeded(11)).unwrap();
    let output = apicsim(&["replay", &report.token, "--json"]);
    std::fs::remove_file(&path).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(document["seed"], "11");
    assert_eq!(document["digest"], format!("{}:{:016x}", sim::Outcome::DIGEST_VERSION, report.digest));
    let nowhere = scenario::load(&request).unwrap().save(Path::new("/no/such/folder/x.toml")).unwrap_err();
    assert!(nowhere.is_of_host() && nowhere.message().starts_with("cannot write"), "{nowhere}");
}

fn us(us: u64) -> Time {
    Time::from_us(us)
}

/// A builder with something of everything, and the file that a person would write.
#[test]
fn what_is_built_is_what_a_file_says() {
    let costs = CostOverrides { pause_cycles: Some(2), visibility_ps: Some(90_500), ..CostOverrides::default() };
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
            base().costs(&CostOverrides { pause_cycles: Some(0), ..CostOverrides::default() }),
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
