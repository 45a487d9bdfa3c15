//! The fold beside the machine itself: at the end of every built-in scenario, on many machines, it must have come to what
//! the engine's own CPUs and buses are.

use super::State;
use crate::machine::{self, Choices};
use crate::scenario::{self, Request, Scenario};
use sim::{
    Activity, Batch, Context, CpuReport, Duration, Event, Execution, Machine, Observer, Outcome, Recording, Source,
    Stacks, Time, What,
};

const CHOICES: Choices = Choices { seed: 0, elision: true, cut_ps: None, to_the_end: false, stacks: Stacks::Own };

const MACHINES: [&str; 7] = [
    "i386/default",
    "i386/numaq",
    "i386/summit",
    "x86_64/flat",
    "x86_64/physflat",
    "modern/x2apic-cluster",
    "modern/xapic-flat",
];

/// Every built-in scenario on each of the machines that it fits, with the events of its run.
pub(crate) fn everywhere(mut check: impl FnMut(&Scenario, &Outcome, &Recording)) {
    for name in scenario::builtin_names() {
        for arch in MACHINES {
            let mut request = Request::new(name);
            request.arch = Some(arch.to_owned());
            let Ok(scenario) = scenario::load(&request) else { continue };
            let Ok(settings) = machine::assemble(&scenario, CHOICES) else { continue };
            let machine = Machine::new(settings).expect("it was assembled");
            let mut recording = Recording::default();
            let outcome = machine.observed(Execution::default(), &mut recording);
            check(&scenario, &outcome.expect("built-in scenarios run"), &recording);
        }
    }
}

fn activity(state: &super::CpuState) -> Activity {
    match state.sleep() {
        Some(super::Sleep::Halt(_)) => Activity::Halted,
        Some(super::Sleep::Shutdown { .. }) => Activity::Shutdown,
        Some(super::Sleep::WaitForStartUp(_)) => Activity::WaitForStartUp,
        None => Activity::Running,
    }
}

#[test]
fn the_fold_comes_to_what_the_machine_is() {
    let (mut runs, mut wrong) = (0, Vec::new());
    everywhere(|scenario, outcome, recording| {
        let mut state = State::before(scenario);
        recording.told.iter().for_each(|told| state.take(&told.event));
        let mut state = state.with(&recording.open);
        state.finish(outcome);
        let place = format!("{} on {}", scenario.name, scenario.machine);
        for (cpu, report) in state.cpus.iter().zip(&outcome.cpus) {
            compare_cpu(cpu, report, &mut |what, folded, is| {
                if folded != is {
                    wrong.push(format!("{place}, CPU{}, {what}:\n  {folded}\n  {is}", report.cpu));
                }
            });
        }
        compare_messages(&state, outcome, &mut |what, folded, is| {
            if folded != is {
                wrong.push(format!("{place}, {what}:\n  {folded}\n  {is}"));
            }
        });
        for (word, writer) in (0..).zip(&outcome.writers) {
            let folded = state.words.writer(word).map(|writer| (writer.cpu, writer.at, writer.site.to_string()));
            let is = writer.map(|writer| (writer.cpu, writer.at, writer.site.to_string()));
            // the answer to a read-modify-write may be under way: the stream does not tell it yet
            let late = is.as_ref().is_some_and(|(_, at, _)| *at + Duration::from_ps(200_000) > outcome.last_effective);
            if folded != is && !late {
                wrong.push(format!("{place}, word {word}:\n  {folded:?}\n  {is:?}"));
            }
        }
        runs += 1;
    });
    assert!(wrong.is_empty(), "{} differences in {runs} runs\n{}", wrong.len(), wrong.join("\n"));
    assert!(runs > 200, "{runs}");
}

