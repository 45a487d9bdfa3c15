//! The I/O APIC: 24 interrupt lines, a redirection entry for each, and the messages that they become.
//!
//! Not modelled: the arbitration id's rotation (the bus keeps it; the register shows the id, as after every write of
//! that), the interrupt pin assertion register and processor-bus delivery control of the 82801 family, interrupt
//! remapping, pins that are sampled by a clock (a change of a line acts at once, however short it is).
//!
//! Nothing here acts on anything else. Whoever owns an [`IoApic`] asks [`IoApic::next_message`] after every call that
//! may have made an interrupt wait, hands the answer to the interconnect, and reports back by
//! [`IoApic::dispatched`] and [`IoApic::end_of_interrupt`].

#[cfg(test)]
mod bench;
mod controller;
#[cfg(test)]
mod message_tests;
mod pin;
mod redirection;
#[cfg(test)]
mod tests;

pub use controller::{IoApic, IoApicSettings, IoApicVersion, PINS};
