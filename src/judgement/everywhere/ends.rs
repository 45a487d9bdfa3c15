//! No chain of causes ends before it has come to a fate of a message, to who holds what is waited for, or to the state of a
//! CPU or a bus: the wait itself is no answer.

use super::every_machine;
use crate::judgement::{Evidence, Why, why};
use sim::Execution;

/// Sentences that stand for an end, by what they say and nothing else does.
const ENDS: [(&str, &[&str]); 3] = [
    (
        "fate",
        &[
            "took its place at",
            "a fault lost it",
            "did not take it",
            "not taken, because",
            "not dispatched, ",
            "dropped it at",
            "lost it at",
            "lost at",
            "is lost",
            "it is on its way",
            "it waits for its turn on the bus",
            "resent every",
            "Retry every",
            "was initialised at",
            "whose handler wrote ICR high last",
            "for no CPU",
            "no message was for",
        ],
    ),
    (
        "holder",
        &["which the code that it interrupted", "they wait for each other", "is as told above", "has not taken it"],
    ),
    (
        "state",
        &[
            "(injected fault)",
            "is in HLT since",
            "before it halted, and nothing has come since",
            "is in the capture kernel",
            "in HLT: ",
            "in shutdown since",
            "has interrupts off since",
            "is in its handler of",
            "is in its NMI handler since",
            "does not take",
            "is about to take",
            "loops for ever since",
            "loops since",
            " is at ",
            "is software-disabled",
            "ICR is idle again",
            "no STARTUP has been sent",
            "nobody has called",
        ],
    ),
];

/// Roots of chains that have none.
const NONE: [&str; 3] =
    ["nothing that it waits for can come", "the bus was busy with other messages", "it has not come"];

/// What is wrong with a chain. What waits behind a message in an ICR is told after the message's own end.
fn fault(chain: &[String]) -> Option<String> {
    let last = chain.iter().rev().find(|line| !line.starts_with("behind it waits"))?;
    let is_one = ENDS.iter().flat_map(|(_, said)| *said).any(|said| last.contains(said));
    (!is_one).then(|| format!("ends with `{last}`"))
}

#[test]
fn every_chain_of_causes_comes_to_an_end() {
    let (mut chains, mut wrong) = (0, Vec::new());
    let machines = every_machine(|scenario, machine| {
        let mut evidence = Evidence::new(scenario);
        let outcome = machine.observed(Execution::default(), &mut evidence).expect("built-in scenarios run");
        evidence.finish(&outcome);
        let waiting = evidence.state.cpus.iter().filter(|cpu| cpu.waits_for_something());
        let waiting = waiting.map(|cpu| why::explain_cpu(&evidence.state, cpu.number));
        let given_up = evidence.given_up.iter().map(|wait| wait.why.clone());
        let told = given_up.chain(evidence.starts.iter().map(|start| start.why.clone()));
        let told = told.map(|chain| Why { chain, cause: String::new() });
        for Why { chain, cause } in waiting.chain(told) {
            let rootless = NONE.contains(&&*cause).then(|| format!("has no root: {cause}"));
            let empty = chain.is_empty().then(|| "is empty".to_owned());
            if let Some(fault) = rootless.or(empty).or_else(|| fault(&chain)) {
                let (name, machine, release) = (&scenario.name, &scenario.machine, scenario.machine.release);
                wrong.push(format!("{name} on {machine}, {release}: {fault}\n    {}", chain.join("\n    ")));
            }
            chains += 1;
        }
    });
    let first = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {chains} chains of {machines} machines\n{first}", wrong.len());
    assert!(machines > 6_000 && chains > 6_000, "{machines} machines, {chains} chains");
}

/// The wait itself is none of the ends.
#[test]
fn a_wait_is_no_end() {
    for line in [
        "CPU1 waits to be called out since 100 us in wait_for_callout (smp_callin.rs:150)",
        "CPU0 waits for the other CPUs to stop since 220 us in nmi_shootdown_cpus (crash.rs:78)",
        "CPU0 sent NMI to logical 0E, for CPU1, at 1 us",
        "CPU0's ICR is busy since 2 us: NMI to physical 02",
        "the message of CPU3 is dispatched",
        "STARTUP to physical 01 from CPU0, sent at 210365.772 us: not dispatched",
    ] {
        assert!(fault(&[line.to_owned()]).is_some(), "{line}");
    }
}
