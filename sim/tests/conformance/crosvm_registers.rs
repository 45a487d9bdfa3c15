//! crosvm, unit tests of the APIC: registers, destinations, priorities.

use crate::lab::Lab;
use crate::platform::{BUSES, Bus, I82489DX, INTEGRATED, P6, PAGES, XAPIC};
use crate::seat::{
    BUSY, EOI, ESR, FIXED, IRR, ISR, LOGICAL, LOWEST_PRIORITY, NMI, PPR, Seat, TMR, TO_ALL, TO_OTHERS, TO_SELF, TPR,
};
use sim::Generation;
use sim::bus::{DeliveryMode, DestinationMode, Shorthand};

#[test]
fn crosvm_accesses_beside_a_register_do_nothing() {
    // The manual leaves accesses to bytes 4 to 15 of a slot undefined (SDM vol. 3 §10.4.1)
    for platform in PAGES {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TPR, 0x20);
            for offset in [TPR + 1, TPR + 4, TPR + 8, TPR + 12] {
                seat.write_register(offset, 0x70);
                assert_eq!(seat.read_register(offset), 0);
            }
            assert_eq!(seat.read(TPR), 0x20);
        });
        lab.run();
    }
}

/// The eight words of a block of registers.
fn words(seat: &Seat<'_>, block: u16) -> Vec<u32> {
    (0..8).map(|word| seat.read(block + 16 * word)).collect()
}

#[test]
fn crosvm_vectors_are_bits_of_irr_and_isr() {
    // SDM vol. 3 §10.8.4; 0, 7 and 8 are no legal vectors (§10.5.2)
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                for vector in [0, 7, 8] {
                    seat.send_self(vector);
                    seat.settle();
                }
                assert_eq!(seat.errors(), 0x60, "sender and receiver (SDM vol. 3 §10.5.3)");
                for vector in [31, 32, 66, 74, 255] {
                    seat.send_self(vector);
                }
                assert_eq!(words(seat, IRR), [1 << 31, 1, 1 << 2 | 1 << 10, 0, 0, 0, 0, 1 << 31]);
                assert_eq!(words(seat, ISR), [0; 8]);
                assert_eq!(words(seat, TMR), [0; 8], "all are edges");
                seat.open_for_a_while();
                assert_eq!(words(seat, IRR), [0; 8]);
            })
            .masked()
            .on_interrupt(|seat, vector| {
                let mut expected = [0; 8];
                expected[usize::from(vector / 32)] = 1 << (vector % 32);
                assert_eq!(words(seat, ISR), expected);
                seat.eoi();
            });
        assert_eq!(lab.run().vectors(0), [255, 74, 66, 32, 31]);
    }
}

#[test]
fn crosvm_the_highest_vector_is_found_after_each_clear() {
    for platform in INTEGRATED {
        let vectors = [0x10_u8, 0x3F, 0x40, 0x80, 0xAF, 0xB1, 0xFE];
        let lab = Lab::new(platform)
            .cpu(move |seat| {
                vectors.into_iter().for_each(|vector| seat.send_self(vector));
                assert_eq!(seat.vectors(IRR), vectors);
                seat.open_for_a_while();
            })
            .masked();
        let mut falling = vectors;
        falling.reverse();
        assert_eq!(lab.run().vectors(0), falling);
    }
}

#[test]
fn crosvm_a_physical_or_own_destination_is_one_cpu() {
    for platform in INTEGRATED.into_iter().chain([I82489DX]) {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                for (id, vector) in [(0, 0x31), (1, 0x41), (2, 0x51)] {
                    seat.send(id, FIXED | vector);
                    seat.settle();
                }
                seat.send_self(0x61);
            })
            .sleepers(2);
        assert_eq!(lab.run().all_vectors(), [vec![0x31, 0x61], vec![0x41], vec![0x51]], "{platform}");
    }
}

/// Destination, ICR low, receivers on a machine of three where CPU0 sends.
const DESTINATIONS: [(u32, u32, &[u16]); 10] = [
    (0, FIXED, &[0]),
    (1, FIXED, &[1]),
    (u32::MAX, FIXED, &[0, 1, 2]),
    (1, FIXED | LOGICAL, &[0]),
    (6, FIXED | LOGICAL, &[1, 2]),
    (0xE, FIXED | LOGICAL, &[1, 2]),
    (u32::MAX, FIXED | LOGICAL, &[0, 1, 2]),
    (0, TO_SELF, &[0]),
    (0, TO_ALL, &[0, 1, 2]),
    (0, TO_OTHERS, &[1, 2]),
];

#[test]
fn crosvm_match_dest_follows_its_truth_table() {
    // SDM vol. 3 §10.6.2; in x2APIC mode ids 0 to 2 have the logical ids 1, 2, 4 of cluster 0, too (§10.12.10.2)
    for platform in INTEGRATED.into_iter().chain([I82489DX]) {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                for (vector, (destination, low, _)) in (0x31..).zip(DESTINATIONS) {
                    seat.send(destination, low | vector);
                    seat.settle();
                }
            })
            .sleepers(2);
        let record = lab.run();
        for (vector, (destination, low, receivers)) in (0x31..).zip(DESTINATIONS) {
            assert_eq!(record.receivers(vector), receivers, "{destination:X} {low:X}");
        }
    }
}

#[test]
fn crosvm_a_logical_miss_reaches_nobody() {
    // On the serial bus a message for nobody is sent again for ever: `own_05`
    for platform in INTEGRATED.into_iter().filter(|platform| platform.bus != Bus::Serial) {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send(8, FIXED | LOGICAL | 0x31);
                seat.settle();
            })
            .sleepers(2);
        let record = lab.run();
        assert_eq!((record.sent().len(), record.receivers(0x31).len()), (1, 0));
    }
}

