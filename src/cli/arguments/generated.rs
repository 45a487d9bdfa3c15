//! The options of `apicsim completions` and `apicsim man`.

use super::values::{help_names, parse_name};
use crate::scenario::named::named;
use clap::Args;

named! {
    /// A shell that can complete a command line.
    pub enum Shell ("shell") {
        /// Bash.
        Bash = "bash",
        /// Z shell.
        Zsh = "zsh",
        /// fish.
        Fish = "fish",
    }
}

/// `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL", value_parser = parse_name::<Shell>, help = help_names::<Shell>("The shell"))]
    pub shell: Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The command whose page is wanted; without it, the page of apicsim itself.
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}
