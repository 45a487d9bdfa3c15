//! A bus of one's own: fixed time slots, one for each agent in turn. The engine knows it by the trait alone, and gives one
//! result on every executor. First on a machine put together by hand, from the hardware crate `sim` alone; then in the place of
//! the bus of a scenario, by [`OwnParts`](apicsim::OwnParts).
//!
//! Run it with `cargo run --example own_bus`.
//!
//! Not modelled: checksums and receive errors; a message that nobody takes is sent again and again.
#![allow(clippy::print_stdout, reason = "an example shows what comes out")]

use apicsim::scenario::{self, Scenario};
use apicsim::{OwnPart, OwnParts, Settings, Verdict, explain, run};
use sim::bus::{
    Agent, AttemptOutcome, BusEffect, Interconnect, Message, Request, Response, SerialBus, Targets, Undispatched,
};
use sim::{
    Closed, Cpu, CpuSettings, Duration, Ending, Execution, Generation, Machine, MachineSettings, Outcome, Program,
    Proof, Software, StopRule, Time, Window,
};
use std::collections::VecDeque;
use std::error::Error;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

/// What one agent wants to send.
#[derive(Debug, Clone, Copy)]
struct Entry {
    request: Request,
    /// The slot that carries it, counted from the start of the run.
    slot: u64,
    attempts: u64,
    last: Option<AttemptOutcome>,
}

/// The bus. Slot *k* belongs to agent *k* modulo the number of agents; what it carries is decided and taken at its end.
#[derive(Debug, Clone)]
struct TimeSlots {
    length: Duration,
    /// By agent; each slot of an agent carries the first of its queue.
    queues: Vec<VecDeque<Entry>>,
}

impl TimeSlots {
    fn new(agents: usize, length: Duration) -> Self {
        Self { length, queues: vec![VecDeque::new(); agents] }
    }

    fn agents(&self) -> u64 {
        self.queues.len() as u64
    }

    fn end_of(&self, slot: u64) -> Time {
        Time::from_ps((slot + 1) * self.length.as_ps())
    }

    /// The first slot of `agent` that begins strictly after `at`, or `later` slots after that.
    fn slot_after(&self, agent: Agent, at: Time, later: u32) -> u64 {
        let first = at.as_ps() / self.length.as_ps() + 1 + u64::from(later);
        let turns = self.agents();
        first + (u64::from(agent) + turns - first % turns) % turns
    }

    /// The agent whose slot ends next with something in it.
    fn next(&self) -> Option<(u64, usize)> {
        let firsts = self.queues.iter().enumerate();
        firsts.filter_map(|(agent, queue)| Some((queue.front()?.slot, agent))).min()
    }

    /// Every addressed agent is asked; one without room makes all of them wait.
    fn attempt(message: &Message, targets: &dyn Targets) -> (AttemptOutcome, Vec<Agent>) {
        let addressed = (0..targets.agents()).filter(|&agent| targets.addressed(agent, message));
        let mut takers = Vec::new();
        for agent in addressed {
            match targets.response(agent, message) {
                Response::Retry => return (AttemptOutcome::Retry, Vec::new()),
                Response::Accept => takers.push(agent),
                Response::Silent | Response::Refuse => {}
            }
        }
        let outcome = if takers.is_empty() { AttemptOutcome::AcceptError } else { AttemptOutcome::Accepted };
        (outcome, takers)
    }

    /// The message at the head of `agent`'s queue was not taken: its newer one goes next, or it goes again.
    fn again(&mut self, agent: usize, outcome: AttemptOutcome) {
        let turns = self.agents();
        let queue = &mut self.queues[agent];
        let newer = queue.iter().skip(1).any(|entry| matches!(entry.request, Request::Message(_)));
        if newer {
            queue.pop_front();
        } else if let Some(first) = queue.front_mut() {
            (first.attempts, first.last) = (first.attempts + 1, Some(outcome));
            // Behind it wait EOIs, each for a slot of its own: the failed message lets them go first.
            let last = queue.back().map_or(0, |last| last.slot);
            if let Some(failed) = queue.pop_front() {
                queue.push_back(Entry { slot: last + turns, ..failed });
            }
        }
    }
}

impl Interconnect for TimeSlots {
    /// A request just before a slot of its agent is decided at the end of that slot.
    fn minimum_latency(&self) -> Duration {
        self.length + Duration::from_ps(1)
    }

