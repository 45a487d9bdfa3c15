//! Clocks and costs of a scenario's machine.

use crate::scenario::Scenario;
use sim::{ClockDomain, Costs, Duration, Time};

/// Whole ticks of `clock` in so many microseconds.
pub(super) fn ticks(clock: ClockDomain, us: u64) -> u64 {
    clock.first_after(Time::from_us(us)) - 1
}

pub(super) fn core_clock(scenario: &Scenario) -> ClockDomain {
    let default = scenario.machine.generation.core_clock();
    scenario.machine.core_period_ps.map_or(default, |ps| ClockDomain::new(ps, 1))
}

pub(super) fn costs(scenario: &Scenario, default: Costs) -> Costs {
    let set = &scenario.costs;
    let span = |ps: Option<u64>, default| ps.map_or(default, Duration::from_ps);
    default.with(|costs| {
        costs.register_read = set.register_read_cycles.unwrap_or(default.register_read);
        costs.register_write = set.register_write_cycles.unwrap_or(default.register_write);
        costs.pause = set.pause_cycles.unwrap_or(default.pause);
        costs.load = set.load_cycles.unwrap_or(default.load);
        costs.store = set.store_cycles.unwrap_or(default.store);
        costs.interrupt_entry = set.interrupt_entry_cycles.unwrap_or(default.interrupt_entry);
        costs.iret = set.iret_cycles.unwrap_or(default.iret);
        costs.halt_wake = set.halt_wake_cycles.unwrap_or(default.halt_wake);
        costs.irq_flag = set.irq_flag_cycles.unwrap_or(default.irq_flag);
        costs.read_modify_write = span(set.read_modify_write_ps, default.read_modify_write);
        costs.visibility = span(set.visibility_ps, default.visibility);
        costs.store_buffer = span(set.store_buffer_ps, default.store_buffer);
        costs.tpr_write = set.tpr_write_cycles.unwrap_or(default.tpr_write);
        costs.acknowledge = set.acknowledge_cycles.unwrap_or(default.acknowledge);
    })
}

/// Whole microseconds, rounded up: kernel delays have no finer grain.
pub(super) fn whole_us(ps: u64) -> u32 {
    u32::try_from(ps.div_ceil(1_000_000)).unwrap_or(u32::MAX)
}
