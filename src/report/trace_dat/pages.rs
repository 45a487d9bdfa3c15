//! A page of a ring buffer as the kernel writes it on a 64-bit little-endian machine: the instant of its first record, how much
//! is in it, and records, each with the time since the one before.
//!
//! Not here: padding within a page, absolute time stamps, the marks of lost records.

/// Its size in bytes.
pub(super) const PAGE: usize = 4096;

/// What stands before its records: two words of 64 bits.
pub(super) const PAGE_HEAD: usize = 16;

/// The longest record for which there is always room: with the longest head of a record, and a time extend.
pub(super) const RECORD_MAX: usize = PAGE - PAGE_HEAD - 16;

/// Bits of the time since the record before. More of it goes before the record, in an entry of its own.
const DELTA_BITS: u32 = 27;

/// The kind of entry that extends the time.
const TIME_EXTEND: u32 = 30;

/// The largest record, in words of 32 bits, whose length is its kind of entry.
const WORDS_MAX: u32 = 28;

/// A page that is being filled.
#[derive(Debug, Default)]
pub(super) struct Page {
    bytes: Vec<u8>,
    /// The instant of its last record, in ns.
    last: u64,
}

impl Page {
    /// Is there nothing in it?
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// One more record, not before the last one. False if there is no room for it.
    pub(super) fn push(&mut self, ns: u64, record: &[u8]) -> bool {
        let mut entry = Vec::with_capacity(record.len() + 16);
        let mut delta = if self.is_empty() { 0 } else { ns - self.last };
        let mut word = |word: u32| entry.extend(word.to_le_bytes());
        let low = |delta: u64| (delta as u32 & ((1 << DELTA_BITS) - 1)) << (32 - DELTA_BITS);
        if delta >> DELTA_BITS != 0 {
            word(TIME_EXTEND | low(delta));
            word((delta >> DELTA_BITS) as u32);
            delta = 0;
        }
        let words = record.len().div_ceil(4) as u32;
        if (1..=WORDS_MAX).contains(&words) {
            word(words | low(delta));
        } else {
            word(low(delta));
            word(4 * words + 4); // with this word
        }
        entry.extend_from_slice(record);
        entry.resize(entry.len().next_multiple_of(4), 0);
        let used = self.bytes.len().max(PAGE_HEAD);
        if used + entry.len() > PAGE {
            return false;
        }
        if self.is_empty() {
            self.bytes.extend(ns.to_le_bytes());
            self.bytes.extend([0; 8]); // how much is in it, once that is known
        }
        self.bytes.append(&mut entry);
        self.last = ns;
        true
    }

    /// The page as it goes to the file. What comes next goes to a new one.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.bytes);
        let committed = (bytes.len() - PAGE_HEAD) as u64;
        bytes[8..PAGE_HEAD].copy_from_slice(&committed.to_le_bytes());
        bytes.resize(PAGE, 0);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a page, from its first record on.
    fn words(page: &[u8]) -> Vec<u32> {
        page[16..].chunks(4).map(|word| u32::from_le_bytes(word.try_into().expect("four bytes"))).collect()
    }

    /// `header_page` and `header_event` of a kernel: 5 bits of type_len, 27 of time_delta; time_extend is type 30, and its array
    /// holds the delta from bit 27 on; a type_len of 0 has the length in its array.
    #[test]
    fn records_are_where_the_format_has_them() {
        let mut page = Page::default();
        assert!(page.is_empty());
        assert!(page.push(1_000, &[1, 2, 3, 4, 5])); // two words
        assert!(page.push(1_005, &[6; 4])); // 5 ns later: 5 << 5 | 1
        assert!(page.push(1_005 + (1 << 27) - 1, &[7; 4])); // the longest time without an extend
        assert!(page.push(1_004 + (1 << 27) + (3 << 27) + 9, &[8; 116])); // with one; more than 28 words
        let bytes = page.take();
        assert_eq!(bytes.len(), 4096);
        assert_eq!(bytes[..16], [0xE8, 3, 0, 0, 0, 0, 0, 0, 160, 0, 0, 0, 0, 0, 0, 0]);
        let words = words(&bytes);
        assert_eq!(words[..3], [2, 0x0403_0201, 0x0000_0005]);
        assert_eq!(words[3..5], [0xA1, 0x0606_0606]);
        assert_eq!(words[5..7], [0xFFFF_FFE1, 0x0707_0707]);
        assert_eq!(words[7..12], [9 << 5 | 30, 3, 0, 120, 0x0808_0808]);
        assert_eq!(words[9 + 2 + 29..], [0; 1020 - 40]);
        assert!(page.is_empty() && page.push(7, &[1; 4]));
        assert_eq!(page.take()[..16], [7, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_page_is_filled_to_its_end_and_not_beyond() {
        let mut page = Page::default();
        let record = [0xAA; 16]; // 20 bytes with its head; 4080 hold 204
        assert!((0..204).all(|ns| page.push(ns, &record)));
        assert!(!page.push(204, &record));
        assert_eq!(u64::from_le_bytes(page.take()[8..16].try_into().expect("eight")), 4080);
        assert!(page.push(0, &[0xAA; RECORD_MAX])); // 4072 bytes with its head: 8 are left
        assert!(!page.push(1, &[1; 5]) && page.push(1, &[1; 4]) && !page.push(2, &[1]));
        let _ = page.take();
        assert!(!page.push(0, &[0xAA; RECORD_MAX + 9]));
        assert!(page.is_empty());
    }
}
