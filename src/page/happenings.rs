//! What happens in the scenario, and what breaks: each can be left out, to see what its run would be without it.

use crate::scenario::Scenario;
use crate::scenario::named::Named;
use serde_json::{Value, json};
use sim::Time;

/// What a path of `--set` gets so that what is there applies to no machine.
pub(crate) fn without(path: &str) -> String {
    format!("{path}.only=[]")
}

/// Each once: its path in the file, what it is, and what sets it aside.
pub(super) fn happenings(scenario: &Scenario) -> Value {
    let events = scenario.events.iter().map(|event| {
        let (at, role) = (Time::from_ps(event.at_ps), event.role.role_name());
        (format!("event.{}", event.index), format!("at {at} us on CPU{}: {}", event.cpu, role.name()))
    });
    let faults = scenario.faults.iter().map(|fault| {
        let (at, kind) = (Time::from_ps(fault.at_ps), fault.kind.name());
        (format!("fault.{}", fault.index), format!("at {at} us, injected: {kind}"))
    });
    let mut all: Vec<(String, String)> = Vec::new();
    for one in events.chain(faults) {
        if !all.iter().any(|(path, _)| *path == one.0) {
            all.push(one); // one that comes again and again stands there as often
        }
    }
    let all = all.into_iter().map(|(path, says)| json!({ "path": path, "says": says, "without": without(&path) }));
    all.collect::<Vec<_>>().into()
}
