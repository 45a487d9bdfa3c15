//! Reading `[[fault]]`, and checking it against the machine.

use super::decimal::{self, Unit};
use super::diagnostic::InputError;
use super::fault::{Again, CpuFault, Fault, FaultKind, Times};
use super::fault_name::FaultName;
use super::filter::{self, Filter};
use super::happenings::{Stage, instant, optional_time};
use super::machine::{Bus, Machine};
use super::message_fault_reader;
use super::named::{self, named};
use super::names::present;
use super::reader::{Field, Table};
use sim::bus::{SerialFaultKind, Wire};

named! {
    /// How a wire is stuck.
    enum Stuck ("state of a wire") {
        /// Nobody can drive it.
        Released = "released",
        /// It looks driven.
        Driven = "driven",
    }
}

named! {
    /// A data wire.
    enum WireName ("wire") {
        /// PICD0.
        Picd0 = "picd0",
        /// PICD1.
        Picd1 = "picd1",
    }
}

const KEYS: [&str; 2] = ["at_us", "kind"];
/// Parameters of all kinds.
const PARAMETERS: [&str; 18] = [
    "cpu",
    "until_us",
    "count",
    "length_us",
    "every",
    "wire",
    "stuck",
    "id",
    "cluster",
    "held_us",
    "every_us",
    "effect",
    "delay_us",
    "from",
    "to",
    "vector",
    "mode",
    "nth",
];
/// Times that a fault of a CPU can come in one run.
const TIMES_MAX: u32 = 100_000;
/// Times that another fault of a bus can come in one run.
const BUS_TIMES_MAX: u32 = 1_000;
/// Times that a bus can be locked in one run.
const LOCKS_MAX: u64 = 100_000;

/// The faults that apply, in order of time, then of the file.
pub(super) fn faults(root: &Table<'_>, stage: Stage<'_>) -> Result<Vec<Fault>, InputError> {
    let mut faults = Vec::new();
    let fields = root.get("fault").map(|field| field.tables()).transpose()?.unwrap_or_default();
    for (index, field) in fields.into_iter().enumerate() {
        faults.extend(fault(index, field, stage)?);
    }
    faults.sort_by_key(|fault| (fault.at_ps, fault.index));
    Ok(faults)
}

/// A fault, as often as it comes; none if it does not apply.
pub(super) fn fault(index: usize, field: Field<'_>, stage: Stage<'_>) -> Result<Vec<Fault>, InputError> {
    let every = || KEYS.into_iter().chain(filter::KEYS);
    let any: Vec<&str> = every().chain(PARAMETERS).collect();
    let table = Table::open(field.clone(), "[[fault]]", &any)?;
    let kind_field = table.need("kind", "\"fsb-stall\"")?;
    let name: FaultName = named::by_name(kind_field.text()?).map_err(|error| kind_field.unknown(error))?;
    let taken: Vec<&str> = every().chain(name.parameters().iter().copied()).collect();
    let table = Table::open(field, &format!("a [[fault]] of kind `{name}`"), &taken)?;
    // Messages may be hit from the beginning on.
    let from_begin = name == FaultName::Message && table.get("at_us").is_none();
    let at_ps = if from_begin { 0 } else { instant(&table, "at_us", stage)? };
    let applies = Filter::read(&table)?.applies(stage.machine, stage.stall);
    if let Some(bus) = name.bus()
        && applies
        && !stage.machine.has_bus(bus)
    {
        let what = match bus {
            Bus::Fsb => "front-side bus that could stall",
            Bus::Cluster => "links between clusters",
            _ => "serial bus",
        };
        return Err(kind_field
            .error(&format!("this machine has no {what}"), "does not apply here")
            .help(format!("let it apply to that bus only: only = [\"{bus}\"]")));
    }
    let kind = read(name, &table, at_ps, applies.then_some(stage.machine))?;
    let faults = repeated(name, &table, Fault { index, at_ps, kind })?;
    Ok(if applies { faults } else { Vec::new() })
}

