//! OpenVMM: tests of its APIC, and those that its test microkernel runs in a guest.

use crate::lab::Lab;
use crate::platform::{INTEGRATED, P6, Platform, X2APIC_MODE, X2APIC_PAGE, XAPIC, XAPIC_IDEAL};
use crate::seat::{
    BASE_MSR, EOI, Entry, FIXED, ICR, INIT, IRR, ISR, LVT_TIMER, SVR, Seat, TDCR, TMCCT, TMICT, TO_SELF,
};
use sim::apic::Mode;

#[test]
fn open_vmm_1_a_hardware_disable_drops_what_was_requested() {
    // OpenVMM keeps a staged interrupt; SDM vol. 3 §10.4.3: what is enabled again is in the state after reset. On the
    // serial bus it cannot be enabled again
    for platform in [XAPIC, XAPIC_IDEAL, X2APIC_PAGE].into_iter().chain(X2APIC_MODE) {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send_self(0x41);
                assert!(seat.requests(0x41));
                seat.change_mode(Mode::Disabled);
                seat.change_mode(Mode::XApic);
                assert_eq!(seat.read(SVR), 0xFF);
                seat.write(SVR, 0x1FF);
                assert_eq!(seat.vectors(IRR), []);
                seat.open_for_a_while();
            })
            .masked();
        assert_eq!(lab.run().vectors(0), []);
    }
}

#[test]
fn open_vmm_2_a_reset_drops_what_was_requested() {
    // SDM vol. 3 §10.4.7.3
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                for low in [FIXED | 0x41, INIT, 0x4608] {
                    seat.send(1, low);
                    seat.settle();
                }
            })
            .endless(|seat| seat.idle())
            .masked()
            .on_start_up(|seat, _| {
                seat.write(SVR, 0x1FF);
                assert_eq!(seat.vectors(IRR), []);
                seat.irq_restore(true);
                seat.note("looked", 1_u32);
            });
        assert_eq!(lab.run().entries(1), [Entry::StartUp(8), Entry::Note("looked", 1)]);
    }
}

#[test]
fn open_vmm_3_a_look_at_irr_while_disabled_loses_nothing() {
    // SDM vol. 3 §10.4.7.2: what is pending needs service
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send_self(0x41);
                seat.write(SVR, 0xFF);
                assert_eq!(seat.vectors(IRR), [0x41]);
                assert_eq!(seat.vectors(IRR), [0x41]);
                seat.write(SVR, 0x1FF);
                seat.open_for_a_while();
            })
            .masked();
        assert_eq!(lab.run().vectors(0), [0x41]);
    }
}

#[test]
fn open_vmm_apic_base_at_boot() {
    // SDM vol. 3 §10.4.4; the Pentium has no such register
    for platform in [P6, XAPIC, X2APIC_PAGE] {
        let code = |seat: &Seat<'_>| {
            let bootstrap = u64::from(seat.number() == 0) << 8;
            assert_eq!(seat.read_msr(BASE_MSR), Ok(0xFEE0_0800 | bootstrap));
            assert!(seat.write_msr(BASE_MSR, u64::MAX).is_err(), "reserved bits");
            assert_eq!(seat.read_msr(BASE_MSR), Ok(0xFEE0_0800 | bootstrap));
            let x2apic = seat.platform.generation.profile().x2apic;
            assert_eq!(seat.write_msr(BASE_MSR, 0xFEE0_0C00 | bootstrap).is_ok(), x2apic);
        };
        Lab::new(platform).cpu(code).cpu(code).run();
    }
}

/// IRR before STI, ISR in the handler, nothing after EOI; `send` requests vector 92h.
fn self_ipi(platform: Platform, send: impl Fn(&Seat<'_>) + Send + Sync + 'static) {
    let lab = Lab::new(platform)
        .cpu(move |seat| {
            send(seat);
            seat.delay_us(10);
            assert_eq!((seat.read(IRR + 0x40), seat.read(ISR + 0x40)), (1 << 18, 0), "IRR4 is 80h to 9Fh");
            seat.enable_interrupts();
            seat.pause();
            seat.pause();
            assert_eq!(seat.taken(), [0x92]);
            assert_eq!((seat.read(IRR + 0x40), seat.read(ISR + 0x40)), (0, 1 << 18));
            seat.write(EOI, 0);
            assert_eq!((seat.read(IRR + 0x40), seat.read(ISR + 0x40)), (0, 0));
        })
        .masked()
        .on_interrupt(|_, _| {});
    assert_eq!(lab.run().vectors(0), [0x92]);
}

#[test]
fn open_vmm_self_ipi_by_its_register() {
    // SDM vol. 3 §10.12.11
    for platform in X2APIC_MODE {
        self_ipi(platform, |seat| seat.write_msr(0x83F, 0x92).expect("the register exists"));
    }
}

#[test]
fn open_vmm_self_ipi_by_shorthand() {
    for platform in INTEGRATED {
        self_ipi(platform, |seat| seat.send(0, TO_SELF | 0x92));
    }
}

#[test]
fn open_vmm_self_ipi_by_a_page_that_has_moved() {
    // SDM vol. 3 §10.4.5
    for platform in [P6, XAPIC, XAPIC_IDEAL, X2APIC_PAGE] {
        self_ipi(platform, |seat| {
            seat.write_msr(BASE_MSR, 0x10_1234_5900).expect_err("bit 36 is beyond the address");
            seat.write_msr(BASE_MSR, 0x1234_5900).expect("a legal place");
            assert_eq!(seat.read_memory(0xFEE0_0030), u32::MAX, "nothing is left behind");
            assert_eq!(seat.read_memory(0x1234_5030), seat.platform.generation.profile().version);
            seat.write_memory(0x1234_5000 + u32::from(ICR), TO_SELF | 0x92);
        });
    }
}

#[test]
fn open_vmm_a_periodic_timer_counts_below_its_initial_count() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TDCR, 0x3);
            seat.write(LVT_TIMER, 0x2_0092);
            seat.write(TMICT, 100);
            while seat.taken().len() < 3 {
                seat.delay_us(1);
                let count = seat.read(TMCCT);
                assert!(0 < count && count <= 100, "{count}");
                seat.note("count", count);
            }
            seat.write(TMICT, 0);
        });
        let record = lab.run();
        assert!(record.values(0, "count").iter().any(|&count| count < 90), "it counts");
        assert_eq!(record.vectors(0), [0x92; 3]);
    }
}
