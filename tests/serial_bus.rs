//! The serial bus in a whole machine: cycle counts of the MP specification's 20 µs, and what refusals do.

use apicsim::Settings;
use apicsim::scenario::{self, Request, Scenario};
use sim::bus::AttemptOutcome;
use sim::{Event, Time, What};

/// A scenario from a text, in a file of its own.
fn scenario(text: &str) -> Scenario {
    let path = std::env::temp_dir().join(format!("apicsim-test-{}-{:x}.toml", std::process::id(), hash(text)));
    std::fs::write(&path, text).unwrap();
    let mut request = Request::new(path.to_str().unwrap());
    request.arch = Some("i386/bigsmp".to_owned());
    let scenario = scenario::load(&request).unwrap_or_else(|error| panic!("{}", error.render(false)));
    std::fs::remove_file(path).unwrap();
    scenario
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn by_beginning(scenario: &Scenario) -> Vec<Event> {
    let mut recording = sim::Recording::default();
    apicsim::observe(scenario, &Settings::seeded(0), &mut recording).unwrap();
    recording.by_beginning()
}

fn events(text: &str) -> Vec<Event> {
    by_beginning(&scenario(text))
}

fn all_send(cpus: u32) -> String {
    let mut text = format!(
        "format = 1\nname = \"all-send\"\nstory = \"All CPUs send at once.\"\ngoal = \"all-programs-end\"\n\
         [machine]\ncpus = {cpus}\nio_agent = false\n"
    );
    for cpu in 0..cpus {
        let target = (cpu + 1) % cpus;
        text += &format!(
            "[[event]]\nat_us = 10\ncpu = {cpu}\nrole = \"send-fixed\"\nvector = \"reschedule\"\ntargets = [{target}]\n"
        );
    }
    // The run must outlast the last dispatch: one more CPU program that ends later.
    text + "[[event]]\nat_us = 40\ncpu = 0\nrole = \"send-fixed\"\nvector = \"reschedule\"\ntargets = [1]\n"
}

fn dispatched(events: &[Event]) -> Vec<(Time, Time)> {
    let times = events.iter().filter_map(|event| match event.what {
        What::Dispatched(message, _) if message.written_at < Time::from_us(30) => {
            Some((message.written_at, event.time))
        }
        _ => None,
    });
    times.collect()
}

/// 21 cycles of 60 ns from the first bus clock edge after the write.
#[test]
fn one_short_message_occupies_21_cycles() {
    let events = events(&all_send(2));
    let first = dispatched(&events)[0];
    let edge = first.0.as_ps() / 60_000 * 60_000 + 60_000;
    assert_eq!(first.1.as_ps(), edge + 21 * 60_000, "written at {}", first.0);
    assert_eq!(21 * 60_000, 1_260_000, "1.26 us");
}

/// MP specification B-3: 20 µs covers a full rotation of a maximally populated bus.
#[test]
fn fifteen_agents_at_once_are_dispatched_within_315_cycles() {
    let events = events(&all_send(15));
    let all = dispatched(&events);
    assert_eq!(all.len(), 15);
    let written = all[0].0;
    assert!(all.iter().all(|(at, _)| *at == written), "all write at the same instant");
    let edge = written.as_ps() / 60_000 * 60_000 + 60_000;
    let last = all.iter().map(|(_, at)| at.as_ps()).max().unwrap();
    assert_eq!(last, edge + 315 * 60_000);
    assert!(last - written.as_ps() < 20_000_000, "within the 20 us of the MP specification");
}

/// A message to a full target is attempted every 21 cycles, and the lone retrier's cycle is 15 attempts long.
#[test]
fn a_lone_retrier_retries_every_21_cycles() {
    let events = by_beginning(&crate::support::load("nmi-stall", "i386/default", "merged", &[]));
    let runs = events.iter().filter_map(|event| match event.what {
        What::Attempts { outcome: AttemptOutcome::Retry, last, count, .. } if count > 1000 => {
            Some((event.time, last, count))
        }
        _ => None,
    });
    let runs: Vec<_> = runs.collect();
    assert_eq!(runs.len(), 1, "one stuck message");
    let (first, last, count) = runs[0];
    assert_eq!(last.since(first).as_ps(), (count - 1) * 1_260_000);
    assert!(count > 79_000, "{count} attempts in 100 ms");
}
