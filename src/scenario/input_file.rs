//! Reading a file that somebody named: at most so much of it, and never for ever.
//!
//! A FIFO that nobody has opened for writing would block whoever opens it. Here that is an error; one with a writer is read
//! to its end, however long the writer takes.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// The first `most` bytes of a file.
///
/// # Errors
/// The host's; of kind [`io::ErrorKind::WouldBlock`], if it is a FIFO that nobody writes to.
pub(crate) fn first_bytes(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (first, file) = open(path)?;
    let mut bytes = Vec::new();
    first.as_slice().chain(file).take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An open file, and what had to be read of it to know that it has a writer.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<(Vec<u8>, File)> {
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let mut first = Vec::new();
    if file.metadata()?.file_type().is_fifo() {
        let mut byte = [0];
        match (&file).read(&mut byte) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::WouldBlock, "it is a FIFO, and nobody writes to it")),
            Ok(_) => first.extend(byte),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {} // somebody will
            Err(error) => return Err(error),
        }
    }
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok((first, file))
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<(Vec<u8>, File)> {
    Ok((Vec::new(), OpenOptions::new().read(true).open(path)?))
}
