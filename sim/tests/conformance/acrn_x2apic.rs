//! ACRN, functional-safety suite: the model-specific registers of x2APIC mode (SDM vol. 3 §10.12.1).

use crate::lab::Lab;
use crate::platform::X2APIC_MODE;
use crate::seat::{EOI, FIXED, ICR, ID, IRR, ISR, LDR, PPR, TMCCT, TMR, TPR, VERSION, msr};

#[test]
fn acrn_read_only_registers_fault() {
    // SDM vol. 3 table 10-6, §10.12.1.2: #GP(0), and nothing has changed
    for platform in X2APIC_MODE {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send_self(0x41);
                let single = [ID, VERSION, PPR, LDR, TMCCT];
                let blocks = [ISR, TMR, IRR].into_iter().flat_map(|block| (0..8).map(move |n| block + 16 * n));
                for offset in single.into_iter().chain(blocks) {
                    let before = seat.read(offset);
                    for value in [0, 1, u64::from(!before), u64::MAX] {
                        assert!(seat.write_msr(msr(offset), value).is_err(), "{offset:X}");
                    }
                    assert_eq!(seat.read(offset), before, "{offset:X}");
                }
                assert_eq!(seat.errors(), 0, "such a fault is no APIC error");
            })
            .masked();
        lab.run();
    }
}

#[test]
fn acrn_write_only_registers_fault_when_read() {
    for platform in X2APIC_MODE {
        let lab = Lab::new(platform).cpu(|seat| {
            assert!(seat.read_msr(msr(EOI)).is_err());
            assert!(seat.read_msr(0x83F).is_err());
        });
        lab.run();
    }
}

/// MSR, bits that may be written, as the manual's figures have them.
const WRITABLE: [(u32, u64); 13] = [
    (0x808, 0xFF),                  // TPR
    (0x80B, 0),                     // EOI
    (0x80F, 0x11FF),                // SVR
    (0x828, 0),                     // ESR
    (0x82F, 0x1_17FF),              // LVT CMCI
    (0x830, 0xFFFF_FFFF_000C_DFFF), // ICR
    (0x832, 0x7_10FF),              // LVT timer
    (0x833, 0x1_17FF),              // LVT thermal
    (0x834, 0x1_17FF),              // LVT performance counter
    (0x835, 0x1_F7FF),              // LVT LINT0
    (0x836, 0x1_F7FF),              // LVT LINT1
    (0x837, 0x1_10FF),              // LVT error
    (0x83E, 0xB),                   // divide configuration
];

#[test]
fn acrn_reserved_bits_fault() {
    // SDM vol. 3 §10.12.1.3; a fault leaves the register as it was
    for platform in X2APIC_MODE {
        let lab = Lab::new(platform).cpu(|seat| {
            for (register, writable) in WRITABLE {
                let before = seat.read_msr(register);
                for bit in (0..64).filter(|bit| writable >> bit & 1 == 0) {
                    assert!(seat.write_msr(register, 1 << bit).is_err(), "{register:X} bit {bit}");
                }
                assert_eq!(seat.read_msr(register), before, "{register:X}");
            }
            assert!(seat.write_msr(0x83F, 0x100).is_err() && seat.write_msr(0x838, 1 << 32).is_err());
        });
        assert_eq!(lab.run().sent().len(), 0);
    }
}

#[test]
fn acrn_the_registers_that_x2apic_mode_lacks_fault() {
    // SDM vol. 3 table 10-6: APR, remote read, DFR and ICR high are reserved there
    for platform in X2APIC_MODE {
        let lab = Lab::new(platform).cpu(|seat| {
            for register in [0x800, 0x801, 0x809, 0x80C, 0x80E, 0x831, 0x840, 0xBFF] {
                assert!(seat.read_msr(register).is_err(), "{register:X}");
                assert!(seat.write_msr(register, 0).is_err(), "{register:X}");
            }
            let page = 0xFEE0_0000 + u32::from(TPR);
            seat.write_memory(page, 0x70);
            assert_eq!((seat.read_memory(page), seat.read(TPR)), (u32::MAX, 0), "and the page is gone (§10.12.2)");
        });
        lab.run();
    }
}

#[test]
fn acrn_the_wide_command_register_is_one_write() {
    // SDM vol. 3 §10.12.9: one 64-bit write sends, all of it reads back, there is no delivery status
    for platform in X2APIC_MODE {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                let value = 1 << 32 | u64::from(FIXED | 0x41);
                seat.write_msr(msr(ICR), value).expect("legal");
                assert_eq!(seat.read_msr(msr(ICR)), Ok(value));
                seat.write_msr(msr(ICR), value | 1 << 12).expect("bit 12 is ignored");
                assert_eq!(seat.read_msr(msr(ICR)), Ok(value));
                seat.settle();
            })
            .sleeper();
        let record = lab.run();
        assert_eq!((record.sent().len(), record.receivers(0x41)), (2, vec![1, 1]));
    }
}
