//! Reading `[[event]]`, and checking it against the machine.

use super::decimal::Unit;
use super::diagnostic::InputError;
use super::filter::{self, Filter};
use super::machine::{Machine, is_modern, is_other};
use super::model::{Event, Stall};
use super::named::{Named, by_name};
use super::names::present;
use super::reader::{Field, Table};
use super::role::{self, IpiVector, KEYBOARD_VECTOR, Role, RoleName, StartUpMessages, VectorUse};
use super::steps;

/// What happenings are checked against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage<'m> {
    pub(super) machine: &'m Machine,
    pub(super) stall: Stall,
    /// The limit, if events after it are a mistake: not if it was shortened from outside the file.
    pub(super) limit_ps: Option<u64>,
}

/// An event that applies, and the fields that later checks point at.
#[derive(Debug)]
pub(super) struct PlacedEvent<'d> {
    pub(super) event: Event,
    pub(super) role_field: Field<'d>,
}

const EVENT_KEYS: [&str; 3] = ["at_us", "cpu", "role"];
const STEPS: &str = "steps";
const VECTORS: std::ops::RangeInclusive<u64> = 0x10..=0xFE;

/// The events that apply, in order of time, then of the file. The others are checked too, as far as they can be.
pub(super) fn events<'d>(
    root: &Table<'d>,
    stage: Stage<'_>,
    programs: &mut steps::Reader<'_>,
) -> Result<Vec<PlacedEvent<'d>>, InputError> {
    let mut events = Vec::new();
    let fields = root.get("event").map(|field| field.tables()).transpose()?.unwrap_or_default();
    for (index, field) in fields.into_iter().enumerate() {
        events.extend(event(index, field, stage, programs)?);
    }
    events.sort_by_key(|placed| (placed.event.at_ps, placed.event.index));
    Ok(events)
}

fn event<'d>(
    index: usize,
    field: Field<'d>,
    stage: Stage<'_>,
    programs: &mut steps::Reader<'_>,
) -> Result<Option<PlacedEvent<'d>>, InputError> {
    let every: Vec<&str> = EVENT_KEYS.into_iter().chain(filter::KEYS).collect();
    let any: Vec<&str> = every.iter().copied().chain(role::PARAMETERS).collect();
    let table = Table::open(field.clone(), "[[event]]", &any)?;
    let program = table.get(STEPS).filter(|_| table.get("role").is_none());
    let role_field = program.clone().map_or_else(|| table.need("role", "\"munmap\""), Ok)?;
    let role_name: RoleName = if program.is_some() { RoleName::Steps } else { role_field.name()? };
    let taken: Vec<&str> = every.into_iter().chain(role_name.parameters().iter().copied()).collect();
    let table = Table::open(field, &format!("an [[event]] with role `{role_name}`"), &taken)?;
    let at_ps = instant(&table, "at_us", stage)?;
    let cpu_field = table.need("cpu", "0")?;
    let cpu = cpu_field.small_integer(0, u32::MAX)?;
    let applies = Filter::read(&table)?.applies(stage.machine, stage.stall);
    let role = match role_name {
        RoleName::Steps => Role::Steps(programs.program(&table.need(STEPS, "\"delay 10us\"")?, &[cpu], applies)?),
        _ => read_role(role_name, &table)?,
    };
    if !applies {
        return Ok(None);
    }
    present(&cpu_field, cpu, stage.machine)?;
    check_targets(&table, cpu, &role, stage.machine)?;
    if matches!(role, Role::WatchdogNmi { .. }) && stage.machine.offline.contains(&cpu) {
        return Err(role_field
            .error("the watchdog of a CPU that is still to be started is not armed", "LVTPC is as after INIT")
            .help("let a CPU that is not in machine.offline take the NMI"));
    }
    if is_other(stage.machine.arch) && !role_name.is_of_any_kernel() {
        let names: Vec<&str> =
            RoleName::ALL.iter().filter(|role| role.is_of_any_kernel()).map(|role| role.name()).collect();
        let message = format!("role `{role_name}` is code of Linux, and {} is not Linux", stage.machine.arch);
        return Err(role_field
            .error(&message, "not of this kernel")
            .help(format!("roles that it has: {}", names.join(", "))));
    }
    if matches!(role, Role::SysrqCrash { .. }) && !stage.machine.io_agent {
        return Err(role_field
            .error("SysRq arrives from the I/O agent, and this machine has none", "needs an I/O agent")
            .help("set machine.io_agent = true, or use role `oops-crash`"));
    }
    if matches!(role, Role::StopOtherCpus { .. }) && !is_modern(stage.machine.arch) {
        return Err(role_field
            .error("2007's kernels have no `native_stop_other_cpus`", "only on modern/*")
            .help("let it apply to today's kernels only: arch = [\"modern/*\"]"));
    }
    if let (true, false, Some(field)) = (role.raises_irq_work(), is_modern(stage.machine.arch), table.get("irq_work")) {
        return Err(field
            .error("2007's kernels defer no work of perf to an interrupt", "only on modern/*")
            .help("let it apply to today's kernels only: arch = [\"modern/*\"]"));
    }
    Ok(Some(PlacedEvent { event: Event { index, at_ps, cpu, role }, role_field }))
}

