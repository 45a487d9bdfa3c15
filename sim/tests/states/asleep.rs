//! HLT and shutdown: what wakes a CPU, and what does not (SDM vol. 3 §6.15, 34.10).

use crate::machine::{Code, DROPPED, FIXED, IDLE, INIT, NMI, SEND_NMI, SEND_SMI, SIPI, START_UP, Setup, reached, send};
use sim::{Activity, CpuSettings, Ending, LocalEvent, Source, Time, What};

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
        target: CpuSettings::default().with(|cpu| cpu.local_events = local_events),
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
