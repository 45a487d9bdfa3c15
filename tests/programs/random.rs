//! Small random programs against brute force. Where nothing is drawn and no timer runs, a program either comes to its end or
//! hangs, and which of the two a run on threads shows, on which nothing is ever proven: it goes on to the limit.

use super::{load, text};
use apicsim::{Settings, Verdict, run};
use proptest::prelude::*;
use sim::{Execution, Stacks};

/// A step of a small program, with its blocks.
fn any_step(depth: u32) -> BoxedStrategy<String> {
    let word = prop_oneof![Just("a"), Just("b")];
    let lock = prop_oneof![Just("l"), Just("m")];
    let relation = prop_oneof![Just("=="), Just("!="), Just("&")];
    let plain = prop_oneof![
        4 => (word.clone(), 0..3u32).prop_map(|(word, value)| format!("set {word} {value}\n")),
        3 => word.clone().prop_map(|word| format!("add {word} 1\n")),
        2 => (word.clone(), relation.clone(), 0..3u32).prop_map(|(word, how, value)| format!("await {word} {how} {value}\n")),
        2 => (word.clone(), 0..3u32).prop_map(|(word, value)| format!("await {word} == {value} for 3us\n")),
        3 => lock.clone().prop_map(|lock| format!("lock {lock}\n")),
        3 => lock.clone().prop_map(|lock| format!("unlock {lock}\n")),
        3 => (1..4u32).prop_map(|us| format!("delay {us}us\n")),
        1 => Just("pause\n".to_owned()),
        1 => Just("hlt\n".to_owned()),
        1 => Just("cli\n".to_owned()),
        1 => Just("sti\n".to_owned()),
        3 => prop_oneof![Just("0x50"), Just("0x51"), Just("NMI")].prop_map(|what| format!("ipi 0xff LOGICAL|OTHERS|{what}\n")),
        1 => Just("call smp_call_function\n".to_owned()),
    ];
    if depth == 0 {
        return plain.boxed();
    }
    let block = || any_steps(depth - 1);
    prop_oneof![
        6 => plain,
        1 => block().prop_map(|steps| format!("irqs-off {{\n{steps}}}\n")),
        1 => (1..4u32, block()).prop_map(|(times, steps)| format!("repeat {times} {{\npause\n{steps}}}\n")),
        1 => block().prop_map(|steps| format!("forever {{\npause\n{steps}}}\n")),
        1 => (word, relation, 0..3u32, block(), block())
            .prop_map(|(word, how, value, yes, no)| format!("if {word} {how} {value} {{\n{yes}}} else {{\n{no}}}\n")),
        1 => (lock, block(), block()).prop_map(|(lock, yes, no)| format!("try {lock} {{\n{yes}}} else {{\n{no}}}\n")),
    ]
    .boxed()
}

fn any_steps(depth: u32) -> BoxedStrategy<String> {
    prop::collection::vec(any_step(depth), 1..5).prop_map(|steps| steps.concat()).boxed()
}

/// Two programs and three handlers, as a scenario.
fn any_scenario() -> impl Strategy<Value = String> {
    let machine =
        prop_oneof![Just(("i386/default", "serial")), Just(("x86_64/flat", "fsb")), Just(("x86_64/flat", "ideal"))];
    (machine, any_steps(2), any_steps(2), any_steps(0), any_steps(0), any_steps(0)).prop_map(
        |((arch, bus), first, second, one, other, nmi)| {
            let declarations = format!(
                "words = {{ a = 0, b = 0 }}\nlocks = [\"l\", \"m\"]\ngoal = \"all-programs-end\"\nlimit_us = 200\n\
                 [machine]\ncpus = 2\narch = \"{arch}\"\nbus = \"{bus}\""
            );
            let event = |cpu, steps| format!("[[event]]\nat_us = {}\ncpu = {cpu}\nsteps = '''\n{steps}'''\n", cpu + 1);
            let handler = |cpu, on, steps| format!("[[handler]]\ncpus = [{cpu}]\non = {on}\nsteps = '''\n{steps}'''\n");
            let handlers = handler(1, "0x50", one)
                + &handler(0, "0x51", other)
                + &handler(0, "\"nmi\"", nmi.clone())
                + &handler(1, "\"nmi\"", nmi);
            text(&declarations, &(event(0, first) + &event(1, second) + &handlers))
        },
    )
}

/// How many of them: `PROGRAMS=10000` for the long run.
fn cases() -> u32 {
    std::env::var("PROGRAMS").ok().and_then(|number| number.parse().ok()).unwrap_or(60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..crate::property::config(0) })]

    #[test]
    fn a_verdict_is_what_brute_force_finds(text in any_scenario()) {
        let scenario = load(&text);
        let outcome = |execution, stacks| {
            let mut settings = Settings::seeded(0);
            (settings.execution, settings.choices.stacks) = (execution, stacks);
            run(&scenario, &settings)
        };
        let (proven, again) = (outcome(Execution::default(), Stacks::Own), outcome(Execution::Reference, Stacks::Own));
        let brute = outcome(Execution::default(), Stacks::Threads);
        match (proven, again, brute) {
            (Ok((proven, _)), Ok((again, _)), Ok((brute, _))) => {
                prop_assert_eq!((proven.verdict, proven.digest), (again.verdict, again.digest), "{}", text);
                match proven.verdict {
                    // What is proven never comes, however long one waits.
                    Verdict::Hung => prop_assert_ne!(brute.verdict, Verdict::Completed, "{}", text),
                    Verdict::Completed => prop_assert_eq!(brute.verdict, Verdict::Completed, "{}", text),
                    // Undecided is only what acts for ever: at the limit of 200 µs it has done so just before.
                    _ => prop_assert!(proven.sim_time.as_ps() > 150_000_000, "{text}"),
                }
            }
            // Handlers that nest without an end, the same in all.
            (Err(proven), Err(again), Err(brute)) => {
                prop_assert_eq!(proven.to_string(), again.to_string(), "{}", text);
                prop_assert_eq!(proven.to_string(), brute.to_string(), "{}", text);
            }
            (proven, again, brute) => {
                let failed = [proven.is_err(), again.is_err(), brute.is_err()];
                prop_assert!(false, "only some of the runs failed: {failed:?}\n{text}");
            }
        }
    }
}
