//! A file without a name, for what must be complete before it is written: it is gone with whoever holds it.

use std::fs::{File, OpenOptions, remove_file};
use std::io::{self, Error, ErrorKind};
use std::path::Path;

/// Names that are tried before one gives up.
const NAMES: u32 = 1000;

/// A new one beside that file, or else in the folder for temporary files.
pub(super) fn without_a_name(beside: &Path) -> io::Result<File> {
    let name = beside.file_name().unwrap_or_default().to_owned();
    let folder = beside.parent().map(Path::to_owned).unwrap_or_default();
    unnamed_in(&folder.join(&name)).or_else(|error| match error.kind() {
        ErrorKind::StorageFull => Err(error),
        _ => unnamed_in(&std::env::temp_dir().join(&name)),
    })
}

/// A new file, whose name, which begins with this one, is gone at once.
fn unnamed_in(path: &Path) -> io::Result<File> {
    let mut last = Error::from(ErrorKind::AlreadyExists);
    for number in 0..NAMES {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".spool{number}"));
        match OpenOptions::new().read(true).write(true).create_new(true).open(&name) {
            Ok(file) => {
                remove_file(&name)?;
                return Ok(file);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}
