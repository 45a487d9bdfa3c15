//! KVM selftests, tools/testing/selftests/kvm/x86 (KST-01 to KST-06).

use crate::lab::Lab;
use crate::platform::{INTEGRATED, X2APIC_IDEAL, X2APIC_PAGE, XAPIC, XAPIC_IDEAL};
use crate::seat::{EOI, FIXED, ICR, ICR_HIGH, ID, LVT_TIMER, PPR, TDCR, TMCCT, TMICT, TPR};
use sim::apic::{GeneralProtection, Mode};
use sim::{ApicIdWrites, IcrTriggerReadback, X2ApicIcrBit12};

#[test]
fn kst_01_xapic_icr_reads_back_without_bit_12() {
    // [A] bit 12; [G] bits 15:14 (knob icr_trigger_readback); garbage in reserved bits reads back on these parts
    for (rule, kept) in [(IcrTriggerReadback::AsWritten, !0x1000), (IcrTriggerReadback::Ignored, !0xD000)] {
        for platform in [XAPIC, XAPIC_IDEAL, X2APIC_PAGE] {
            let lab = Lab::new(platform).knobs(move |knobs| knobs.icr_trigger_readback = rule).cpu(move |seat| {
                let modes = (0..8).flat_map(|mode: u32| (0x10..=0xFF).map(move |vector| mode << 8 | vector));
                for low in modes.chain([0xC_0041, 0xFFF3_2041, 0x4041, 0xC041]) {
                    for busy in [0, 0x1000] {
                        seat.wait_until_idle();
                        seat.write_register(ICR_HIGH, 0x5A12_3456); // nobody is there
                        seat.write_register(ICR, low | busy);
                        seat.delay_us(2);
                        assert_eq!(seat.read_register(ICR), low & kept, "{low:X}");
                        assert_eq!(seat.read_register(ICR_HIGH), 0x5A00_0000);
                    }
                }
            });
            lab.run();
        }
    }
}

#[test]
fn kst_02_x2apic_icr_reserved_bits_fault() {
    for (rule, bit_12) in [(X2ApicIcrBit12::Ignored, Ok(())), (X2ApicIcrBit12::MustBeZero, Err(GeneralProtection))] {
        let lab = Lab::new(X2APIC_IDEAL).knobs(move |knobs| knobs.x2apic_icr_bit_12 = rule).cpu(move |seat| {
            for bit in [13, 16, 17, 20, 25, 31] {
                assert_eq!(seat.write_msr(0x830, 1 << bit | 0x41), Err(GeneralProtection), "bit {bit}");
            }
            for value in [0x1234_0000_4041, 0xFF00_C4841_u64 & !0xFFF3_3000, 0x0005_0000_0441] {
                seat.write_msr(0x830, value).expect("legal");
                assert_eq!(seat.read_msr(0x830), Ok(value));
            }
            assert_eq!(seat.write_msr(0x830, 1 << 12 | 5 << 32 | 0x41), bit_12);
        });
        lab.run();
    }
}

#[test]
fn kst_03_the_id_changes_its_format_with_the_mode() {
    let lab =
        Lab::new(X2APIC_PAGE).knobs(|knobs| knobs.apic_id_writes = ApicIdWrites::Writable).sleeper().cpu(|seat| {
            assert_eq!(seat.read(ID), 1 << 24);
            seat.change_mode(Mode::X2Apic);
            assert_eq!(seat.read(ID), 1);
            seat.change_mode(Mode::XApic);
            seat.write(ID, 7 << 24);
            seat.change_mode(Mode::Disabled);
            seat.change_mode(Mode::XApic);
            assert_eq!(seat.read(ID), 1 << 24, "what software wrote is lost");
        });
    lab.run();
}

#[test]
fn kst_04_every_ipi_wakes_a_halted_cpu() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                for round in 1..=40 {
                    seat.send(1, FIXED | 0x41);
                    while seat.load(0) != round {
                        seat.delay_us(1);
                    }
                }
            })
            .endless(|seat| {
                for rounds in 1.. {
                    seat.enable_interrupts();
                    seat.halt();
                    seat.irq_save();
                    seat.store(0, rounds);
                }
            })
            .masked()
            .on_interrupt(|seat, _| {
                // data other than 0 is harmless outside x2APIC mode
                let data = if seat.is_x2apic() { 0 } else { 77 };
                seat.write(EOI, data);
            });
        assert_eq!(lab.run().vectors(1).len(), 40, "{platform}");
    }
}

#[test]
fn kst_05_tpr_masks_by_class() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            let all_hold = |class: u32| {
                assert_eq!((seat.read(TPR), seat.read(PPR)), (class << 4, class << 4));
                // CR8 came with the 64-bit processors (SDM vol. 3 §10.8.6.1)
                if !seat.platform.generation.profile().serial {
                    assert_eq!(u32::from(seat.read_cr8()), class);
                }
            };
            all_hold(0);
            seat.irq_save();
            seat.send_self(0x20);
            assert!(seat.taken().is_empty(), "interrupts are off");
            seat.open_for_a_while();
            assert_eq!(seat.taken(), [0x20], "interrupts were on");
            seat.write(TPR, 0x20);
            seat.send_self(0x20);
            seat.open_for_a_while();
            assert_eq!(seat.taken(), [0x20], "TPR has the class of the vector");
            all_hold(2);
            seat.write(TPR, 0x10);
            seat.open_for_a_while();
            assert_eq!(seat.taken(), [0x20, 0x20]);
            all_hold(1);
        });
        lab.run();
    }
}

#[test]
fn kst_06_the_timer_counts_the_bus_clock() {
    for platform in INTEGRATED {
        for (code, divider) in [(0, 2), (1, 4), (2, 8), (3, 16), (8, 32), (9, 64), (0xA, 128), (0xB, 1)] {
            let lab = Lab::new(platform).cpu(move |seat| {
                seat.write(LVT_TIMER, 0x1_0041);
                seat.write(TDCR, code);
                seat.write(TMICT, u32::MAX);
                let from = seat.clock();
                seat.delay_us(500);
                let counted = u64::from(u32::MAX - seat.read(TMCCT)) * divider;
                let ticks = seat.platform.generation.timer_clock().cycles(seat.clock().since(from));
                assert!(counted.abs_diff(ticks) <= ticks / 20, "{code:X}: {counted} of {ticks}");
                seat.write(TMICT, 0);
                assert_eq!(seat.read(TMCCT), 0);
            });
            lab.run();
        }
    }
}
