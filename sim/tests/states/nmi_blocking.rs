//! What blocks NMIs, and what opens them again: a handler, INIT, system-management mode (SDM vol. 3 §6.7.1, 34.8).

use crate::machine::{
    Code, DROPPED, FIXED, IDLE, INIT, INTERRUPT, NMI, SEND_NMI, SEND_SMI, SIPI, START_UP, Setup, send,
};
use sim::{Cpu, CpuSettings, Duration, Knobs, LocalEvent, RsmNmiBlocking, Time};

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
fn system_management_mode_latches_one_nmi_and_init() {
    // SDM vol. 3 §34.8
    let window = |knobs: Knobs, sender: fn(Cpu<'_>)| {
        let span = Duration::from_us(200);
        let local_events = vec![(Time::from_us(5), LocalEvent::SystemManagement(span))];
        Setup {
            knobs,
            sender,
            target: CpuSettings::default().with(|cpu| cpu.local_events = local_events),
            ..Setup::default()
        }
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
            knobs: Knobs::default().with(|knobs| knobs.rsm_nmi_blocking = rule),
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
