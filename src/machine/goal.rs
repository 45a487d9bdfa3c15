//! What a run is to reach, and where it stops.

use super::player::REACHED;
use super::program::{BOOT_RETURNED, CALLS_RETURNED, PROGRAM_ENDED, SEQUENCE_RETURNED};
use crate::scenario::{Act, Event, Goal, Role, RoleName, Scenario};
use kernel_model::Point;
use sim::StopRule;
use std::ops::Range;

/// Milestones that make up the goal: which CPU (`None`: any) has to reach what.
pub(crate) fn goal_milestones(scenario: &Scenario) -> Vec<(Option<u16>, u32)> {
    let all_with = |wanted: &dyn Fn(&Event) -> bool, code: u32| -> Vec<(Option<u16>, u32)> {
        let mut cpus: Vec<u16> = scenario.events.iter().filter(|event| wanted(event)).map(|e| e.cpu as u16).collect();
        cpus.sort_unstable();
        cpus.dedup();
        cpus.into_iter().map(|cpu| (Some(cpu), code)).collect()
    };
    match scenario.goal {
        Goal::NmiSendReturns => vec![(None, Point::NmiSendReturned as u32)],
        Goal::CaptureKernel => vec![(None, Point::CaptureKernelReady as u32)],
        Goal::OthersStopped => vec![(None, Point::OthersStopped as u32)],
        Goal::CallersReturn => all_with(&|event| event.role.is_call(), CALLS_RETURNED),
        Goal::AllProgramsEnd => all_with(&|event| !is(event, RoleName::Idle), PROGRAM_ENDED),
        Goal::CpusStarted => {
            let mut milestones = all_with(&|event| is(event, RoleName::BootCpus), BOOT_RETURNED);
            let boots = scenario.events.iter().filter(|event| is(event, RoleName::BootCpus));
            let targets = boots.flat_map(|event| event.role.targets());
            milestones.extend(targets.map(|&target| (Some(target as u16), Point::CalledIn as u32)));
            milestones
        }
        Goal::Reach => vec![(reaching_cpu(scenario), REACHED)],
        Goal::SendersReturn => all_with(&|event| is(event, RoleName::SendSequence), SEQUENCE_RETURNED),
    }
}

/// The CPU whose program has the name that is the goal, if it is one.
fn reaching_cpu(scenario: &Scenario) -> Option<u16> {
    let programs = &scenario.programs;
    let reaches = |steps: &Range<u32>| {
        programs.steps[steps.start as usize..steps.end as usize]
            .iter()
            .any(|act| matches!(act, Act::Reach(name) if Some(*name) == scenario.reach))
    };
    let of_events = scenario.events.iter().filter_map(|event| match &event.role {
        Role::Steps(steps) => reaches(steps).then_some(event.cpu),
        _ => None,
    });
    let of_handlers =
        programs.handlers.iter().filter(|handler| reaches(&handler.steps)).flat_map(|one| one.cpus.clone());
    let mut cpus: Vec<u32> = of_events.chain(of_handlers).collect();
    cpus.dedup();
    match cpus[..] {
        [cpu] => Some(cpu as u16),
        _ => None,
    }
}

/// A run whose goal a program reaches goes on until then. A run with a crash goes on until the capture kernel is through, or where there is none until the others are stopped;
/// other runs until their goal.
pub(super) fn stop_rule(scenario: &Scenario) -> StopRule {
    if scenario.goal == Goal::Reach {
        return StopRule::Any(vec![REACHED]);
    }
    if scenario.crashing_cpu().is_some() {
        let last = if scenario.machine.crash_image { Point::CaptureKernelReady } else { Point::OthersStopped };
        return StopRule::Any(vec![last as u32]);
    }
    if starts_again(scenario) {
        return StopRule::Never; // it has called in before: whether it comes again, only time can tell
    }
    StopRule::All(goal_milestones(scenario).into_iter().filter_map(|(cpu, code)| Some((cpu?, code))).collect())
}

/// Is it the goal that CPUs are started of which one is started more than once?
fn starts_again(scenario: &Scenario) -> bool {
    let boots = scenario.events.iter().filter(|event| is(event, RoleName::BootCpus));
    let mut targets: Vec<u32> = boots.flat_map(|event| event.role.targets().iter().copied()).collect();
    targets.sort_unstable();
    scenario.goal == Goal::CpusStarted && targets.windows(2).any(|pair| pair[0] == pair[1])
}

/// Does the event start this role?
pub(super) fn is(event: &Event, role: RoleName) -> bool {
    event.role.role_name() == role
}
