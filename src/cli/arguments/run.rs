//! The options of `apicsim run`, `explain` and `replay`.

use super::budgets::Budgets;
use super::execution::Execution;
use super::kernel::KernelOf;
use super::output::{OUTPUT, Output};
use super::overrides::{MACHINE, Overrides};
use super::values::{help_names, parse_arch, parse_name, parse_release, parse_seed};
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::named;
use crate::scenario::{self, Expectation, ExpectedVerdict, OwnVariant, Request, Scenario};
use crate::token::Token;
use clap::{Args, ValueHint};

pub(super) const EXAMPLES: &str = "\
Examples:
  apicsim run nmi-stall --arch i386/numaq --variant merged
  apicsim run nmi-stall --arch x86_64/flat --set 'fault=[]'      without the injection
  apicsim run nmi-stall --set event.3.at_us=30.5 --cpus 8 --json
  apicsim run my-scenario.toml --trace run.txt
  apicsim run nmi-stall --html run.html --compare variant=merged

Exit status: 0 if the scenario's `expect` held, 1 if not.";

const COMPARE: &str =
    "arch, variant, release, bus, generation, cpus or seed with its value, or a value as for --set, as fault=[]";

/// `run` and `explain`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Built-in name, or path to a TOML file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// Which kernel.
    #[command(flatten)]
    pub kernel: KernelOf,
    /// What else changes the run.
    #[command(flatten)]
    pub overrides: Overrides,
    /// What is expected instead.
    #[arg(long, value_name = "VERDICT", value_parser = parse_name::<Expected>, help_heading = MACHINE, help = help_names::<Expected>("Expect this verdict, and nothing that the scenario says"))]
    pub expect: Option<Expected>,
    /// What does not change the result.
    #[command(flatten)]
    pub execution: Execution,
    /// What ends the run early.
    #[command(flatten)]
    pub budgets: Budgets,
    /// What comes out.
    #[command(flatten)]
    pub output: Output,
    /// The run that the page has beside this one: what of it is different, as variant=merged; repeatable.
    #[arg(long, value_name = "KEY=VALUE", requires = "html", help_heading = OUTPUT)]
    pub compare: Vec<String>,
}

named! {
    /// A verdict that can be expected on the command line.
    pub enum Expected ("verdict") {
        /// The goal is reached.
        Completed = "completed",
        /// The goal is proven unreachable.
        Hung = "hung",
    }
}

/// `replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The token that a run printed.
    #[arg(value_name = "TOKEN")]
    pub token: String,
    /// The scenario's file, where the one in the token has moved: its text must still be the same.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub scenario: Option<String>,
    /// What does not change the result.
    #[command(flatten)]
    pub execution: Execution,
    /// What ends the run early.
    #[command(flatten)]
    pub budgets: Budgets,
    /// What comes out.
    #[command(flatten)]
    pub output: Output,
    /// The run that the page has beside this one: what of it is different, as for --set: 'event.0.only=[]' is the same run
    /// without its first event; repeatable.
    #[arg(long, value_name = "PATH=VALUE", requires = "html", help_heading = OUTPUT)]
    pub compare: Vec<String>,
}

impl Replay {
    /// The scenario of the run to compare with, and its seed; none if nobody asks for it.
    ///
    /// # Errors
    /// It cannot be loaded so.
    pub(crate) fn compared(&self, token: &Token, own: &[OwnVariant]) -> Result<Option<(Scenario, u64)>, InputError> {
        if self.compare.is_empty() {
            return Ok(None);
        }
        let its_own = || token.scenario.to_string();
        let file = self.scenario.clone().unwrap_or_else(its_own);
        let sets = token.sets.iter().chain(&self.compare).cloned().collect();
        let other = Token { sets, ..token.clone() }.scenario_from(&file, own)?;
        Ok(Some((other, token.seed)))
    }
}

impl Run {
    /// The scenario that is asked for, with what is expected of it.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub(crate) fn load(&self, own: &[OwnVariant]) -> Result<Scenario, InputError> {
        let mut scenario = scenario::load(&self.request(own))?;
        if let Some(expected) = self.expect {
            scenario.expectation = Some(Expectation::of(match expected {
                Expected::Completed => ExpectedVerdict::Completed,
                Expected::Hung => ExpectedVerdict::Hung,
            }));
        }
        Ok(scenario)
    }

    /// The scenario of the run to compare with, and its seed; none if nobody asks for it.
    ///
    /// # Errors
    /// A key or value that there is not, or a scenario that cannot be loaded so.
    pub(crate) fn compared(&self, own: &[OwnVariant]) -> Result<Option<(Scenario, u64)>, InputError> {
        if self.compare.is_empty() {
            return Ok(None);
        }
        let (mut request, mut seed) = (self.request(own), self.overrides.seed);
        for change in &self.compare {
            let wrong = |why: String| InputError::new(format!("--compare {change}: {why}")).help(COMPARE);
            let (key, value) = change.split_once('=').ok_or_else(|| wrong("there is no `=`".to_owned()))?;
            match key.trim() {
                "arch" => request.arch = Some(parse_arch(value).map_err(wrong)?),
                "variant" => request.variant = Some(value.to_owned()),
                "release" => request.release = Some(parse_release(value).map_err(wrong)?),
                "bus" => request.bus = Some(parse_name(value).map_err(wrong)?),
                "generation" => request.generation = Some(parse_name(value).map_err(wrong)?),
                "cpus" => {
                    request.cpus = Some(value.parse().map_err(|_| wrong("that is no number of CPUs".to_owned()))?)
                }
                "seed" => seed = parse_seed(value).map_err(wrong)?,
                _ => request.sets.push(change.clone()),
            }
        }
        Ok(Some((scenario::load(&request)?, seed)))
    }

    /// The scenario that is asked for.
    pub(crate) fn request(&self, own: &[OwnVariant]) -> Request {
        let KernelOf { arch, variant } = self.kernel.clone();
        self.overrides.request(&self.scenario, (arch, variant), own)
    }
}
