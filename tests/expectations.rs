//! Every built-in scenario says of itself what comes out (`[[expect]]`), and is right: on every machine, under every wait,
//! whatever a write to a busy ICR does.

use apicsim::scenario::named::Named;
use apicsim::scenario::{
    self, Bus, ExpectedVerdict, LINUX_ARCHES, Request, RoleName, Scenario, VARIANTS, builtin_names,
};
use apicsim::{Settings, run};

/// Stories that are about a crash.
const CRASHES: [&str; 3] = ["nmi-stall", "nested-crash", "kdump"];
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

/// Whatever a full target, or one with an NMI latched, answers.
#[test]
fn built_in_expectations_hold_for_every_answer() {
    let sets = ["slots=per-vector", "full_target=accept-error", "full_target=accept", "nmi_when_pending=retry"];
    let sets = sets.map(|set| vec![format!("knobs.{set}")]);
    hold(&["before", "merged", "solution-a", "mps-retry"], &[None], &sets);
}

/// Whoever crashes, and from whatever cause, in the stories that are about a crash; CPU 4 has no part in them.
#[test]
fn built_in_expectations_hold_whoever_crashes() {
    let mut failures = Vec::new();
    let mut runs = 0;
    for name in CRASHES {
        for mut request in requests(name, &["before", "merged", "modern", "mps-retry"], &[None], &[Vec::new()]) {
            request.cpus = Some(5);
            let plain = scenario::load(&request).unwrap();
            let index = plain.events.iter().find(|event| event.role.is_crash()).unwrap().index;
            for (cpu, role) in (0..5).flat_map(|cpu| RoleName::CRASHES.map(|role| (cpu, role))) {
                request.sets = vec![format!("event.{index}.cpu={cpu}"), format!("event.{index}.role={role}")];
                let scenario = scenario::load(&request).unwrap();
                runs += u32::from(!is_silent(&scenario));
                failures.extend(failure(&scenario));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(runs > 1000, "only {runs} of which something is expected");
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
            runs += usize::from(!is_silent(&scenario));
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

/// Does the story say nothing of this machine?
fn is_silent(scenario: &Scenario) -> bool {
    scenario.expectation.as_ref().is_some_and(|one| one.verdict == ExpectedVerdict::Any)
}

/// What came instead, and how to see it again.
fn failure(scenario: &Scenario) -> Option<String> {
    let report = run(scenario, &Settings::seeded(0)).unwrap().0;
    let hang = report.hang.map(|hang| hang.at);
    let came = format!("{:?} timeouts {} stopped {} {hang:?}", report.verdict, report.timeouts, report.stopped);
    (report.expected != Some(true) && !is_silent(scenario))
        .then(|| format!("{came}: apicsim replay '{}'", report.token))
}
