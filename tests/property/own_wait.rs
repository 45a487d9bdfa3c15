//! Waits that a file describes: the accesses are those of a model written out here, and runs do not depend on the executor.

use super::config;
use crate::own_wait::{STORY, file};
use crate::support::json;
use apicsim::scenario::{self, Request};
use apicsim::{Settings, Verdict, run};
use proptest::prelude::*;
use sim::{Execution, Window};
use std::fmt::Write as _;

/// A wait as a file has it.
#[derive(Debug, Clone)]
struct Wait {
    delay_first: bool,
    /// None: without a bound.
    rounds: Option<u32>,
    delay_us: u32,
    backoff: u32,
    then: &'static str,
    again: u32,
}

impl Wait {
    fn text(&self) -> String {
        let shape = if self.delay_first { "delay-first" } else { "read-first" };
        let mut text = format!("[wait]\nname = \"mine\"\nshape = \"{shape}\"\ndelay_us = {}\n", self.delay_us);
        match self.rounds {
            None => text += "rounds = \"unbounded\"\n",
            Some(rounds) => {
                let _ = writeln!(text, "rounds = {rounds}\nthen = \"{}\"", self.then);
                if self.delay_us > 0 {
                    let _ = writeln!(text, "backoff = {}", self.backoff);
                }
                if self.then == "send-again" {
                    let _ = writeln!(text, "again = {}", self.again);
                }
            }
        }
        text
    }

    fn backoff(&self) -> u64 {
        if self.rounds.is_some() && self.delay_us > 0 { self.backoff.into() } else { 1 }
    }
}

fn waits() -> impl Strategy<Value = Wait> {
    let then = prop::sample::select(vec!["write-anyway", "give-up", "send-again", "panic"]);
    // The longest, 9 rounds from 49 µs on, three times as long each, four times over, takes 2 s of the story's 10.
    let rounds = prop_oneof![4 => (1..10u32).prop_map(Some), 1 => Just(None)];
    (any::<bool>(), rounds, prop_oneof![Just(0), 1..50u32], 1..4u32, then, 1..4u32).prop_map(
        |(delay_first, rounds, delay_us, backoff, then, again)| Wait {
            delay_first,
            rounds,
            delay_us,
            backoff,
            then,
            again,
        },
    )
}

/// An NMI by a wait on an ICR that becomes idle after `clears` µs of delays: what is listed, at most `limit` of it, and whether
/// it comes to an end. Time is that of the delays.
fn listed(wait: &Wait, clears: u64, limit: usize) -> (Vec<String>, &'static str) {
    let mut list = vec!["IRQ-".to_owned()];
    let mut now = 0;
    let mut again = if wait.then == "send-again" && wait.rounds.is_some() { wait.again } else { 0 };
    let pause = |list: &mut Vec<String>, now: &mut u64, us: u64| {
        list.push(if us == 0 { "P".to_owned() } else { format!("D{us}") });
        *now += us;
    };
    let idle = 'attempts: loop {
        let (mut round, mut us) = (0, u64::from(wait.delay_us));
        while wait.rounds.is_none_or(|rounds| round < rounds) {
            if wait.delay_first {
                pause(&mut list, &mut now, us);
            }
            list.push("R".to_owned());
            if now >= clears {
                break 'attempts true;
            }
            if !wait.delay_first {
                pause(&mut list, &mut now, us);
            }
            (round, us) = (round + 1, us * wait.backoff());
            if list.len() > limit && wait.rounds.is_none() && (wait.delay_us == 0 || clears == u64::MAX) {
                list.truncate(limit);
                return (list, "hangs");
            }
        }
        if again == 0 {
            break false;
        }
        again -= 1;
        list.extend(["R".to_owned(), "W300".to_owned()]);
    };
    match (idle, wait.then) {
        (false, "give-up") => list.push("IRQ+".to_owned()),
        (false, "panic") => {
            list.push("IRQ-".to_owned());
            list.truncate(limit);
            return (list, "panics");
        }
        _ => list.extend(["W310", "W300", "IRQ+"].map(str::to_owned)),
    }
    (list, "returns")
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn the_accesses_are_those_described(
        wait in waits(),
        clears in prop_oneof![Just(0), 1..400u64, Just(u64::MAX)],
    ) {
        const LIMIT: usize = 60;
        let path = file("described", &wait.text());
        let icr = match clears {
            0 => "idle".to_owned(),
            u64::MAX => "stuck".to_owned(),
            _ => format!("clears-after:{clears}"),
        };
        let call = ["accesses", "--call", "send_IPI_mask", "--vector", "nmi", "--json", "--limit", "60"];
        let document = json(&[&call[..], &["--scenario", &path, "--icr", &icr]].concat());
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let found: Vec<String> = document["accesses"].as_array().unwrap().iter().map(|entry| match text(&entry["op"]).as_str() {
            "D" => format!("D{}", entry["us"]),
            "W" => format!("W{}", text(&entry["reg"])),
            op => op.to_owned(),
        }).collect();
        let (list, end) = listed(&wait, clears, LIMIT);
        prop_assert_eq!((found, text(&document["end"])), (list, end.to_owned()), "{}{}", icr, wait.text());
    }

    #[test]
    fn a_run_is_one_whoever_executes_it(
        wait in waits(),
        arch in prop::sample::select(vec!["i386/default", "i386/numaq", "x86_64/flat", "modern/xapic-flat", "modern/x2apic-phys"]),
        seed in any::<u64>(),
    ) {
        let path = file("executed", &wait.text());
        let sets = vec!["knobs.jitter_picclk=3".to_owned()];
        let request = Request::new(&path).with(|request| { request.arch = Some(arch.to_owned()); request.sets = sets; });
        let scenario = scenario::load(&request).unwrap();
        let of = |execution| run(&scenario, &Settings::seeded(seed).with(|settings| settings.execution = execution)).unwrap().0;
        let first = of(Execution::default());
        for execution in [Execution::Reference, Execution::Windowed { workers: 2, window: Window::Half }] {
            let report = of(execution);
            prop_assert_eq!((report.digest, report.verdict), (first.digest, first.verdict), "{}", report.token);
        }
        // Only what has no bound, and what panics, can keep the second message from being sent or given up.
        let endless = scenario.is_injected() && arch != "modern/x2apic-phys" && (wait.rounds.is_none() || wait.then == "panic");
        prop_assert_eq!(first.verdict, if endless { Verdict::Hung } else { Verdict::Completed }, "{}", first.token);
        prop_assert!(STORY.contains("senders-return"));
    }
}
