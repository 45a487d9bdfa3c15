//! Scenarios as text and back: what is written reads back as the same, and runs as the same.

use crate::support::{apicsim, reads_back};
use apicsim::scenario::{self, ALL_ARCHES, Request, Scenario, ScenarioBuilder, Stall, VARIANTS, builtin_names};
use apicsim::{OwnVariant, Settings, run};
use kernel_model::{Kernel, OwnWait, Processor, Site, Waited};
use sim::{Named, Time};
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
        let request = Request::new("normal-dispatch").with(|request| request.sets = vec![set.clone()]);
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
                let request =
                    Request::new(path.to_str().unwrap()).with(|request| request.arch = arch.map(str::to_owned));
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
    let request = Request::new("nmi-stall").with(|request| request.limit_ps = Some(20_000_000));
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
    let builder =
        builder.steps(Time::from_us(1), 0, steps).handler_without_eoi(&[0, 1], scenario::On::Vector(0x50), steps);
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
    let read = scenario::load_text(&text, &Request::new("x.toml").with(|request| request.own = vec![own])).unwrap();
    assert!(read.says_the_same_as(&scenario));
    assert!(ScenarioBuilder::from(&scenario).build().unwrap().says_the_same_as(&scenario));
}

/// What is saved replays by its own token, from its own file.
#[test]
fn a_saved_scenario_replays_from_its_file() {
    let path = std::env::temp_dir().join(format!("apicsim-written-{}.toml", std::process::id()));
    let request = Request::new("nmi-stall").with(|request| request.variant = Some("rfc".to_owned()));
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

/// A fault of a bus that comes again is one entry, as in the file that it is of, also where a pace has made it slower.
#[test]
fn what_comes_again_is_written_once() {
    let base =
        "format = 1\nname = \"again\"\nstory = \"A wire.\"\ngoal = \"all-programs-end\"\nmachine = { cpus = 2 }\n";
    let wire = "[[fault]]\nkind = \"stuck-wire\"\nat_us = 3\nuntil_us = 4.5\nwire = \"picd1\"\nstuck = \"driven\"\n";
    let other = "[[fault]]\nkind = \"lost-clock\"\nat_us = 10\nuntil_us = 11\nevery_us = 7\ncount = 2\n";
    let again = format!("{base}{wire}every_us = 7\ncount = 1000\n{other}");
    let scenario = Scenario::from_toml(&again).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert_eq!(scenario.faults.len(), 1002);
    let text = scenario.to_toml();
    assert_eq!(text.matches("[[fault]]").count(), 2, "{text}");
    assert!(text.contains("at_us = 3\n") && text.contains("until_us = 4.5\n"), "{text}");
    assert!(text.contains("every_us = 7\ncount = 1000\n"), "{text}");
    reads_back(&scenario);
    let slow = format!("{again}[[pace]]\nvariant = [\"before\"]\nfactor = 3\n");
    let slow = Scenario::from_toml(&slow).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert!(slow.to_toml().contains("every_us = 21\ncount = 1000\n"), "{}", slow.to_toml());
    reads_back(&slow);
    // each for itself, if it is not one that comes again
    let mut mixed = scenario.clone();
    mixed.faults.remove(1);
    assert_eq!(mixed.to_toml().matches("[[fault]]").count(), 1000 - 1 + 1);
    reads_back(&mixed);
}
