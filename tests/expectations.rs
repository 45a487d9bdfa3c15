//! Every built-in scenario says of itself what comes out (`[[expect]]`), and is right: on every machine, under every wait,
//! whatever a write to a busy ICR does.

use apicsim::scenario::named::Named;
use apicsim::scenario::{self, Bus, LINUX_ARCHES, Request, Scenario, VARIANTS, builtin_names};
use apicsim::{Settings, run};

const RULES: [&str; 4] = ["replace", "drop", "queue", "stall"];

/// On its natural bus, under every variant.
#[test]
fn built_in_expectations_hold() {
    let all = || RULES.into_iter().map(|rule| vec![format!("knobs.icr_write_while_busy={rule}")]);
    hold(&VARIANTS, &[None], &all().collect::<Vec<_>>());
}

/// On every bus that its APICs can sit on.
#[test]
fn built_in_expectations_hold_on_every_bus() {
    let buses: Vec<Option<Bus>> = Bus::ALL.iter().copied().map(Some).collect();
    hold(&["before", "merged", "modern", "mps-retry"], &buses, &[Vec::new()]);
}

/// With the MP specification's time-outs by the other two clocks, and for messages that come late.
#[test]
fn built_in_expectations_hold_by_every_clock() {
    let sets = ["mps_timeout=external-interrupt", "mps_timeout=time-stamp-counter", "jitter_picclk=250"];
    let sets = sets.map(|set| vec![format!("knobs.{set}")]);
    hold(&["mps-abort", "mps-retry"], &[None], &sets);
}

/// All built-in scenarios, on all sub-architectures of Linux with an APIC, on these buses (`None`: the natural one; those
/// that cannot be are left out), with each of these `--set`s.
fn hold(variants: &[&str], buses: &[Option<Bus>], sets: &[Vec<String>]) {
    let mut failures = Vec::new();
    let mut runs = 0;
    for name in builtin_names() {
        for request in requests(name, variants, buses, sets) {
            let scenario = match scenario::load(&request) {
                Ok(scenario) => scenario,
                Err(_) if request.bus.is_some() => continue,
                Err(error) => panic!("{}", error.render(false)),
            };
            runs += 1;
            failures.extend(failure(&scenario));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(runs >= builtin_names().len() * variants.len() * sets.len() * 2, "only {runs} runs");
}

fn requests(name: &str, variants: &[&str], buses: &[Option<Bus>], sets: &[Vec<String>]) -> Vec<Request> {
    let mut requests = Vec::new();
    for arch in LINUX_ARCHES.into_iter().filter(|arch| *arch != "modern/noop") {
        for variant in variants {
            for bus in buses {
                for sets in sets {
                    let mut request = Request::new(name);
                    request.arch = Some(arch.to_owned());
                    request.variant = Some((*variant).to_owned());
                    request.bus = *bus;
                    request.sets.clone_from(sets);
                    requests.push(request);
                }
            }
        }
    }
    requests
}

/// What came instead, and how to see it again.
fn failure(scenario: &Scenario) -> Option<String> {
    let report = run(scenario, &Settings::seeded(0)).unwrap().0;
    let hang = report.hang.map(|hang| hang.at);
    let came = format!("{:?} timeouts {} stopped {} {hang:?}", report.verdict, report.timeouts, report.stopped);
    (report.expected != Some(true)).then(|| format!("{came}: apicsim replay '{}'", report.token))
}
