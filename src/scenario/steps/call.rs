//! `call`: a kernel function by its name.

use super::reading::{Reading, at};
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::by_name;
use crate::scenario::nearest;
use crate::scenario::operation::{Token, Tokens, plain};
use crate::scenario::program::Act;
use crate::scenario::role::VectorUse;
use crate::scenario::stack_names::stack_name;
use kernel_model::{Call, CpuMask, Given, Takes};
use sim::Named;

/// Vectors that an IPI can have, and 2 for an NMI.
const NMI_VECTOR: u64 = 2;
const VECTORS: std::ops::RangeInclusive<u64> = 0x10..=0xFE;

/// The rest of the step.
pub(super) fn call(reading: &mut Reading<'_, '_>, tokens: &mut Tokens<'_>) -> Result<Act, InputError> {
    let name = tokens.next("FN")?;
    let call = function(&name)?;
    if !call.is_of(&reading.reader.kernel) {
        let arch = reading.reader.machine.arch;
        reading.if_it_applies(|| {
            name.error(format!("the kernel of {arch} has no `{}`", call.name()), "not of this kernel").help(format!(
                "kernels that have it: {}; with `arch = [...]` the event applies to those only",
                call.whose().describe()
            ))
        })?;
    }
    let (mut to, mut vector) = (None, None);
    while let Some(token) = tokens.optional() {
        match token.text.split_once('=') {
            Some(("to", list)) if to.is_none() => to = Some(targets(reading, &token, list)?),
            Some(("vector", text)) if vector.is_none() => vector = Some(vector_of(reading, &token, text)?),
            _ => {
                return Err(token
                    .error(format!("`{}` is not expected", token.text), "to= or vector=, each once")
                    .help("it is written: call FN [to=CPU,...] [vector=V]"));
            }
        }
    }
    let takes = |what| call.takes().contains(&what);
    let missing = |what: &str| {
        at(&tokens.place, format!("`{}` needs {what}", call.name()), "missing").help(match what {
            "to=" => "name a CPU: to=1",
            _ => "give a vector: vector=0x31",
        })
    };
    if to.is_some() && !takes(Takes::Mask) && !takes(Takes::Target) {
        return Err(
            at(&tokens.place, format!("`{}` takes no CPUs", call.name()), "to= is one too many").help("leave it out")
        );
    }
    if vector.is_some() && !takes(Takes::Vector) {
        let error = at(&tokens.place, format!("`{}` takes no vector", call.name()), "vector= is one too many");
        return Err(error.help("leave it out"));
    }
    if takes(Takes::Target) && to.as_ref().is_none_or(|cpus: &Vec<u16>| cpus.len() != 1) {
        return Err(missing("to="));
    }
    if takes(Takes::Vector) && vector.is_none() {
        return Err(missing("vector="));
    }
    let given = Given {
        mask: to.iter().flatten().copied().collect::<CpuMask>(),
        target: to.iter().flatten().copied().next().unwrap_or_default(),
        vector: vector.unwrap_or_default(),
    };
    Ok(Act::Call { call, given, to_others: to.is_none() })
}

/// A function by the model's name, or by that of today's stack traces.
fn function(name: &Token<'_>) -> Result<Call, InputError> {
    let model = stack_name(name.text).map_or(name.text, |today| today.call);
    Call::from_name(model).ok_or_else(|| {
        let near = nearest::nearest(name.text, Call::NAMES).map(|near| format!("did you mean `{near}`? "));
        name.error(format!("unknown kernel function `{}`", name.text), "not a function that can be called")
            .help(format!("{}`apicsim list calls` names those that there are", near.unwrap_or_default()))
    })
}

fn targets(reading: &Reading<'_, '_>, token: &Token<'_>, list: &str) -> Result<Vec<u16>, InputError> {
    let cpus = reading.reader.machine.cpus;
    let mut at = token.place.span().end - list.len();
    let mut targets: Vec<u16> = Vec::new();
    for part in list.split(',') {
        let item = token.part(at, part);
        let cpu = plain(&item, "the CPU", &(0..=u64::from(u16::MAX)))?;
        if cpu >= u64::from(cpus) {
            reading.if_it_applies(|| {
                item.error(format!("there is no CPU {cpu} in this machine"), "no such CPU")
                    .help(format!("this machine has CPUs 0 to {}", cpus - 1))
            })?;
        }
        if targets.contains(&(cpu as u16)) {
            return Err(item
                .error(format!("CPU {cpu} is named twice"), "named twice")
                .help("a mask has each CPU once"));
        }
        targets.push(cpu as u16);
        at += part.len() + 1;
    }
    Ok(targets)
}

/// A vector by its number, or by the kernel's use of it.
pub(super) fn vector_of(reading: &Reading<'_, '_>, token: &Token<'_>, text: &str) -> Result<u8, InputError> {
    let item = token.part(token.place.span().end - text.len(), text);
    let arch = reading.reader.kernel.arch;
    if let Ok(used) = by_name::<VectorUse>(text) {
        let cpu = reading.cpus.first().copied().unwrap_or_default() as u16;
        return Ok(match used {
            VectorUse::Reschedule => arch.reschedule_vector(),
            VectorUse::CallFunction => arch.call_function_vector(),
            VectorUse::TlbFlush => arch.invalidate_tlb_vector(cpu),
        });
    }
    let vector = plain(&item, "the vector", &(0..=255))
        .map_err(|error| error.help(format!("or a use: {}", VectorUse::names().join(", "))))?;
    if vector != NMI_VECTOR && !VECTORS.contains(&vector) {
        return Err(item
            .error(format!("no IPI has the vector {vector:#x}"), "reserved")
            .help("0x10 to 0xFE; 2 for an NMI (SDM vol. 3 §6.2, §10.5.2)"));
    }
    Ok(vector as u8)
}
