//! A wait that is not of this crate stands where the kernel's own stands, and at no other place.

use crate::recorder::{Icr, Recorder};
use kernel_model::apicdef::NMI_VECTOR;
use kernel_model::{
    Arch, CpuMask, Kernel, Message, Own, OwnWait, PlannedWait, Processor, Register, Shape, Site, Sites, Then, Variant,
    Waited, inquire_remote_apic, send_IPI_mask, send_IPI_self, smp_send_reschedule, sync_Arb_IDs, v6,
};

const PLAN: PlannedWait = PlannedWait {
    at: Sites::ALL,
    shape: Shape::ReadFirst,
    rounds: 3,
    delay_us: 7,
    backoff: 1,
    then: Then::WriteAnyway,
};

fn kernel(arch: Arch, own: Own) -> Kernel {
    Kernel::new(arch, Variant::Before, 4).with(|kernel| kernel.own = Some(own))
}

fn planned(plan: PlannedWait) -> Kernel {
    kernel(Arch::I386Default, Own::Planned(plan))
}

fn nmi_to_1(kernel: &Kernel, icr: Icr) -> (String, bool) {
    let send = |cpu: &Recorder| send_IPI_mask(kernel, cpu, CpuMask::of(1), NMI_VECTOR);
    Recorder::new(kernel, 0, icr).limit(9).run_to_end(send)
}

/// Read first or delay first, longer each time, a PAUSE where there is no delay; on an idle ICR what the shape says.
#[test]
fn rounds_are_as_they_are_described() {
    let message = "W310=2000000 W300=C00";
    let cases = [
        (PLAN, "R300", "R300 D7 R300 D7 R300 D7"),
        (PlannedWait { shape: Shape::DelayFirst, ..PLAN }, "D7 R300", "D7 R300 D7 R300 D7 R300"),
        (PlannedWait { backoff: 10, ..PLAN }, "R300", "R300 D7 R300 D70 R300 D700"),
        (PlannedWait { delay_us: 0, rounds: 2, ..PLAN }, "R300", "R300 P R300 P"),
    ];
    for (plan, idle, stuck) in cases {
        let kernel = planned(plan);
        assert_eq!(nmi_to_1(&kernel, Icr::Idle), (format!("IRQ- {idle} {message} IRQ+"), true), "{plan:?}");
        let cpu = Recorder::new(&kernel, 0, Icr::Stuck);
        let trace = cpu.run(|cpu| send_IPI_mask(&kernel, cpu, CpuMask::of(1), NMI_VECTOR));
        assert_eq!(trace, format!("IRQ- {stuck} {message} IRQ+"), "{plan:?}");
    }
    let endless = planned(PlannedWait { rounds: 0, ..PLAN });
    assert_eq!(nmi_to_1(&endless, Icr::Stuck), ("IRQ- R300 D7 R300 D7 R300 D7 R300 D7".to_owned(), false));
}

#[test]
fn what_follows_a_time_out() {
    let trace = |then| nmi_to_1(&planned(PlannedWait { rounds: 1, then, ..PLAN }), Icr::Stuck);
    assert_eq!(trace(Then::GiveUp), ("IRQ- R300 D7 IRQ+".to_owned(), true));
    // What stands in the ICR is read and written again: in this recorder nothing but the busy bit.
    let again = planned(PlannedWait { rounds: 1, then: Then::SendAgain(2), ..PLAN });
    let cpu = Recorder::new(&again, 0, Icr::Stuck);
    let sent_again = "R300 D7 R300 W300=0 R300 D7 R300 W300=0 R300 D7";
    assert_eq!(
        cpu.run(|cpu| send_IPI_mask(&again, cpu, CpuMask::of(1), NMI_VECTOR)),
        format!("IRQ- {sent_again} W310=2000000 W300=C00 IRQ+")
    );
    let panics = planned(PlannedWait { rounds: 1, then: Then::Panic, ..PLAN });
    let (accesses, returns) = nmi_to_1(&panics, Icr::Stuck);
    assert!(!returns && accesses.starts_with("IRQ- R300 D7 IRQ- HLT"), "{accesses}");
}