/// At an instant in the middle of a run the fold is what the machine is that is stopped there.
#[test]
fn the_fold_is_right_at_every_instant() {
    let machine = |scenario: &Scenario, cut_ps: Option<u64>| {
        let choices = Choices { cut_ps, ..CHOICES };
        Machine::new(machine::assemble(scenario, choices).expect("it fits")).expect("it was assembled")
    };
    for (name, every_us) in [("nmi-stall", 3), ("smp-boot", 700), ("kdump", 7), ("backtrace", 997), ("smm-target", 11)]
    {
        let scenario = scenario::load(&Request::new(name)).expect("it is built in");
        let instants: Vec<Time> = (1..60).map(|n| Time::from_us(n * every_us)).collect();
        let mut stops = Stops { state: State::before(&scenario), instants: instants.clone(), stood: Vec::new() };
        machine(&scenario, None).observed(Execution::default(), &mut stops).expect("it runs");
        for (place, state) in stops.stood.iter().enumerate() {
            let cut = machine(&scenario, Some(instants[place].as_ps())).run(Execution::default()).expect("it runs");
            for (cpu, report) in state.cpus.iter().zip(&cut.cpus) {
                compare_cpu(cpu, report, &mut |what, folded, is| {
                    // a run that ends tells of open polls only what has happened by then
                    let place = format!("{name} at {} us, CPU{}, {what}", instants[place], report.cpu);
                    assert!(folded == is, "{place}:\n  {folded}\n  {is}");
                });
            }
        }
        assert_eq!(stops.stood.len(), instants.len());
    }
}

/// The fold, just before each of some instants in their order: of a run that is over before, at its end.
struct Stops {
    state: State,
    instants: Vec<Time>,
    stood: Vec<State>,
}

impl Stops {
    fn stand(&mut self, now: Time, under_way: impl Fn(Time) -> Vec<Event>) {
        while let Some(&at) = self.instants.get(self.stood.len()).filter(|at| **at <= now) {
            self.stood.push(self.state.with(&under_way(at)));
        }
    }
}

impl Observer for Stops {
    fn take(&mut self, batch: &Batch<'_>) {
        let under_way = |index| move |at| batch.under_way_before(index, (at, Source::Interconnect));
        for (index, told) in batch.events.iter().enumerate() {
            self.stand(told.at, under_way(index));
            self.state.take(&told.event);
        }
        self.stand(batch.until, under_way(batch.events.len()));
    }
}

/// An INIT leaves a CPU as a reset does (SDM vol. 3 §10.4.7.3), and after that NMIs are taken (§10.4.7.1): the handler that held
/// them back until its IRET (§6.7.1) is gone, and so is the one that was latched.
#[test]
fn after_an_init_nothing_holds_nmis_back() {
    let request = Request {
        arch: Some("i386/default".to_owned()),
        sets: vec!["knobs.nmi_when_pending=retry".to_owned()],
        ..Request::new("nmi-stall")
    };
    let mut state = State::before(&scenario::load(&request).expect("it is built in"));
    let event = |us, what| Event { time: Time::from_us(us), source: Source::Cpu(1), site: None, what };
    let mut take = |us, what| {
        state.take(&event(us, what));
        (state.cpus[1].nmi_blocked, state.cpus[1].latches.nmi.is_some())
    };
    assert_eq!(take(1, What::NmiLatched), (false, true));
    assert_eq!(take(2, What::Entered(Context::Nmi)), (true, false));
    assert_eq!(take(3, What::NmiLatched), (true, true));
    assert_eq!(take(4, What::Initialised), (false, false));
    assert_eq!(take(5, What::Started(8)), (false, false));
    assert_eq!(take(6, What::NmiLatched), (false, true), "one that would be taken");
}

/// What is compared, what the fold says, what is.
pub(crate) type Compare<'a> = dyn FnMut(&str, String, String) + 'a;

