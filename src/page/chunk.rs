//! A chunk: some columns of numbers as bytes, deflated. docs/page-format.md says how they stand.

use miniz_oxide::deflate::compress_to_vec;

/// How hard the deflater tries: what more would save is little, and costs much of the host's time.
const EFFORT: u8 = 6;

/// The bytes of a chunk, as it grows column by column.
#[derive(Debug, Default)]
pub(super) struct Chunk(Vec<u8>);

impl Chunk {
    /// A column: how many numbers, and they.
    pub(super) fn column(&mut self, numbers: impl ExactSizeIterator<Item = i64>) {
        unsigned(numbers.len() as u64, &mut self.0);
        numbers.for_each(|number| signed(number, &mut self.0));
    }

    /// A column as what each number adds to the one before it, the first to 0.
    pub(super) fn growing(&mut self, numbers: impl ExactSizeIterator<Item = i64>) {
        let mut before = 0;
        self.column(numbers.map(|number| number.wrapping_sub(std::mem::replace(&mut before, number))));
    }

    /// A column of words of 64 bits.
    pub(super) fn words(&mut self, words: &[u64]) {
        unsigned(words.len() as u64, &mut self.0);
        words.iter().for_each(|&word| unsigned(word, &mut self.0));
    }

    /// Deflated.
    pub(super) fn finish(self) -> Vec<u8> {
        deflated(&self.0)
    }
}

/// Raw DEFLATE (RFC 1951).
pub(super) fn deflated(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, EFFORT)
}

/// A number in groups of seven bits, the lowest first; all but the last have bit 7 set.
fn unsigned(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The sign in the lowest bit, so that small numbers are short on both sides of 0.
fn signed(number: i64, bytes: &mut Vec<u8>) {
    unsigned(((number << 1) ^ (number >> 63)) as u64, bytes);
}

/// Bytes as text (RFC 4648 §4), with padding.
pub(super) fn base64(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in bytes.chunks(3) {
        let all = three.iter().enumerate().fold(0_u32, |all, (place, &byte)| all | u32::from(byte) << (16 - 8 * place));
        for digit in 0..4 {
            let shown = digit <= three.len();
            text.push(if shown { char::from(DIGITS[(all >> (18 - 6 * digit)) as usize & 63]) } else { '=' });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_bytes_of_seven_bits() {
        let mut chunk = Chunk::default();
        chunk.column([0, -1, 1, -64, 64, i64::MIN].into_iter());
        chunk.growing([1000, 1000, 998].into_iter());
        chunk.words(&[u64::MAX]);
        let mut expected = vec![6, 0, 1, 2, 127, 0x80, 1];
        expected.extend([255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        expected.extend([3, 0xD0, 0x0F, 0, 3]);
        expected.extend([1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        assert_eq!(chunk.0, expected);
    }

    /// RFC 4648 §10.
    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            let mut text = String::new();
            base64(plain.as_bytes(), &mut text);
            assert_eq!(text, coded);
        }
        let mut text = String::new();
        base64(&[0xFB, 0xFF, 0xBF], &mut text);
        assert_eq!(text, "+/+/");
    }
}
