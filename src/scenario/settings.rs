//! Reading `[machine]` and `[costs]`.

use super::decimal::Unit;
use super::diagnostic::InputError;
use super::machine::{self, ARCHES, Bus, Machine, OWN_VARIANT, RELEASES, is_other, natural_release};
use super::model::CostOverrides;
use super::named::Named;
use super::names::{arch, present, release, variant};
use super::own_waits::Variants;
use super::plural::counted;
use super::reader::{Field, Table};
use sim::Generation;
use sim::check::{Check, Checks};
use std::borrow::Cow;

/// Keys of `[machine]`.
pub(super) const MACHINE_KEYS: [&str; 15] = [
    "cpus",
    "offline",
    "arch",
    "variant",
    "release",
    "generation",
    "bus",
    "crash_image",
    "io_agent",
    "picclk_period_ps",
    "core_period_ps",
    "fsb_period_ps",
    "cluster_queue_depth",
    "cpus_per_socket",
    "checks_off",
];

/// Keys of `[costs]`.
pub(super) const COST_KEYS: [&str; 17] = [
    "register_read_cycles",
    "register_write_cycles",
    "pause_cycles",
    "load_cycles",
    "store_cycles",
    "interrupt_entry_cycles",
    "iret_cycles",
    "halt_wake_cycles",
    "irq_flag_cycles",
    "fsb_transaction_cycles",
    "read_modify_write_ns",
    "visibility_ns",
    "store_buffer_ns",
    "tpr_write_cycles",
    "acknowledge_cycles",
    "ideal_delivery_ns",
    "cluster_hop_ns",
];

/// The longest clock period and cost that is not a slip of the pen: a second, and a million cycles.
const PERIOD_PS_MAX: u64 = 1_000_000_000_000;
const COST_CYCLES_MAX: u32 = 1_000_000;

/// Reads `[machine]`, completes it by the natural machine, and checks that it can exist.
pub(super) fn machine(root: &Table<'_>, variants: &Variants<'_>) -> Result<Machine, InputError> {
    let table = Table::open(root.need("machine", "{ cpus = 4 }")?, "[machine]", &MACHINE_KEYS)?;
    let arch = table.get("arch").map(|field| arch(&field)).transpose()?.unwrap_or(ARCHES[0]);
    let variant = variant_of(&table, arch, variants)?;
    let base = variants.base(&variant, arch);
    let release = release_of(&table, arch, base)?;
    let generation_field = table.get("generation");
    let bus_field = table.get("bus");
    let chosen_generation = generation_field.as_ref().map(Field::name::<Generation>).transpose()?;
    let chosen_bus = bus_field.as_ref().map(Field::name::<Bus>).transpose()?;
    let (generation, bus) = machine::complete(arch, chosen_generation, chosen_bus);
    if let (false, Some(field)) = (bus.seats(generation), bus_field.as_ref().or(generation_field.as_ref())) {
        return Err(impossible(field, generation, bus));
    }
    if let (true, Some(field)) = (machine::is_x2apic(arch) && generation != Generation::X2Apic, generation_field) {
        return Err(field
            .error(&format!("`{arch}` needs APICs in x2APIC mode"), "has no x2APIC mode")
            .help("generation `x2apic` has"));
    }
    let period = |key: &str| table.get(key).map(|field| field.integer(&(1..=PERIOD_PS_MAX))).transpose();
    let mut machine = Machine {
        arch,
        variant,
        base,
        release,
        generation,
        bus,
        cpus: 0,
        offline: Vec::new(),
        crash_image: table.get("crash_image").map(|field| field.boolean()).transpose()?.unwrap_or(true),
        io_agent: table.get("io_agent").map(|field| field.boolean()).transpose()?.unwrap_or(true),
        picclk_period_ps: period("picclk_period_ps")?,
        core_period_ps: period("core_period_ps")?,
        fsb_period_ps: period("fsb_period_ps")?,
        cluster_queue_depth: table.get("cluster_queue_depth").map(|field| field.small_integer(1, 1_000)).transpose()?,
        cpus_per_socket: table.get("cpus_per_socket").map_or(Ok(8), |field| field.small_integer(1, 255))?,
        checks: checks(&table)?,
    };
    let (most, reason) = machine.cpus_max();
    machine.cpus = table.need("cpus", "4")?.small_integer(1, most).map_err(|error| {
        error.help(format!(
            "{} on the {} bus ({arch}) has at most {}: {reason}",
            generation.name(),
            bus.name(),
            counted(most, "CPU")
        ))
    })?;
    machine.offline = offline(&table, &machine)?;
    Ok(machine)
}

/// The CPUs that wait to be started. The boot CPU is none of them.
fn offline(table: &Table<'_>, machine: &Machine) -> Result<Vec<u32>, InputError> {
    let Some(field) = table.get("offline") else { return Ok(Vec::new()) };
    let mut cpus = field.list(|item| {
        let cpu = item.small_integer(0, u32::MAX)?;
        present(item, cpu, machine)?;
        if cpu == 0 {
            return Err(item.error("CPU 0 starts the others", "runs from the start").help("name CPUs from 1 on"));
        }
        Ok(cpu)
    })?;
    cpus.sort_unstable();
    cpus.dedup();
    Ok(cpus)
}

