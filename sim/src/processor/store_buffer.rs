//! The store buffer of a CPU: stores that nobody else sees yet, in order.
//!
//! Not modelled: that stores to one word are combined. What empties it is in `storing.rs`.

use crate::coroutine::Site;
use crate::time::Time;
use std::collections::VecDeque;

/// Stores that it has room for: the oldest leaves when one more comes. (Free: 56 in Skylake.)
pub(super) const ROOM: usize = 56;

/// A store that others do not see yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) word: u16,
    pub(super) value: u32,
    pub(super) site: Site,
    /// When it leaves, at the latest.
    pub(super) leaves: Time,
}

/// The stores, the oldest first.
#[derive(Debug, Default)]
pub(super) struct StoreBuffer(pub(super) VecDeque<Held>);
