//! Pages that wait for the end of a run, on disk: a file without a name, beside the one that they will go to. Each page says
//! where the next of its buffer is, so that nothing is kept in memory of those that are there.

use super::pages::PAGE;
use crate::report::unnamed_file::without_a_name;
use std::fs::File;
use std::io::{self, Error, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A page, and the place of the next.
const PLACE: u64 = PAGE as u64 + 8;

/// The file, once there is something in it.
#[derive(Debug)]
pub(super) struct Spool {
    beside: PathBuf,
    file: Option<File>,
    places: u64,
}

impl Spool {
    /// Beside that file, or in the folder for temporary files.
    pub(super) fn beside(file: &Path) -> Self {
        Self { beside: file.to_owned(), file: None, places: 0 }
    }

    /// A place for a page.
    pub(super) const fn place(&mut self) -> u64 {
        self.places += 1;
        self.places - 1
    }

    /// Writes the page of a place, and where the next one of its buffer will be.
    pub(super) fn put(&mut self, place: u64, page: &[u8], next: u64) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(without_a_name(&self.beside)?),
        };
        file.seek(SeekFrom::Start(place * PLACE))?;
        let mut bytes = page.to_vec();
        bytes.extend(next.to_le_bytes());
        file.write_all(&bytes)
    }

    /// The page of a place, and where the next one of its buffer is.
    pub(super) fn get(&mut self, place: u64) -> io::Result<(Vec<u8>, u64)> {
        let file = self.file.as_mut().ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        file.seek(SeekFrom::Start(place * PLACE))?;
        let (mut page, mut next) = (vec![0; PAGE], [0; 8]);
        file.read_exact(&mut page)?;
        file.read_exact(&mut next)?;
        Ok((page, u64::from_le_bytes(next)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_back_and_no_name_stays() {
        let folder = std::env::temp_dir().join(format!("apicsim-spool-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder of our own");
        std::fs::write(folder.join("run.dat.spool0"), "somebody's").expect("a file of somebody's");
        let mut spool = Spool::beside(&folder.join("run.dat"));
        let (first, second) = (spool.place(), spool.place());
        spool.put(second, &[2; PAGE], 7).expect("written");
        spool.put(first, &[1; PAGE], second).expect("written");
        let names: Vec<_> =
            std::fs::read_dir(&folder).expect("there").map(|entry| entry.expect("one").path()).collect();
        assert_eq!(names, [folder.join("run.dat.spool0")]);
        assert_eq!(spool.get(first).expect("read"), (vec![1; PAGE], second));
        assert_eq!(spool.get(second).expect("read"), (vec![2; PAGE], 7));
        std::fs::remove_dir_all(folder).expect("removed");
    }

    /// A device, or a file in a folder that others own: the folder for temporary files will do.
    #[test]
    fn where_no_file_can_be_made_it_is_elsewhere() {
        let mut spool = Spool::beside(Path::new("/no/such/folder/run.dat"));
        let place = spool.place();
        spool.put(place, &[3; PAGE], 0).expect("written");
        assert_eq!(spool.get(place).expect("read").0, [3; PAGE]);
    }
}
