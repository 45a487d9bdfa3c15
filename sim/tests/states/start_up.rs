//! INIT, wait-for-SIPI and start-up (SDM vol. 3 §8.4, 10.4.7.3, 26.6.2).

use crate::machine::{
    Code, DROPPED, FIXED, IDLE, INIT, INTERRUPT, NMI, RESET, SEND_NMI, SEND_SMI, SIPI, START_UP, Setup, reached, send,
};
use sim::{Activity, Context, Cpu, CpuSettings, Ending, Generation, NmiInWaitForSipi, Source, Start, What};

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
        target: CpuSettings::default().with(|cpu| cpu.start = Start::WaitForStartUp),
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
            target: CpuSettings::default().with(|cpu| cpu.start = Start::WaitForStartUp),
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
        target: CpuSettings::default().with(|cpu| cpu.start = Start::WaitForStartUp),
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