fn read_role(name: RoleName, table: &Table<'_>) -> Result<Role, InputError> {
    let print = || optional_time(table, "print_us").map(Option::unwrap_or_default);
    let targets = || table.need("targets", "[2]")?.list(|field| field.small_integer(0, u32::MAX));
    let flag = |key: &str| table.get(key).map_or(Ok(false), |field| field.boolean());
    let ipi_vector = || vector(&table.need("vector", "\"reschedule\"")?);
    Ok(match name {
        RoleName::Idle => Role::Idle,
        RoleName::CorruptRunQueue => Role::CorruptRunQueue,
        RoleName::SpinIrqsOff => Role::SpinIrqsOff,
        RoleName::Munmap => Role::Munmap { targets: targets()?, irqs_off: flag("irqs_off")? },
        RoleName::RcuKick => Role::RcuKick { targets: targets()? },
        RoleName::CallFunction => Role::CallFunction { wait: flag("wait")?, irqs_off: flag("irqs_off")? },
        RoleName::StopOtherCpus => Role::StopOtherCpus { wait: flag("wait")? },
        RoleName::WatchdogNmi => Role::WatchdogNmi { print_ps: print()?, irq_work: flag("irq_work")? },
        RoleName::Panic => Role::Panic { print_ps: print()?, irqs_off: flag("irqs_off")? },
        RoleName::WatchdogCrash => Role::WatchdogCrash { print_ps: print()?, irq_work: flag("irq_work")? },
        RoleName::WatchdogTick => Role::WatchdogTick { irq_work: flag("irq_work")? },
        RoleName::Backtrace => Role::Backtrace,
        RoleName::Steps => unreachable!("programs are read by their own reader"),
        RoleName::OopsCrash => Role::OopsCrash { print_ps: print()? },
        RoleName::SysrqCrash => Role::SysrqCrash {
            vector: match table.get("vector") {
                Some(field) => field.integer(&VECTORS)?.to_le_bytes()[0],
                None => KEYBOARD_VECTOR,
            },
            print_ps: print()?,
        },
        RoleName::SendFixed => Role::SendFixed { vector: ipi_vector()?, targets: targets()? },
        RoleName::BootCpus => Role::BootCpus {
            targets: targets()?,
            messages: table.get("messages").map_or(Ok(StartUpMessages::V26), |field| field.name())?,
        },
        RoleName::SendSequence => Role::SendSequence {
            vector: ipi_vector()?,
            targets: if all_but_self(table)? { Vec::new() } else { targets()? },
            repeat: table.get("repeat").map_or(Ok(1), |field| field.small_integer(1, 1_000_000))?,
            send_after_ps: optional_time(table, "send_after_us")?.unwrap_or_default(),
        },
    })
}

/// Does a sequence go to all others? Then it names no targets.
fn all_but_self(table: &Table<'_>) -> Result<bool, InputError> {
    let all = table.get("allbutself").map_or(Ok(false), |field| field.boolean())?;
    match table.get("targets") {
        Some(field) if all => Err(field
            .error("`send_IPI_allbutself` goes to all others", "targets beside `allbutself`")
            .help("leave one of the two out")),
        _ => Ok(all),
    }
}

