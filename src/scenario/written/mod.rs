//! Writing scenarios: a table of the file after the other, from typed parts. What comes out is read by the same reader as any
//! file, so whatever is wrong with it is the same error.
//!
//! ```text
//! Scenario --from--> ScenarioBuilder --to_toml--> text --from_toml--> Scenario
//! ```
//!
//! `table` is TOML, `builder` and `choices` what there is to say; `machine`, `role`, `fault`, `load`, `steps` and `rest` are a part of the format
//! each, `scenario` what a scenario can do with them. Not modelled: filters and `[[pace]]`. A scenario is decided for one
//! machine, and so is the file that is written.

mod builder;
mod choices;
mod fault;
mod load;
mod machine;
mod rest;
mod role;
mod scenario;
mod steps;
mod table;

pub use builder::ScenarioBuilder;