/// The parameters; `machine` is there if the fault applies to it.
fn read(name: FaultName, table: &Table<'_>, at_ps: u64, machine: Option<&Machine>) -> Result<FaultKind, InputError> {
    let cpu = || cpu(table, machine);
    let of_cpu = |fault: CpuFault| Ok(FaultKind::Cpu { cpu: cpu()?, fault, times: times(table)? });
    let until_ps = until(table, at_ps)?;
    let of_wires = |fault: SerialFaultKind| Ok(FaultKind::Wires { until_ps, fault });
    let agent = || cpu().map(|cpu| cpu as u16);
    match name {
        FaultName::FsbStall => Ok(FaultKind::FsbStall { until_ps }),
        FaultName::FsbLock => Ok(FaultKind::FsbLock { until_ps, again: again(table, at_ps, until_ps)? }),
        FaultName::FsbRetry => {
            let count = table.get("count").map(|field| field.small_integer(1, u32::MAX)).transpose()?;
            Ok(FaultKind::FsbRetry { until_ps, count })
        }
        FaultName::Message => Ok(FaultKind::Message(message_fault_reader::read(table, until_ps, machine)?)),
        FaultName::ApicDead => Ok(FaultKind::ApicDead { cpu: cpu()? }),
        FaultName::IcrStuck => Ok(FaultKind::Cpu { cpu: cpu()?, fault: CpuFault::IcrStuck, times: Times::ONCE }),
        FaultName::Nmi => of_cpu(CpuFault::Nmi),
        FaultName::NmiBetweenWrites => of_cpu(CpuFault::NmiBetweenWrites),
        FaultName::Smm => {
            table.need("length_us", "200")?;
            of_cpu(CpuFault::Smm { length_ps: optional_time(table, "length_us")?.unwrap_or_default() })
        }
        FaultName::Shutdown => of_cpu(CpuFault::Shutdown),
        FaultName::Init => of_cpu(CpuFault::Init),
        FaultName::DeepSleep => of_cpu(CpuFault::DeepSleep),
        FaultName::ChecksumNoise => {
            let every = table.get("every").map_or(Ok(1), |field| field.small_integer(1, u32::MAX))?;
            of_wires(SerialFaultKind::ChecksumNoise { every })
        }
        FaultName::StuckWire => of_wires(SerialFaultKind::StuckWire {
            wire: match table.need("wire", "\"picd1\"")?.name::<WireName>()? {
                WireName::Picd0 => Wire::Picd0,
                WireName::Picd1 => Wire::Picd1,
            },
            driven: table.need("stuck", "\"driven\"")?.name::<Stuck>()? == Stuck::Driven,
        }),
        FaultName::LostClock => of_wires(SerialFaultKind::LostClock),
        FaultName::ArbitrationId => {
            let id = table.need("id", "2")?.small_integer(0, 15)? as u8;
            of_wires(SerialFaultKind::ArbitrationId { agent: agent()?, id })
        }
        FaultName::Jabber => of_wires(SerialFaultKind::Jabber { agent: agent()? }),
        FaultName::DeadLink => {
            let field = table.need("cluster", "1")?;
            let clusters = machine.map_or(1, |machine| machine.cpus.div_ceil(4));
            Ok(FaultKind::DeadLink { cluster: field.small_integer(0, clusters.saturating_sub(1).max(1))? as u8 })
        }
    }
}

fn cpu(table: &Table<'_>, machine: Option<&Machine>) -> Result<u32, InputError> {
    let field = table.need("cpu", "3")?;
    let cpu = field.small_integer(0, u32::MAX)?;
    if let Some(machine) = machine {
        present(&field, cpu, machine)?;
    }
    Ok(cpu)
}

