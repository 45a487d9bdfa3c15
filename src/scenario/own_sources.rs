//! The source files of code that was handed over, so that reports can quote its lines.
//!
//! A source location says the name of a file and no more, so the texts are kept for the whole process. They decide nothing but what
//! is quoted, and a line of a file is only asked for when its code has run, and so when its text is here.
//! Not modelled: two files of one name; the first is quoted.

use super::own_variant::OwnVariant;
use parking_lot::RwLock;

/// A file: its name as the compiler has it, and its text.
type File = (&'static str, &'static str);

static FILES: RwLock<Vec<File>> = RwLock::new(Vec::new());

/// Keeps the files of `code`.
pub(crate) fn remember(code: &OwnVariant) {
    for file in code.source_files() {
        if !FILES.read().contains(file) {
            FILES.write().push(*file);
        }
    }
}

/// The text of the file that the compiler calls `path`.
pub(crate) fn text(path: &str) -> Option<&'static str> {
    FILES.read().iter().find(|(name, _)| *name == path).map(|(_, text)| *text)
}
