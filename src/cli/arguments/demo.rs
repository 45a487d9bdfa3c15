//! The options of `apicsim demo`.

use clap::Args;

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// The lesson; without it, the hang of 2007.
    #[arg(value_name = "LESSON")]
    pub lesson: Option<String>,
}
