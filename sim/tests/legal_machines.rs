//! Machines that did nothing wrong, and of which the checker once complained. Each is run with all its checks on: a
//! complaint is a panic.
//!
//! A front-side bus carries a message to other buses after its sender is done (Intel 5000X MCH datasheet §5.6.3): a run that
//! is cut in between loses nothing. An 82489DX that is software-disabled takes nothing but the INIT de-assert (SDM vol. 3
//! §22.27.1); an NMI that comes to a CPU in wait-for-SIPI is gone (§26.6.2). All of these were seen failing.

use sim::apic::{LocalSource, Preset};
use sim::bus::{ClusterBus, FrontSideBus, IdealBus, Interconnect, SerialBus};
use sim::{
    BusyClear, Cpu, CpuSettings, Execution, Generation, LocalEvent, Machine, MachineSettings, Program, Start,
    StartUpResend, Time,
};

type Body = fn(Cpu<'_>);

fn machine(generation: Generation, bus: Box<dyn Interconnect>, bodies: &[Body]) -> MachineSettings {
    let cpu = |(number, &body): (usize, &Body)| {
        (CpuSettings::default().with(|cpu| cpu.apic_id = number as u32), Program::from_fn(body))
    };
    MachineSettings::new(generation, bus).with(|machine| {
        machine.cpus = bodies.iter().enumerate().map(cpu).collect();
        machine.limit = Time::from_us(1000);
    })
}

fn run(settings: MachineSettings) {
    Machine::new(settings).expect("it is possible").run(Execution::default()).expect("it runs");
}

fn idle(cpu: Cpu<'_>) {
    cpu.delay_us(5);
}

/// Sends what the low half of the ICR says to CPU 1 at 5 µs.
fn sends<const LOW: u32>(cpu: Cpu<'_>) {
    cpu.delay_us(5);
    cpu.write_register(0x310, 1 << 24);
    cpu.write_register(0x300, LOW);
    cpu.delay_us(50);
}

fn turns_its_apic_off(cpu: Cpu<'_>) {
    cpu.write_register(0xF0, 0xFF);
    cpu.delay_us(50);
}

/// FIXED and NMI to all but self; FIXED, NMI and LOWEST to one.
const SENDERS: [Body; 5] = [sends::<0xC_00F0>, sends::<0xC_0400>, sends::<0x4041>, sends::<0x4400>, sends::<0x4141>];

#[test]
fn a_run_may_be_cut_while_a_message_is_between_two_buses() {
    for sender in SENDERS {
        for ns in (5_000..5_600).step_by(5) {
            let bus = Box::new(FrontSideBus::new().with_buses(&[0, 1, 0]));
            let limit = Time::from_ps(ns * 1_000);
            run(machine(Generation::XApic, bus, &[sender, idle, idle]).with(|machine| machine.limit = limit));
        }
    }
}

#[test]
fn a_run_may_be_cut_at_any_cycle_of_a_message() {
    for sender in SENDERS {
        for ns in (5_000..9_000).step_by(50) {
            let bus = Box::new(SerialBus::new(&[0, 1, 2, 14]).expect("the ids are different"));
            let limit = Time::from_ps(ns * 1_000);
            let mut settings =
                machine(Generation::P6, bus, &[sender, idle, idle]).with(|machine| machine.limit = limit);
            settings.knobs.busy_clear = BusyClear::StatusCycle;
            run(settings);
        }
    }
}

#[test]
fn a_software_disabled_82489dx_takes_nothing() {
    for sender in SENDERS {
        for others in [[turns_its_apic_off, turns_its_apic_off as Body], [turns_its_apic_off, idle]] {
            let buses: [Box<dyn Interconnect>; 2] =
                [Box::new(SerialBus::new(&[0, 1, 2, 14]).expect("different")), Box::new(IdealBus::default())];
            for bus in buses {
                run(machine(Generation::I82489Dx, bus, &[sender, others[0], others[1]]));
            }
        }
    }
}

#[test]
fn start_up_messages_are_resent_on_a_cluster_as_on_a_bus() {
    fn starts(cpu: Cpu<'_>) {
        sends::<0x4500>(cpu);
        sends::<0x4601>(cpu);
    }
    for (target, limit_us) in [(Start::WaitForStartUp, 200), (Start::Running, 200), (Start::WaitForStartUp, 62)] {
        let bus = ClusterBus::numa_q(3, |bus, _| Ok(bus)).expect("it is possible");
        let mut settings = machine(Generation::P6, Box::new(bus), &[starts, idle, idle]);
        settings.limit = Time::from_us(limit_us);
        settings.cpus[1].0.start = target;
        settings.knobs.start_up_resend = StartUpResend::StatusTable;
        run(settings);
    }
}

#[test]
fn a_local_nmi_of_a_cpu_that_waits_for_its_start_up_message_is_gone() {
    for (pin, entry) in
        [(false, LocalSource::PerformanceCounter), (true, LocalSource::Lint { pin: 1, high: true, vector: 0 })]
    {
        let mut settings = machine(Generation::XApic, Box::new(FrontSideBus::new()), &[idle, idle]);
        let cpu = &mut settings.cpus[1].0;
        cpu.start = Start::WaitForStartUp;
        cpu.apic = Preset::default().with(|preset| {
            preset.lvt_performance = Some(0x400);
            preset.lvt_lint1 = Some(0x400);
        });
        cpu.local_events = vec![(Time::from_us(1), LocalEvent::Interrupt(entry))];
        assert_eq!(pin, matches!(entry, LocalSource::Lint { .. }));
        run(settings);
    }
}

/// Who wins a lowest-priority message may be off before it comes: then it is lost with him, and nobody else must get it.
#[test]
fn a_winner_may_be_gone_before_its_message_comes() {
    fn disables_itself(cpu: Cpu<'_>) {
        cpu.delay_us(5);
        cpu.delay_cycles(700);
        let base = cpu.read_msr(0x1B).expect("there is one");
        cpu.write_msr(0x1B, base & !0x800).expect("it may be written");
    }
    for ns in (0..400).step_by(4) {
        let bus = Box::new(FrontSideBus::new().with_buses(&[0, 1, 1]));
        let mut settings = machine(Generation::XApic, bus, &[sends::<0x4903>, disables_itself, idle]);
        settings.cpus[1].0.apic.ldr = 1 << 24;
        settings.cpus[2].0.apic.ldr = 2 << 24;
        settings.core_clock = sim::ClockDomain::new(417 + ns, 1);
        run(settings);
    }
}
