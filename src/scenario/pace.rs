//! `[[pace]]`: the same story, slower, for kernels whose sends take longer.
//!
//! A story's order of events is what it is about, its instants are not. A wait that delays before each message, or looks
//! after it, moves what a CPU does next; where that would turn the order round, all times of events and faults, spans
//! too, are multiplied by a factor.

use super::decimal::microseconds;
use super::diagnostic::InputError;
use super::fault::{CpuFault, Fault, FaultKind};
use super::model::Event;
use super::names::variant;
use super::own_waits::Variants;
use super::reader::{Field, Table};
use super::role::Role;

const KEYS: [&str; 2] = ["variant", "factor"];
const FACTOR_MAX: u32 = 1_000;

/// What all times of this machine's events and faults are multiplied by.
pub(super) struct Pace<'d> {
    factor: u64,
    /// Where it is said, if it is not 1 for want of anything that says so.
    field: Option<Field<'d>>,
}

/// The pace for `machine_variant`: of the first `[[pace]]` that names it, else as the file has it.
pub(super) fn pace<'d>(
    root: &Table<'d>,
    variants: &Variants<'_>,
    machine_variant: &str,
) -> Result<Pace<'d>, InputError> {
    let mut pace = None;
    for field in root.get("pace").map(|field| field.tables()).transpose()?.unwrap_or_default() {
        let table = Table::open(field, "[[pace]]", &KEYS)?;
        let named = table.need("variant", "[\"solution-a\"]")?.list(|item| variant(item, variants))?;
        let field = table.need("factor", "20")?;
        let factor = field.small_integer(1, FACTOR_MAX)?.into();
        if named.iter().any(|name| name == machine_variant) && pace.is_none() {
            pace = Some(Pace { factor, field: Some(field) });
        }
    }
    Ok(pace.unwrap_or(Pace { factor: 1, field: None }))
}

impl Pace<'_> {
    /// An event, that much later; `limit_ps` is the limit, if events after it are a mistake.
    pub(super) fn event(&self, mut event: Event, limit_ps: Option<u64>) -> Result<Event, InputError> {
        let mut slow = Slow { factor: self.factor, fits: true };
        slow.times([&mut event.at_ps]);
        let mut lasts_ps = 0;
        match &mut event.role {
            Role::WatchdogNmi { print_ps, .. }
            | Role::WatchdogCrash { print_ps, .. }
            | Role::SysrqCrash { print_ps, .. }
            | Role::OopsCrash { print_ps }
            | Role::Panic { print_ps, .. } => {
                slow.times([&mut *print_ps]);
                lasts_ps = *print_ps;
            }
            Role::SendSequence { send_after_ps, .. } => {
                slow.times([&mut *send_after_ps]);
                lasts_ps = *send_after_ps;
            }
            Role::Idle
            | Role::CorruptRunQueue
            | Role::SpinIrqsOff
            | Role::Munmap { .. }
            | Role::CallFunction { .. }
            | Role::RcuKick { .. }
            | Role::WatchdogTick { .. }
            | Role::Backtrace
            | Role::SendFixed { .. }
            | Role::StopOtherCpus { .. }
            | Role::BootCpus { .. }
            | Role::Steps(_) => {}
        }
        slow.end(event.at_ps, Some(lasts_ps));
        self.checked(slow.fits, &format!("event.{}", event.index), event.at_ps, limit_ps)?;
        Ok(event)
    }

    /// A fault, that much later and longer.
    pub(super) fn fault(&self, mut fault: Fault, limit_ps: Option<u64>) -> Result<Fault, InputError> {
        let mut slow = Slow { factor: self.factor, fits: true };
        slow.times([&mut fault.at_ps]);
        let mut lasts_ps = Some(0);
        match &mut fault.kind {
            FaultKind::FsbStall { until_ps }
            | FaultKind::FsbRetry { until_ps, .. }
            | FaultKind::Wires { until_ps, .. } => {
                slow.times(until_ps);
            }
            FaultKind::FsbLock { until_ps, again } => {
                slow.times(until_ps);
                slow.times(again.iter_mut().flat_map(|again| [&mut again.held_ps, &mut again.every_ps]));
            }
            FaultKind::Message(plan) => {
                slow.times(&mut plan.until_ps);
                slow.times([&mut plan.delay_ps]);
            }
            FaultKind::Cpu { fault, times, .. } => {
                slow.times([&mut times.every_ps]);
                lasts_ps = times.every_ps.checked_mul(u64::from(times.count));
                if let CpuFault::Smm { length_ps } = fault {
                    slow.times([&mut *length_ps]);
                    lasts_ps = lasts_ps.and_then(|ps| ps.checked_add(*length_ps));
                }
            }
            FaultKind::ApicDead { .. } | FaultKind::DeadLink { .. } => {}
        }
        if self.factor > 1 {
            slow.end(fault.at_ps, lasts_ps);
        }
        self.checked(slow.fits, &format!("fault.{}", fault.index), fault.at_ps, limit_ps)?;
        Ok(fault)
    }

    /// Does it still happen?
    fn checked(&self, fits: bool, what: &str, at_ps: u64, limit_ps: Option<u64>) -> Result<(), InputError> {
        let Some(field) = &self.field else { return Ok(()) };
        if !fits {
            return Err(field
                .error(&format!("with this factor {what} would be after the end of time"), "too slow")
                .help("the clock reaches 213 days"));
        }
        match limit_ps {
            Some(limit) if at_ps > limit => Err(field
                .error(&format!("with this factor {what} would be after the limit"), "never happens")
                .help(format!("it would be at {} us; `limit_us` is {}", microseconds(at_ps), microseconds(limit)))),
            _ => Ok(()),
        }
    }
}

