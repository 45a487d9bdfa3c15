//! `[[klogd]]`: the CPU that the log daemon last ran on. It is one number, so it cannot be true of two CPUs.
//!
//! Who wakes the daemon takes the lock of that CPU's run queue: where a story has a run queue locked for ever, this says
//! whether it is the one.

use super::diagnostic::InputError;
use super::filter::{self, Filter};
use super::machine::Machine;
use super::model::Stall;
use super::names::present;
use super::reader::Table;

/// The CPU of the first `[[klogd]]` that applies to this machine, else 0.
pub(super) fn klogd_cpu(root: &Table<'_>, machine: &Machine, stall: Stall) -> Result<u32, InputError> {
    let keys: Vec<&str> = ["cpu"].into_iter().chain(filter::KEYS).collect();
    let mut first = None;
    for field in root.get("klogd").map(|field| field.tables()).transpose()?.unwrap_or_default() {
        let table = Table::open(field, "[[klogd]]", &keys)?;
        let cpu_field = table.need("cpu", "2")?;
        let cpu = cpu_field.small_integer(0, u32::MAX)?;
        if Filter::read(&table)?.applies(machine, stall) && first.is_none() {
            present(&cpu_field, cpu, machine)?;
            first = Some(cpu);
        }
    }
    Ok(first.unwrap_or(0))
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
    }
}