pub(crate) fn compare_cpu(cpu: &super::CpuState, report: &CpuReport, compare: &mut Compare<'_>) {
    let frames: Vec<_> = cpu.frames.iter().map(|frame| (frame.context, frame.since, frame.interrupted)).collect();
    let is: Vec<_> = report.frames.iter().map(|frame| (frame.context, frame.since, frame.interrupted)).collect();
    compare("frames", format!("{:?}", frames), format!("{:?}", is));
    let waits: Vec<_> = cpu.software.waits.iter().map(|wait| (wait.code, wait.since, wait.site)).collect();
    let is: Vec<_> = report.waits.iter().map(|wait| (wait.code, wait.since, wait.site)).collect();
    compare("waits", format!("{:?}", waits), format!("{:?}", is));
    compare("interrupt flag", format!("{:?}", cpu.interrupts_off_since), format!("{:?}", report.interrupts_off_since));
    compare("NMI", format!("{:?}", (cpu.nmi_blocked, cpu.latches.nmi.is_some())), format!("{:?}", report.nmi));
    if !matches!(report.activity, Activity::ShuttingDown) {
        compare("activity", format!("{:?}", activity(cpu)), format!("{:?}", report.activity));
    }
    compare("stalled", format!("{:?}", cpu.stalled_since), format!("{:?}", report.stalled_since));
    compare("busy", format!("{:?}", cpu.busy_since), format!("{:?}", report.busy_since));
    compare("queued", format!("{:?}", cpu.apic.queued()), format!("{:?}", report.queued.as_ref()));
    let sent = cpu.last_send;
    compare(
        "last send",
        format!("{:?}", sent),
        format!("{:?}", report.last_send.map(|send| (send.message, send.site))),
    );
    let misdirected = cpu.misdirected().map(|it| (it.message, it.intended, it.overwritten_at));
    compare(
        "misdirected",
        format!("{:?}", misdirected),
        format!("{:?}", report.misdirected.map(|it| (it.message, it.intended, it.overwritten_at))),
    );
    let requested: Vec<_> = cpu.apic.requested().map(|vector| (vector, cpu.requested_by(vector))).collect();
    let is: Vec<_> = report.requested.iter().map(|(vector, by)| (*vector, by.map(|by| (by.from, by.at)))).collect();
    compare("IRR", format!("{:?}", requested), format!("{:?}", is));
    compare("ISR", format!("{:?}", cpu.apic.in_service().collect::<Vec<_>>()), format!("{:?}", report.in_service));
    compare("TPR", format!("{:?}", cpu.apic.tpr()), format!("{:?}", report.task_priority));
    compare("finished", format!("{:?}", cpu.finished), format!("{:?}", report.finished));
    compare("dead", format!("{:?}", cpu.dead_since.is_some()), format!("{:?}", report.dead));
    let polled: Vec<_> = cpu.software.polled.iter().map(|poll| poll.access).collect();
    compare("polled", format!("{:?}", polled), format!("{:?}", report.polled));
    if report.period.is_some() {
        compare("site", format!("{:?}", cpu.site()), format!("{:?}", report.site));
    }
}

pub(crate) fn compare_messages(state: &State, outcome: &Outcome, compare: &mut Compare<'_>) {
    let held: Vec<_> = state
        .undispatched()
        .map(|held| {
            let stalled = state.stall(held).map(|stall| stall.since);
            (held.message, held.attempts.map(|attempts| attempts.outcome), stalled, state.refusers(&held.message))
        })
        .collect();
    let mut is: Vec<_> = outcome
        .undispatched
        .iter()
        .map(|it| (it.held.message, it.held.last, it.held.stalled_since, it.refusers.clone()))
        .collect();
    is.sort_by_key(|(message, ..)| (message.source, message.number));
    compare("undispatched", format!("{:?}", held), format!("{:?}", is));
    let carried: Vec<_> = state.in_transit().map(|held| held.message).collect();
    let is: Vec<_> = outcome.in_transit.iter().map(|held| held.message).collect();
    compare("in transit", format!("{:?}", carried), format!("{:?}", is));
}
