//! The names in programs: words and locks that the scenario declares, words of the kernel, and what is reached or said.

use crate::scenario::diagnostic::InputError;
use crate::scenario::document::Value;
use crate::scenario::machine::Machine;
use crate::scenario::nearest;
use crate::scenario::operation::Token;
use crate::scenario::program::Programs;
use crate::scenario::reader::{Field, Table};
use kernel_model::{Layout, Word};

/// Words of the kernel stand behind this.
const OF_KERNEL: &str = "kernel:";

/// Words and locks together, at most.
const WORDS_MAX: usize = 1_000;

/// The names, as they are declared.
#[derive(Debug)]
pub(super) struct Vocabulary {
    layout: Layout,
    /// How many of the words of the programs are no locks.
    plain: usize,
}

impl Vocabulary {
    /// Reads `words` and `locks` into `programs`.
    pub(super) fn read(root: &Table<'_>, machine: &Machine, programs: &mut Programs) -> Result<Self, InputError> {
        let layout = Layout::new(machine.cpus as u16);
        programs.first_word = u16::try_from(layout.count()).unwrap_or(u16::MAX);
        if let Some(field) = root.get("words") {
            let Value::Table(entries) = &field.node.value else { return Err(field.wrong("a table: { w = 0 }")) };
            for entry in entries {
                let key = Field { node: &entry.node, path: format!("words.{}", entry.key) };
                is_name(&key, &entry.key)?;
                programs.words.push((entry.key.clone(), key.small_integer(0, u32::MAX)?));
            }
        }
        let plain = programs.words.len();
        if let Some(field) = root.get("locks") {
            for name in field.list(|item| item.text().map(|text| (item.clone(), text)))? {
                let (item, name) = name;
                is_name(&item, name)?;
                if programs.words.iter().any(|(other, _)| other == name) {
                    return Err(item
                        .error(&format!("`{name}` is declared twice"), "declared twice")
                        .help("words and locks have one name each"));
                }
                programs.words.push((name.to_owned(), 0));
            }
        }
        let room = usize::from(u16::MAX) - usize::from(programs.first_word);
        match root.get("words").or(root.get("locks")) {
            Some(field) if programs.words.len() > WORDS_MAX.min(room) => Err(field
                .error(&format!("{} words and locks", programs.words.len()), "too many")
                .help(format!("at most {}", WORDS_MAX.min(room)))),
            _ => Ok(Self { layout, plain }),
        }
    }

    /// A word or a lock.
    pub(super) fn word(&self, token: &Token<'_>, programs: &Programs) -> Result<Word, InputError> {
        if let Some(name) = token.text.strip_prefix(OF_KERNEL) {
            return self.of_kernel(token, name);
        }
        let index = programs.words.iter().position(|(name, _)| name == token.text);
        index.map(|index| Word(programs.first_word + index as u16)).ok_or_else(|| {
            let names: Vec<&str> = programs.words.iter().map(|(name, _)| name.as_str()).collect();
            undeclared(token, "word", &names)
        })
    }

    /// A lock: one that is declared, or a word of the kernel that is one.
    pub(super) fn lock(&self, token: &Token<'_>, programs: &Programs) -> Result<Word, InputError> {
        if let Some(name) = token.text.strip_prefix(OF_KERNEL) {
            if !name.contains("lock") {
                return Err(token
                    .error(format!("`{name}` of the kernel is no lock"), "not a lock")
                    .help("its locks have `lock` in their names: `kernel:call_lock`"));
            }
            return self.of_kernel(token, name);
        }
        let locks = &programs.words[self.plain..];
        let index = locks.iter().position(|(name, _)| name == token.text);
        index.map(|index| Word(programs.first_word + (self.plain + index) as u16)).ok_or_else(|| {
            let names: Vec<&str> = locks.iter().map(|(name, _)| name.as_str()).collect();
            undeclared(token, "lock", &names)
        })
    }

    /// A word of the kernel by the name that reports give it, blanks as `_`.
    fn of_kernel(&self, token: &Token<'_>, name: &str) -> Result<Word, InputError> {
        let names: Vec<String> = (0..self.layout.count() as u16).map(|word| self.written(Word(word))).collect();
        names.iter().position(|known| known == name).map(|word| Word(word as u16)).ok_or_else(|| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let near = nearest::nearest(name, &names).map(|near| format!("did you mean `{OF_KERNEL}{near}`? "));
            token
                .error(format!("the kernel has no word `{name}`"), "not a word of the kernel")
                .help(format!("{}a word's name is that of traces, with _ for blanks", near.unwrap_or_default()))
        })
    }

    fn written(&self, word: Word) -> String {
        self.layout.name(word).to_string().replace(": ", "_").replace(", ", "_").replace(' ', "_")
    }
}

fn undeclared(token: &Token<'_>, what: &str, names: &[&str]) -> InputError {
    let declare = match what {
        "lock" => format!("declare it: locks = [\"{}\"]", token.text),
        _ => format!("declare it: words = {{ {} = 0 }}", token.text),
    };
    let known =
        if names.is_empty() { declare } else { format!("{}; or {declare}", nearest::suggestion(token.text, names)) };
    token
        .error(format!("there is no {what} `{}`", token.text), "not declared")
        .help(format!("{known}. Words of the kernel are written `{OF_KERNEL}call_lock`"))
}

/// A name in programs: letters, digits, `_` and `-`, and no digit first.
pub(super) fn is_name(field: &Field<'_>, name: &str) -> Result<(), InputError> {
    if good_name(name) {
        return Ok(());
    }
    Err(field.error(&format!("`{name}` is not a name"), "not a name").help(NAME))
}

/// What a name is made of.
pub(super) const NAME: &str = "a name has letters, digits, _ and -, at most 40, and begins with a letter";

/// Is it a name?
pub(super) fn good_name(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(rest) && name.len() <= 40
}