/// How often something happens to a CPU: once, unless it says otherwise.
fn times(table: &Table<'_>) -> Result<Times, InputError> {
    let Some(every) = table.get("every_us") else {
        return match table.get("count") {
            Some(count) => Err(count
                .error("`count` says how often, not how soon again", "without `every_us`")
                .help("for example: every_us = 50, count = 20")),
            None => Ok(Times::ONCE),
        };
    };
    let count = table.need("count", "20")?.small_integer(1, TIMES_MAX)?;
    match every.picoseconds(Unit::Microseconds)? {
        0 => Err(every.error("what happens again happens later", "is 0").help("for example: every_us = 50")),
        every_ps => Ok(Times { every_ps, count }),
    }
}

/// A fault of a bus that comes again and again: one fault each time.
fn repeated(name: FaultName, table: &Table<'_>, first: Fault) -> Result<Vec<Fault>, InputError> {
    if !name.comes_again() {
        return Ok(vec![first]);
    }
    let Times { every_ps, count } = times(table)?;
    if count == 1 {
        return Ok(vec![first]);
    }
    let every = table.need("every_us", "50")?;
    if count > BUS_TIMES_MAX {
        let help = format!("a fault of a bus comes at most {BUS_TIMES_MAX} times");
        return Err(table.need("count", "20")?.error("it comes too often", "too many").help(help));
    }
    let lasts_ps = match first.kind {
        FaultKind::Wires { fault: SerialFaultKind::ArbitrationId { .. }, .. } => 0,
        FaultKind::FsbStall { until_ps } | FaultKind::Wires { until_ps, .. } => match until_ps {
            Some(until_ps) => until_ps - first.at_ps,
            None => {
                return Err(every
                    .error("what comes again ends before", "without `until_us`")
                    .help("`until_us` is when it ends the first time"));
            }
        },
        _ => 0,
    };
    if lasts_ps >= every_ps {
        return Err(every
            .error("it would come again before it has ended", "too soon")
            .help("more than from `at_us` to `until_us`"));
    }
    if every_ps.checked_mul(u64::from(count)).and_then(|span| span.checked_add(first.at_ps + lasts_ps)).is_none() {
        return Err(every.error("it would come after the end of time", "too late").help("the clock reaches 213 days"));
    }
    Ok((0..u64::from(count)).map(|nth| first.clone().later(nth * every_ps)).collect())
}

/// How long a bus is locked each time, and how often, if not once.
fn again(table: &Table<'_>, at_ps: u64, until_ps: Option<u64>) -> Result<Option<Again>, InputError> {
    let Some(field) = table.get("held_us") else {
        return match table.get("every_us") {
            Some(field) => Err(field
                .error("`every_us` says how often, not how long", "without `held_us`")
                .help("for example: held_us = 8, every_us = 10")),
            None => Ok(None),
        };
    };
    let held_ps = field.picoseconds(Unit::Microseconds)?;
    let every_field = table.need("every_us", "10")?;
    let every_ps = every_field.picoseconds(Unit::Microseconds)?;
    let until = table.need("until_us", "500")?;
    let span = until_ps.unwrap_or_default() - at_ps;
    if held_ps == 0 || held_ps >= every_ps {
        return Err(field
            .error("a bus is locked for a part of each period", "not between 0 and `every_us`")
            .help("without `held_us` and `every_us` it is locked all the time"));
    }
    if span / every_ps > LOCKS_MAX {
        let help = format!("at most {LOCKS_MAX} times in all: a longer `every_us`, or an earlier `until_us`");
        return Err(until.error("the bus is locked too often", "too late for this `every_us`").help(help));
    }
    Ok(Some(Again { held_ps, every_ps }))
}

fn until(table: &Table<'_>, at_ps: u64) -> Result<Option<u64>, InputError> {
    let Some(field) = table.get("until_us") else { return Ok(None) };
    let ps = field.picoseconds(Unit::Microseconds)?;
    if ps <= at_ps {
        return Err(field
            .error("a fault ends after it begins", "not after `at_us`")
            .help(format!("`at_us` is {}", decimal::microseconds(at_ps))));
    }
    Ok(Some(ps))
}
