//! Values that name something: a variant, a sub-architecture, a role, a CPU of the machine.

use super::diagnostic::InputError;
use super::machine::{ALL_ARCHES, FAMILIES, Machine, OWN_VARIANT, RELEASES};
use super::named::{self, Named, UnknownName};
use super::own_waits::Variants;
use super::reader::Field;
use super::role::RoleName;

/// A role that brings a crash.
pub(super) fn trigger(field: &Field<'_>) -> Result<RoleName, InputError> {
    let role: RoleName = field.name()?;
    if RoleName::CRASHES.contains(&role) {
        return Ok(role);
    }
    let names: Vec<&str> = RoleName::CRASHES.iter().map(|role| role.name()).collect();
    Err(field
        .error(&format!("role `{role}` brings no crash"), "no trigger")
        .help(format!("valid: {}", names.join(", "))))
}

/// A wait variant by name, or [`OWN_VARIANT`].
pub(super) fn variant(field: &Field<'_>, variants: &Variants<'_>) -> Result<String, InputError> {
    let (name, names) = (field.text()?, variants.names());
    if name == OWN_VARIANT || names.contains(&name) {
        return Ok(name.to_owned());
    }
    Err(field.unknown(named::unknown("variant", name, &names, &[])))
}

/// A release by name, or [`OWN_VARIANT`].
pub(super) fn release(field: &Field<'_>) -> Result<&'static str, InputError> {
    if field.text()? == OWN_VARIANT {
        return Ok(OWN_VARIANT);
    }
    named::one_of("release", field.text()?, &RELEASES).map_err(|error| field.unknown(error))
}

/// A sub-architecture, or a family.
pub(super) fn arch_pattern(field: &Field<'_>) -> Result<String, InputError> {
    let text = field.text()?;
    if ALL_ARCHES.contains(&text) || FAMILIES.contains(&text) {
        return Ok(text.to_owned());
    }
    let all: Vec<&str> = ALL_ARCHES.into_iter().chain(FAMILIES).collect();
    let message = format!("unknown sub-architecture `{text}`");
    Err(field.unknown(UnknownName { message, help: super::nearest::suggestion(text, &all) }))
}

/// A sub-architecture.
pub(super) fn arch(field: &Field<'_>) -> Result<&'static str, InputError> {
    let text = field.text()?;
    named::one_of("sub-architecture", text, &ALL_ARCHES).map_err(|error| field.unknown(error))
}

/// Checks that there is a CPU of this number.
pub(super) fn present(field: &Field<'_>, cpu: u32, machine: &Machine) -> Result<(), InputError> {
    if cpu < machine.cpus {
        return Ok(());
    }
    let help = match machine.cpus {
        1 => "this machine has only CPU 0".to_owned(),
        cpus => format!("this machine has CPUs 0 to {}", cpus - 1),
    };
    Err(field.error(&format!("there is no CPU {cpu} in this machine"), "no such CPU").help(help))
}

/// The CPUs that a handler or a load names: at least one, and on a machine to which it applies each must be there.
pub(super) fn cpus_of(field: &Field<'_>, what: &str, machine: Option<&Machine>) -> Result<Vec<u32>, InputError> {
    let cpus = field.list(|item| {
        let cpu = item.small_integer(0, u32::MAX)?;
        machine.map_or(Ok(()), |machine| present(item, cpu, machine))?;
        Ok(cpu)
    })?;
    if cpus.is_empty() {
        return Err(field.error(&format!("a {what} of no CPU"), "no CPU").help("name at least one CPU"));
    }
    Ok(cpus)
}
