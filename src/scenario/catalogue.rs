//! Where scenario texts come from: built in, or a file.

use super::diagnostic::{InputError, Source};
use super::fault_name::FaultName;
use super::input_file::first_bytes;
use super::model::Origin;
use super::named::Named;
use super::nearest;
use super::stack_names::nearest_stack_name;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// The built-in scenarios, in the order in which they are listed.
const BUILT_IN: &[(&str, &str)] = &[
    ("normal-dispatch", include_str!("../../scenarios/normal-dispatch.toml")),
    ("nmi-stall", include_str!("../../scenarios/nmi-stall.toml")),
    ("log-daemon", include_str!("../../scenarios/log-daemon.toml")),
    ("dead-target", include_str!("../../scenarios/dead-target.toml")),
    ("back-pressure", include_str!("../../scenarios/back-pressure.toml")),
    ("crossed-senders", include_str!("../../scenarios/crossed-senders.toml")),
    ("late-retry", include_str!("../../scenarios/late-retry.toml")),
    ("crossed-broadcasts", include_str!("../../scenarios/crossed-broadcasts.toml")),
    ("kdump", include_str!("../../scenarios/kdump.toml")),
    ("deaf-target", include_str!("../../scenarios/deaf-target.toml")),
    ("crossed-callers", include_str!("../../scenarios/crossed-callers.toml")),
    ("crossed-flushes", include_str!("../../scenarios/crossed-flushes.toml")),
    ("panic-stop", include_str!("../../scenarios/panic-stop.toml")),
    ("backtrace", include_str!("../../scenarios/backtrace.toml")),
    ("nested-crash", include_str!("../../scenarios/nested-crash.toml")),
    ("refused-multicast", include_str!("../../scenarios/refused-multicast.toml")),
    ("starving-sender", include_str!("../../scenarios/starving-sender.toml")),
    ("locked-bus", include_str!("../../scenarios/locked-bus.toml")),
    ("nmi-refused", include_str!("../../scenarios/nmi-refused.toml")),
    ("nmi-between-writes", include_str!("../../scenarios/nmi-between-writes.toml")),
    ("interrupted-send-lost", include_str!("../../scenarios/interrupted-send-lost.toml")),
    ("reset-target", include_str!("../../scenarios/reset-target.toml")),
    ("shutdown-target", include_str!("../../scenarios/shutdown-target.toml")),
    ("smm-target", include_str!("../../scenarios/smm-target.toml")),
    ("stuck-wire", include_str!("../../scenarios/stuck-wire.toml")),
    ("lost-step", include_str!("../../scenarios/lost-step.toml")),
    ("jabbering-agent", include_str!("../../scenarios/jabbering-agent.toml")),
    ("retried-redirection", include_str!("../../scenarios/retried-redirection.toml")),
    ("innocent-target", include_str!("../../scenarios/innocent-target.toml")),
    ("dead-link", include_str!("../../scenarios/dead-link.toml")),
    ("deep-sleep", include_str!("../../scenarios/deep-sleep.toml")),
    ("hypervisor", include_str!("../../scenarios/hypervisor.toml")),
    ("lost-call", include_str!("../../scenarios/lost-call.toml")),
    ("stuck-resend", include_str!("../../scenarios/stuck-resend.toml")),
    ("irq-work", include_str!("../../scenarios/irq-work.toml")),
    ("smp-boot", include_str!("../../scenarios/smp-boot.toml")),
    ("boot-lost-clock", include_str!("../../scenarios/boot-lost-clock.toml")),
    ("boot-absent-cpu", include_str!("../../scenarios/boot-absent-cpu.toml")),
    ("boot-stuck-cpu", include_str!("../../scenarios/boot-stuck-cpu.toml")),
    ("boot-late-cpu", include_str!("../../scenarios/boot-late-cpu.toml")),
    ("jammed-bit", include_str!("../../scenarios/jammed-bit.toml")),
    ("lost-ipi", include_str!("../../scenarios/lost-ipi.toml")),
    ("unnoticed-ipi", include_str!("../../scenarios/unnoticed-ipi.toml")),
    ("stuck-icr", include_str!("../../scenarios/stuck-icr.toml")),
];

/// A larger file is not a scenario.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Names of the built-in scenarios.
pub fn builtin_names() -> Vec<&'static str> {
    BUILT_IN.iter().map(|(name, _)| *name).collect()
}

/// The TOML text of a built-in scenario.
pub fn builtin(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(candidate, _)| *candidate == name).map(|(_, text)| *text)
}

