//! Loads that devices make: what of `[[load]]` is theirs alone, and what they ask of the machine.
//!
//! Not modelled: devices that stop when nobody serves them.

use super::arriving::Load;
use super::diagnostic::InputError;
use super::happenings::Stage;
use super::reader::Field;
use kernel_model::Arch;

/// Interrupts of all devices that are expected: each is in memory before the run.
const INTERRUPTS_MAX: u128 = 1_000_000;

/// What a device interrupt cannot name: physical FFH is everybody (82093AA §3.2.4).
const EVERYBODY: u32 = 0xFF;

/// The CPUs that an I/O agent reaches one by one, and that run from the beginning.
pub(super) fn reached(stage: Stage<'_>, arch: Arch) -> Vec<u32> {
    let machine = stage.machine;
    (0..machine.cpus).filter(|cpu| !machine.offline.contains(cpu) && arch.apic_id(*cpu as u16) < EVERYBODY).collect()
}

/// Can devices of this machine interrupt these CPUs?
pub(super) fn check(whole: &Field<'_>, cpus: &[u32], stage: Stage<'_>, arch: Arch) -> Result<(), InputError> {
    if !stage.machine.io_agent {
        return Err(whole
            .error("device interrupts come from the I/O agent, and this machine has none", "needs an I/O agent")
            .help("set machine.io_agent = true, or take another load"));
    }
    match cpus.iter().find(|&&cpu| arch.apic_id(cpu as u16) >= EVERYBODY) {
        Some(cpu) => Err(whole
            .error(&format!("no device interrupt reaches CPU {cpu} alone"), "its APIC id has more than eight bits")
            .help("name CPUs with APIC ids 0 to 254, by `cpus`")),
        None => Ok(()),
    }
}

/// Are all interrupts of devices together few enough?
pub(super) fn check_number(whole: &Field<'_>, loads: &[Load]) -> Result<(), InputError> {
    let expected: u128 = loads.iter().filter(|load| load.device.is_some()).map(Load::expected_arrivals).sum();
    if expected <= INTERRUPTS_MAX {
        return Ok(());
    }
    Err(whole
        .error(&format!("devices would interrupt some {expected} times"), "too often")
        .help(format!("at most {INTERRUPTS_MAX}, of all loads and CPUs together: a longer `every`, a shorter `for`")))
}