pub(super) fn vector(field: &Field<'_>) -> Result<IpiVector, InputError> {
    match field.text() {
        Ok(text) => by_name::<VectorUse>(text)
            .map(IpiVector::Use)
            .map_err(|error| field.unknown(error).help("or a number from 0x10 to 0xFE")),
        Err(_) => field
            .integer(&VECTORS)
            .map(|number| IpiVector::Number(number.to_le_bytes()[0]))
            .map_err(|error| error.help(format!("or a name: {}", VectorUse::names().join(", ")))),
    }
}

pub(super) fn optional_time(table: &Table<'_>, key: &str) -> Result<Option<u64>, InputError> {
    table.get(key).map(|field| field.picoseconds(Unit::Microseconds)).transpose()
}

/// An instant that has to be there, and not after the limit.
pub(super) fn instant(table: &Table<'_>, key: &str, stage: Stage<'_>) -> Result<u64, InputError> {
    let field = table.need(key, "30")?;
    let ps = field.picoseconds(Unit::Microseconds)?;
    match stage.limit_ps {
        Some(limit) if ps > limit => Err(field
            .error(&format!("`{}` is after the end of the run", field.path), "never happens")
            .help(format!("`limit_us` is {}", super::decimal::microseconds(limit)))),
        _ => Ok(ps),
    }
}

fn check_targets(table: &Table<'_>, cpu: u32, role: &Role, machine: &Machine) -> Result<(), InputError> {
    let Some(field) = table.get("targets") else { return Ok(()) };
    field.list(|item| present(item, item.small_integer(0, u32::MAX)?, machine))?;
    let targets = role.targets();
    if targets.is_empty() {
        return Err(field.error("there is nobody to send to", "no targets").help("name at least one CPU"));
    }
    if targets.iter().all(|target| *target == cpu) {
        return Err(field
            .error(&format!("CPU {cpu} would send to nobody but itself"), "only the sender itself")
            .help("name at least one other CPU"));
    }
    if matches!(role, Role::Munmap { .. }) && targets.contains(&cpu) {
        return Err(field
            .error("`flush_tlb_others` is for other CPUs", "the sender is among them")
            .help(format!("leave CPU {cpu} out")));
    }
    if let Role::BootCpus { messages, .. } = role {
        check_offline(&field, cpu, targets, machine)?;
        check_messages(table, *messages, machine)?;
    }
    let repeated = (1..targets.len()).find(|index| targets[..*index].contains(&targets[*index]));
    match repeated {
        Some(index) if !matches!(role, Role::SendSequence { .. }) => Err(field
            .error(&format!("CPU {} is named twice", targets[index]), "named twice")
            .help("a mask has each CPU once")),
        _ => Ok(()),
    }
}

/// Only CPUs that are offline are started, by one that is not.
fn check_offline(field: &Field<'_>, cpu: u32, targets: &[u32], machine: &Machine) -> Result<(), InputError> {
    let running = targets.iter().find(|target| !machine.offline.contains(target));
    match running {
        Some(target) => Err(field
            .error(&format!("CPU {target} runs from the start"), "not to be started")
            .help(format!("machine.offline lists the CPUs that wait to be started: add {target} to it"))),
        None if machine.offline.contains(&cpu) => Err(field
            .error(&format!("CPU {cpu} is itself waiting to be started"), "nobody to start them")
            .help("let a CPU that is not in machine.offline start the others")),
        None => Ok(()),
    }
}

/// Kernels of v6 know neither NUMA-Q nor the ES7000's mailbox.
fn check_messages(table: &Table<'_>, messages: StartUpMessages, machine: &Machine) -> Result<(), InputError> {
    let left = ["i386/numaq", "i386/es7000-clustered"].contains(&machine.arch);
    match table.get("messages") {
        Some(field) if left && messages == StartUpMessages::V6 => Err(field
            .error(&format!("v6 does not start CPUs of {}", machine.arch), "not on this sub-architecture")
            .help("only 2.6 does: by an NMI on i386/numaq, by the mailbox on i386/es7000-clustered")),
        _ => Ok(()),
    }
}
