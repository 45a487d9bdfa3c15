//! Filters by knobs: which values of `[knobs]` an expectation is about.

use super::diagnostic::InputError;
use super::knobs::{HZ, IPI_STALL_MS, JITTER, RETRIES, knob_value};
use super::model::{Knobs, MpsTimeout, StopLock, WaitShape};
use super::passing::{Numbers, has, list, names};
use super::reader::Table;

/// The knobs that pass. What is absent does not filter; a knob without a default passes only where it is set.
#[derive(Debug)]
pub(super) struct KnobFilter {
    /// Keys of named knobs of the simulator, with the values that pass.
    hardware: Vec<(&'static str, Vec<&'static str>)>,
    wait_shape: Option<Vec<WaitShape>>,
    mps_timeout: Option<Vec<MpsTimeout>>,
    smp_send_stop: Option<Vec<StopLock>>,
    mps_retries: Option<Numbers>,
    jitter_picclk: Option<Numbers>,
    delay_hz: Option<Numbers>,
    no_broadcast: Option<bool>,
    tick_stopped: Option<bool>,
    csd_lock_wait_debug: Option<bool>,
    panic_on_ipistall: Option<Numbers>,
}

impl KnobFilter {
    pub(super) fn read(table: &Table<'_>) -> Result<Self, InputError> {
        let mut hardware = Vec::new();
        for knob in sim::Knobs::ALL {
            hardware.extend(list(table, knob.key, |field| knob_value(knob, field))?.map(|values| (knob.key, values)));
        }
        Ok(Self {
            hardware,
            wait_shape: names(table, "wait_shape")?,
            mps_timeout: names(table, "mps_timeout")?,
            smp_send_stop: names(table, "smp_send_stop")?,
            mps_retries: Numbers::read(table, "mps_retries", &RETRIES)?,
            jitter_picclk: Numbers::read(table, "jitter_picclk", &JITTER)?,
            delay_hz: Numbers::read(table, "delay_hz", &HZ)?,
            no_broadcast: table.get("no_broadcast").map(|field| field.boolean()).transpose()?,
            tick_stopped: table.get("tick_stopped").map(|field| field.boolean()).transpose()?,
            csd_lock_wait_debug: table.get("csd_lock_wait_debug").map(|field| field.boolean()).transpose()?,
            panic_on_ipistall: Numbers::read(table, "panic_on_ipistall", &IPI_STALL_MS)?,
        })
    }

    pub(super) fn applies(&self, knobs: &Knobs) -> bool {
        let named =
            |(key, values): &(&str, Vec<&str>)| knobs.hardware.get(key).is_some_and(|value| values.contains(&value));
        let within = |numbers: &Option<Numbers>, number: Option<u32>| {
            numbers.as_ref().is_none_or(|numbers| number.is_some_and(|number| numbers.pass(number)))
        };
        self.hardware.iter().all(named)
            && has(self.wait_shape.as_ref(), knobs.wait_shape)
            && has(self.mps_timeout.as_ref(), knobs.mps_timeout)
            && has(self.smp_send_stop.as_ref(), knobs.smp_send_stop)
            && within(&self.mps_retries, Some(knobs.mps_retries))
            && within(&self.jitter_picclk, Some(knobs.hardware.jitter_cycles))
            && within(&self.delay_hz, knobs.delay_hz)
            && (self.no_broadcast.is_none() || self.no_broadcast == knobs.no_broadcast)
            && self.tick_stopped.is_none_or(|wanted| wanted == knobs.tick_stopped)
            && self.csd_lock_wait_debug.is_none_or(|wanted| wanted == knobs.csd_lock_wait_debug)
            && within(&self.panic_on_ipistall, Some(knobs.panic_on_ipistall))
    }
}
