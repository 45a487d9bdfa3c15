//! How long an idle CPU rests between two looks at shared memory.

use sim::Cpu;

/// The pace of looking: the longer nothing comes, the longer the rest. Interrupts are taken at once all the same.
#[derive(Debug, Default)]
pub(super) struct Pace {
    looks: u32,
}

/// Longest rest.
const REST_US_MAX: u32 = 64;

impl Pace {
    /// How long the next rest is: 1 µs at first, twice as long after every 16 looks.
    fn next_us(&mut self) -> u32 {
        let us = 1u32.checked_shl(self.looks / 16).unwrap_or(REST_US_MAX).min(REST_US_MAX);
        self.looks = self.looks.saturating_add(1);
        us
    }

    /// Rests; gives how long.
    pub(super) fn rest(&mut self, cpu: &Cpu<'_>) -> u32 {
        let us = self.next_us();
        cpu.delay_us(us);
        us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_to_their_limit() {
        let mut pace = Pace::default();
        let rests: Vec<u32> = (0..1_000).map(|_| pace.next_us()).collect();
        assert_eq!((rests[0], rests[15], rests[16], rests[999]), (1, 1, 2, REST_US_MAX));
        assert!(rests.is_sorted());
    }
}
