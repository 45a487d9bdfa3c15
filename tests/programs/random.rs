//! Small random programs against brute force. Where nothing is drawn and no timer runs, a program either comes to its end or
//! hangs, and which of the two a run on threads shows, on which nothing is ever proven: it goes on to the limit.

use super::{load, text};
use apicsim::{Settings, Verdict, run};
use proptest::prelude::*;
use sim::{Execution, Stacks};

/// Those that the library hands out with its feature `proptest`.
#[path = "../../src/property/programs.rs"]
#[allow(dead_code, unreachable_pub, reason = "the library has the rest, and hands it out")]
mod strategies;

use strategies::steps;

/// Two programs and three handlers, as a scenario.
fn any_scenario() -> impl Strategy<Value = String> {
    let machine =
        prop_oneof![Just(("i386/default", "serial")), Just(("x86_64/flat", "fsb")), Just(("x86_64/flat", "ideal"))];
    (machine, steps(2), steps(2), steps(0), steps(0), steps(0)).prop_map(
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

/// Is it proven that this hangs, with a hundred times the time?
fn hangs_with_more_time(text: &str) -> bool {
    let longer = load(&text.replace("limit_us = 200\n", "limit_us = 20000\n"));
    run(&longer, &Settings::seeded(0)).is_ok_and(|(report, _)| report.verdict == Verdict::Hung)
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
                    // Undecided is what acts for ever: at the limit of 200 µs it has done so just before. Whatever has
                    // not is a loop that takes long to recur, and with more time is proven.
                    _ => {
                        prop_assert_ne!(brute.verdict, Verdict::Completed, "{}", text);
                        prop_assert!(proven.sim_time.as_ps() > 150_000_000 || hangs_with_more_time(&text), "{}", text);
                    }
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