#[test]
fn crosvm_ppr_is_the_higher_of_tpr_and_isr() {
    // SDM vol. 3 §10.8.3.1; where the classes are equal either sub-class is allowed
    const IDLE: [(u32, &[u32]); 3] = [(0x0F, &[0x00, 0x0F]), (0x10, &[0x10]), (0x00, &[0x00])];
    const NESTED: [(u32, &[u32]); 4] = [(0x31, &[0x31]), (0x19, &[0x20]), (0x2B, &[0x20, 0x2B]), (0x00, &[0x20])];
    fn check(seat: &Seat<'_>, rows: &[(u32, &[u32])]) {
        for &(tpr, allowed) in rows {
            seat.write(TPR, tpr);
            let ppr = seat.read(PPR);
            assert!(allowed.contains(&ppr), "TPR {tpr:02X}, ISR {:02X?}: PPR {ppr:02X}", seat.vectors(ISR));
        }
    }
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                check(seat, &IDLE);
                seat.send_self(0x11);
            })
            .on_interrupt(|seat, vector| {
                if vector == 0x11 {
                    seat.irq_restore(true);
                    seat.send_self(0x25);
                } else {
                    assert_eq!(seat.vectors(ISR), [0x11, 0x25]);
                    check(seat, &NESTED);
                }
                seat.eoi();
            });
        assert_eq!(lab.run().vectors(0), [0x11, 0x25]);
    }
}

#[test]
fn crosvm_icr_fields_are_decoded_and_a_written_busy_bit_is_ignored() {
    // SDM vol. 3 fig. 10-12
    use DeliveryMode::{Fixed, LowestPriority, Nmi};
    use DestinationMode::{Logical, Physical};
    use Shorthand::{AllExcludingSelf, AllIncludingSelf, None, Own};
    let table = [
        (FIXED | BUSY | 0x31, Fixed, Physical, None, 0x31),
        (FIXED | BUSY | LOGICAL | 0x32, Fixed, Logical, None, 0x32),
        (LOWEST_PRIORITY | LOGICAL | 0x33, LowestPriority, Logical, None, 0x33),
        (NMI, Nmi, Physical, None, 0),
        (TO_SELF | BUSY | 0x34, Fixed, Physical, Own, 0x34),
        (TO_ALL | 0x35, Fixed, Physical, AllIncludingSelf, 0x35),
        (TO_OTHERS | BUSY | 0x36, Fixed, Physical, AllExcludingSelf, 0x36),
    ];
    for platform in BUSES {
        let lab = Lab::new(platform)
            .cpu(move |seat| {
                for (low, ..) in table {
                    seat.send(2, low);
                    seat.settle();
                    assert_eq!(seat.read(crate::seat::ICR), low & !BUSY, "reads back idle");
                }
            })
            .sleepers(2);
        let record = lab.run();
        let sent: Vec<_> = record.sent().into_iter().map(|(_, m)| m).collect();
        assert_eq!(sent.len(), table.len());
        for (message, (low, mode, destination_mode, shorthand, vector)) in sent.iter().zip(table) {
            let found = (message.mode, message.destination_mode, message.shorthand, message.vector);
            assert_eq!(found, (mode, destination_mode, shorthand, vector), "{low:X}");
            assert_eq!((message.destination, message.level_triggered, message.asserted), (2, false, true), "{low:X}");
        }
    }
}

#[test]
fn crosvm_eoi_ends_the_highest_and_one_too_many_does_nothing() {
    // SDM vol. 3 §10.8.5
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send_self(0x31);
                assert_eq!(seat.vectors(ISR), []);
                seat.eoi();
                assert_eq!((seat.vectors(ISR), seat.vectors(IRR)), (vec![], vec![]));
                assert_eq!(seat.errors(), 0);
            })
            .on_interrupt(|seat, vector| {
                if vector == 0x31 {
                    seat.irq_restore(true);
                    return seat.send_self(0x51);
                }
                for left in [vec![0x31, 0x51], vec![0x31], vec![], vec![]] {
                    assert_eq!(seat.vectors(ISR), left);
                    seat.eoi();
                }
            });
        assert_eq!(lab.run().vectors(0), [0x31, 0x51]);
    }
}

#[test]
fn crosvm_each_cpu_sees_its_own_page() {
    const TPR_ADDRESS: u32 = 0xFEE0_0000 + TPR as u32;
    for platform in PAGES {
        let code = |seat: &Seat<'_>| {
            let own = 0x20 + u32::from(seat.number()) * 0x10;
            seat.write_memory(TPR_ADDRESS, own);
            seat.delay_us(5);
            assert_eq!((seat.read_memory(TPR_ADDRESS), seat.read(TPR)), (own, own));
            let id = seat.read_memory(0xFEE0_0020) >> 24;
            assert_eq!(id, u32::from(seat.number()));
        };
        Lab::new(platform).cpu(code).cpu(code).cpu(code).run();
    }
}

#[test]
fn crosvm_reserved_and_read_only_registers_are_told_apart() {
    // SDM vol. 3 §10.5.3: an illegal register address is an error from the P6 on, a write of a read-only one is none
    for platform in [P6, XAPIC] {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(PPR, 0xFF);
            seat.write(ISR, 0xFF);
            assert_eq!((seat.read(PPR), seat.read(ISR), seat.errors()), (0, 0, 0));
            seat.read(0x040);
            assert_eq!(seat.errors(), 0x80);
            assert_eq!((seat.read(EOI), seat.read(ESR)), (0, 0x80), "the latched value stays until the next write");
        });
        assert_eq!(lab.run().outcome.cpus.len(), 1);
    }
    assert_eq!(Generation::Pentium.profile().error_bits & 0x80, 0, "reserved there");
}
