//! Strategies for fault plans.

use crate::scenario::{Bus, CpuFault, FaultKind, IpiVector, Machine, MessageEffectName, MessagePlan, ModeName, Times};
use proptest::prelude::*;
use sim::bus::{SerialFaultKind, Wire};
use sim::{Named, Time};

/// Faults begin before this: 60 µs.
const BEGIN_NS: u64 = 60_000;
/// Faults last at most so long: 90 µs.
const LAST_NS: u64 = 90_000;

/// What breaks, and when, on whatever machine. [`fitted`](FaultPlan::fitted) makes it one machine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultPlan(Vec<(Time, FaultKind)>);

impl FaultPlan {
    /// The faults that `machine` can have: numbers of CPUs modulo its own; none of a bus that it has not.
    ///
    /// ```
    /// use apicsim::property::{fault_plans, machines};
    /// use apicsim::scenario::ScenarioBuilder;
    /// use proptest::{prelude::*, test_runner::TestRunner};
    ///
    /// TestRunner::deterministic().run(&(machines(), fault_plans()), |(machine, plan)| {
    ///     let faults = plan.fitted(&machine);
    ///     let scenario = faults.iter().fold(ScenarioBuilder::new("broken").machine(&machine), |all, (at, kind)| all.fault(*at, *kind));
    ///     prop_assert_eq!(scenario.build().map(|built| built.faults.len()), Ok(faults.len()));
    ///     Ok(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fitted(&self, machine: &Machine) -> Vec<(Time, FaultKind)> {
        let cpu = |cpu: u32| cpu % machine.cpus;
        let fit = |kind: FaultKind| match kind {
            FaultKind::FsbStall { .. } | FaultKind::FsbLock { .. } | FaultKind::FsbRetry { .. } => {
                machine.has_bus(Bus::Fsb).then_some(kind)
            }
            FaultKind::Wires { until_ps, fault } => machine.has_bus(Bus::Serial).then(|| {
                let agent = |agent: u16| (u32::from(agent) % machine.cpus) as u16;
                let fault = match fault {
                    SerialFaultKind::ArbitrationId { agent: of, id } => {
                        SerialFaultKind::ArbitrationId { agent: agent(of), id }
                    }
                    SerialFaultKind::Jabber { agent: of } => SerialFaultKind::Jabber { agent: agent(of) },
                    other => other,
                };
                FaultKind::Wires { until_ps, fault }
            }),
            FaultKind::DeadLink { cluster } => (machine.bus == Bus::Cluster)
                .then(|| FaultKind::DeadLink { cluster: cluster % machine.cpus.div_ceil(4).max(1) as u8 }),
            FaultKind::Message(plan) if plan.effect == MessageEffectName::Damage && !machine.has_bus(Bus::Serial) => {
                None
            }
            FaultKind::Message(plan) => {
                Some(FaultKind::Message(MessagePlan { from: plan.from.map(cpu), to: plan.to.map(cpu), ..plan }))
            }
            FaultKind::ApicDead { cpu: of } => Some(FaultKind::ApicDead { cpu: cpu(of) }),
            FaultKind::Cpu { cpu: of, fault, times } => Some(FaultKind::Cpu { cpu: cpu(of), fault, times }),
        };
        self.0.iter().filter_map(|(at, kind)| fit(*kind).map(|kind| (*at, kind))).collect()
    }
}

/// Any plan of up to three faults, in the first 60 µs. It shrinks to no fault at all.
///
/// ```
/// use apicsim::property::fault_plans;
/// use apicsim::scenario::{Bus, Machine};
/// use proptest::{prelude::*, test_runner::TestRunner};
/// use sim::Generation;
///
/// let ideal = Machine::plain(Generation::XApic, Bus::Ideal);
/// TestRunner::deterministic().run(&fault_plans(), |plan| {
///     prop_assert!(plan.fitted(&ideal).len() <= 3);
///     Ok(())
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fault_plans() -> impl Strategy<Value = FaultPlan> {
    let fault = (0..BEGIN_NS, any::<bool>(), 1..LAST_NS).prop_flat_map(|(at_ns, ends, length_ns)| {
        let until_ps = ends.then_some((at_ns + length_ns) * 1_000);
        kind(until_ps, length_ns * 1_000).prop_map(move |kind| (Time::from_ps(at_ns * 1_000), kind))
    });
    prop::collection::vec(fault, 0..=3).prop_map(FaultPlan)
}

