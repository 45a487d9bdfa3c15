//! Reading `[[handler]]`: programs that take the place of the kernel's handlers.

use super::diagnostic::InputError;
use super::filter::{self, Filter};
use super::happenings::{Stage, vector};
use super::names::cpus_of;
use super::nearest;
use super::program::{Handler, On, StepPlace};
use super::reader::{Field, Table};
use super::role::{IpiVector, VectorUse};
use super::steps::Reader;

const KEYS: [&str; 4] = ["cpus", "on", "steps", "eoi"];

/// Reads all that apply.
pub(super) fn handlers(root: &Table<'_>, stage: Stage<'_>, reader: &mut Reader<'_>) -> Result<(), InputError> {
    let fields = root.get("handler").map(|field| field.tables()).transpose()?.unwrap_or_default();
    for (index, field) in fields.into_iter().enumerate() {
        let keys: Vec<&str> = KEYS.into_iter().chain(filter::KEYS).collect();
        let table = Table::open(field, "[[handler]]", &keys)?;
        let applies = Filter::read(&table)?.applies(stage.machine, stage.stall);
        let cpus = cpus_of(&table.need("cpus", "[1]")?, "handler", applies.then_some(stage.machine))?;
        let on_field = table.need("on", "0x50")?;
        let on = on(&on_field, reader, &cpus)?;
        let eoi = table.get("eoi");
        if let (Some(eoi), false) = (&eoi, matches!(on, On::Vector(_))) {
            return Err(eoi
                .error("only an interrupt with a vector is ended by EOI", "never written")
                .help("leave `eoi` out"));
        }
        let ends_interrupt = eoi.map_or(Ok(true), |field| field.boolean())?;
        let steps = reader.program(&table.need("steps", "\"set seen 1\"")?, &cpus, applies)?;
        if !applies {
            continue;
        }
        let twice = |other: &&Handler| other.on == on && other.cpus.iter().any(|cpu| cpus.contains(cpu));
        if let Some(other) = reader.programs.handlers.iter().find(twice) {
            return Err(on_field
                .error("two handlers for the same on one CPU", "the second one")
                .help(format!("handler {} has it, counted from 0", other.index)));
        }
        let what = match on {
            On::Vector(vector) => format!("EOI of the handler of {vector:02X}"),
            _ => "its handler".to_owned(),
        };
        let place = StepPlace { place: on_field.node.place.clone(), text: what };
        reader.programs.handlers.push(Handler { index, cpus, on, steps, ends_interrupt, place });
    }
    Ok(())
}

fn on(field: &Field<'_>, reader: &Reader<'_>, cpus: &[u32]) -> Result<On, InputError> {
    const NAMES: [&str; 7] = ["nmi", "smi", "reset", "capture", "reschedule", "call-function", "tlb-flush"];
    match field.text() {
        Ok("nmi") => return Ok(On::Nmi),
        Ok("smi") => return Ok(On::SystemManagement),
        Ok("reset") => return Ok(On::Reset),
        Ok("capture") => return Ok(On::Capture),
        Ok(text) if !NAMES.contains(&text) => {
            return Err(field
                .error(&format!("a handler does not answer to `{text}`"), "not something that comes")
                .help(format!("a vector, or {}", nearest::suggestion(text, &NAMES))));
        }
        _ => {}
    }
    let arch = reader.kernel.arch;
    Ok(On::Vector(match vector(field)? {
        IpiVector::Number(number) => number,
        IpiVector::Use(VectorUse::Reschedule) => arch.reschedule_vector(),
        IpiVector::Use(VectorUse::CallFunction) => arch.call_function_vector(),
        IpiVector::Use(VectorUse::TlbFlush) => {
            arch.invalidate_tlb_vector(cpus.first().copied().unwrap_or_default() as u16)
        }
    }))
}
