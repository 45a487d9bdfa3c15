//! Two CPUs: what one sends, the other is in some state to take.

use sim::bus::{IdealBus, Interconnect, SerialBus};
use sim::{
    Closed, Cpu, CpuSettings, Event, Execution, Generation, Knobs, Machine, MachineSettings, Outcome, Program,
    Recording, Software, Time, Window,
};

/// A CPU's code, as plain functions: what one does shows in shared words and in the event stream.
#[derive(Clone, Copy)]
pub(crate) struct Code {
    pub(crate) run: fn(Cpu<'_>),
    pub(crate) interrupt: fn(Cpu<'_>, u8),
    pub(crate) nmi: fn(Cpu<'_>),
    pub(crate) start_up: fn(Cpu<'_>, u8),
    pub(crate) reset: fn(Cpu<'_>),
}

impl Closed for Code {}

impl Software for Code {
    fn run(&self, cpu: Cpu<'_>) {
        (self.run)(cpu);
    }
    fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
        (self.interrupt)(cpu, vector);
    }
    fn non_maskable(&self, cpu: Cpu<'_>) {
        (self.nmi)(cpu);
    }
    fn start_up(&self, cpu: Cpu<'_>, vector: u8) {
        (self.start_up)(cpu, vector);
    }
    fn reset(&self, cpu: Cpu<'_>) {
        (self.reset)(cpu);
    }
}

pub(crate) const INTERRUPT: u32 = 1000;
pub(crate) const NMI: u32 = 2000;
pub(crate) const START_UP: u32 = 3000;
pub(crate) const RESET: u32 = 4000;
pub(crate) const DROPPED: u32 = 5000;

pub(crate) const IDLE: Code = Code {
    run: |cpu| loop {
        cpu.halt();
    },
    interrupt: |cpu, vector| {
        cpu.reached(INTERRUPT + u32::from(vector));
        cpu.write_register(0xB0, 0);
    },
    nmi: |cpu| cpu.reached(NMI),
    start_up: |cpu, vector| {
        cpu.reached(START_UP + u32::from(vector));
        cpu.write_register(0xF0, 0x1FF);
        cpu.enable_interrupts();
        loop {
            cpu.halt();
        }
    },
    reset: |cpu| cpu.reached(RESET),
};

pub(crate) struct Setup {
    pub(crate) generation: Generation,
    pub(crate) knobs: Knobs,
    /// CPU 1, the target; CPU 0 sends.
    pub(crate) target: CpuSettings,
    pub(crate) code: Code,
    pub(crate) sender: fn(Cpu<'_>),
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            generation: Generation::XApic,
            knobs: Knobs::default(),
            target: CpuSettings::default(),
            code: IDLE,
            sender: |_| {},
        }
    }
}

impl Setup {
    pub(crate) fn machine(&self) -> Machine {
        let bus: Box<dyn Interconnect> = if self.generation.profile().serial {
            Box::new(SerialBus::new(&[0, 1, 14]).expect("different ids"))
        } else {
            Box::new(IdealBus::default())
        };
        let sender = Code { run: self.sender, ..IDLE };
        let target = self.target.clone().with(|cpu| cpu.apic_id = 1);
        Machine::new(MachineSettings::new(self.generation, bus).with(|machine| {
            machine.knobs = self.knobs;
            machine.busy_visible = true;
            machine.words = vec![0; 4];
            machine.cpus =
                vec![(CpuSettings::default(), Program::closed(sender)), (target, Program::closed(self.code))];
            machine.limit = Time::from_us(1_000);
        }))
        .expect("the machine is possible")
    }

    /// The run, after checking that both executors agree on it.
    pub(crate) fn run(&self) -> Outcome {
        self.told().0
    }

    /// With its events, by their beginnings.
    pub(crate) fn told(&self) -> (Outcome, Vec<Event>) {
        let run = |execution| {
            let mut recording = Recording::default();
            let outcome = self.machine().observed(execution, &mut recording).expect("it runs");
            (outcome, recording.by_beginning())
        };
        let (_, expected) = run(Execution::Reference);
        let (outcome, events) = run(Execution::Windowed { workers: 2, window: Window::Full });
        assert_eq!(expected, events);
        (outcome, events)
    }

    /// Milestones of CPU 1, in order.
    pub(crate) fn reached(&self) -> Vec<u32> {
        reached(&self.run())
    }
}

pub(crate) fn reached(outcome: &Outcome) -> Vec<u32> {
    outcome.milestones.iter().filter(|milestone| milestone.cpu == 1).map(|milestone| milestone.code).collect()
}

/// Sends `low` to CPU 1 and lets 20 µs pass.
pub(crate) fn send(cpu: Cpu<'_>, low: u32) {
    cpu.write_register(0x310, 1 << 24);
    cpu.write_register(0x300, low);
    cpu.delay_us(20);
}

pub(crate) const FIXED: u32 = 0x4031;
pub(crate) const SEND_NMI: u32 = 0x4400;
pub(crate) const SEND_SMI: u32 = 0x4200;
pub(crate) const INIT: u32 = 0x4500;
pub(crate) const SIPI: u32 = 0x4608;
