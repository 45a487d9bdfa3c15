//! Options that change how a run is computed, and never what comes out.

use super::values::{help_names, number, parse_name};
use crate::scenario::named::named;
use crate::scenario::nearest;
use clap::Args;

/// The heading of these options.
const EXECUTION: &str = "Execution (never changes a result)";

/// Options that change how it is computed, but not what.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Execution {
    /// Worker threads; without it, one: machines of this size never pay for more.
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u32).range(1..=1024), help_heading = EXECUTION)]
    pub threads: Option<u32>,
    /// Executor.
    #[arg(long, value_name = "E", default_value = "windowed", value_parser = parse_name::<Executor>, help_heading = EXECUTION, help = help_names::<Executor>("How CPUs are advanced"))]
    pub executor: Executor,
    /// Cap of a window.
    #[arg(long, value_name = "W", default_value = "full", value_parser = parse_window, help_heading = EXECUTION, help = "Longest window: full, half, or a number of picoseconds")]
    pub window: Window,
    /// Elision of polls.
    #[arg(long, value_name = "on|off", default_value = "on", value_parser = parse_name::<Elision>, help_heading = EXECUTION, help = "Skip polls and retries of a proven cycle arithmetically: on, off")]
    pub elision: Elision,
}

named! {
    /// How CPUs are advanced.
    #[derive(Default)]
    pub enum Executor ("executor") {
        /// In windows, on worker threads.
        #[default]
        Windowed = "windowed",
        /// One thread, always the globally next effect.
        Reference = "reference",
    }
}

named! {
    /// Whether polls of a proven cycle are skipped.
    #[derive(Default)]
    pub enum Elision ("elision") {
        /// Skipped.
        #[default]
        On = "on",
        /// Played one by one.
        Off = "off",
    }
}

/// Cap of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Window {
    /// As long as is legal.
    #[default]
    Full,
    /// Half of that.
    Half,
    /// At most so many picoseconds.
    Picoseconds(u64),
}

fn parse_window(text: &str) -> Result<Window, String> {
    match text {
        "full" => Ok(Window::Full),
        "half" => Ok(Window::Half),
        _ => match number(text) {
            Some(ps) if ps > 0 => Ok(Window::Picoseconds(ps)),
            _ => {
                Err(format!("a window is {}", nearest::suggestion(text, &["full", "half", "a number of picoseconds"])))
            }
        },
    }
}
