//! The checker against whole machines: it finds nothing in what they do, and finds what is done to their histories.

use sim::apic::Preset;
use sim::bus::{Agent, ClusterBus, DeliveryMode, FrontSideBus, IdealBus, Interconnect, Message, Reach, SerialBus};
use sim::check::{ApicMode, Checker, CheckerSettings, Identity};
use sim::{
    Closed, Context, Cpu, CpuSettings, DeviceInterrupt, Duration, Event, Execution, Generation, Machine,
    MachineSettings, Outcome, Program, Recording, Seeded, Software, Time, What, Window,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

/// Small, fast, and a plain function of its state: what the random programs decide by.
fn next(state: &mut u64) -> u32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as u32
}

/// Sends of every kind, with and without a look at the delivery status, among delays and spans with interrupts off.
#[derive(Clone, Copy)]
struct Sends {
    seed: u64,
    cpus: u32,
}

impl Closed for Sends {}

impl Sends {
    fn send(&self, cpu: Cpu<'_>, state: &mut u64) {
        if !next(state).is_multiple_of(4) {
            for _ in 0..next(state) % 100 {
                if cpu.read_register(0x300) & 0x1000 == 0 {
                    break;
                }
                cpu.pause();
            }
        }
        let one = next(state) % self.cpus;
        let (destination, mode) = match next(state) % 8 {
            0..=3 => (one, 0),
            4 => (next(state) % (1 << self.cpus), 0x800),
            5 => (0xFF, 0x800),
            6 => (0, 0x80000 | (next(state) & 1) << 18),
            _ => (one, 0x40000),
        };
        let nmi = mode & 0x40000 == 0 && mode & 0x80000 == 0 && next(state).is_multiple_of(4);
        cpu.write_register(0x310, destination << 24);
        cpu.write_register(0x300, mode | if nmi { 0x400 } else { 0x30 + next(state) % 3 * 0x61 });
    }
}

impl Software for Sends {
    fn run(&self, cpu: Cpu<'_>) {
        let mut state = self.seed ^ u64::from(cpu.number()) << 32;
        for _ in 0..40 {
            match next(&mut state) % 6 {
                0 => cpu.delay_us(next(&mut state) % 4),
                1 => {
                    let flags = cpu.irq_save();
                    cpu.delay_us(next(&mut state) % 8);
                    cpu.irq_restore(flags);
                }
                _ => self.send(cpu, &mut state),
            }
        }
        // Some CPUs end with interrupts off, so that their IRR keeps what comes then.
        if cpu.number() % 2 == 0 {
            cpu.irq_save();
        }
        loop {
            cpu.load(0);
            cpu.pause();
        }
    }

    fn interrupt(&self, cpu: Cpu<'_>, _: u8) {
        cpu.write_register(0xB0, 0);
    }
}

const SERIAL: u64 = 0;
const FRONT_SIDE: u64 = 1;
const IDEAL: u64 = 2;
const NUMA_Q: u64 = 3;
const NODES: u64 = 4;

/// What the checker must know of the machine of `seed`.
struct Setup {
    seed: u64,
    cpus: u32,
    bus_kind: u64,
}

impl Setup {
    fn new(seed: u64) -> Self {
        let bus_kind = seed % 5;
        let several_clusters = if bus_kind >= NUMA_Q { 4 } else { 0 };
        Self { seed, cpus: 2 + next(&mut seed.clone()) % 4 + several_clusters, bus_kind }
    }

    fn generation(&self) -> Generation {
        if matches!(self.bus_kind, SERIAL | NUMA_Q) { Generation::P6 } else { Generation::XApic }
    }

    fn is_clustered(&self) -> bool {
        self.bus_kind >= NUMA_Q
    }

    /// A CPU's APIC id, and its logical destination register.
    fn ids(&self, cpu: u32) -> (u32, u32) {
        let ldr = if self.is_clustered() { (cpu / 4) << 4 | 1 << (cpu % 4) } else { 1 << cpu };
        (if self.bus_kind == NUMA_Q { 1 << (cpu % 4) } else { cpu }, ldr << 24)
    }

