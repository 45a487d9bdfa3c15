//! Did a crash happen that never entered the crash path? A panic without a crash image has none, and one that hangs
//! before it is a crash all the same.
//!
//! Not modelled: a crash whose software does nothing that anybody could see.

use super::source_lines::function;
use crate::scenario::{RoleName, Scenario};
use sim::{Event, Source};

/// The functions in which a crash begins, by what brings it.
const fn beginnings(trigger: RoleName) -> &'static [&'static str] {
    match trigger {
        RoleName::SysrqCrash => &["handle_sysrq"],
        RoleName::OopsCrash => &["die"],
        RoleName::Panic => &["panic"],
        RoleName::WatchdogCrash => &["die_nmi", "watchdog_hardlockup_check"],
        _ => &[],
    }
}

/// Is this an event of the scenario's crash?
pub(crate) fn is_of_crash(scenario: &Scenario, event: &Event) -> bool {
    let Some(crash) = scenario.crash() else { return false };
    let functions = beginnings(crash.role.role_name());
    event.source == Source::Cpu(crash.cpu as u16)
        && event.time.as_ps() >= crash.at_ps
        && event.site.and_then(function).is_some_and(|name| functions.contains(&name))
}
