//! Conformance: behaviour that the test suites of KVM (unit tests and selftests), Cyberus, crosvm, OpenVMM and ACRN agree
//! on with the manuals, and fifteen cases that no suite has, each in whole simulated machines. A test's name begins with the id of its case.
//!
//! Every case runs on both executors, and their histories must be equal (`lab.rs`); so each is a test of determinism,
//! too. Where a case and the manual disagree the manual decides, and the test says so.
//!
//! Left out:
//!
//! | case | why |
//! |---|---|
//! | KUT-18, paravirtual IPIs | policy: a hypercall |
//! | KUT vmexit, tscdeadline_latency; CY-15 | timings of a host, nothing that can fail |
//! | KUT init.c, vmx_tests | the keyboard controller's and VMX's ways to INIT; INIT itself is in `sim/tests/states.rs` |
//! | KUT ioapic.c | beside the I/O APIC, `sim/src/io_apic/tests.rs` |
//! | KST-07 | a race of the host's threads; here there is none |
//! | crosvm: two NMIs count as two | policy: the manual latches one NMI while another is served (SDM vol. 3 §6.7.1) |
//! | crosvm: an access of wrong size leaves the read buffer untouched | policy: about a buffer of the host |
//! | crosvm: ISR 0F counts in PPR | vectors 0 to 15 are never in service (SDM vol. 3 §10.5.2) |
//! | crosvm: fixed interrupts ask the hypervisor for a window | policy: about the hypervisor's interface |
//! | OpenVMM 1: staged interrupts outlive a hardware disable | policy; `open_vmm_1` has the manual's rule |
//! | OpenVMM 4: automatic EOI | policy: a paravirtual interface |
//! | ACRN: logical and shorthand IPIs are ignored | policy of a partitioning hypervisor |
//! | ACRN: APIC_BASE is read-only | policy; SDM vol. 3 §10.12.5 has its legal changes |
//! | ACRN: MSI vector FF is ignored | policy: FF is a vector like others (SDM vol. 3 §10.5.2) |
//! | ACRN: the version is 1060015 | policy: it is the value of one part |

mod acrn_commands;
mod acrn_entries;
mod acrn_messages;
mod acrn_reset;
mod acrn_timer;
mod acrn_x2apic;
mod crosvm_acceptance;
mod crosvm_devices;
mod crosvm_registers;
mod crosvm_timer;
mod cy_nmi;
mod cy_priority;
mod cy_registers;
mod kst;
mod kut_delivery;
mod kut_modes;
mod kut_timer;
mod lab;
mod open_vmm;
mod own_arbitration;
mod own_delivery_status;
mod own_destinations;
mod own_nmi;
mod own_slots;
mod own_waits;
mod own_workers;
mod platform;
mod record;
mod seat;

/// Software that allocates is Open: see [`sim::AllocationWatch`].
#[global_allocator]
static ALLOCATOR: sim::AllocationWatch = sim::AllocationWatch::new();