    fn dfr(&self) -> u32 {
        if self.is_clustered() { 0x0FFF_FFFF } else { u32::MAX }
    }

    /// On a machine with a P6 bus the I/O agent has an id, too.
    fn bus(&self) -> Box<dyn Interconnect> {
        match self.bus_kind {
            SERIAL => {
                Box::new(SerialBus::new(&(0..self.cpus as u8).chain([14]).collect::<Vec<_>>()).expect("legal ids"))
            }
            FRONT_SIDE => Box::new(FrontSideBus::new()),
            NUMA_Q => Box::new(ClusterBus::numa_q(self.cpus as Agent, |bus, _| Ok(bus)).expect("two clusters")),
            NODES => Box::new(ClusterBus::front_side_nodes(self.cpus as Agent, |bus| bus).expect("two clusters")),
            _ => Box::new(IdealBus::new(Duration::from_ns(100))),
        }
    }

    fn machine(&self) -> Machine {
        let program = Sends { seed: self.seed, cpus: self.cpus };
        let cpu = |cpu: u32| {
            let (apic_id, ldr) = self.ids(cpu);
            let apic = Preset::default().with(|preset| {
                preset.ldr = ldr;
                preset.dfr = self.dfr();
            });
            CpuSettings::default().with(|cpu| {
                cpu.apic_id = apic_id;
                cpu.apic = apic;
            })
        };
        let mut state = self.seed;
        // In order of time, as their numbers are.
        let devices = (0..6).map(|n| DeviceInterrupt {
            at: Time::from_ps(u64::from(n) * 15_000_000 + u64::from(next(&mut state)) % 15_000_000),
            vector: 0x51 + n,
            destination: (next(&mut state) % self.cpus) as u8,
            level_triggered: false,
        });
        Machine::new(MachineSettings::new(self.generation(), self.bus()).with(|machine| {
            machine.words = vec![0];
            machine.device_interrupts = devices.collect();
            machine.cpus = (0..self.cpus).map(|number| (cpu(number), Program::closed(program))).collect();
            machine.dead_apics = if self.seed.is_multiple_of(5) { vec![(Time::from_us(40), 1)] } else { vec![] };
            machine.chooser = Arc::new(Seeded(self.seed));
            machine.limit = Time::from_us(400);
        }))
        .expect("the machine is possible")
    }

    fn run(&self) -> (Outcome, Vec<Event>) {
        let mut recording = Recording::default();
        let execution = Execution::Windowed { workers: 1, window: Window::Full };
        let outcome = self.machine().observed(execution, &mut recording);
        (outcome.expect("everything that the programs use is modelled"), recording.by_beginning())
    }

    fn checker(&self) -> Checker {
        let cpus = self.cpus as Agent;
        let mut checker = Checker::new(CheckerSettings::new(cpus, self.generation()).with(|checker| {
            checker.sends_overlap = self.bus_kind == IDEAL;
            checker.late_deliveries = self.is_clustered();
        }));
        if let Reach::Domains(domains) = self.bus().reach() {
            checker = checker.with_domains(domains);
        }
        for agent in 0..cpus {
            let (id, ldr) = self.ids(agent.into());
            let identity =
                Identity { mode: ApicMode::XApic, id, ldr, dfr: self.dfr(), software_enabled: true, ..Identity::OFF };
            checker.identity(agent, identity, Time::ZERO);
        }
        checker
    }

    /// Tells a checker the history `events` of a run that ended as `outcome`.
    fn check(&self, outcome: &Outcome, events: &[Event]) -> Checker {
        let mut checker = self.checker();
        let mut teller = Teller {
            checker: &mut checker,
            overlap: self.bus_kind == IDEAL,
            pending: vec![],
            introduced: BTreeSet::new(),
        };
        events.iter().for_each(|event| teller.tell(event));
        for cpu in &outcome.cpus {
            let mut irr = [0; 8];
            cpu.requested.iter().for_each(|(vector, _)| irr[usize::from(vector / 32)] |= 1 << (vector % 32));
            checker.end_of_run(cpu.cpu, &irr, cpu.nmi.1, Time::from_us(400));
        }
        outcome.undispatched.iter().for_each(|report| checker.carried(&report.held.message));
        outcome.in_transit.iter().for_each(|report| checker.carried(&report.message));
        checker.finish(Time::from_us(400));
        checker
    }
}

