//! `apicsim demo --html DIR`: the course as files.

use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
use crate::cli::output;
use crate::failure::Failure;
use crate::lessons::{Course, course, teach};
use crate::scenario::lesson::{lesson_names, load_lesson};
use std::path::Path;

/// Writes the pages of all lessons, or of one, and the page that leads to them.
pub(super) fn write_course(folder: &Path, lesson: Option<&str>) -> Result<ExitStatus, Failure> {
    let built_in = || lesson_names().into_iter().map(str::to_owned).collect();
    let names: Vec<String> = lesson.map_or_else(built_in, |one| vec![one.to_owned()]);
    let lessons = names.iter().map(|name| load_lesson(name)).collect::<Result<Vec<_>, _>>()?;
    let interruptible = Interruptible::begin()?;
    let mut taught = Vec::new();
    for lesson in lessons {
        let Some(one) = teach(lesson, true, &interruptible.handle())? else { return Ok(ExitStatus::Interrupted) };
        taught.push(one);
    }
    drop(interruptible);
    let failed = |path: &Path, error| Failure::writing(&path.display().to_string(), error);
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let Course { index, pages } = course(&taught);
    let index = ("index.html".to_owned(), index);
    for (name, text) in pages.iter().chain([&index]) {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    let first = folder.join("index.html");
    output::print(&format!("{} lessons: open {}\n", taught.len(), first.display()))?;
    Ok(ExitStatus::Success)
}
