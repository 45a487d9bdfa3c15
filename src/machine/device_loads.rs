//! Loads that devices make: each interrupt has its instant before the run, for no device waits for software.
//!
//! Not modelled: the lines of these devices. Each interrupt is a message of its own, so one that arises while another is in
//! service is sent, where the remote IRR of an I/O APIC's pin would hold it back until the EOI.

use super::draw::draw;
use crate::scenario::{Amount, Load, Scenario, Trigger};
use kernel_model::Kernel;
use sim::{ChoicePoint, Chooser, DeviceInterrupt, Duration, Label, Time};

/// Label of the spans between interrupts of devices at a CPU: they move no draw of its software's.
const DEVICE_ARRIVALS: u16 = 3;

/// Vectors of devices, as Linux hands them out: eight apart (`assign_irq_vector`, 2.6.20). The second is for a scenario whose
/// `SysRq` has the first.
const EDGE_VECTORS: [u8; 2] = [0x41, 0x51];
const LEVEL_VECTORS: [u8; 2] = [0x49, 0x59];

/// All of them, in order of time; those behind `limit` never come.
pub(crate) fn device_interrupts(
    scenario: &Scenario,
    kernel: &Kernel,
    chooser: &dyn Chooser,
    limit: Time,
) -> Vec<DeviceInterrupt> {
    let mut interrupts = Vec::new();
    for cpu in 0..scenario.machine.cpus as u16 {
        let mut spans = Spans { chooser, cpu, drawn: 0 };
        let own = scenario.programs.loads.iter().filter(|load| load.cpus.contains(&u32::from(cpu)));
        for (load, trigger) in own.filter_map(|load| Some((load, load.device?))) {
            let interrupt = DeviceInterrupt {
                at: Time::ZERO,
                vector: vector(trigger, kernel),
                destination: kernel.arch.apic_id(cpu) as u8,
                level_triggered: trigger == Trigger::Level,
            };
            interrupts.extend(spans.instants(load, limit).into_iter().map(|at| DeviceInterrupt { at, ..interrupt }));
        }
    }
    interrupts.sort_by_key(|interrupt| interrupt.at);
    interrupts
}

fn vector(trigger: Trigger, kernel: &Kernel) -> u8 {
    let [first, second] = match trigger {
        Trigger::Edge => EDGE_VECTORS,
        Trigger::Level => LEVEL_VECTORS,
    };
    if kernel.sysrq_vector == first { second } else { first }
}

/// What lies between the interrupts of one CPU.
#[derive(Debug)]
struct Spans<'c> {
    chooser: &'c dyn Chooser,
    cpu: u16,
    drawn: u32,
}

impl Spans<'_> {
    fn next(&mut self, apart: Amount) -> Duration {
        Duration::from_ps(draw(apart, || {
            let point = ChoicePoint { source: self.cpu, label: Label::Software(DEVICE_ARRIVALS), count: self.drawn };
            self.drawn += 1;
            self.chooser.choose(point, u32::MAX)
        }))
    }

    /// The instants of a load: one span after the other, and so many at once.
    fn instants(&mut self, load: &Load, limit: Time) -> Vec<Time> {
        let from = Time::from_ps(load.from_ps);
        let end = load.lasts_ps.map_or(limit, |ps| limit.min(from + Duration::from_ps(ps)));
        let most = load.count.map_or(usize::MAX, |count| count as usize);
        let (mut at, mut instants) = (from, Vec::new());
        while instants.len() < most {
            at += self.next(load.apart);
            if at > end {
                break;
            }
            instants.extend(std::iter::repeat_n(at, (load.burst as usize).min(most - instants.len())));
        }
        instants
    }
}
