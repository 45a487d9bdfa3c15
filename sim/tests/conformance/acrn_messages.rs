//! ACRN, functional-safety suite: identity, priorities, EOI, messages of devices.

use crate::lab::Lab;
use crate::platform::{BUSES, Bus, I82489DX, INTEGRATED, P6, XAPIC, XAPIC_IDEAL};
use crate::seat::{EOI, ID, IRR, ISR, PPR, SVR, TPR};
use sim::apic::RECEIVE_ILLEGAL_VECTOR;
use sim::{DeviceInterrupt, Time};

#[test]
fn acrn_ids_are_unique() {
    // SDM vol. 3 §10.4.6, and CPUID leaf 1 on the parts that tell it there
    for platform in INTEGRATED.into_iter().chain([I82489DX]) {
        let lab = (0..8).fold(Lab::new(platform), |lab, _| {
            lab.cpu(|seat| {
                let id = seat.read(ID) >> if seat.is_x2apic() { 0 } else { 24 };
                assert_eq!(seat.identification(1)[1] >> 24, id);
                seat.note("id", id);
            })
        });
        let record = lab.run();
        let ids: Vec<u64> = (0..8).flat_map(|cpu| record.values(cpu, "id")).collect();
        assert_eq!(ids, (0..8).collect::<Vec<u64>>());
    }
}

#[test]
fn acrn_eoi_without_service_is_ignored() {
    // SDM vol. 3 §10.8.5
    for platform in INTEGRATED.into_iter().chain([I82489DX]) {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send_self(0x41);
                seat.write(EOI, 0);
                assert_eq!((seat.vectors(IRR), seat.vectors(ISR)), (vec![0x41], vec![]), "a request is no service");
                seat.open_for_a_while();
            })
            .masked();
        assert_eq!(lab.run().vectors(0), [0x41]);
    }
}

#[test]
fn acrn_the_same_vector_again_waits_for_eoi() {
    // SDM vol. 3 §10.8.4: one in service, one requested
    for platform in INTEGRATED {
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.send_self(0x41);
                assert_eq!(seat.taken(), [0x41, 0x41]);
            })
            .on_interrupt(|seat, vector| {
                if seat.taken().len() == 1 {
                    seat.irq_restore(true);
                    seat.send_self(vector);
                    assert!(seat.requests(vector) && seat.services(vector));
                    assert_eq!(seat.taken(), [0x41]);
                    seat.irq_save();
                }
                seat.eoi();
            });
        lab.run();
    }
}

#[test]
fn acrn_ppr_is_read_only_in_the_page() {
    // SDM vol. 3 table 10-1; in x2APIC mode a write faults: `acrn_read_only_registers_fault`
    for platform in INTEGRATED.into_iter().filter(|platform| platform.mode == sim::apic::Mode::XApic) {
        let lab = Lab::new(platform).cpu(|seat| {
            seat.write(TPR, 0x35);
            seat.write(PPR, 0xF0);
            assert_eq!((seat.read(PPR), seat.read(TPR)), (0x35, 0x35));
        });
        lab.run();
    }
}

#[test]
fn acrn_cr8_is_the_class_of_tpr() {
    // SDM vol. 3 §10.8.6
    for platform in INTEGRATED {
        let lab = Lab::new(platform).cpu(|seat| {
            for class in 0..16 {
                seat.write_cr8(class);
                assert_eq!(seat.read(TPR), u32::from(class) << 4);
                seat.write(TPR, 0xFF - u32::from(class) * 0x10);
                assert_eq!(seat.read_cr8(), 15 - class);
            }
        });
        lab.run();
    }
}

#[test]
fn acrn_a_device_message_with_an_illegal_vector_is_ignored() {
    // SDM vol. 3 §10.5.2, 10.5.3
    for platform in BUSES {
        let device = |vector| DeviceInterrupt { at: Time::from_us(10), vector, destination: 0, level_triggered: false };
        let lab = Lab::new(platform)
            .cpu(|seat| {
                seat.delay_us(30);
                assert_eq!(seat.vectors(IRR), [0x10]);
                assert_eq!(seat.errors(), RECEIVE_ILLEGAL_VECTOR);
            })
            .masked()
            .machine(move |settings| settings.device_interrupts = vec![device(0x00), device(0x0F), device(0x10)]);
        lab.run();
    }
}

#[test]
fn acrn_a_device_message_while_software_disabled_is_ignored() {
    // SDM vol. 3 §10.4.7.2. On the serial bus nobody answers, and the I/O agent sends again: it gets through when the
    // APIC is enabled (§10.7)
    for platform in [XAPIC, XAPIC_IDEAL, P6] {
        let serial = platform.bus == Bus::Serial;
        let lab = Lab::new(platform)
            .cpu(move |seat| {
                seat.write(SVR, 0xFF);
                seat.delay_us(30);
                assert_eq!(seat.vectors(IRR), []);
                seat.write(SVR, 0x1FF);
                seat.delay_us(30);
                assert_eq!(seat.vectors(IRR), if serial { vec![0x41] } else { vec![] });
            })
            .masked()
            .machine(|settings| {
                settings.device_interrupts = vec![DeviceInterrupt {
                    at: Time::from_us(10),
                    vector: 0x41,
                    destination: 0,
                    level_triggered: false,
                }];
            });
        lab.run();
    }
}
