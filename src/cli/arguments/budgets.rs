//! Options that end a run by what it has done: budgets of operations and of events.

use super::values::number;
use clap::Args;
use sim::Budget;

/// The heading of these options.
const BUDGET: &str = "Budget (ends the run early, with status 5 and what had come by then)";

/// How much a run may do.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Budgets {
    /// Operations of software.
    #[arg(long, value_name = "N", value_parser = parse_budget, help_heading = BUDGET, help = "End the run once its software has done N operations")]
    pub max_operations: Option<u64>,
    /// Events of the stream.
    #[arg(long, value_name = "N", value_parser = parse_budget, help_heading = BUDGET, help = "End the run once N events were told, as --trace has them")]
    pub max_events: Option<u64>,
}

impl Budgets {
    /// As the simulator takes it.
    pub(crate) fn budget(self) -> Budget {
        Budget::default().with(|budget| {
            budget.operations = self.max_operations;
            budget.events = self.max_events;
        })
    }
}

fn parse_budget(text: &str) -> Result<u64, String> {
    number(text).ok_or_else(|| "a budget is a number from 0 to 2^64 - 1, decimal or 0x hex".to_owned())
}
