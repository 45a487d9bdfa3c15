//! `[machine]`, `[costs]` and `[knobs]`.

use super::table::{Table, list, ns, quoted, texts};
use crate::scenario::knobs;
use crate::scenario::machine::Machine;
use crate::scenario::model::{CostOverrides, Knobs};
use crate::scenario::named::Named;
use sim::check::{Check, Checks};

/// `[machine]`, wholly decided.
pub(super) fn machine(machine: &Machine) -> Table {
    let Machine {
        arch,
        variant,
        base: _, // follows from the variant
        release,
        generation,
        bus,
        cpus,
        offline,
        crash_image,
        io_agent,
        picclk_period_ps,
        core_period_ps,
        fsb_period_ps,
        cluster_queue_depth,
        cpus_per_socket,
        checks,
    } = machine;
    let mut table = Table::default();
    table.set("cpus", cpus);
    if !offline.is_empty() {
        table.set("offline", list(offline));
    }
    table.set_text("arch", arch);
    table.set_text("variant", variant);
    table.set_text("release", release);
    table.set_text("generation", generation.name());
    table.set_text("bus", bus.name());
    if !crash_image {
        table.set("crash_image", false);
    }
    if !io_agent {
        table.set("io_agent", false);
    }
    table.set_if_any("picclk_period_ps", *picclk_period_ps);
    table.set_if_any("core_period_ps", *core_period_ps);
    table.set_if_any("fsb_period_ps", *fsb_period_ps);
    table.set_if_any("cluster_queue_depth", *cluster_queue_depth);
    table.set("cpus_per_socket", cpus_per_socket);
    if let Some(off) = checks_off(*checks) {
        table.set("checks_off", off);
    }
    table
}

/// The checks that are off, if any is.
pub(super) fn checks_off(checks: Checks) -> Option<String> {
    let off: Vec<&str> = Check::ALL.iter().filter(|check| !checks.has(**check)).map(|check| check.name()).collect();
    (!off.is_empty()).then(|| texts(off))
}

/// `[costs]`.
pub(super) fn costs(costs: &CostOverrides) -> Table {
    let CostOverrides {
        register_read_cycles,
        register_write_cycles,
        pause_cycles,
        load_cycles,
        store_cycles,
        interrupt_entry_cycles,
        iret_cycles,
        halt_wake_cycles,
        irq_flag_cycles,
        fsb_transaction_cycles,
        read_modify_write_ps,
        visibility_ps,
        store_buffer_ps,
        tpr_write_cycles,
        acknowledge_cycles,
        ideal_delivery_ps,
        cluster_hop_ps,
    } = *costs;
    let mut table = Table::default();
    table.set_if_any("register_read_cycles", register_read_cycles);
    table.set_if_any("register_write_cycles", register_write_cycles);
    table.set_if_any("pause_cycles", pause_cycles);
    table.set_if_any("load_cycles", load_cycles);
    table.set_if_any("store_cycles", store_cycles);
    table.set_if_any("interrupt_entry_cycles", interrupt_entry_cycles);
    table.set_if_any("iret_cycles", iret_cycles);
    table.set_if_any("halt_wake_cycles", halt_wake_cycles);
    table.set_if_any("irq_flag_cycles", irq_flag_cycles);
    table.set_if_any("fsb_transaction_cycles", fsb_transaction_cycles);
    table.set_if_any("read_modify_write_ns", read_modify_write_ps.map(ns));
    table.set_if_any("visibility_ns", visibility_ps.map(ns));
    table.set_if_any("store_buffer_ns", store_buffer_ps.map(ns));
    table.set_if_any("tpr_write_cycles", tpr_write_cycles);
    table.set_if_any("acknowledge_cycles", acknowledge_cycles);
    table.set_if_any("ideal_delivery_ns", ideal_delivery_ps.map(ns));
    table.set_if_any("cluster_hop_ns", cluster_hop_ps.map(ns));
    table
}

/// `[knobs]`: those that are not as they would be without it.
pub(super) fn knobs(machine: &Machine, knobs: &Knobs) -> Table {
    let defaults = knobs::defaults(machine);
    let Knobs {
        hardware,
        delay_hz,
        wait_shape,
        mps_timeout,
        mps_retries,
        smp_send_stop,
        no_broadcast,
        tick_stopped,
        csd_lock_wait_debug,
        panic_on_ipistall,
    } = *knobs;
    let mut table = Table::default();
    for knob in sim::Knobs::ALL {
        let value = hardware.get(knob.key);
        if value != defaults.hardware.get(knob.key) {
            table.set_if_any(knob.key, value.map(quoted));
        }
    }
    let mut differs = |key: &str, differs: bool, value: String| {
        if differs {
            table.set(key, value);
        }
    };
    let jitter = hardware.jitter_cycles;
    differs("jitter_picclk", jitter != defaults.hardware.jitter_cycles, jitter.to_string());
    differs("wait_shape", wait_shape != defaults.wait_shape, quoted(wait_shape.name()));
    differs("mps_timeout", mps_timeout != defaults.mps_timeout, quoted(mps_timeout.name()));
    differs("mps_retries", mps_retries != defaults.mps_retries, mps_retries.to_string());
    differs("smp_send_stop", smp_send_stop != defaults.smp_send_stop, quoted(smp_send_stop.name()));
    differs("tick_stopped", tick_stopped, true.to_string());
    differs("csd_lock_wait_debug", csd_lock_wait_debug, true.to_string());
    differs("panic_on_ipistall", panic_on_ipistall != 0, panic_on_ipistall.to_string());
    table.set_if_any("delay_hz", delay_hz);
    table.set_if_any("no_broadcast", no_broadcast);
    table
}
