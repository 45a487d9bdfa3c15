//! `[[klogd]]`: the CPU that the log daemon last ran on. It is one number, so it cannot be true of two CPUs.
//!
//! Who wakes the daemon takes the lock of that CPU's run queue: where a story has a run queue locked for ever, this says
//! whether it is the one. Whether the CPU gets an IPI then is the scheduler's choice, by loads that no story has: it is said, too.

use super::diagnostic::InputError;
use super::filter::{self, Filter};
use super::machine::Machine;
use super::model::Stall;
use super::names::present;
use super::reader::Table;

/// The log daemon of a machine.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Klogd {
    /// The CPU that it last ran on.
    pub(super) cpu: u32,
    /// Does that CPU get a reschedule IPI when another wakes it?
    pub(super) reschedule: bool,
}

/// The first `[[klogd]]` that applies to this machine; else it last ran on CPU 0.
pub(super) fn klogd(root: &Table<'_>, machine: &Machine, stall: Stall) -> Result<Klogd, InputError> {
    let keys: Vec<&str> = ["cpu", "reschedule"].into_iter().chain(filter::KEYS).collect();
    let mut first = None;
    for field in root.get("klogd").map(|field| field.tables()).transpose()?.unwrap_or_default() {
        let table = Table::open(field, "[[klogd]]", &keys)?;
        let cpu_field = table.need("cpu", "2")?;
        let cpu = cpu_field.small_integer(0, u32::MAX)?;
        let reschedule = table.get("reschedule").map(|field| field.boolean()).transpose()?.unwrap_or(false);
        if Filter::read(&table)?.applies(machine, stall) && first.is_none() {
            present(&cpu_field, cpu, machine)?;
            first = Some(Klogd { cpu, reschedule });
        }
    }
    Ok(first.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Request, load};

    /// `nmi-stall` has one entry, for i386 where nothing is injected.
    #[test]
    fn the_first_that_applies_counts_and_has_to_be_there() {
        let of = |arch: &str, set: &str| {
            let sets = if set.is_empty() { vec![] } else { vec![set.to_owned()] };
            let request = Request { arch: Some(arch.to_owned()), sets, ..Request::new("nmi-stall") };
            load(&request).map(|scenario| scenario.klogd_cpu).map_err(|error| error.render(false))
        };
        assert_eq!(["i386/default", "i386/summit", "x86_64/flat"].map(|arch| of(arch, "")), [Ok(2), Ok(0), Ok(0)]);
        let three = "klogd=[{ cpu = 3, arch = [\"x86_64/*\"] }, { cpu = 2 }, { cpu = 1 }]";
        assert_eq!((of("i386/default", three), of("x86_64/flat", three)), (Ok(2), Ok(3)));
        let missing = of("i386/default", "klogd.0.cpu=4");
        assert!(missing.is_err_and(|error| error.contains("there is no CPU 4 in this machine")));
        let wrong = of("i386/default", "klogd.0.reschedule=1");
        assert!(wrong.is_err_and(|error| error.contains("true or false")));
    }
}
