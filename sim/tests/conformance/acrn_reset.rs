//! ACRN, functional-safety suite: the registers after power-up and after INIT (SDM vol. 3 §10.4.7, 10.12.5.1).

use crate::lab::Lab;
use crate::platform::{INTEGRATED, P6, X2APIC, X2APIC_IDEAL, X2APIC_MODE, X2APIC_PAGE, XAPIC, XAPIC_IDEAL};
use crate::seat::{
    BASE_MSR, DFR, ESR, Entry, FIXED, ICR, ICR_HIGH, ID, INIT, IRR, ISR, LDR, LVT_ERROR, LVT_LINT0, LVT_LINT1,
    LVT_PERFORMANCE, LVT_TIMER, PPR, START_UP, SVR, Seat, TDCR, TMCCT, TMICT, TMR, TPR, TSC_DEADLINE,
};
use sim::Generation;
use sim::apic::Preset;

/// Every register has the value of table 10-1 and §10.4.7.1.
fn assert_reset(seat: &Seat<'_>) {
    let generation = seat.platform.generation;
    let zeros = [TPR, PPR, ICR, TMICT, TMCCT, TDCR, ESR];
    let blocks = [ISR, TMR, IRR].into_iter().flat_map(|block| (0..8).map(move |n| block + 16 * n));
    for offset in zeros.into_iter().chain(blocks) {
        assert_eq!(seat.read(offset), 0, "{offset:X}");
    }
    assert_eq!(seat.read(SVR), 0xFF);
    for entry in [LVT_TIMER, LVT_LINT0, LVT_LINT1, LVT_ERROR] {
        assert_eq!(seat.read(entry), 1 << 16, "{entry:X}");
    }
    if generation != Generation::Pentium {
        assert_eq!(seat.read(LVT_PERFORMANCE), 1 << 16);
    }
    if !seat.is_x2apic() {
        assert_eq!((seat.read(LDR), seat.read(DFR), seat.read(ICR_HIGH)), (0, u32::MAX, 0));
    }
    if generation == Generation::X2Apic {
        assert_eq!(seat.read_msr(TSC_DEADLINE), Ok(0));
    }
    assert_eq!(seat.errors(), 0);
}

/// Nothing is left as it was.
fn disturb(seat: &Seat<'_>) {
    seat.send(1, FIXED | 0x41);
    seat.settle();
    for (offset, value) in [(TPR, 0x15), (TDCR, 0xB), (LVT_TIMER, 0x2_0051), (TMICT, 1_000_000), (LVT_LINT1, 0x400)] {
        seat.write(offset, value);
    }
    seat.write(LVT_ERROR, 0x61);
    seat.send(0, FIXED | 0x05); // an error, and its interrupt
    if !seat.is_x2apic() {
        seat.write(LDR, 0x3300_0000);
        seat.write(DFR, 0x0FFF_FFFF);
    }
    assert!(seat.requests(0x41) && seat.requests(0x61) && seat.read(TMCCT) > 0);
}

#[test]
fn acrn_registers_after_power_up() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(assert_reset)
            .with(|cpu| cpu.apic = Preset::RESET.with(|preset| preset.mode = platform.mode));
        lab.run();
    }
}

#[test]
fn acrn_registers_after_init() {
    // The id stays (SDM vol. 3 §10.4.7.3); so do APIC_BASE and x2APIC mode (§10.12.5.1)
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.delay_us(100);
                for low in [INIT, START_UP | 0x20] {
                    seat.send(1, low);
                    seat.settle();
                }
            })
            .endless(|seat| {
                disturb(seat);
                seat.idle();
            })
            .masked()
            .on_start_up(|seat, _| {
                assert_reset(seat);
                let shift = if seat.is_x2apic() { 0 } else { 24 };
                assert_eq!(seat.read(ID) >> shift, 1);
                seat.note("looked", 1_u32);
            });
        assert_eq!(lab.run().entries(1), [Entry::StartUp(0x20), Entry::Note("looked", 1)]);
    }
}

#[test]
fn acrn_the_bootstrap_processor_after_init() {
    // SDM vol. 3 §8.4.2, 9.1.2: it goes to the reset vector, and its APIC is reset as others' are
    for platform in [P6, XAPIC, XAPIC_IDEAL, X2APIC, X2APIC_IDEAL] {
        let lab = Lab::new(platform)
            .endless(|seat| {
                seat.write(TPR, 0x40);
                seat.idle();
            })
            .on_reset(|seat| {
                assert_reset(seat);
                assert_eq!(seat.read_msr(BASE_MSR).expect("it has one") >> 8 & 1, 1, "still the bootstrap processor");
            })
            .cpu(|seat| {
                seat.delay_us(10);
                seat.send(0, INIT);
                seat.settle();
            });
        assert_eq!(lab.run().entries(0), [Entry::Reset]);
    }
}

#[test]
fn acrn_apic_base_outlives_init() {
    // SDM vol. 3 §10.4.7.3, 10.12.5.1: mode and place of the page
    for platform in [P6, XAPIC, X2APIC_PAGE].into_iter().chain(X2APIC_MODE) {
        let bits = if platform.mode == sim::apic::Mode::X2Apic { 0xC00 } else { 0x800 };
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.delay_us(20);
                for low in [INIT, START_UP | 0x20] {
                    seat.send(1, low);
                    seat.settle();
                }
            })
            .endless(move |seat| {
                seat.write_msr(BASE_MSR, 0x1234_5000 | bits).expect("a legal place");
                seat.idle();
            })
            .on_start_up(move |seat, _| {
                assert_eq!(seat.read_msr(BASE_MSR), Ok(0x1234_5000 | bits));
                if bits == 0x800 {
                    assert_eq!(seat.read_memory(0x1234_50F0), 0xFF);
                }
            });
        assert_eq!(lab.run().entries(1), [Entry::StartUp(0x20)]);
    }
}
