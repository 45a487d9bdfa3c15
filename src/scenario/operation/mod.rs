//! What a CPU can be told to do by hand, one operation a line: in scripts, and as steps of a scenario's programs.
//!
//! Reading only: `machine::hands` executes them.

mod model;
mod read;
mod registers;
mod tokens;
mod value;

pub(crate) use model::x2apic_msr;
pub use model::{Operation, VectorSet};
pub(crate) use read::{Form, OPERATIONS, WAIT_US_MAX, empty_range, form, operation};
pub(crate) use registers::{MSR_APIC_BASE, Register, list as register_list, offset};
pub(crate) use tokens::{Token, Tokens};
pub(crate) use value::{plain, term_names, value};
