//! Building a machine for a case, and running it on both executors: their whole histories must be equal.

use crate::platform::Platform;
use crate::record::Record;
use crate::seat::{Entry, Journal, SVR, Seat};
use sim::apic::{Mode, Preset};
use sim::bus::{Interconnect, Message};
use sim::{
    Cpu, CpuSettings, Duration, Execution, Knobs, LocalEvent, Machine, MachineSettings, Program, Recording, Software,
    Start, Time, Window,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;

type Code = Arc<dyn Fn(&Seat<'_>) + Send + Sync>;
type Handler = Arc<dyn Fn(&Seat<'_>, u8) + Send + Sync>;
type BuildBus = Arc<dyn Fn() -> Box<dyn Interconnect>>;
type ClosedProgram = fn() -> Program;
type Adjustment = Arc<dyn Fn(&mut MachineSettings)>;

/// What one CPU runs.
#[derive(Clone)]
struct Role {
    program: Code,
    /// Its program need not return.
    endless: bool,
    /// Instead of all the rest.
    closed: Option<ClosedProgram>,
    interrupt: Handler,
    nmi: Code,
    system_management: Code,
    start_up: Handler,
    reset: Code,
}

impl Role {
    /// Handlers that do no more than they must: EOI; a started CPU enables its APIC and sleeps.
    fn new(endless: bool, program: Code) -> Self {
        let woken = |seat: &Seat<'_>| {
            seat.write(SVR, 0x1FF);
            seat.enable_interrupts();
            seat.idle();
        };
        Self {
            program,
            endless,
            closed: None,
            interrupt: Arc::new(|seat, _| seat.eoi()),
            nmi: Arc::new(|_| {}),
            system_management: Arc::new(|_| {}),
            start_up: Arc::new(move |seat, _| woken(seat)),
            reset: Arc::new(woken),
        }
    }
}

/// The role of one CPU in one run, as its software.
struct Player {
    role: Role,
    platform: Platform,
    journal: Arc<Journal>,
}

impl Player {
    fn seat<'run>(&'run self, cpu: Cpu<'run>) -> Seat<'run> {
        Seat { cpu, platform: self.platform, journal: &self.journal }
    }
}

impl Software for Player {
    fn run(&self, cpu: Cpu<'_>) {
        (self.role.program)(&self.seat(cpu));
        cpu.delay_us(20); // what is still under way is seen
        self.journal.returned.store(true, Ordering::Relaxed);
    }

    fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
        let seat = self.seat(cpu);
        seat.log(Entry::Interrupt(vector));
        (self.role.interrupt)(&seat, vector);
    }

    fn non_maskable(&self, cpu: Cpu<'_>) {
        let seat = self.seat(cpu);
        seat.log(Entry::Nmi);
        (self.role.nmi)(&seat);
    }

    fn system_management(&self, cpu: Cpu<'_>) {
        let seat = self.seat(cpu);
        seat.log(Entry::SystemManagement);
        (self.role.system_management)(&seat);
    }

    fn start_up(&self, cpu: Cpu<'_>, vector: u8) {
        let seat = self.seat(cpu);
        seat.log(Entry::StartUp(vector));
        (self.role.start_up)(&seat, vector);
    }

    fn reset(&self, cpu: Cpu<'_>) {
        let seat = self.seat(cpu);
        seat.log(Entry::Reset);
        (self.role.reset)(&seat);
    }
}

/// A machine to be. CPU *n* has APIC id *n* and logical id 1 << *n*; what is set concerns the CPU added last.
pub(crate) struct Lab {
    platform: Platform,
    knobs: Knobs,
    cpus: Vec<(CpuSettings, Role)>,
    bus: Option<BuildBus>,
    adjust: Vec<Adjustment>,
}

impl Lab {
    pub(crate) fn new(platform: Platform) -> Self {
        Self { platform, knobs: Knobs::default(), cpus: Vec::new(), bus: None, adjust: Vec::new() }
    }

    fn add(mut self, role: Role) -> Self {
        let number = self.cpus.len() as u32;
        let preset = Preset::default().with(|preset| {
            preset.mode = self.platform.mode;
            preset.ldr = 1 << (24 + number % 8);
        });
        self.cpus.push((
            CpuSettings::default().with(|cpu| {
                cpu.apic_id = number;
                cpu.apic = preset;
            }),
            role,
        ));
        self
    }

    /// A CPU whose program must return.
    pub(crate) fn cpu(self, program: impl Fn(&Seat<'_>) + Send + Sync + 'static) -> Self {
        self.add(Role::new(false, Arc::new(program)))
    }

    /// A CPU whose program may run for ever.
    pub(crate) fn endless(self, program: impl Fn(&Seat<'_>) + Send + Sync + 'static) -> Self {
        self.add(Role::new(true, Arc::new(program)))
    }

    /// A CPU that sleeps in HLT and serves interrupts.
    pub(crate) fn sleeper(self) -> Self {
        self.endless(|seat| seat.idle())
    }

    /// `number` sleepers.
    pub(crate) fn sleepers(self, number: usize) -> Self {
        (0..number).fold(self, |lab, _| lab.sleeper())
    }

    /// A CPU that waits for a start-up message.
    pub(crate) fn waiter(self) -> Self {
        self.endless(|_| {}).with(|cpu| cpu.start = Start::WaitForStartUp)
    }

    /// A CPU with a Closed program, for which hanging can be proven.
    pub(crate) fn closed(mut self, program: ClosedProgram) -> Self {
        self = self.endless(|_| {});
        self.role().closed = Some(program);
        self
    }

    fn role(&mut self) -> &mut Role {
        &mut self.cpus.last_mut().expect("a CPU to set").1
    }

    pub(crate) fn with(mut self, change: impl Fn(&mut CpuSettings)) -> Self {
        change(&mut self.cpus.last_mut().expect("a CPU to set").0);
        self
    }

    pub(crate) fn masked(self) -> Self {
        self.with(|cpu| cpu.interrupts_enabled = false)
    }

    /// Something happens on the CPU by itself.
    pub(crate) fn event(self, at: Time, event: LocalEvent) -> Self {
        self.with(|cpu| cpu.local_events.push((at, event)))
    }

    pub(crate) fn on_interrupt(mut self, handler: impl Fn(&Seat<'_>, u8) + Send + Sync + 'static) -> Self {
        self.role().interrupt = Arc::new(handler);
        self
    }

    pub(crate) fn on_nmi(mut self, handler: impl Fn(&Seat<'_>) + Send + Sync + 'static) -> Self {
        self.role().nmi = Arc::new(handler);
        self
    }

    pub(crate) fn on_start_up(mut self, handler: impl Fn(&Seat<'_>, u8) + Send + Sync + 'static) -> Self {
        self.role().start_up = Arc::new(handler);
        self
    }

    pub(crate) fn on_reset(mut self, handler: impl Fn(&Seat<'_>) + Send + Sync + 'static) -> Self {
        self.role().reset = Arc::new(handler);
        self
    }

    pub(crate) fn knobs(mut self, change: impl Fn(&mut Knobs)) -> Self {
        change(&mut self.knobs);
        self
    }

    /// Another bus than the platform's plain one.
    pub(crate) fn bus<B: Interconnect + 'static>(mut self, build: impl Fn() -> B + 'static) -> Self {
        self.bus = Some(Arc::new(move || Box::new(build())));
        self
    }

    /// Changes what the machine is built from.
    pub(crate) fn machine(mut self, change: impl Fn(&mut MachineSettings) + 'static) -> Self {
        self.adjust.push(Arc::new(change));
        self
    }

    fn build(&self) -> (Machine, Vec<Arc<Journal>>) {
        let ids: Vec<u32> = self.cpus.iter().map(|(settings, _)| settings.apic_id).collect();
        let bus = self.bus.as_ref().map_or_else(|| self.platform.interconnect(&ids, self.knobs), |build| build());
        let journals: Vec<Arc<Journal>> = self.cpus.iter().map(|_| Arc::default()).collect();
        let mut settings = MachineSettings::new(self.platform.generation, bus).with(|machine| {
            machine.knobs = self.knobs;
            machine.limit = Time::from_us(1_000_000);
            machine.words = vec![0; 8];
        });
        for ((cpu, role), journal) in self.cpus.iter().zip(&journals) {
            journal.x2apic.store(cpu.apic.mode == Mode::X2Apic, Ordering::Relaxed);
            let player = Player { role: role.clone(), platform: self.platform, journal: Arc::clone(journal) };
            let program = role.closed.map_or_else(|| Program::open(player), |closed| closed());
            settings.cpus.push((cpu.clone(), program));
        }
        self.adjust.iter().for_each(|change| change(&mut settings));
        (Machine::new(settings).expect("the machine is possible"), journals)
    }

    /// One run.
    pub(crate) fn run_on(&self, execution: Execution) -> Record {
        let (machine, journals) = self.build();
        let mut recording = Recording::default();
        let outcome = machine.observed(execution, &mut recording).expect("everything that the code uses is modelled");
        for (journal, (_, role)) in journals.iter().zip(&self.cpus) {
            let ended = role.endless || journal.returned.load(Ordering::Relaxed);
            assert!(ended, "{}: a program has not come to its end: {:?}", self.platform, outcome.ending);
        }
        let logs = journals.iter().map(|journal| journal.entries.lock().clone()).collect();
        Record { logs, outcome, events: recording.by_beginning() }
    }

    /// The case, on both executors and with windows of two kinds.
    pub(crate) fn run(&self) -> Record {
        eprintln!("on {}", self.platform); // shown where the case fails
        let record = self.run_on(Execution::Reference);
        let odd = Window::AtMost(Duration::from_ps(33_337));
        for (workers, window) in [(1, Window::Full), (2, odd)] {
            let other = self.run_on(Execution::Windowed { workers, window });
            let place = record.events.iter().zip(&other.events).find(|(ours, theirs)| ours != theirs);
            assert_eq!(record.outcome.digest, other.outcome.digest, "{window:?}: {place:?}");
            assert_eq!(record.outcome.ending, other.outcome.ending, "{window:?}");
            assert_eq!(record.logs, other.logs, "{window:?}");
        }
        record
    }
}

/// The name of a message, for comparing what was sent with what was delivered.
pub(crate) const fn name(message: &Message) -> (u16, u32) {
    (message.source, message.number)
}