/// Each place that waits, by a message that waits there and nowhere else: with the plan at that place there are its reads, with
/// the plan at all others the kernel's own wait, which never ends.
#[test]
fn a_plan_stands_where_it_says() {
    type Call = fn(&Kernel, &Recorder);
    let calls: [(Site, Arch, Call); 6] = [
        (Site::DestField, Arch::I386Default, |kernel, cpu| send_IPI_mask(kernel, cpu, CpuMask::of(1), 0xFC)),
        (Site::DestFieldNmi, Arch::X8664Flat, |kernel, cpu| send_IPI_mask(kernel, cpu, CpuMask::of(1), NMI_VECTOR)),
        (Site::Shorthand, Arch::I386Numaq, |kernel, cpu| send_IPI_self(kernel, cpu, 0xFC)),
        (Site::ShorthandNmi, Arch::ModernXapicFlat, |kernel, cpu| {
            v6::apic_send_IPI_allbutself(kernel, cpu, NMI_VECTOR);
        }),
        (Site::SyncArbIds, Arch::I386Default, sync_Arb_IDs),
        (Site::Inquiry, Arch::I386Default, |kernel, cpu| inquire_remote_apic(kernel, cpu, 1)),
    ];
    for (site, arch, call) in calls {
        let run = |at, then| {
            let kernel = kernel(arch, Own::Planned(PlannedWait { at, then, ..PLAN }));
            Recorder::new(&kernel, 0, Icr::Stuck).limit(40).run_to_end(|cpu| call(&kernel, cpu)).0
        };
        let here = run(Sites::NONE.with(site), Then::WriteAnyway);
        assert!(here.contains("R300 D7 R300 D7 R300 D7 W3"), "{site:?}: {here}");
        let given_up = run(Sites::NONE.with(site), Then::GiveUp);
        assert!(!given_up.contains("W3"), "{site:?}: {given_up}");
        let sites =
            [Site::DestField, Site::DestFieldNmi, Site::Shorthand, Site::ShorthandNmi, Site::SyncArbIds, Site::Inquiry];
        let others = sites.into_iter().filter(|other| *other != site).fold(Sites::NONE, Sites::with);
        let elsewhere = run(others, Then::WriteAnyway);
        assert!(!elsewhere.contains("D7"), "{site:?}: {elsewhere}");
    }
}

/// Writes down nothing, and takes all that it is offered, or nothing.
#[derive(Debug)]
struct Taking(bool);

impl OwnWait for Taking {
    fn name(&self) -> &'static str {
        "taking"
    }
    fn wait(&self, _: &Kernel, cpu: &dyn Processor, _: Site) -> Option<Waited> {
        cpu.read(Register::ESR);
        Some(Waited::Idle)
    }
    fn send(&self, _: &Kernel, cpu: &dyn Processor, message: Message) -> bool {
        if self.0 {
            cpu.write(Register::ICR, message.icr | 0x4000);
        }
        self.0
    }
}

/// Sends to masks by itself.
#[derive(Debug)]
struct Masks;

impl OwnWait for Masks {
    fn name(&self) -> &'static str {
        "masks"
    }
    fn wait(&self, _: &Kernel, _: &dyn Processor, _: Site) -> Option<Waited> {
        None
    }
    fn send_mask(&self, kernel: &Kernel, cpu: &dyn Processor, mask: CpuMask, vector: u8) -> bool {
        for target in mask {
            cpu.write(Register::ICR2, kernel.arch.apic_id(target) << 24);
            cpu.write(Register::ICR, u32::from(vector));
        }
        true
    }
}

#[test]
fn code_takes_a_message_or_leaves_it() {
    let run = |arch, own: &'static dyn OwnWait| {
        let kernel = kernel(arch, Own::Code(own));
        let cpu = Recorder::new(&kernel, 0, Icr::Idle);
        cpu.run(|cpu| send_IPI_mask(&kernel, cpu, CpuMask::of(1).with(2), 0xFC))
    };
    // Whole, between the sender's own first and last steps.
    assert_eq!(run(Arch::I386Default, &Taking(true)), "IRQ- W300=48FC IRQ+");
    assert_eq!(run(Arch::X8664Physflat, &Taking(true)), "IRQ- W300=40FC W300=40FC IRQ+");
    // Left to the kernel, after the own wait.
    assert_eq!(run(Arch::I386Default, &Taking(false)), "IRQ- R280 W310=6000000 W300=8FC IRQ+");
    // A mask, whoever the driver is.
    for arch in [Arch::I386Default, Arch::X8664Physflat, Arch::ModernXapicPhysflat] {
        let ids = [1, 2].map(|cpu| format!("W310={:X}000000 W300=FC", arch.apic_id(cpu)));
        assert_eq!(run(arch, &Masks), ids.join(" "), "{arch:?}");
    }
    let kernel = kernel(Arch::ModernXapicFlat, Own::Code(&Masks));
    let one = Recorder::new(&kernel, 0, Icr::Idle).run(|cpu| smp_send_reschedule(&kernel, cpu, 1));
    assert_eq!(one, format!("W310={:X}000000 W300=FD", kernel.arch.apic_id(1)));
}
