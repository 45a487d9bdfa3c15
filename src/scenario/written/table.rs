//! Tables of a TOML file while it is written: keys in the order in which they were set, each with its value as it is written.

use std::fmt::{Display, Write};

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table(Vec<(String, String)>);

impl Table {
    /// Sets a key to a value that TOML writes as it is displayed: a number, a boolean, a list that was made here.
    pub(super) fn set(&mut self, key: &str, value: impl Display) {
        let value = value.to_string();
        match self.0.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }

    /// The same, if there is a value.
    pub(super) fn set_if_any(&mut self, key: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Sets a key to a text.
    pub(super) fn set_text(&mut self, key: &str, text: &str) {
        self.set(key, quoted(text));
    }

    /// Sets a key, if it is not false, which is what it is without.
    pub(super) fn set_flag(&mut self, key: &str, flag: bool) {
        if flag {
            self.set(key, true);
        }
    }

    /// Sets a time, if it is not zero, which is what it is without.
    pub(super) fn set_time(&mut self, key: &str, ps: u64) {
        if ps > 0 {
            self.set(key, us(ps));
        }
    }

    /// Behind these keys, those of another table.
    pub(super) fn extend(&mut self, other: Self) {
        for (key, value) in other.0 {
            self.set(&key, value);
        }
    }

    /// Adds its lines, below a line with its name; nothing if it has no key.
    pub(super) fn write(&self, name: &str, to: &mut String) {
        if self.0.is_empty() {
            return;
        }
        if !name.is_empty() {
            let _ = writeln!(to, "\n{name}");
        }
        for (key, value) in &self.0 {
            let _ = writeln!(to, "{} = {value}", bare_or_quoted(key));
        }
    }
}

fn bare_or_quoted(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { one_line(key) }
}

/// A text: on a line, or as it is on several if nothing in it speaks against that.
pub(super) fn quoted(text: &str) -> String {
    let plain = !text.contains("'''") && !text.chars().any(|c| c.is_control() && c != '\n');
    if text.contains('\n') && text.ends_with('\n') && plain { format!("'''\n{text}'''") } else { one_line(text) }
}

/// A text on one line.
fn one_line(text: &str) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            '\n' => written.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(written, "\\u{:04X}", u32::from(c));
            }
            c => written.push(c),
        }
    }
    written + "\""
}

/// A list.
pub(super) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}

/// A list of texts.
pub(super) fn texts<'t>(items: impl IntoIterator<Item = &'t str>) -> String {
    list(items.into_iter().map(one_line))
}

/// A table on one line.
pub(super) fn inline<'t, T: Display>(entries: impl IntoIterator<Item = (&'t str, T)>) -> String {
    let entries: Vec<String> =
        entries.into_iter().map(|(key, value)| format!("{} = {value}", bare_or_quoted(key))).collect();
    format!("{{ {} }}", entries.join(", "))
}

/// Picoseconds as µs.
pub(super) fn us(ps: u64) -> String {
    crate::scenario::decimal::microseconds(ps)
}

/// Picoseconds as ns.
pub(super) fn ns(ps: u64) -> String {
    match ps % 1_000 {
        0 => (ps / 1_000).to_string(),
        rest => format!("{}.{rest:03}", ps / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::Table as Parsed;

    /// What TOML's own reader makes of it.
    fn read(table: &Table) -> Parsed {
        let mut text = String::new();
        table.write("", &mut text);
        text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    #[test]
    fn texts_are_read_as_they_were() {
        let texts = [
            "",
            "plain",
            "a \"quoted\" \\ word",
            "two\nlines",
            "a line\nand its end\n",
            "'''\n",
            "tab\there\n",
            "\r\n",
            "\u{0}\u{7f}\u{85}µ",
            "ends with '\n",
        ];
        let mut table = Table::default();
        for (number, text) in texts.iter().enumerate() {
            table.set_text(&format!("key {number}"), text);
        }
        let read = read(&table);
        for (number, text) in texts.iter().enumerate() {
            assert_eq!(read[&format!("key {number}")].as_str(), Some(*text));
        }
    }

    #[test]
    fn a_key_that_is_set_again_keeps_its_place() {
        let mut table = Table::default();
        table.set("a", 1);
        table.set("b", list([1, 2]));
        table.set("a", inline([("x", 1), ("y z", 2)]));
        let mut text = String::new();
        table.write("[t]", &mut text);
        assert_eq!(text, "\n[t]\na = { x = 1, \"y z\" = 2 }\nb = [1, 2]\n");
    }

    #[test]
    fn times_are_exact() {
        assert_eq!([1_000, 1, 1_999, 100_500].map(ns), ["1", "0.001", "1.999", "100.500"]);
        assert_eq!([30_500_000, 1].map(us), ["30.5", "0.000001"]);
    }
}
