//! Devices beside the I/O APIC: what drives its lines.
//!
//! Not modelled: anything but the interval timer.

mod counter;
mod i8254;
#[cfg(test)]
mod i8254_tests;

pub use i8254::{I8254, I8254Error};

/// Is there a device at I/O port `port`?
pub(crate) const fn is_port(port: u32) -> bool {
    matches!(port, 0x40 | 0x43)
}