    /// A newer message takes the place of one that waits, but not of one whose slot has begun.
    fn request(&mut self, at: Time, request: Request, extra_cycles: u32) {
        let source = match request {
            Request::Message(Message { source, .. }) | Request::EndOfInterrupt { source, .. } => source,
        };
        let current = at.as_ps() / self.length.as_ps();
        let turns = self.agents();
        let mut slot = self.slot_after(source, at, extra_cycles);
        let queue = &mut self.queues[usize::from(source)];
        let is_message = |entry: &Entry| matches!(entry.request, Request::Message(_));
        if is_message(&Entry { request, slot, attempts: 0, last: None })
            && let Some(waiting) = queue.iter_mut().find(|entry| is_message(entry) && entry.slot > current)
        {
            *waiting = Entry { request, slot: waiting.slot, attempts: 0, last: None };
            return;
        }
        slot = queue.back().map_or(slot, |last| slot.max(last.slot + turns));
        queue.push_back(Entry { request, slot, attempts: 0, last: None });
    }

    fn next_event(&self) -> Option<Time> {
        self.next().map(|(slot, _)| self.end_of(slot))
    }

    /// Every event samples agents or tells software something.
    fn bound(&self) -> Time {
        self.next_event().unwrap_or(Time::NEVER)
    }

    fn advance(&mut self, targets: &dyn Targets, effects: &mut Vec<BusEffect>) {
        let Some((_, agent)) = self.next() else { return };
        let Some(Entry { request, .. }) = self.queues[agent].front().copied() else { return };
        let message = match request {
            Request::Message(message) => message,
            Request::EndOfInterrupt { vector, .. } => {
                self.queues[agent].pop_front();
                effects.push(BusEffect::EndOfInterrupt { vector });
                return;
            }
        };
        let (outcome, takers) = Self::attempt(&message, targets);
        effects.push(BusEffect::Attempt { message, outcome });
        if outcome != AttemptOutcome::Accepted {
            return self.again(agent, outcome);
        }
        self.queues[agent].pop_front();
        effects.extend(takers.into_iter().map(|agent| BusEffect::Deliver { agent, message }));
        let busy_still = self.queues[agent].iter().any(|entry| matches!(entry.request, Request::Message(_)));
        effects.push(BusEffect::Dispatched { message, busy_still });
    }

    fn undispatched(&self) -> Vec<Undispatched> {
        let period = Duration::from_ps(self.length.as_ps() * self.agents());
        let held = |entry: &Entry| match entry.request {
            Request::Message(message) => Some(Undispatched {
                message,
                attempts: entry.attempts,
                last: entry.last,
                attempt_period: (entry.attempts > 1).then_some(period),
                stalled_since: None,
            }),
            Request::EndOfInterrupt { .. } => None,
        };
        self.queues.iter().flatten().filter_map(held).collect()
    }

    /// Relative to the next event, and whose turn that is.
    fn state(&self, words: &mut Vec<u64>) {
        let Some((base, agent)) = self.next() else { return };
        words.push(agent as u64);
        for queue in &self.queues {
            words.push(queue.len() as u64);
            for entry in queue {
                words.push(entry.slot - base);
                words.extend(match entry.request {
                    Request::Message(message) => [0, u64::from(message.number)],
                    Request::EndOfInterrupt { vector, .. } => [1, u64::from(vector)],
                });
            }
        }
    }

    /// Each message that is refused has one attempt in each turn of all agents.
    fn skip(&mut self, periods: u64, period: Duration, _attempts: u64) {
        let slots = period.as_ps() / self.length.as_ps();
        let turns = slots / self.agents();
        for entry in self.queues.iter_mut().flatten() {
            entry.slot += slots * periods;
            entry.attempts += if entry.last.is_some() { turns * periods } else { 0 };
        }
    }

    fn name(&self) -> &'static str {
        "time-slots"
    }
}

/// Milestone: CPU0 has sent all that it wanted to.
const SENT: u32 = 1;

/// CPU0 sends three interrupts of one priority class to CPU1, and waits for each.
#[derive(Clone, Copy)]
struct ThreeIpis {
    /// CPU1 lets interrupts in.
    open: bool,
}

impl Software for ThreeIpis {
    fn run(&self, cpu: Cpu<'_>) {
        if cpu.number() == 0 {
            for vector in 0x41..=0x43 {
                cpu.write_register(0x310, 1 << 24);
                cpu.write_register(0x300, vector);
                while cpu.read_register(0x300) & 1 << 12 != 0 {
                    cpu.pause();
                }
            }
            cpu.reached(SENT);
        } else if cpu.number() == 1 && !self.open {
            cpu.irq_save();
        }
        cpu.halt();
    }