/// Linux has variants; any other kernel has its own wait.
fn variant_of(table: &Table<'_>, arch: &'static str, variants: &Variants<'_>) -> Result<Cow<'static, str>, InputError> {
    let Some(field) = table.get("variant") else { return Ok(variants.unless_named(arch)) };
    let variant = variant(&field, variants)?;
    match (variant.as_str(), is_other(arch)) {
        (OWN_VARIANT, true) => Ok(OWN_VARIANT.into()),
        (OWN_VARIANT, false) => Err(field
            .error(&format!("`{OWN_VARIANT}` is the variant of kernels that are not Linux"), "not of this kernel")
            .help(format!("{arch} has: {}", variants.names().join(", ")))),
        (_, true) => Err(field
            .error(&format!("variants are ways in which Linux waits, and {arch} is not Linux"), "not of this kernel")
            .help(format!("leave the variant out, or say `{OWN_VARIANT}`"))),
        (_, false) => Ok(variant.into()),
    }
}

/// Linux has releases; any other kernel is of the commit that was read.
fn release_of(table: &Table<'_>, arch: &str, variant: &str) -> Result<&'static str, InputError> {
    let Some(field) = table.get("release") else { return Ok(natural_release(variant)) };
    match (release(&field)?, is_other(arch)) {
        (OWN_VARIANT, true) => Ok(OWN_VARIANT),
        (OWN_VARIANT, false) => Err(field
            .error(&format!("`{OWN_VARIANT}` is the release of kernels that are not Linux"), "not of this kernel")
            .help(format!("{arch} has: {}", RELEASES.join(", ")))),
        (_, true) => Err(field
            .error(&format!("releases are Linux's, and {arch} is not Linux"), "not of this kernel")
            .help(format!("leave the release out, or say `{OWN_VARIANT}`"))),
        (release, false) => Ok(release),
    }
}

/// All checks but those that `checks_off` names.
fn checks(table: &Table<'_>) -> Result<Checks, InputError> {
    let mut checks = Checks::ALL;
    if let Some(field) = table.get("checks_off") {
        field.list(|item| item.name::<Check>())?.into_iter().for_each(|check| checks.set_off(check));
    }
    Ok(checks)
}

fn impossible(field: &Field<'_>, generation: Generation, bus: Bus) -> InputError {
    let (generation_name, bus_name) = (generation.name(), bus.name());
    let fitting: Vec<&str> = Bus::ALL.iter().filter(|bus| bus.seats(generation)).map(|bus| bus.name()).collect();
    field
        .error(&format!("generation `{generation_name}` cannot sit on bus `{bus_name}`"), "impossible together")
        .help(format!("generation `{generation_name}` sits on: {}", fitting.join(", ")))
}

/// Reads `[costs]`. No cost is zero, so that no loop can turn without time passing.
pub(super) fn costs(root: &Table<'_>) -> Result<CostOverrides, InputError> {
    let Some(field) = root.get("costs") else { return Ok(CostOverrides::default()) };
    let table = Table::open(field, "[costs]", &COST_KEYS)?;
    let cycles = |key: &str| table.get(key).map(|field| field.small_integer(1, COST_CYCLES_MAX)).transpose();
    let span = |key: &str| table.get(key).map(|field| span(&field)).transpose();
    Ok(CostOverrides {
        register_read_cycles: cycles("register_read_cycles")?,
        register_write_cycles: cycles("register_write_cycles")?,
        pause_cycles: cycles("pause_cycles")?,
        load_cycles: cycles("load_cycles")?,
        store_cycles: cycles("store_cycles")?,
        interrupt_entry_cycles: cycles("interrupt_entry_cycles")?,
        iret_cycles: cycles("iret_cycles")?,
        halt_wake_cycles: cycles("halt_wake_cycles")?,
        irq_flag_cycles: cycles("irq_flag_cycles")?,
        fsb_transaction_cycles: cycles("fsb_transaction_cycles")?,
        read_modify_write_ps: span("read_modify_write_ns")?,
        visibility_ps: span("visibility_ns")?,
        store_buffer_ps: span("store_buffer_ns")?,
        tpr_write_cycles: cycles("tpr_write_cycles")?,
        acknowledge_cycles: cycles("acknowledge_cycles")?,
        ideal_delivery_ps: span("ideal_delivery_ns")?,
        cluster_hop_ps: span("cluster_hop_ns")?,
    })
}

fn span(field: &Field<'_>) -> Result<u64, InputError> {
    match field.picoseconds(Unit::Nanoseconds)? {
        0 => Err(field
            .error(&format!("`{}` cannot be zero", field.path), "no time at all")
            .help("everything takes some time: at least 0.001 ns")),
        ps if ps > PERIOD_PS_MAX => Err(field
            .error(&format!("`{}` is out of range", field.path), "more than a second")
            .help("it is at most 1_000_000_000 ns, one second")),
        ps => Ok(ps),
    }
}
