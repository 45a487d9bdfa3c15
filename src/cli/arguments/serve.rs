//! The options of `apicsim serve`.

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Example:
  apicsim serve                 then open http://127.0.0.1:8017/

It listens on the loopback address only. docs/serve.md has its bounds.";

/// `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Port of the loopback address; 0: any that is free.
    #[arg(long, value_name = "N", default_value_t = 8017)]
    pub port: u16,
}
