//! Options that say how text looks. They never change a document.

use super::values::{help_names, parse_name};
use crate::scenario::named::named;
use clap::Args;

/// How text looks.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Look {
    /// Colours.
    #[arg(long, visible_alias = "colour", global = true, value_name = "WHEN", default_value = "auto", value_parser = parse_name::<When>, help_heading = LOOK, help = help_names::<When>("Colours; auto: at a terminal, unless NO_COLOR is set"))]
    pub color: When,
    /// Times to the picosecond, where text has at most three decimals of a µs (JSON and CSV have all of them).
    #[arg(long, global = true, help_heading = LOOK)]
    pub exact: bool,
}

/// The heading of these options.
const LOOK: &str = "Look";

named! {
    /// When there are colours.
    #[derive(Default)]
    pub enum When ("time for colours") {
        /// At a terminal that wants them.
        #[default]
        Auto = "auto",
        /// Everywhere.
        Always = "always",
        /// Nowhere.
        Never = "never",
    }
}