/// Times that are multiplied, and whether the clock still reaches them.
struct Slow {
    factor: u64,
    fits: bool,
}

impl Slow {
    fn times<'a>(&mut self, times: impl IntoIterator<Item = &'a mut u64>) {
        for ps in times {
            match ps.checked_mul(self.factor) {
                Some(slow) => *ps = slow,
                None => self.fits = false,
            }
        }
    }

    /// What begins then and lasts so long has an end, too; `None`: longer than the clock reaches.
    fn end(&mut self, at_ps: u64, lasts_ps: Option<u64>) {
        self.fits &= lasts_ps.and_then(|ps| ps.checked_add(at_ps)).is_some();
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::fault::{Again, FaultKind};
    use crate::scenario::load::{Request, load_text};
    use crate::scenario::model::Scenario;

    /// A machine of `bus` with this entry, slower by that factor.
    fn slow(bus: &str, entry: &str, factor: u32) -> Result<Scenario, String> {
        let text = format!(
            "format = 1\nname = \"p\"\nstory = \"p\"\ngoal = \"all-programs-end\"\nlimit_us = 18000000000000\n\
             machine = {{ cpus = 2, bus = \"{bus}\" }}\n{entry}\n[[pace]]\nvariant = [\"before\"]\nfactor = {factor}\n"
        );
        load_text(&text, &Request::new("pace.toml")).map_err(|error| error.render(false))
    }

    #[test]
    fn a_lock_of_the_bus_is_slower_in_all_its_times() {
        let lock = "[[fault]]\nkind = \"fsb-lock\"\nat_us = 1\nuntil_us = 100\nheld_us = 2\nevery_us = 10";
        let scenario = slow("fsb", lock, 7).expect("valid");
        let again = Some(Again { held_ps: 14_000_000, every_ps: 70_000_000 });
        assert_eq!(scenario.faults[0].at_ps, 7_000_000);
        assert_eq!(scenario.faults[0].kind, FaultKind::FsbLock { until_ps: Some(700_000_000), again });
    }

    #[test]
    fn what_would_come_too_late_is_refused_where_the_factor_stands() {
        let end = "after the end of time";
        for (bus, entry, factor, said) in [
            (
                "serial",
                "[[event]]\nat_us = 17000000000000\ncpu = 0\nrole = \"idle\"",
                1000,
                "event.0 would be after the end",
            ),
            ("serial", "[[event]]\nat_us = 1\ncpu = 0\nrole = \"panic\"\nprint_us = 18000000000000", 2, end),
            ("serial", "[[fault]]\nat_us = 1\nkind = \"smm\"\ncpu = 1\nlength_us = 18000000000000", 2, end),
            ("serial", "[[fault]]\nat_us = 1\nkind = \"nmi\"\ncpu = 1\nevery_us = 180000000\ncount = 100000", 2, end),
            ("fsb", "[[fault]]\nat_us = 1\nkind = \"fsb-stall\"\nuntil_us = 18000000000000", 2, end),
            (
                "serial",
                "[[event]]\nat_us = 9000000000001\ncpu = 0\nrole = \"idle\"",
                2,
                "event.0 would be after the limit",
            ),
        ] {
            let error = slow(bus, entry, factor).expect_err(entry);
            assert!(error.contains(said) && error.contains(&format!("factor = {factor}")), "{entry}: {error}");
            if factor == 2 && !entry.contains("count") {
                assert!(slow(bus, entry, 1).is_ok(), "{entry}: {:?}", slow(bus, entry, 1));
            }
        }
    }
}
