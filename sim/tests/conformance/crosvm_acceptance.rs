//! crosvm, unit tests of the APIC: what is accepted, when it is delivered, waking from HLT.

use crate::lab::Lab;
use crate::platform::{BUSES, INTEGRATED, P6, X2APIC, X2APIC_IDEAL, XAPIC};
use crate::seat::{Entry, FIXED, INIT, IRR, LVT_LINT0, NMI, SMI, START_UP, TDCR, TMICT, TPR};
use crate::seat::{LVT_TIMER, TO_OTHERS};
use sim::apic::LocalSource;
use sim::{LocalEvent, Time};

#[test]
fn crosvm_a_repeated_vector_is_one_request() {
    // SDM vol. 3 §10.8.4
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                (0..3).for_each(|_| seat.send_self(0x41));
                assert_eq!(seat.vectors(IRR), [0x41]);
                seat.open_for_a_while();
            })
            .masked();
        assert_eq!(lab.run().vectors(0), [0x41]);
    }
}

#[test]
fn crosvm_a_level_sets_tmr_and_an_edge_clears_it() {
    // SDM vol. 3 §10.8.4; the level comes from pin LINT0
    for platform in INTEGRATED {
        let pin = |high| LocalEvent::Interrupt(LocalSource::Lint { pin: 0, high, vector: 0 });
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.write(LVT_LINT0, 0x8041);
                seat.delay_us(30);
                assert!(seat.requests(0x41) && seat.holds_as_level(0x41));
                seat.open_for_a_while();
                assert!(seat.holds_as_level(0x41), "TMR keeps the trigger of the last request");
                seat.send_self(0x41);
                assert!(seat.requests(0x41) && !seat.holds_as_level(0x41));
                seat.open_for_a_while();
            })
            .masked()
            .event(Time::from_us(20), pin(true))
            .event(Time::from_us(25), pin(false));
        assert_eq!(lab.run().vectors(0), [0x41, 0x41]);
    }
}

#[test]
fn crosvm_start_up_takes_the_first_vector() {
    // crosvm keeps the last vector until the CPU looks; SDM vol. 3 §8.4.4: the first message starts it, later ones do
    // nothing
    for platform in BUSES.into_iter().chain([X2APIC, X2APIC_IDEAL]) {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                for vector in [0x12, 0x34] {
                    seat.send(1, START_UP | vector);
                    seat.settle();
                }
            })
            .waiter();
        assert_eq!(lab.run().entries(1), [Entry::StartUp(0x12)]);
    }
}

#[test]
fn crosvm_what_is_not_maskable_passes_flag_and_priority() {
    // SDM vol. 3 §10.8.3.1: NMI, SMI and INIT ask neither the interrupt flag nor TPR
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                for low in [FIXED | 0xF1, NMI, SMI, INIT] {
                    seat.send(1, low);
                    seat.settle();
                }
            })
            .endless(|seat| {
                seat.write(TPR, 0xF0);
                loop {
                    seat.delay_us(1);
                }
            })
            .masked();
        let record = lab.machine(|settings| settings.limit = Time::from_us(200)).run();
        assert_eq!(record.entries(1), [Entry::Nmi, Entry::SystemManagement], "{platform}");
        assert_eq!(record.outcome.cpus[1].activity, sim::Activity::WaitForStartUp);
        assert_eq!(record.outcome.cpus[1].requested, [], "INIT has cleared what was requested");
    }
}

#[test]
fn crosvm_a_higher_class_pre_empts_and_the_same_class_waits() {
    // SDM vol. 3 §10.8.3
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send_self(0x41);
                assert_eq!(seat.taken(), [0x41, 0x51, 0x45], "45 comes after the EOI of 41");
            })
            .on_interrupt(|seat, vector| {
                if vector == 0x41 {
                    seat.irq_restore(true);
                    seat.send_self(0x45);
                    assert_eq!(seat.taken(), [0x41]);
                    seat.send_self(0x51);
                    assert_eq!(seat.taken(), [0x41, 0x51]);
                    assert!(seat.requests(0x45));
                    seat.irq_save();
                }
                seat.eoi();
            });
        lab.run();
    }
}

#[test]
fn crosvm_tpr_blocks_its_class_and_below() {
    // SDM vol. 3 §10.8.3.1
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TPR, 0x20);
            seat.send_self(0x25);
            assert_eq!((seat.taken(), seat.requests(0x25)), (vec![], true));
            seat.write(TPR, 0x19);
            seat.delay_us(5);
            assert_eq!((seat.taken(), seat.requests(0x25)), (vec![0x25], false));
        });
        lab.run();
    }
}

#[test]
fn crosvm_an_ipi_wakes_from_halt() {
    // crosvm's own test is switched off because it sleeps; here time is simulated
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.delay_us(100);
                seat.note("sent", 0_u32);
                seat.send(1, FIXED | 0x31);
                seat.settle();
            })
            .cpu(|seat| {
                seat.halt();
                seat.note("awake", 0_u32);
            });
        let record = lab.run();
        assert_eq!(record.entries(1), [Entry::Interrupt(0x31), Entry::Note("awake", 0)]);
        let (sent, awake) = (record.notes(0, "sent")[0].0, record.notes(1, "awake")[0].0);
        assert!(awake > sent && awake.since(sent).as_ps() < 5_000_000, "{sent} {awake}");
    }
}

#[test]
fn crosvm_a_timer_wakes_from_halt() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TDCR, 0xB);
            seat.write(LVT_TIMER, 0x31);
            seat.write(TMICT, 10_000);
            seat.halt();
            seat.note("awake", 0_u32);
        });
        let record = lab.run();
        assert_eq!(record.entries(0), [Entry::Interrupt(0x31), Entry::Note("awake", 0)]);
        let ticks = platform.generation.timer_clock().span(10_000);
        let awake = record.notes(0, "awake")[0].0.since(Time::ZERO);
        assert!(awake >= ticks && awake.as_ps() < ticks.as_ps() + 5_000_000, "{awake} {ticks}");
    }
}

#[test]
fn crosvm_a_halted_cpu_with_interrupts_off_sleeps_on() {
    // The reverse of the two above: SDM vol. 2, HLT; an NMI wakes all the same
    for platform in [P6, XAPIC] {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send(1, TO_OTHERS | 0x31);
                seat.delay_us(50);
                seat.send(1, NMI);
                seat.settle();
            })
            .cpu(|seat| {
                seat.halt();
                seat.note("awake", 0_u32);
            })
            .masked();
        let record = lab.run();
        assert_eq!(record.entries(1), [Entry::Nmi, Entry::Note("awake", 0)]);
        assert!(record.notes(1, "awake")[0].0 > Time::from_us(50));
    }
}