/// The text of a scenario, by built-in name or else by path.
///
/// # Errors
/// Neither exists, the file cannot be read, or it is not UTF-8 text.
pub(super) fn open(name_or_path: &str) -> Result<(Origin, Arc<Source>), InputError> {
    if let Some(text) = builtin(name_or_path) {
        let source = Source::new(format!("scenarios/{name_or_path}.toml (built in)"), text);
        return Ok((Origin::BuiltIn(name_or_path.to_owned()), source));
    }
    let text = read_file(name_or_path)?;
    Ok((Origin::File(name_or_path.to_owned()), Source::new(name_or_path, text)))
}

/// The text of a scenario, by built-in name or else by path, as it is.
///
/// # Errors
/// Neither exists, the file cannot be read, or it is not UTF-8 text.
pub(crate) fn text(name_or_path: &str) -> Result<String, InputError> {
    open(name_or_path).map(|(_, source)| source.text().to_owned())
}

fn read_file(path: &str) -> Result<String, InputError> {
    read_text_or(path, "a scenario", missing)
}

/// The text of a file; `what` it is to be, as a scenario.
///
/// # Errors
/// It cannot be read, is larger than a description can be, or is not UTF-8 text.
pub(super) fn read_text(path: &str, what: &str) -> Result<String, InputError> {
    read_text_or(path, what, |path| InputError::new(format!("there is no file `{path}`")))
}

fn read_text_or(path: &str, what: &str, missing: impl Fn(&str) -> InputError) -> Result<String, InputError> {
    if Path::new(path).is_dir() {
        return Err(InputError::new(format!("`{path}` is a directory")).help("name a file in it"));
    }
    match first_bytes(Path::new(path), FILE_BYTES_MAX + 1) {
        Ok(bytes) if bytes.len() as u64 > FILE_BYTES_MAX => {
            Err(InputError::new(format!("`{path}` is larger than 4 MiB")).help(format!("this is not {what}")))
        }
        Ok(bytes) => String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
            InputError::new(format!("`{path}` is not UTF-8 text: line {line} has a byte that is none"))
                .help(format!("{what} is a TOML file, which is UTF-8"))
        }),
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput) =>
        {
            Err(missing(path))
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            Err(InputError::new(format!("cannot read `{path}`: {error}")).help("start what writes to it first"))
        }
        Err(error) => Err(InputError::host(format!("cannot read `{path}`: {error}"))),
    }
}

/// Neither a built-in scenario nor a file.
fn missing(path: &str) -> InputError {
    let looks_like_path = path.contains(['/', '\\']) || path.ends_with(".toml");
    let names = builtin_names();
    let what = if looks_like_path { "there is no scenario file" } else { "there is no scenario" };
    let mut missing = InputError::new(format!("{what} `{path}`"));
    if !looks_like_path || nearest::nearest(path, &names).is_some() {
        missing = missing.help(nearest::suggestion(path, &names));
    }
    if let Some(meant) = something_else(path) {
        missing = missing.help(meant);
    }
    missing.help("a scenario is a built-in name (apicsim list scenarios) or a path to a TOML file")
}

/// What a name means that is none of a scenario: a fault, or a kernel function.
fn something_else(name: &str) -> Option<String> {
    if let Some(function) = nearest_stack_name(name) {
        return Some(format!("`{}` is {}", function.name, function.leads_to()));
    }
    let fault = nearest::same_words(name, &FaultName::names())?;
    let kind = format!("kind = \"{fault}\"");
    let with_it: Vec<&str> = BUILT_IN.iter().filter(|(_, text)| text.contains(&kind)).map(|(name, _)| *name).collect();
    let scenarios =
        if with_it.is_empty() { String::new() } else { format!("; scenarios with it: {}", with_it.join(", ")) };
    Some(format!("`{fault}` is a fault{scenarios}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtin_scenarios_open_by_name() {
        for name in builtin_names() {
            let (origin, source) = open(name).expect(name);
            assert_eq!(origin, Origin::BuiltIn(name.to_owned()));
            assert!(source.text().contains(&format!("name = \"{name}\"")), "{name}");
        }
        assert_eq!(builtin("nmi_stall"), None);
    }

    #[test]
    fn a_missing_scenario_names_the_nearest() {
        let error = open("nmi-stal").expect_err("none");
        assert!(!error.is_of_host());
        assert!(error.help_lines()[0].contains("did you mean `nmi-stall`?"), "{error:?}");
        for path in ["no/such/file.toml", "a\0b", ""] {
            let error = open(path).expect_err("none");
            assert!(!error.is_of_host(), "{error}");
        }
        assert!(open("/").expect_err("a directory").message().contains("directory"));
    }
}