    fn interrupt(&self, cpu: Cpu<'_>, _vector: u8) {
        cpu.write_register(0xB0, 0); // EOI
    }
}

impl Closed for ThreeIpis {}

fn main() -> Result<(), Box<dyn Error>> {
    for open in [true, false] {
        let slots = everywhere(open, || Box::new(TimeSlots::new(5, Duration::from_ns(250))))?;
        show("time slots", open, &slots);
        // The serial bus, for comparison: the same software, the same refusal, another time.
        let serial = SerialBus::new(&[0, 1, 2, 3, 14])?;
        let serial = everywhere(open, || Box::new(serial.clone()))?;
        show("serial bus", open, &serial);
        let expected = match (open, sim::PROOFS) {
            (true, _) => Ending::Stopped,
            (false, true) => Ending::Proven(Proof::Recurrence),
            (false, false) => Ending::Deadline,
        };
        assert_eq!((slots.ending, serial.ending), (expected, expected));
    }
    in_a_scenario()
}

/// The bus in the place of the scenario's.
#[derive(Debug)]
struct OnTimeSlots;

impl OwnParts for OnTimeSlots {
    fn bus(&self, scenario: &Scenario, _: Box<dyn Interconnect>) -> Box<dyn Interconnect> {
        // An agent for each CPU, and one that sends the interrupts of devices.
        Box::new(TimeSlots::new(scenario.machine.cpus as usize + 1, Duration::from_ns(250)))
    }
}

/// The hang of 2007, which is none of the serial bus alone: a target that refuses, and a sender that waits without a bound.
fn in_a_scenario() -> Result<(), Box<dyn Error>> {
    for (variant, verdict) in [("before", Verdict::Hung), ("merged", Verdict::Completed)] {
        let story = scenario::Request::new("nmi-stall");
        let scenario = scenario::load(&story.with(|request| request.variant = Some(variant.to_owned())))?;
        let settings = Settings::seeded(0).with_parts(OwnPart::parts("time-slots", OnTimeSlots));
        let (report, _) = run(&scenario, &settings)?;
        let reference = settings.clone().with(|settings| settings.execution = Execution::Reference);
        assert_eq!(run(&scenario, &reference)?.0.digest, report.digest);
        let (_, waits) = explain(&scenario, &settings)?;
        println!("nmi-stall on time slots, {variant}: {:?}, {} waits explained", report.verdict, waits.len());
        assert_eq!(
            report.verdict,
            if sim::PROOFS || verdict == Verdict::Completed { verdict } else { Verdict::Deadline }
        );
    }
    Ok(())
}

fn show(name: &str, open: bool, outcome: &Outcome) {
    let taking = if open { "takes interrupts" } else { "takes none" };
    print!("{name}, CPU1 {taking}: ");
    match outcome.milestones.first() {
        Some(sent) => println!("all sent after {} us", sent.at),
        None => println!("{:?}, {} message undispatched", outcome.ending, outcome.undispatched.len()),
    }
    println!("    digest {}:{:016x}, the same on every executor", Outcome::DIGEST_VERSION, outcome.digest);
}

/// The outcome on `bus`, which must not depend on how it is executed, nor on whether repetition is skipped.
fn everywhere(open: bool, bus: impl Fn() -> Box<dyn Interconnect>) -> Result<Outcome, Box<dyn Error>> {
    let reference = play(open, bus(), false, Execution::Reference)?;
    for (workers, window) in [(1, Window::Full), (2, Window::Half)] {
        for elision in [false, true] {
            let other = play(open, bus(), elision, Execution::Windowed { workers, window })?;
            assert_eq!((other.digest, other.ending), (reference.digest, reference.ending));
        }
    }
    Ok(reference)
}

/// Runs four P6 CPUs for at most a simulated millisecond.
fn play(
    open: bool,
    bus: Box<dyn Interconnect>,
    elision: bool,
    execution: Execution,
) -> Result<Outcome, Box<dyn Error>> {
    let cpu = |apic_id| CpuSettings::default().with(|cpu| cpu.apic_id = apic_id);
    let machine = Machine::new(MachineSettings::new(Generation::P6, bus).with(|machine| {
        machine.cpus = (0..4).map(|id| (cpu(id), Program::closed(ThreeIpis { open }))).collect();
        machine.limit = Time::from_us(1_000);
        machine.stop = StopRule::Any(vec![SENT]);
        machine.elision = elision;
    }))?;
    Ok(machine.run(execution)?)
}

#[test]
fn it_comes_out_so() -> Result<(), Box<dyn Error>> {
    main()
}
