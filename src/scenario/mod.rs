//! Scenarios: named stories as data.
//!
//! A scenario file puts named roles on CPUs at given times, breaks hardware, turns knobs, and names a goal and what it
//! expects. [`load`] opens one by built-in name or path, grafts what the command line chose into it, decides it for one
//! machine and checks it. What comes back is plain data, and only what applies to that machine.
//!
//! ```toml
//! format = 1
//! name = "two-cpus"
//! story = "CPU 0 kicks CPU 1, then crashes."
//! goal = "nmi-send-returns"        # capture-kernel | all-programs-end | senders-return
//! limit_us = 10_000_000
//!
//! [machine]
//! cpus = 2                         # optional: arch variant release generation bus io_agent *_period_ps
//!
//! [knobs]
//! slots = "per-vector"             # `apicsim list knobs`; delay_hz jitter_picclk
//!
//! [[event]]
//! at_us = 30.5                     # down to picoseconds: six places
//! cpu = 0
//! role = "rcu-kick"
//! targets = [1]                    # each role takes its own parameters
//!
//! [[event]]
//! at_us = 60
//! cpu = 0
//! role = "oops-crash"
//!
//! [[fault]]
//! at_us = 35
//! kind = "fsb-stall"               # apic-dead
//! only = ["fsb"]                   # filters: only (buses), arch, stall; an empty list applies nowhere
//!
//! [[expect]]                       # the first match counts; none: nothing is expected
//! variant = ["before"]
//! injected = true
//! verdict = "hung"
//! ```

mod amount;
mod arriving;
mod catalogue;
mod content_hash;
pub(crate) mod decimal;
mod device_load;
pub mod diagnostic;
mod document;
mod expectations;
mod expected;
mod fault;
mod fault_line;
mod fault_name;
mod faults;
mod filter;
mod goal;
pub(crate) mod grid;
pub(crate) mod grid_values;
mod handlers;
mod happenings;
pub(crate) mod input_file;
mod klogd;
mod knob_filter;
mod knobs;
pub(crate) mod lesson;
mod load;
mod loads;
mod machine;
mod mechanism;
mod message_fault;
mod message_fault_reader;
mod model;
pub mod named;
mod names;
pub(crate) mod nearest;
pub(crate) mod operation;
mod overrides;
pub(crate) mod own_sources;
mod own_variant;
mod own_wait;
mod own_waits;
mod pace;
mod passing;
mod plural;
mod program;
mod reader;
mod role;
mod seeds;
mod settings;
mod stack_names;
mod steps;
mod story;
mod written;

pub use amount::Amount;
pub use arriving::{Load, Trigger};
pub(crate) use catalogue::text;
pub use catalogue::{builtin, builtin_names};
pub use expected::{Expectation, ExpectedProof, ExpectedVerdict};
pub use fault::{Again, CpuFault, Fault, FaultKind, Times};
pub use fault_line::FaultLine;
pub use fault_name::FaultName;
pub use goal::Goal;
#[cfg(test)]
pub(crate) use knobs::knob_keys;
pub(crate) use knobs::{HZ, IPI_STALL_MS, JITTER, RETRIES};
pub(crate) use load::own_waits;
pub use load::{LIMIT_PS_DEFAULT, Request, load, load_text};
pub(crate) use loads::LOADS_MAX;
pub use loads::{LoadPreset, load_setting};
pub use machine::{
    ALL_ARCHES, ARCHES, Bus, FAMILIES, LINUX_ARCHES, MAIN_VARIANTS, MODERN_ARCHES, Machine, OTHER_ARCHES, OWN_VARIANT,
    RELEASES, VARIANTS, is_modern, is_other, is_x2apic, natural, natural_release, natural_variant,
};
pub use mechanism::Mechanism;
pub use message_fault::{MessageEffectName, MessagePlan, ModeName};
pub use model::{CostOverrides, Event, Knobs, MpsTimeout, Origin, Scenario, Stall, StopLock, WaitShape};
pub use operation::{Operation, VectorSet};
pub(crate) use overrides::set_twice;
pub use own_variant::OwnVariant;
pub use own_wait::{AfterTimeout, OwnPlan, RoundShape, WaitSite};
pub use own_waits::OwnWaits;
pub(crate) use plural::counted;
pub use program::{Act, Condition, Handler, On, PinName, Programs, Relation, StepPlace, TimerMode};
pub use role::{IpiVector, Role, RoleName, StartUpMessages, VectorUse};
pub(crate) use seeds::{RUNS_MAX, number, seed_range};
pub(crate) use stack_names::stack_name;
pub use stack_names::{STACK_NAMES, StackName};
pub(crate) use steps::{StepForm, step_forms};
pub(crate) use story::{first_sentence, one_line};
pub use written::ScenarioBuilder;

#[cfg(test)]
mod tests;
