//! KVM unit tests, x86/apic.c and x86/smptest.c: self IPI, broadcasts, logical destinations, NMIs (KUT-10 to KUT-21, 29).

use crate::lab::Lab;
use crate::platform::{BUSES, INTEGRATED, P6, Platform, X2APIC_MODE, XAPIC};
use crate::seat::{DFR, Entry, FIXED, ID, LDR, LOGICAL, NMI, Seat, TO_ALL, TO_SELF, msr};
use sim::{Context, NmiInStiShadow, Source, What};

#[test]
fn kut_10_11_self_ipi() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.send(0, TO_SELF | 0xF1);
            seat.settle();
        });
        assert_eq!(lab.run().vectors(0), [0xF1]);
    }
    for platform in X2APIC_MODE {
        let lab = Lab::new(platform).cpu(|seat| seat.write_msr(msr(0x3F0), 0xF1).expect("self IPI"));
        assert_eq!(lab.run().vectors(0), [0xF1], "its own register");
    }
}

#[test]
fn kut_12_physical_broadcast() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).sleepers(3).cpu(|seat| {
            let everybody = if seat.is_x2apic() { u32::MAX } else { 0xFF };
            seat.send(everybody, FIXED | 0x41);
            seat.settle();
        });
        assert_eq!(lab.run().all_vectors(), vec![vec![0x41]; 4], "{platform}");
    }
}

#[test]
fn kut_13_broadcast_shorthand() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).sleepers(3).cpu(|seat| {
            seat.send(0, TO_ALL | 0x41);
            seat.settle();
        });
        assert_eq!(lab.run().all_vectors(), vec![vec![0x41]; 4], "{platform}");
    }
}

/// CPU 1 takes `ldr`, CPU 2 `other`; CPU 0 sends to each of `destinations`. How often each was interrupted.
fn logical(platform: Platform, model: u32, ldr: [u8; 2], destinations: Vec<u8>) -> [usize; 2] {
    let target = move |ldr: u8| {
        move |seat: &Seat<'_>| {
            seat.write(DFR, model);
            seat.write(LDR, u32::from(ldr) << 24);
            seat.idle();
        }
    };
    let lab = Lab::new(platform)
        .cpu(move |seat| {
            seat.write(DFR, model);
            seat.write(LDR, 0);
            seat.delay_us(5);
            for &destination in &destinations {
                seat.send(u32::from(destination), FIXED | LOGICAL | 0x41);
                seat.delay_us(20);
            }
        })
        .endless(target(ldr[0]))
        .endless(target(ldr[1]));
    let record = lab.run();
    assert_eq!(record.vectors(0), [0; 0], "the sender has no logical id");
    [record.vectors(1).len(), record.vectors(2).len()]
}

const FLAT: u32 = 0xFFFF_FFFF;
const CLUSTER: u32 = 0x0FFF_FFFF;

#[test]
fn kut_14_flat_one_target() {
    for platform in BUSES {
        for bit in 0..8 {
            let destinations: Vec<u8> = (0..0xFF).filter(|mda| mda >> bit & 1 != 0).collect();
            let count = destinations.len();
            assert_eq!(logical(platform, FLAT, [1 << bit, 0], destinations), [count, 0], "{platform} bit {bit}");
        }
    }
}

#[test]
fn kut_15_cluster_one_target() {
    for platform in BUSES {
        for (cluster, member) in (0..15).zip([0, 1, 2, 3].into_iter().cycle()) {
            let own = cluster << 4 | 1 << member;
            let mut destinations = vec![own, own | 0x5, own | 0xA];
            if platform != P6 {
                // what nobody takes is sent for ever on a serial bus
                destinations.extend([cluster << 4 | (!(1 << member) & 0xF), ((cluster + 1) % 15) << 4 | 0xF]);
            }
            assert_eq!(logical(platform, CLUSTER, [own, 0], destinations), [3, 0], "{platform} {own:02X}");
        }
    }
}

#[test]
fn kut_16_flat_two_targets() {
    for platform in BUSES {
        for (first, second) in [(0, 1), (2, 7), (6, 3)] {
            let both = 1 << first | 1 << second;
            let noise = 0x20 & !both;
            assert_eq!(logical(platform, FLAT, [1 << first, 1 << second], vec![both, both | noise]), [2, 2]);
            assert_eq!(logical(platform, FLAT, [both, both], vec![both]), [1, 1], "two bits, one delivery");
        }
    }
}

