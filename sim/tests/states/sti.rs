//! The boundary after STI (SDM vol. 2, STI).

use crate::machine::{Code, DROPPED, FIXED, IDLE, INTERRUPT, SEND_NMI, Setup, reached, send};
use sim::{Context, Knobs, NmiInStiShadow, Source, What};

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
            knobs: Knobs::default().with(|knobs| knobs.nmi_in_sti_shadow = rule),
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
        let of_target = events.iter().filter(|event| event.source == Source::Cpu(1));
        let whats: Vec<What> = of_target.map(|event| event.what).collect();
        let after_sti = |entered: fn(&What) -> bool| {
            whats.windows(2).any(|pair| pair[0] == What::InterruptFlag(true) && entered(&pair[1]))
        };
        assert!(!after_sti(|what| matches!(what, What::Entered(Context::Interrupt(_)))), "{rule}");
        assert_eq!(after_sti(|what| matches!(what, What::Entered(Context::Nmi))), early, "{rule}");
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