/// From events to facts.
struct Teller<'a> {
    checker: &'a mut Checker,
    overlap: bool,
    /// The message of each sender that is not dispatched.
    pending: Vec<Option<Message>>,
    /// Messages of devices that were seen.
    introduced: BTreeSet<(Agent, u32)>,
}

impl Teller<'_> {
    fn pending(&mut self, source: Agent) -> &mut Option<Message> {
        let index = usize::from(source);
        self.pending.resize(self.pending.len().max(index + 1), None);
        &mut self.pending[index]
    }

    fn tell(&mut self, event: &Event) {
        let cpu = |source| match source {
            sim::Source::Cpu(cpu) => cpu,
            sim::Source::Interconnect => panic!("the interconnect takes no interrupts"),
        };
        match event.what {
            What::Sent(message) => {
                if let Some(old) = self.pending(message.source).replace(message)
                    && !self.overlap
                {
                    self.checker.replaced(&old, event.time);
                }
                self.checker.sent(&message, event.time);
            }
            What::Delivered(agent, message) => {
                self.introduce(&message, event.time);
                self.checker.delivered(agent, &message, event.time);
            }
            What::Dispatched(message, still_busy) => {
                self.introduce(&message, event.time);
                self.pending(message.source).take_if(|pending| pending.number == message.number);
                self.checker.dispatched(&message, still_busy, event.time);
            }
            What::Entered(Context::Interrupt(vector)) => self.checker.taken(cpu(event.source), vector, event.time),
            What::Entered(Context::Nmi) => self.checker.nmi_taken(cpu(event.source), event.time),
            What::ApicDead(agent) => self.checker.exempt(agent),
            _ => {}
        }
    }

    /// The I/O agent's messages have no event of their own: they are sent when they are first seen.
    fn introduce(&mut self, message: &Message, at: Time) {
        let devices = self.checker.cpus();
        if message.source >= devices && self.introduced.insert((message.source, message.number)) {
            *self.pending(message.source) = Some(*message);
            self.checker.sent(message, at);
        }
    }
}

#[test]
fn machines_lose_and_duplicate_nothing() {
    let mut sent = 0;
    for seed in 0..100 {
        let setup = Setup::new(seed);
        let (outcome, told) = setup.run();
        let checker = setup.check(&outcome, &told);
        assert_eq!(checker.violations(), [], "seed {seed}");
        sent += checker.counts().sent;
    }
    assert!(sent > 1000, "{sent} messages");
}

/// Each delivery of a real history, left out, told twice, or told of another CPU.
#[test]
fn every_delivery_counts() {
    for seed in 1..6 {
        let setup = Setup::new(seed);
        let (outcome, told) = setup.run();
        for index in 0..told.len() {
            let What::Delivered(agent, message) = told[index].what else { continue };
            if outcome.in_transit.iter().any(|report| report.message == message) {
                continue; // what is still on its way owes nothing yet
            }
            let mut events = told.clone();
            let original = events.remove(index);
            assert!(setup.check(&outcome, &events).found() > 0, "seed {seed}: {original:?} left out");
            events.insert(index, original);
            events.insert(index, original);
            assert!(setup.check(&outcome, &events).found() > 0, "seed {seed}: {original:?} twice");
            events.remove(index);
            let other = (agent + 1) % setup.cpus as Agent;
            events[index].what = What::Delivered(other, message);
            assert!(setup.check(&outcome, &events).found() > 0, "seed {seed}: {original:?} to CPU{other}");
            if message.mode == DeliveryMode::Fixed {
                events[index].what = What::Delivered(agent, Message { vector: message.vector ^ 1, ..message });
                assert!(setup.check(&outcome, &events).found() > 0, "seed {seed}: {original:?} with another vector");
            }
        }
    }
}
