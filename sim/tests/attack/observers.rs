//! Observers of random machines: equal events in equal order in every execution, and nothing but what is committed.

use crate::executions::{all, drawn};
use crate::machines::{Setup, machine, settings};
use sim::{
    Batch, Budget, Event, Execution, Interest, Machine, Observer, Outcome, Recording, RunError, Time, Told, What,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Machines that are looked at.
const MACHINES: u64 = 120;

fn seeds() -> std::ops::Range<u64> {
    let asked = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    asked("SEED").map_or(0..asked("ATTACK_MACHINES").unwrap_or(MACHINES), |seed| seed..seed + 1)
}

/// A recording that does not take what it is handed on trust.
#[derive(Default)]
struct Strict {
    recording: Recording,
    until: Time,
    batches: usize,
    ended: bool,
}

impl Observer for Strict {
    fn take(&mut self, batch: &Batch<'_>) {
        let Self { until, ended, .. } = *self;
        assert!(!ended, "nothing comes after the last batch");
        assert!(batch.last || !batch.events.is_empty(), "an empty batch says nothing");
        assert!(batch.until >= until, "the committed instant does not go back");
        for Told { at, event } in batch.events {
            assert!((until..batch.until).contains(at), "{at}: {event:?} belongs between {until} and {}", batch.until);
            assert!(event.time == *at || event.what.is_run() && event.time <= *at, "{at}: {event:?}");
        }
        (self.until, self.ended) = (batch.until, batch.last);
        self.batches += 1;
        self.recording.take(batch);
    }
}

fn observed(setup: Setup, execution: Execution) -> (Result<Outcome, RunError>, Strict) {
    let mut observer = Strict::default();
    let result = machine(setup).observed(execution, &mut observer);
    assert!(observer.ended);
    (result, observer)
}

/// What of a run that was open is equal in every execution.
fn beginnings(runs: &[Event]) -> Vec<String> {
    let beginning = |run: &Event| match run.what {
        What::Run { access, value, .. } => format!("{} {:?} {access:?} {value}", run.time, run.source),
        What::Attempts { message, outcome, .. } => format!("{} {:?} {message:?} {outcome:?}", run.time, run.source),
        other => panic!("{other:?} is no run"),
    };
    runs.iter().map(beginning).collect()
}

#[test]
fn events_are_equal_and_in_equal_order_in_every_execution() {
    let (mut events, mut batches) = (0, 0);
    for seed in seeds() {
        let plain = Setup::plain(seed);
        let (expected, reference) = observed(plain, Execution::Reference);
        let told = &reference.recording.told;
        assert!(told.is_sorted_by_key(|told| (told.at, told.event.source)), "SEED={seed}: the one order");
        let ways = if std::env::var("SEED").is_ok() { all() } else { drawn(seed) };
        for way in ways {
            let (result, other) = observed(Setup { elision: way.elision, ..plain }, way.execution);
            let place = format!("SEED={seed} {way:?}");
            assert_eq!(result.as_ref().map(|it| it.digest), expected.as_ref().map(|it| it.digest), "{place}");
            let first = told.iter().zip(&other.recording.told).find(|(expected, found)| expected != found);
            assert_eq!(first, None, "{place}");
            assert_eq!(other.recording.told.len(), told.len(), "{place}");
            if result.is_ok() {
                assert_eq!(beginnings(&other.recording.open), beginnings(&reference.recording.open), "{place}");
            }
            (events, batches) = (events + told.len(), batches + other.batches);
        }
    }
    assert!(events > 10_000 && batches > 1_000, "{events} events in {batches} batches");
}

/// One that needs only the events of waits.
#[derive(Default)]
struct OfWaits(Vec<Told>);

impl Observer for OfWaits {
    fn interest(&self) -> Interest {
        Interest::WAITS
    }

    fn take(&mut self, batch: &Batch<'_>) {
        self.0.extend_from_slice(batch.events);
    }
}

/// Does a wait depend on it? Beside [`Interest::WAITS`], by name.
fn is_of_waits(told: &&Told) -> bool {
    let name = format!("{:?}", told.event.what);
    ["Run {", "WaitBegan(", "WaitEnded(", "Entered(", "Left(", "Initialised"].iter().any(|kind| name.starts_with(kind))
}

#[test]
fn who_needs_few_events_gets_these_in_the_same_order_and_more_if_others_need_more() {
    let (mut few, mut many) = (0, 0);
    for seed in seeds().step_by(3) {
        let plain = Setup::plain(seed);
        let (expected, whole) = observed(plain, Execution::Reference);
        let whole = whole.recording.told;
        let of_waits: Vec<Told> = whole.iter().filter(is_of_waits).copied().collect();
        for way in drawn(seed) {
            let run = |observer: &mut dyn Observer, budget| {
                let settings =
                    settings(Setup { elision: way.elision, ..plain }).with(|machine| machine.budget = budget);
                let machine = Machine::new(settings).expect("the machine is possible");
                machine
                    .observed(way.execution, observer)
                    .map(|outcome| outcome.digest)
                    .map_err(|error| error.to_string())
            };
            let digest = expected.as_ref().map(|it| it.digest).map_err(ToString::to_string);
            let (mut alone, mut beside, mut counted) = (OfWaits::default(), OfWaits::default(), OfWaits::default());
            assert_eq!(run(&mut alone, Budget::default()), digest, "SEED={seed} {way:?}");
            assert_eq!(alone.0, of_waits, "SEED={seed} {way:?}");
            let mut recording = Recording::default();
            let mut both: Vec<&mut dyn Observer> = vec![&mut beside, &mut recording];
            assert_eq!(run(&mut both, Budget::default()), digest, "SEED={seed} {way:?}");
            assert_eq!((beside.0 == whole, recording.told == whole), (true, true), "SEED={seed} {way:?}");
            // a budget counts every event
            let most = Budget::default().with(|budget| budget.events = Some(u64::MAX));
            assert_eq!(run(&mut counted, most), digest, "SEED={seed} {way:?}");
            assert!(counted.0 == whole, "SEED={seed} {way:?}");
        }
        (few, many) = (few + of_waits.len(), many + whole.len());
    }
    assert!(few > 1_000 && many > few + 1_000, "{few} of {many}");
}

/// Who observes changes nothing.
#[test]
fn an_observed_run_is_the_run() {
    for seed in seeds().step_by(5) {
        for (elision, execution) in [(true, Execution::default()), (false, Execution::Reference)] {
            let setup = Setup { elision, ..Setup::plain(seed) };
            let (observed, _) = observed(setup, execution);
            let alone = machine(setup).run(execution);
            let lines =
                |result: Result<Outcome, RunError>| format!("{:?}", result.map(|it| (it.ending, it.digest, it.cpus)));
            assert_eq!(lines(observed), lines(alone), "SEED={seed}");
        }
    }
}

/// An observer that panics at the batch of a number.
struct Panics(usize);

impl Observer for Panics {
    fn take(&mut self, batch: &Batch<'_>) {
        assert!(self.0 > 0 && !batch.last, "an observer's own panic");
        self.0 -= 1;
    }
}

#[test]
fn the_panic_of_an_observer_is_the_panic_of_the_run() {
    for execution in crate::running::USUAL.map(|(_, execution)| execution) {
        for after in [0, 1, 3, usize::MAX] {
            let run = || machine(Setup::plain(4)).observed(execution, &mut Panics(after));
            let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"an observer's own panic"), "{execution:?}");
        }
    }
}
