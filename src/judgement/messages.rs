//! A message in words: what it is, and for whom.

use sim::bus::{DeliveryMode, DestinationMode, Message, Shorthand};

/// `FIXED FC`, `LOWEST 31`, `NMI`, or `INIT level de-assert`, which initialises nobody.
pub(crate) fn what(message: &Message) -> String {
    match message.mode {
        _ if message.is_init_deassert() => "INIT level de-assert".to_owned(),
        DeliveryMode::Fixed | DeliveryMode::LowestPriority => format!("{} {:02X}", message.mode.name(), message.vector),
        mode => mode.name().to_owned(),
    }
}

/// `logical 04`, `physical 2`.
pub(crate) fn destination(message: &Message) -> String {
    match (message.shorthand, message.destination_mode) {
        (Shorthand::Own, _) => "itself".to_owned(),
        (Shorthand::AllIncludingSelf, _) => "all".to_owned(),
        (Shorthand::AllExcludingSelf, _) => "all but itself".to_owned(),
        (_, DestinationMode::Logical) => format!("logical {:02X}", message.destination),
        (_, DestinationMode::Physical) => format!("physical {:02X}", message.destination),
    }
}
