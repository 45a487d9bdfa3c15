//! What each state of a CPU blocks and accepts: wait-for-SIPI, HLT, shutdown, system-management mode, NMI handler, STI
//! shadow (SDM vol. 3 §6.7.1, 8.4, 10.4.7.3, 26.6.2, 34.8), in whole machines on both executors.

use sim::bus::{IdealBus, Interconnect, SerialBus};
use sim::{
    Activity, Closed, Context, Cpu, CpuSettings, DelayRule, Duration, Ending, Event, Execution, Generation,
    IcrWriteWhileBusy, Knobs, LocalEvent, Machine, MachineSettings, NmiInStiShadow, NmiInWaitForSipi, Outcome, Program,
    Recording, RsmNmiBlocking, Software, Source, Start, Time, What, Window,
};

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();

/// A CPU's code, as plain functions: what one does shows in shared words and in the event stream.
#[derive(Clone, Copy)]
struct Code {
    run: fn(Cpu<'_>),
    interrupt: fn(Cpu<'_>, u8),
    nmi: fn(Cpu<'_>),
    start_up: fn(Cpu<'_>, u8),
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
        cpu.reached(RESET);
    }
}

const INTERRUPT: u32 = 1000;
const NMI: u32 = 2000;
const START_UP: u32 = 3000;
const RESET: u32 = 4000;
const DROPPED: u32 = 5000;

const IDLE: Code = Code {
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
};

struct Setup {
    generation: Generation,
    knobs: Knobs,
    /// CPU 1, the target; CPU 0 sends.
    target: CpuSettings,
    code: Code,
    sender: fn(Cpu<'_>),
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
    fn machine(&self) -> Machine {
        let bus: Box<dyn Interconnect> = if self.generation.profile().serial {
            Box::new(SerialBus::new(&[0, 1, 14]).expect("different ids"))
        } else {
            Box::new(IdealBus::default())
        };
        let sender = Code { run: self.sender, ..IDLE };
        let target = CpuSettings { apic_id: 1, ..self.target.clone() };
        Machine::new(MachineSettings {
            knobs: self.knobs,
            busy_visible: true,
            words: vec![0; 4],
            cpus: vec![(CpuSettings::default(), Program::closed(sender)), (target, Program::closed(self.code))],
            limit: Time::from_us(1_000),
            ..MachineSettings::new(self.generation, bus)
        })
        .expect("the machine is possible")
    }

    /// The run, after checking that both executors agree on it.
    fn run(&self) -> Outcome {
        self.told().0
    }

    /// With its events, by their beginnings.
    fn told(&self) -> (Outcome, Vec<Event>) {
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
    fn reached(&self) -> Vec<u32> {
        reached(&self.run())
    }
}

fn reached(outcome: &Outcome) -> Vec<u32> {
    outcome.milestones.iter().filter(|milestone| milestone.cpu == 1).map(|milestone| milestone.code).collect()
}

/// Sends `low` to CPU 1 and lets 20 µs pass.
fn send(cpu: Cpu<'_>, low: u32) {
    cpu.write_register(0x310, 1 << 24);
    cpu.write_register(0x300, low);
    cpu.delay_us(20);
}

const FIXED: u32 = 0x4031;
const SEND_NMI: u32 = 0x4400;
const SEND_SMI: u32 = 0x4200;
const INIT: u32 = 0x4500;
const SIPI: u32 = 0x4608;

#[test]
fn init_unwinds_and_the_first_start_up_message_starts() {
    struct Guard<'a>(Cpu<'a>);
    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            assert_eq!(self.0.number(), 1); // its own locals are dropped; it may not use its CPU any more
        }
    }
    let code = Code {
        run: |cpu| {
            let _guard = Guard(cpu);
            cpu.irq_save(); // INIT does not ask the interrupt flag
            loop {
                cpu.pause();
            }
        },
        ..IDLE
    };
    let setup = Setup {
        code,
        sender: |cpu| {
            send(cpu, SIPI); // running: discarded
            send(cpu, INIT);
            send(cpu, SIPI);
            send(cpu, SIPI + 1); // running again: discarded
            send(cpu, FIXED);
        },
        ..Setup::default()
    };
    assert_eq!(setup.reached(), [START_UP + 8, INTERRUPT + 0x31]);
}

#[test]
fn wait_for_sipi_loses_nmis_and_takes_nothing_fixed() {
    // SDM vol. 3 §26.6.2; after INIT the APIC is software-disabled (§10.4.7.3)
    let setup = Setup {
        target: CpuSettings { start: Start::WaitForStartUp, ..CpuSettings::default() },
        sender: |cpu| {
            send(cpu, SEND_NMI);
            send(cpu, INIT);
            send(cpu, SIPI);
        },
        ..Setup::default()
    };
    assert_eq!(setup.reached(), [START_UP + 8]);
    let waits = Setup { sender: |cpu| send(cpu, SEND_NMI), ..setup };
    let outcome = waits.run();
    assert_eq!((outcome.cpus[1].activity, reached(&outcome)), (Activity::WaitForStartUp, vec![]));
    assert!(matches!(outcome.ending, Ending::Proven(_)), "nothing can come any more");
}

#[test]
fn an_nmi_in_wait_for_sipi_follows_the_knob() {
    // SDM vol. 3 §26.6.2 against §10.4.7.1
    for (rule, expected) in
        [(NmiInWaitForSipi::Blocked, vec![START_UP + 8]), (NmiInWaitForSipi::Latched, vec![NMI, START_UP + 8])]
    {
        let mut setup = Setup {
            target: CpuSettings { start: Start::WaitForStartUp, ..CpuSettings::default() },
            sender: |cpu| {
                send(cpu, SEND_NMI);
                send(cpu, SIPI);
            },
            ..Setup::default()
        };
        setup.knobs.nmi_in_wait_for_sipi = rule;
        assert_eq!(setup.reached(), expected, "{rule}");
    }
}

#[test]
fn an_smi_in_wait_for_sipi_is_served_when_the_cpu_is_started() {
    // SDM vol. 3 §34.2: it is pending until the start-up message, and comes before the code that that starts
    let setup = Setup {
        target: CpuSettings { start: Start::WaitForStartUp, ..CpuSettings::default() },
        sender: |cpu| {
            send(cpu, SEND_SMI);
            send(cpu, SIPI);
        },
        ..Setup::default()
    };
    let (_, events) = setup.told();
    let of_target = events.iter().filter(|event| event.source == Source::Cpu(1)).map(|event| event.what);
    let order: Vec<What> = of_target
        .filter(|what| matches!(what, What::Started(_) | What::Entered(_) | What::Left(_) | What::Reached(_)))
        .collect();
    let management = Context::SystemManagement;
    let expected = [What::Started(8), What::Entered(management), What::Left(management), What::Reached(START_UP + 8)];
    assert_eq!(order, expected);
}

#[test]
fn a_shutdown_inside_an_nmi_handler_is_final() {
    // SDM vol. 3 §6.15, interrupt 8: then only a reset of the hardware restarts the processor
    let setup = Setup {
        code: Code { nmi: |cpu| cpu.shut_down(), ..IDLE },
        sender: |cpu| {
            for low in [SEND_NMI, SEND_NMI, SEND_SMI, INIT, SIPI] {
                send(cpu, low);
            }
        },
        ..Setup::default()
    };
    let (outcome, events) = setup.told();
    assert_eq!((reached(&outcome), outcome.cpus[1].activity), (vec![], Activity::Shutdown));
    let entered = events.iter().filter(|event| matches!(event.what, What::Entered(_)));
    assert_eq!(entered.filter(|event| event.source == Source::Cpu(1)).count(), 1, "the NMI handler, once");
    assert!(matches!(outcome.ending, Ending::Proven(_)), "nothing can come any more");
}

#[test]
fn init_ends_nmi_blocking() {
    let code = Code {
        nmi: |cpu| {
            cpu.reached(NMI);
            loop {
                cpu.pause();
            }
        },
        ..IDLE
    };
    let setup = Setup {
        code,
        sender: |cpu| {
            send(cpu, SEND_NMI);
            send(cpu, SEND_NMI);
            send(cpu, INIT);
            send(cpu, SIPI);
            send(cpu, SEND_NMI);
        },
        ..Setup::default()
    };
    assert_eq!(setup.reached(), [NMI, START_UP + 8, NMI], "the one latched before INIT is gone");
}

#[test]
fn the_bootstrap_processor_goes_to_the_reset_vector() {
    let setup = Setup {
        code: Code {
            run: |cpu| {
                cpu.write_register(0x310, 0);
                cpu.write_register(0x300, INIT);
            },
            ..IDLE
        },
        ..Setup::default()
    };
    let outcome = setup.run();
    assert!(outcome.milestones.iter().any(|milestone| (milestone.cpu, milestone.code) == (0, RESET)));
}

#[test]
fn an_external_apic_starts_when_the_level_of_init_goes_away() {
    // SDM vol. 3 §22.27.1
    let setup = Setup {
        generation: Generation::I82489Dx,
        sender: |cpu| {
            send(cpu, 0xC500);
            cpu.reached(DROPPED);
            send(cpu, SIPI); // unknown to it: an accept error
            cpu.write_register(0x300, 0x8_8500);
        },
        ..Setup::default()
    };
    assert_eq!(setup.reached(), [RESET]);
}

#[test]
fn system_management_mode_latches_one_nmi_and_init() {
    // SDM vol. 3 §34.8
    let window = |knobs: Knobs, sender: fn(Cpu<'_>)| {
        let span = Duration::from_us(200);
        let local_events = vec![(Time::from_us(5), LocalEvent::SystemManagement(span))];
        Setup { knobs, sender, target: CpuSettings { local_events, ..CpuSettings::default() }, ..Setup::default() }
    };
    let nmis = window(Knobs::default(), |cpu| {
        cpu.delay_us(10);
        send(cpu, SEND_NMI);
        send(cpu, SEND_NMI);
        send(cpu, FIXED);
    });
    assert_eq!(nmis.reached(), [NMI, INTERRUPT + 0x31]);
    assert!(nmis.run().milestones[0].at > Time::from_us(205), "not before the RSM");
    let init = window(Knobs::default(), |cpu| {
        cpu.delay_us(10);
        send(cpu, INIT);
        cpu.delay_us(300);
        send(cpu, SIPI);
    });
    assert_eq!(init.reached(), [START_UP + 8]);
}

#[test]
fn nmi_blocking_after_rsm_follows_the_knob() {
    // SDM vol. 3 §34.8: an SMI inside an NMI handler
    let nested = [NMI, NMI, DROPPED, DROPPED];
    let one_by_one = [NMI, DROPPED, NMI, DROPPED];
    for (rule, expected) in [(RsmNmiBlocking::Restored, one_by_one), (RsmNmiBlocking::Forgotten, nested)] {
        let code = Code {
            nmi: |cpu| {
                cpu.reached(NMI);
                cpu.delay_us(100);
                cpu.reached(DROPPED);
            },
            ..IDLE
        };
        let setup = Setup {
            knobs: Knobs { rsm_nmi_blocking: rule, ..Knobs::default() },
            code,
            sender: |cpu| {
                send(cpu, SEND_NMI);
                send(cpu, SEND_SMI);
                send(cpu, SEND_NMI);
            },
            ..Setup::default()
        };
        assert_eq!(setup.reached(), expected, "{rule}");
    }
}

#[test]
fn an_smi_puts_a_halted_cpu_back_into_hlt() {
    // SDM vol. 3 §34.10
    let code = Code {
        run: |cpu| {
            cpu.halt();
            cpu.reached(DROPPED);
        },
        ..IDLE
    };
    let smi = Setup { code, sender: |cpu| send(cpu, SEND_SMI), ..Setup::default() };
    assert_eq!(smi.reached(), [0; 0]);
    let nmi = Setup { sender: |cpu| send(cpu, SEND_NMI), ..smi };
    assert_eq!(nmi.reached(), [NMI, DROPPED]);
}

#[test]
fn shutdown_takes_nmi_and_init_but_no_interrupt_or_start_up() {
    let local_events = vec![(Time::from_us(5), LocalEvent::Shutdown)];
    let setup = Setup {
        target: CpuSettings { local_events, ..CpuSettings::default() },
        sender: |cpu| {
            cpu.delay_us(10);
            send(cpu, FIXED);
            send(cpu, SIPI);
            send(cpu, SEND_NMI);
        },
        ..Setup::default()
    };
    let outcome = setup.run();
    assert_eq!(reached(&outcome), [NMI], "the fixed one stays requested");
    assert_eq!(outcome.cpus[1].activity, Activity::Shutdown);
    assert_eq!(outcome.cpus[1].requested.iter().map(|(vector, _)| *vector).collect::<Vec<_>>(), [0x31]);
    let revived = Setup {
        sender: |cpu| {
            cpu.delay_us(10);
            send(cpu, INIT);
            send(cpu, SIPI);
        },
        ..setup
    };
    assert_eq!(revived.reached(), [START_UP + 8]);
}

#[test]
fn sti_lets_nothing_in_before_the_next_instruction() {
    // SDM vol. 2, STI; KVM unit tests for NMI
    for (rule, early) in [(NmiInStiShadow::Blocked, false), (NmiInStiShadow::Taken, true)] {
        let code = Code {
            run: |cpu| {
                cpu.irq_save();
                loop {
                    cpu.enable_interrupts();
                    cpu.load(0); // in the shadow
                    cpu.irq_save();
                }
            },
            ..IDLE
        };
        let setup = Setup {
            knobs: Knobs { nmi_in_sti_shadow: rule, ..Knobs::default() },
            code,
            sender: |cpu| {
                for round in 0..40 {
                    send(cpu, SEND_NMI);
                    cpu.delay_cycles(round * 7);
                    send(cpu, FIXED);
                }
            },
            ..Setup::default()
        };
        let (outcome, events) = setup.told();
        let of_target = events.iter().filter(|event| event.source == sim::Source::Cpu(1));
        let whats: Vec<What> = of_target.map(|event| event.what).collect();
        let after_sti = |entered: fn(&What) -> bool| {
            whats.windows(2).any(|pair| pair[0] == What::InterruptFlag(true) && entered(&pair[1]))
        };
        assert!(!after_sti(|what| matches!(what, What::Entered(sim::Context::Interrupt(_)))), "{rule}");
        assert_eq!(after_sti(|what| matches!(what, What::Entered(sim::Context::Nmi))), early, "{rule}");
        assert!(reached(&outcome).len() > 40, "and yet they come");
    }
}

#[test]
fn sti_and_hlt_leave_no_gap() {
    let code = Code {
        run: |cpu| {
            cpu.irq_save();
            cpu.delay_us(100);
            cpu.enable_interrupts();
            cpu.halt();
            cpu.reached(DROPPED);
        },
        ..IDLE
    };
    let setup = Setup { code, sender: |cpu| send(cpu, FIXED), ..Setup::default() };
    assert_eq!(setup.reached(), [INTERRUPT + 0x31, DROPPED], "what came before the STI ends the HLT");
}

#[test]
fn a_store_that_waited_for_the_icr_is_over_when_it_has_completed() {
    // Three sends, of which two find the ICR busy and wait in their stores; what completes after them wakes nobody.
    let mut setup = Setup {
        generation: Generation::P6,
        sender: |cpu| {
            cpu.write_register(0x310, 1 << 24);
            for vector in [0x31, 0x42, 0x53] {
                cpu.write_register(0x300, 0x4000 | vector);
            }
            cpu.halt();
            cpu.reached(1);
        },
        ..Setup::default()
    };
    setup.knobs.icr_write_while_busy = IcrWriteWhileBusy::Stall;
    let (outcome, events) = setup.told();
    assert_eq!(reached(&outcome), [0x31, 0x42, 0x53].map(|vector| INTERRUPT + vector));
    let stalled = events.iter().filter(|event| matches!(event.what, What::IcrWrittenWhileBusy(_)));
    assert_eq!(stalled.count(), 2);
    assert_eq!(outcome.cpus[0].activity, Activity::Halted);
    assert!(outcome.milestones.iter().all(|milestone| milestone.cpu == 1), "CPU 0 sleeps for ever");
    assert!(matches!(outcome.ending, Ending::Proven(_)));
}

#[test]
fn a_counting_delay_is_longer_by_its_interruption() {
    // Entry 500 cycles, 4 µs of handler, IRET 200 cycles, at 2.4 GHz: 4.291667 µs.
    for (rule, end) in [(DelayRule::Tsc, 10_000_000), (DelayRule::Loop, 14_291_667)] {
        let code = Code {
            run: |cpu| {
                cpu.delay_us(10);
                cpu.reached(1);
            },
            interrupt: |cpu, _| cpu.delay_us(4),
            ..IDLE
        };
        let mut setup = Setup { code, sender: |cpu| send(cpu, FIXED), ..Setup::default() };
        setup.knobs.delay = rule;
        let outcome = setup.run();
        let at = outcome.milestones.iter().find(|milestone| milestone.cpu == 1).expect("it ends").at;
        assert_eq!(at, Time::from_ps(end), "{rule}");
    }
}

#[test]
fn cpuid_says_what_concerns_the_apic() {
    // SDM vol. 2, CPUID: leaf 0 the highest leaf, 1 the initial id and the features, 0Bh the x2APIC id
    type Leaves = [[u32; 4]; 3];
    let leaves = |generation| {
        let setup = Setup {
            generation,
            code: Code {
                run: |cpu| {
                    for leaf in [0, 1, 0xB] {
                        cpu.identification(leaf).into_iter().for_each(|register| cpu.reached(register));
                    }
                },
                ..IDLE
            },
            ..Setup::default()
        };
        let found = setup.reached();
        let leaf = |number: usize| std::array::from_fn(|register| found[4 * number + register]);
        [leaf(0), leaf(1), leaf(2)] as Leaves
    };
    let present = 1 << 9 | 1 << 5; // APIC, MSRs
    assert_eq!(leaves(Generation::P6), [[0xB, 0, 0, 0], [0, 1 << 24, 0, present], [0; 4]]);
    let features = 1 << 21 | 1 << 24; // x2APIC, deadline timer
    assert_eq!(leaves(Generation::X2Apic), [[0xB, 0, 0, 0], [0, 1 << 24, features, present], [0, 0, 0, 1]]);
}
