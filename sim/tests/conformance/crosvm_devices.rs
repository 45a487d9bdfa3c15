//! crosvm, tests of its user-space interrupt controllers: messages of devices, lowest priority, level lines.

use crate::lab::Lab;
use crate::platform::BUSES;
use crate::seat::{LOGICAL, LOWEST_PRIORITY, Seat, TPR};
use sim::io_apic::IoApicVersion;
use sim::{DeviceInterrupt, LineChange, Time};

#[test]
fn crosvm_a_message_of_a_device_reaches_its_cpu_only() {
    for platform in BUSES {
        let lab = Lab::new(platform).sleepers(3).machine(|settings| {
            settings.device_interrupts =
                vec![DeviceInterrupt { at: Time::from_us(5), vector: 0x41, destination: 1, level_triggered: false }];
        });
        assert_eq!(lab.run().all_vectors(), [vec![], vec![0x41], vec![]]);
    }
}

#[test]
fn crosvm_lowest_priority_goes_to_the_lower_of_two_in_both_directions() {
    // SDM vol. 3 §10.6.2.4
    for platform in BUSES {
        for (one, two, taker) in [(0x40, 0x20, 2), (0x20, 0x40, 1)] {
            let sleeper = |tpr| {
                move |seat: &Seat<'_>| {
                    seat.write(TPR, tpr);
                    seat.idle();
                }
            };
            let lab = Lab::new(platform)
                .cpu(|seat| {
                    seat.delay_us(5);
                    seat.send(6, LOWEST_PRIORITY | LOGICAL | 0x61);
                    seat.settle();
                })
                .endless(sleeper(one))
                .endless(sleeper(two));
            let record = lab.run();
            assert_eq!(record.receivers(0x61), [taker], "{platform} TPR {one:X} {two:X}");
            assert_eq!(record.vectors(usize::from(taker)), [0x61]);
        }
    }
}

const SELECT: u32 = 0xFEC0_0000;
const WINDOW: u32 = 0xFEC0_0010;

/// Writes the redirection entry of pin 5: level-triggered, to physical id 1.
fn set_pin_5(seat: &Seat<'_>, low: u32) {
    for (register, value) in [(0x1B, 1 << 24), (0x1A, low)] {
        seat.write_memory(SELECT, register);
        seat.write_memory(WINDOW, value);
    }
}

fn pin_5(seat: &Seat<'_>) -> u32 {
    seat.write_memory(SELECT, 0x1A);
    seat.read_memory(WINDOW)
}

#[test]
fn crosvm_an_eoi_message_lets_a_level_line_be_sampled_again() {
    // SDM vol. 3 §10.8.5; 82093AA §3.2.4 (remote IRR, bit 14)
    for platform in BUSES {
        let line = |us, high| LineChange { at: Time::from_us(us), pin: 5, high };
        let lab = Lab::new(platform)
            .cpu(|seat| {
                set_pin_5(seat, 0x8041);
                seat.delay_us(20);
                assert_eq!(pin_5(seat) >> 14 & 1, 1, "in service");
                seat.delay_us(80);
                assert_eq!(pin_5(seat) >> 14 & 1, 0);
            })
            .sleeper()
            .on_interrupt(|seat, vector| {
                assert!(seat.holds_as_level(vector));
                seat.delay_us(15);
                seat.eoi();
            })
            .machine(move |settings| {
                settings.io_apic = Some(IoApicVersion::I82093Aa);
                settings.lines = vec![line(10, true), line(50, false)];
            });
        let record = lab.run();
        assert_eq!(record.vectors(1), [0x41; 3], "at about 10, 27 and 44 us; the line is low at the third EOI");
    }
}
