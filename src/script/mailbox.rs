//! How CPU 0 hands an operation to another CPU: two simulated shared words a CPU, with the latencies of shared memory.
//!
//! CPU 0 stores the order; the CPU takes it with an atomic exchange, does it, and stores the same number as its receipt.
//! An order that is not taken in time is withdrawn with an exchange too: so it is done once or not at all.

use sim::Cpu;

/// What CPU 0 can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The standard initialisation.
    Initialise,
    /// The line with this index.
    Line(usize),
}

impl Order {
    const fn code(self) -> u32 {
        match self {
            Self::Initialise => 1,
            Self::Line(index) => index as u32 + 2,
        }
    }

    const fn from_code(code: u32) -> Option<Self> {
        match code {
            0 => None,
            1 => Some(Self::Initialise),
            line => Some(Self::Line(line as usize - 2)),
        }
    }
}

/// The mailbox of one CPU.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mailbox {
    order: u16,
    receipt: u16,
}

/// Number of shared words for the mailboxes of so many CPUs.
pub(super) const fn words(cpus: u16) -> usize {
    2 * cpus as usize
}

/// What traces call shared word `word`.
pub(super) fn word_name(word: u16) -> String {
    format!("{} of CPU{}", if word.is_multiple_of(2) { "mailbox" } else { "receipt" }, word / 2)
}

impl Mailbox {
    /// The mailbox of CPU `cpu`.
    pub(super) const fn of(cpu: u16) -> Self {
        Self { order: 2 * cpu, receipt: 2 * cpu + 1 }
    }

    /// Puts an order in.
    pub(super) fn put(self, cpu: &Cpu<'_>, order: Order) {
        cpu.store(self.order, order.code());
    }

    /// Takes the order that is there, if there is one and it was not withdrawn in the meantime.
    pub(super) fn take(self, cpu: &Cpu<'_>) -> Option<Order> {
        Order::from_code(cpu.load(self.order))?;
        Order::from_code(cpu.exchange(self.order, 0))
    }

    /// Takes an order back that nobody took.
    pub(super) fn withdraw(self, cpu: &Cpu<'_>) {
        cpu.exchange(self.order, 0);
    }

    /// Says that the order is done.
    pub(super) fn sign(self, cpu: &Cpu<'_>, order: Order) {
        cpu.store(self.receipt, order.code());
    }

    /// Is the order done?
    pub(super) fn is_signed(self, cpu: &Cpu<'_>, order: Order) -> bool {
        cpu.load(self.receipt) == order.code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_have_codes() {
        for order in [Order::Initialise, Order::Line(0), Order::Line(70_000)] {
            assert_eq!(Order::from_code(order.code()), Some(order));
        }
        assert_eq!(Order::from_code(0), None, "an empty mailbox");
    }
}
