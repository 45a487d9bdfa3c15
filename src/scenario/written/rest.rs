//! `[wait]`, `[[handler]]` and `[[expect]]`.

use super::table::{Table, list, quoted, texts};
use crate::scenario::expected::Expectation;
use crate::scenario::named::Named;
use crate::scenario::own_wait::{AfterTimeout, RoundShape, WaitSite};
use crate::scenario::program::On;
use kernel_model::{PlannedWait, Shape, Sites, Then};

/// `[wait]`.
pub(super) fn wait(name: &str, plan: &PlannedWait, base: Option<&str>) -> Table {
    let PlannedWait { at, shape, rounds, delay_us, backoff, then } = *plan;
    let mut table = Table::default();
    table.set_text("name", name);
    let shape = match shape {
        Shape::ReadFirst => RoundShape::ReadFirst,
        Shape::DelayFirst => RoundShape::DelayFirst,
    };
    table.set_text("shape", shape.name());
    table.set("rounds", if rounds == 0 { quoted("unbounded") } else { rounds.to_string() });
    table.set("delay_us", delay_us);
    if backoff != 1 {
        table.set("backoff", backoff);
    }
    let (then, again) = match then {
        Then::WriteAnyway => (AfterTimeout::WriteAnyway, None),
        Then::GiveUp => (AfterTimeout::GiveUp, None),
        Then::SendAgain(times) => (AfterTimeout::SendAgain, Some(times)),
        Then::Panic => (AfterTimeout::Panic, None),
    };
    table.set_text("then", then.name());
    table.set_if_any("again", again);
    if at != Sites::ALL {
        table.set("at", texts(WaitSite::ALL.iter().filter(|site| at.has(site.site())).map(|site| site.name())));
    }
    table.set_if_any("base", base.map(quoted));
    table
}

/// `[[handler]]`.
pub(super) fn handler(cpus: &[u32], on: On, steps: &str, ends_interrupt: bool) -> Table {
    let mut table = Table::default();
    table.set("cpus", list(cpus));
    table.set(
        "on",
        match on {
            On::Vector(vector) => format!("{vector:#04x}"),
            On::Nmi => quoted("nmi"),
            On::SystemManagement => quoted("smi"),
            On::Reset => quoted("reset"),
            On::Capture => quoted("capture"),
        },
    );
    if !ends_interrupt {
        table.set("eoi", false);
    }
    table.set_text("steps", steps);
    table
}

/// `[[expect]]`, of any machine.
pub(super) fn expect(expectation: &Expectation) -> Table {
    let Expectation { index: _, verdict, proof, timeouts, stopped, hang_at, capture, started } = expectation;
    let mut table = Table::default();
    table.set_text("verdict", verdict.name());
    table.set_if_any("proof", proof.map(|proof| quoted(proof.name())));
    table.set_if_any("timeouts", *timeouts);
    table.set_if_any("stopped", *stopped);
    table.set_if_any("hang_at", hang_at.as_deref().map(quoted));
    table.set_if_any("capture", *capture);
    table.set_if_any("started", *started);
    table
}
