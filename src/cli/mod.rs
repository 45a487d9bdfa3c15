//! The command line: arguments, commands, exit statuses, and where output goes.
//!
//! The top of the house: it may import from the rooms below, and nothing imports from it.

mod arguments;
mod commands;
mod complaint;
mod exit_status;
mod interactive;
pub(crate) mod interrupt;
mod look;
pub(crate) mod output;
mod program;
mod progress;
mod trace_file;
mod wait_stream;

pub use program::main_with;
