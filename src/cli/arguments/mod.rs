//! The command line, as data: every subcommand and option with its help, its unit and its default.
//!
//! What belongs to a later version is refused here with a message that says so.

mod accesses;
mod budgets;
mod campaign;
mod demo;
mod execution;
mod generated;
mod kernel;
mod list;
mod look;
mod matrix;
mod measure;
mod messages;
mod output;
mod overrides;
mod run;
mod script;
mod serve;
#[cfg(test)]
mod tests;
mod values;

pub(super) use accesses::Accesses;
pub(super) use budgets::Budgets;
pub(super) use campaign::{Campaign, OfResults};
pub(super) use demo::Demo;
pub(super) use execution::{Elision, Execution, Executor, Window};
pub(super) use generated::{Completions, Man, Shell};
pub(super) use list::{List, ListKind};
pub(super) use look::{Look, When};
pub(super) use matrix::{Format, Matrix};
pub(super) use measure::{Measure, MeasureFormat};
pub(super) use messages::Messages;
pub(super) use output::{Output, Waits};
pub(super) use overrides::{Loads, Overrides};
pub(super) use run::{Replay, Run};
pub(super) use script::Script;
pub(super) use serve::Serve;

use crate::scenario::diagnostic::InputError;
use clap::{Args, Parser, Subcommand};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "apicsim",
    version,
    about = "Simulates x86 local APICs and the kernel code that sends IPIs, deterministically, cycle by cycle",
    long_about = "Simulates x86 local APICs, their buses, and the kernel code that sends IPIs and waits for the ICR: \
        deterministically, in simulated time.\n\nWithout a command it prints the headline: the nmi-stall scenario, \
        the hang of 2007, on all sub-architectures under three ways to wait.",
    after_help = EXAMPLES
)]
pub(super) struct Arguments {
    /// What to do; without it, the headline.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Print the headline as one JSON document.
    #[arg(long)]
    pub json: bool,

    /// How text looks.
    #[command(flatten)]
    pub look: Look,
}

const EXAMPLES: &str = "\
Examples:
  apicsim                                        the headline
  apicsim explain nmi-stall                      why the send never returns
  apicsim run nmi-stall --variant merged         with the bounded wait
  apicsim run nmi-stall --set knobs.slots=per-vector
  apicsim accesses --arch x86_64/flat --variant merged --call send_IPI_mask --vector nmi --icr stuck

Exit status: 0 as expected, 1 not as expected, 2 bad usage or input, 3 the host failed (file, disk),
4 a bug of apicsim, 5 a budget was used up, 130 interrupted.";

const COMPLETIONS: &str = "\
Examples:
  apicsim completions bash > ~/.local/share/bash-completion/completions/apicsim
  apicsim completions zsh > ~/.zfunc/_apicsim
  apicsim completions fish > ~/.config/fish/completions/apicsim.fish";

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List what there is, with a sentence each: scenarios, machines, variants, releases, knobs, faults, roles, functions.
    #[command(after_help = "Example:\n  apicsim list scenarios")]
    List(List),
    /// Print the file of a scenario, to copy and change: its story, goal, events and expectations.
    #[command(after_help = "Example:\n  apicsim show nmi-stall > my-scenario.toml")]
    Show(Show),
    /// Run a scenario: verdict, proof, cause, waits, and the token that repeats the run.
    #[command(after_help = run::EXAMPLES)]
    Run(Run),
    /// Repeat the run that printed a token, on any executor and number of threads.
    #[command(after_help = "Example:\n  apicsim replay \"$TOKEN\" --executor reference --trace run.txt")]
    Replay(Replay),
    /// Run a scenario on several sub-architectures, under several variants, as a table.
    #[command(after_help = matrix::EXAMPLES)]
    Matrix(Matrix),
    /// Run a scenario with many seeds: how long waits, IPIs, calls and the crash path take, as percentiles.
    #[command(after_help = measure::EXAMPLES)]
    Measure(Measure),
    /// Run a grid of scenarios, machines and seeds into a file that goes on where it stopped; merge and report results.
    #[command(after_help = campaign::EXAMPLES)]
    Campaign(Campaign),
    /// Run a scenario and print why each wait took as long as it did.
    #[command(after_help = "Example:\n  apicsim explain nmi-stall --arch x86_64/flat")]
    Explain(Run),
    /// Run a scenario and print where each of its messages went.
    #[command(after_help = messages::EXAMPLES)]
    Messages(Messages),
    /// Print the ordered register accesses of one kernel function on a recording APIC.
    #[command(after_help = accesses::EXAMPLES)]
    Accesses(Accesses),
    /// Tell a lesson step by step, from real runs, with predictions to make; or write the lessons as pages.
    #[command(after_help = demo::EXAMPLES)]
    Demo(Demo),
    /// Poke local APICs by hand: run a script of register accesses, IPIs and waits, or type it line by line.
    #[command(after_help = script::EXAMPLES)]
    Script(Script),
    /// Show runs in a browser on this machine: the page of `run --html`, with a form that runs another one.
    #[command(after_help = serve::EXAMPLES)]
    Serve(Serve),
    /// Print what lets a shell complete the command line.
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Print a manual page, of the program or of one command.
    #[command(after_help = "Example:\n  apicsim man run > apicsim-run.1 && man ./apicsim-run.1")]
    Man(Man),
    /// Comes later.
    #[command(hide = true)]
    Explore(Later),
}

/// `show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Built-in name, or path to a TOML file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
}

/// A command of a later version: whatever follows its name is taken and not read.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(super) struct Later {
    /// Ignored.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub rest: Vec<String>,
}

impl Arguments {
    /// Checks what no single option can check.
    ///
    /// # Errors
    /// A command of a later version, or CPUs that do not exist.
    pub(super) fn check(&self) -> Result<(), InputError> {
        if self.json && self.command.is_some() {
            return Err(InputError::new("`--json` before a command is about the headline, which is none")
                .help("put it behind the command: apicsim run nmi-stall --json"));
        }
        let later = match &self.command {
            Some(Command::Explore(_)) => "explore",
            Some(Command::Accesses(accesses)) => return accesses.check(),
            Some(Command::Matrix(matrix)) => {
                matrix.overrides.check_load()?;
                return matrix.check();
            }
            Some(Command::Run(run) | Command::Explain(run)) => return run.overrides.check_load(),
            Some(Command::Messages(messages)) => return messages.overrides.check_load(),
            Some(Command::Measure(measure)) => return measure.check(),
            _ => return Ok(()),
        };
        Err(InputError::new(format!("`apicsim {later}` comes later")).help(
            "today: list, show, run, replay, matrix, measure, campaign, explain, messages, accesses, demo, script, serve, completions, man",
        ))
    }
}
