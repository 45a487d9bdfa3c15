//! `[[load]]`.

use super::table::{Table, list, quoted, us};
use crate::scenario::amount::Amount;
use crate::scenario::arriving::{Load, Trigger};
use crate::scenario::loads::LoadPreset;
use crate::scenario::named::Named;

pub(super) fn load(load: &Load, steps: &str) -> Table {
    let Load { cpus, from_ps, apart, burst, count, lasts_ps, steps: _, device } = load;
    let mut table = Table::default();
    table.set("cpus", list(cpus));
    if *from_ps > 0 {
        table.set("at_us", us(*from_ps));
    }
    table.set_text(
        "every",
        &match apart {
            Amount::Fixed(ps) => format!("{ps}ps"),
            Amount::Uniform { first, last } => format!("uniform({first}ps,{last}ps)"),
            Amount::Exponential { mean } => format!("exp({mean}ps)"),
        },
    );
    if *burst > 1 {
        table.set("burst", burst);
    }
    table.set_if_any("for", lasts_ps.map(|ps| quoted(&format!("{ps}ps"))));
    table.set_if_any("count", *count);
    match device {
        None => table.set_text("steps", steps),
        Some(Trigger::Edge) => table.set_text("preset", LoadPreset::Devices.name()),
        Some(Trigger::Level) => table.set_text("preset", LoadPreset::Eois.name()),
    }
    table
}
