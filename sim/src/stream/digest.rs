//! The digest of a stream: SipHash-1-3 over the events' words, the same on every host.

use super::event::What;
use crate::time::Time;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// A running digest.
#[derive(Debug, Clone)]
pub(crate) struct Digest(SipHasher13);

impl Digest {
    pub(crate) fn new() -> Self {
        Self(SipHasher13::new_with_keys(0x6170_6963, 0x7369_6D31))
    }

    pub(crate) fn word(&mut self, word: u64) {
        self.0.write(&word.to_le_bytes());
    }

    pub(crate) fn event(&mut self, time: Time, what: &What) {
        let mut bytes = [0u8; 56];
        bytes[..8].copy_from_slice(&time.as_ps().to_le_bytes());
        for (slot, word) in bytes[8..].chunks_exact_mut(8).zip(what.words()) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        self.0.write(&bytes);
    }

    pub(crate) fn finish(&self) -> u64 {
        self.0.finish()
    }
}