fn kind(until_ps: Option<u64>, length_ps: u64) -> BoxedStrategy<FaultKind> {
    let cpu = || 0..8u32;
    let once = |cpu: u32, fault: CpuFault| FaultKind::Cpu { cpu, fault, times: Times::ONCE };
    let of_cpu = prop_oneof![
        Just(CpuFault::Nmi),
        Just(CpuFault::Smm { length_ps }),
        Just(CpuFault::NmiBetweenWrites),
        Just(CpuFault::Shutdown),
        Just(CpuFault::Init),
        Just(CpuFault::DeepSleep),
        Just(CpuFault::IcrStuck),
    ];
    prop_oneof![
        4 => (cpu(), of_cpu).prop_map(move |(cpu, fault)| once(cpu, fault)),
        1 => cpu().prop_map(|cpu| FaultKind::ApicDead { cpu }),
        4 => message(until_ps, length_ps),
        1 => Just(FaultKind::FsbStall { until_ps }),
        1 => prop::option::of(1..5u32).prop_map(move |count| FaultKind::FsbRetry { until_ps, count }),
        2 => wires().prop_map(move |fault| of_wires(until_ps, fault)),
        1 => (0..2u8).prop_map(|cluster| FaultKind::DeadLink { cluster }),
    ]
    .boxed()
}

/// A wrong arbitration id is an instant; the other faults of wires may end.
fn of_wires(until_ps: Option<u64>, fault: SerialFaultKind) -> FaultKind {
    let until_ps = until_ps.filter(|_| !matches!(fault, SerialFaultKind::ArbitrationId { .. }));
    FaultKind::Wires { until_ps, fault }
}

fn wires() -> impl Strategy<Value = SerialFaultKind> {
    let wire = prop_oneof![Just(Wire::Picd0), Just(Wire::Picd1)];
    prop_oneof![
        (1..5u32).prop_map(|every| SerialFaultKind::ChecksumNoise { every }),
        (wire, any::<bool>()).prop_map(|(wire, driven)| SerialFaultKind::StuckWire { wire, driven }),
        Just(SerialFaultKind::LostClock),
        (0..8u16, 0..16u8).prop_map(|(agent, id)| SerialFaultKind::ArbitrationId { agent, id }),
        (0..8u16).prop_map(|agent| SerialFaultKind::Jabber { agent }),
    ]
}

fn message(until_ps: Option<u64>, delay_ps: u64) -> impl Strategy<Value = FaultKind> {
    let effect = prop::sample::select(MessageEffectName::ALL);
    let vector = prop::option::of((0x50..0x52u8).prop_map(IpiVector::Number));
    let mode = prop::option::of(prop_oneof![Just(ModeName::Fixed), Just(ModeName::Nmi)]);
    let cpu = || prop::option::of(0..8u32);
    let counted = (1..4u32, 1..4u32, prop::option::of(1..4u32));
    (effect, cpu(), cpu(), vector, mode, counted).prop_map(
        move |(effect, from, to, vector, mode, (nth, every, count))| {
            let late = matches!(effect, MessageEffectName::Delay | MessageEffectName::Duplicate);
            // A damaged message is damaged for everybody.
            let to = to.filter(|_| effect != MessageEffectName::Damage);
            FaultKind::Message(MessagePlan {
                effect,
                delay_ps: if late { delay_ps } else { 0 },
                from,
                to,
                vector,
                mode,
                until_ps,
                nth,
                every,
                count,
            })
        },
    )
}