#[test]
fn kut_17_cluster_two_targets() {
    for platform in BUSES {
        for cluster in [0_u8, 7, 14] {
            let [a, b] = [cluster << 4 | 1, cluster << 4 | 4];
            assert_eq!(logical(platform, CLUSTER, [a, b], vec![a | b, a | b | 8]), [2, 2], "{platform} {cluster}");
        }
    }
}

#[test]
fn kut_smptest_each_cpu_runs_the_function() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform).sleepers(3).cpu(|seat| {
            for cpu in 0..3 {
                seat.send(cpu, FIXED | 0x41);
                seat.settle();
            }
        });
        assert_eq!(lab.run().all_vectors(), [vec![0x41], vec![0x41], vec![0x41], vec![]]);
    }
}

#[test]
fn kut_19_nmi_and_the_sti_shadow() {
    // [G] knob nmi_in_sti_shadow; the suite expects none on the instruction after STI
    for (rule, may) in [(NmiInStiShadow::Blocked, false), (NmiInStiShadow::Taken, true)] {
        let lab = Lab::new(XAPIC)
            .knobs(move |knobs| knobs.nmi_in_sti_shadow = rule)
            .cpu(|seat| {
                for round in 0..300 {
                    seat.send(1, NMI);
                    seat.delay_cycles(1_500 + round * 7);
                }
            })
            .endless(|seat| {
                loop {
                    seat.enable_interrupts();
                    seat.load(0);
                    seat.irq_save();
                }
            })
            .masked()
            .machine(|settings| settings.limit = sim::Time::from_us(400));
        let record = lab.run();
        let of_target: Vec<What> =
            record.events.iter().filter(|e| e.source == Source::Cpu(1)).map(|e| e.what).collect();
        let early = of_target
            .windows(2)
            .any(|pair| pair[0] == What::InterruptFlag(true) && pair[1] == What::Entered(Context::Nmi));
        assert_eq!(early, may, "{rule}");
        assert!(record.count(1, Entry::Nmi) > 200);
    }
}

#[test]
fn kut_20_two_sources_of_nmis() {
    // one in service and one latched: a round makes exactly two
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                for round in 1..=50_u64 {
                    seat.send(0, NMI); // physical: to itself
                    while seat.nmis() < 2 * round as usize {
                        seat.delay_us(2);
                    }
                    seat.delay_us(40);
                    assert_eq!(seat.nmis(), 2 * round as usize);
                    seat.store(0, round as u32);
                }
            })
            .on_nmi(|seat| seat.delay_us(6))
            .cpu(|seat| {
                for round in 0..50 {
                    while seat.load(0) < round {
                        seat.delay_us(1);
                    }
                    seat.delay_us(3); // into the handler of the other one's NMI
                    seat.send(0, NMI);
                    seat.delay_us(20);
                }
            });
        assert_eq!(lab.run().count(0, Entry::Nmi), 100, "{platform}");
    }
}

#[test]
fn kut_21_nmis_inside_the_handler_collapse() {
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send(0, NMI);
                seat.settle();
                seat.delay_us(200);
            })
            .on_nmi(|seat| {
                if seat.nmis() == 1 {
                    (0..10).for_each(|_| seat.send(0, NMI));
                    seat.delay_us(20);
                }
            });
        assert_eq!(lab.run().count(0, Entry::Nmi), 2, "{platform}");
    }
}

#[test]
fn kut_29_aliased_ids() {
    // [G] parts whose id can be written: two CPUs with one id both take each IPI
    let lab = Lab::new(XAPIC)
        .cpu(|seat| {
            for id in 0..32 {
                seat.write(ID, id << 24);
                seat.delay_us(5);
                seat.send(id, FIXED | 0x41);
                seat.settle();
            }
        })
        .endless(|seat| {
            for id in 0_u32.. {
                seat.write(ID, (id % 32) << 24);
                let before = seat.taken().len();
                while seat.taken().len() == before {
                    seat.delay_us(1);
                }
            }
        })
        .machine(|settings| settings.limit = sim::Time::from_us(2_000));
    let record = lab.run();
    assert_eq!([record.vectors(0).len(), record.vectors(1).len()], [32, 32]);
}
