//! Operations that an interrupt or a busy ICR makes longer, and CPUID.

use crate::machine::{Code, FIXED, IDLE, INTERRUPT, Setup, reached, send};
use sim::{Activity, DelayRule, Ending, Generation, IcrWriteWhileBusy, Knobs, Time, TscDeadline, What};

#[test]
fn a_store_that_waited_for_the_icr_is_over_when_it_has_completed() {
    // Three sends, of which two find the ICR busy and wait in their stores; what completes after them wakes nobody.
    let mut setup = Setup {
        generation: Generation::P6,
        sender: |cpu| {
            cpu.write_register(0x310, 1 << 24);
            for vector in [0x31, 0x42, 0x53] {
                cpu.write_register(0x300, 0x4000 | vector);
            }
            cpu.halt();
            cpu.reached(1);
        },
        ..Setup::default()
    };
    setup.knobs.icr_write_while_busy = IcrWriteWhileBusy::Stall;
    let (outcome, events) = setup.told();
    assert_eq!(reached(&outcome), [0x31, 0x42, 0x53].map(|vector| INTERRUPT + vector));
    let stalled = events.iter().filter(|event| matches!(event.what, What::IcrWrittenWhileBusy(_)));
    assert_eq!(stalled.count(), 2);
    assert_eq!(outcome.cpus[0].activity, Activity::Halted);
    assert!(outcome.milestones.iter().all(|milestone| milestone.cpu == 1), "CPU 0 sleeps for ever");
    assert!(matches!(outcome.ending, Ending::Proven(_)));
}

#[test]
fn a_counting_delay_is_longer_by_its_interruption() {
    // Entry 500 cycles, 4 µs of handler, IRET 200 cycles, at 2.4 GHz: 4.291667 µs.
    for (rule, end) in [(DelayRule::Tsc, 10_000_000), (DelayRule::Loop, 14_291_667)] {
        let code = Code {
            run: |cpu| {
                cpu.delay_us(10);
                cpu.reached(1);
            },
            interrupt: |cpu, _| cpu.delay_us(4),
            ..IDLE
        };
        let mut setup = Setup { code, sender: |cpu| send(cpu, FIXED), ..Setup::default() };
        setup.knobs.delay = rule;
        let outcome = setup.run();
        let at = outcome.milestones.iter().find(|milestone| milestone.cpu == 1).expect("it ends").at;
        assert_eq!(at, Time::from_ps(end), "{rule}");
    }
}

#[test]
fn cpuid_says_what_concerns_the_apic() {
    // SDM vol. 2, CPUID: leaf 0 the highest leaf, 1 the initial id and the features, 0Bh the x2APIC id
    type Leaves = [[u32; 4]; 3];
    let leaves = |generation, tsc_deadline| {
        let setup = Setup {
            generation,
            knobs: Knobs::default().with(|knobs| knobs.tsc_deadline = tsc_deadline),
            code: Code {
                run: |cpu| {
                    for leaf in [0, 1, 0xB] {
                        cpu.identification(leaf).into_iter().for_each(|register| cpu.reached(register));
                    }
                },
                ..IDLE
            },
            ..Setup::default()
        };
        let found = setup.reached();
        let leaf = |number: usize| std::array::from_fn(|register| found[4 * number + register]);
        [leaf(0), leaf(1), leaf(2)] as Leaves
    };
    let (with, without) = (TscDeadline::Present, TscDeadline::Absent);
    let present = 1 << 9 | 1 << 5; // APIC, MSRs
    for (generation, xtpr) in [(Generation::P6, 0), (Generation::XApic, 1 << 14)] {
        assert_eq!(leaves(generation, with), [[0xB, 0, 0, 0], [0, 1 << 24, xtpr, present], [0; 4]]);
    }
    // ECX: bit 14 xTPR update control, bit 21 x2APIC, bit 24 deadline timer
    let [features, plain] = [1 << 14 | 1 << 21 | 1 << 24, 1 << 14 | 1 << 21].map(|ecx| [0, 1 << 24, ecx, present]);
    assert_eq!(leaves(Generation::X2Apic, with), [[0xB, 0, 0, 0], features, [0, 0, 0, 1]]);
    assert_eq!(leaves(Generation::X2Apic, without), [[0xB, 0, 0, 0], plain, [0, 0, 0, 1]]);
}
