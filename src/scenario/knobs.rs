//! Reading `[knobs]`.

use super::diagnostic::InputError;
use super::machine::Machine;
use super::model::{Knobs, StopLock};
use super::named;
use super::reader::{Field, Table};
use kernel_model::Release;
use sim::Knob;
use std::ops::RangeInclusive;

/// Keys of `[knobs]` beside the simulator's named ones: a number of the bus, and what the modelled kernel leaves open.
const MORE_KNOB_KEYS: [&str; 10] = [
    "jitter_picclk",
    "delay_hz",
    "wait_shape",
    "mps_timeout",
    "mps_retries",
    "smp_send_stop",
    "no_broadcast",
    "tick_stopped",
    "csd_lock_wait_debug",
    "panic_on_ipistall",
];

/// Keys of `[knobs]`.
pub(crate) fn knob_keys() -> Vec<&'static str> {
    sim::Knobs::ALL.iter().map(|knob| knob.key).chain(MORE_KNOB_KEYS).collect()
}

/// `jitter_picclk`.
pub(crate) const JITTER: RangeInclusive<u32> = 0..=1_000;
/// `mps_retries`.
pub(crate) const RETRIES: RangeInclusive<u32> = 1..=1_000;
/// `delay_hz`: timer ticks a second that kernels of the time were built with.
pub(crate) const HZ: RangeInclusive<u32> = 100..=1_000;

/// `panic_on_ipistall`, in ms; 0 is never.
pub(crate) const IPI_STALL_MS: RangeInclusive<u32> = 0..=1_000_000;

/// The knobs that nobody turned. What `smp_send_stop` does unless it is said follows from the release.
pub(super) fn defaults(machine: &Machine) -> Knobs {
    let mut knobs = Knobs::default();
    if Release::from_name(machine.release).is_some_and(Release::is_from_2_6_22) {
        knobs.smp_send_stop = StopLock::Try;
    }
    knobs
}

/// Reads `[knobs]`.
pub(super) fn knobs(root: &Table<'_>, machine: &Machine) -> Result<Knobs, InputError> {
    let mut knobs = defaults(machine);
    let Some(field) = root.get("knobs") else { return Ok(knobs) };
    let table = Table::open(field, "[knobs]", &knob_keys())?;
    for knob in sim::Knobs::ALL {
        let Some(field) = table.get(knob.key) else { continue };
        let value = knob_value(knob, &field)?;
        knobs.hardware.set(knob.key, value);
    }
    if let Some(field) = table.get("wait_shape") {
        knobs.wait_shape = field.name()?;
    }
    if let Some(field) = table.get("mps_timeout") {
        knobs.mps_timeout = field.name()?;
    }
    if let Some(field) = table.get("smp_send_stop") {
        knobs.smp_send_stop = field.name()?;
    }
    if let Some(field) = table.get("mps_retries") {
        knobs.mps_retries = field.small_integer(*RETRIES.start(), *RETRIES.end())?;
    }
    knobs.no_broadcast = table.get("no_broadcast").map(|field| field.boolean()).transpose()?;
    if let Some(field) = table.get("tick_stopped") {
        knobs.tick_stopped = field.boolean()?;
    }
    if let Some(field) = table.get("csd_lock_wait_debug") {
        knobs.csd_lock_wait_debug = field.boolean()?;
    }
    if let Some(field) = table.get("panic_on_ipistall") {
        knobs.panic_on_ipistall = field.small_integer(*IPI_STALL_MS.start(), *IPI_STALL_MS.end())?;
    }
    knobs.delay_hz = table.get("delay_hz").map(|field| field.small_integer(*HZ.start(), *HZ.end())).transpose()?;
    if let Some(field) = table.get("jitter_picclk") {
        knobs.hardware.jitter_cycles = field.small_integer(*JITTER.start(), *JITTER.end())?;
    }
    Ok(knobs)
}

/// One of the values of `knob`.
pub(super) fn knob_value(knob: &'static Knob, field: &Field<'_>) -> Result<&'static str, InputError> {
    named::one_of(knob.what, &field.text_or_number()?, knob.values).map_err(|error| field.unknown(error))
}
