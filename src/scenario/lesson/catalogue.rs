//! Where the text of a lesson comes from: built in, or a file.

use crate::scenario::catalogue::read_text;
use crate::scenario::diagnostic::{InputError, Source};
use crate::scenario::nearest;
use std::path::Path;
use std::sync::Arc;

/// The lesson of who names none.
pub(crate) const LESSON: &str = "hang-of-2007";

/// The built-in lessons, in the order of the course.
const LESSONS: &[(&str, &str)] = &[
    ("the-icr", include_str!("../../../scenarios/lessons/the-icr.toml")),
    ("who-wins-the-bus", include_str!("../../../scenarios/lessons/who-wins-the-bus.toml")),
    ("logical-destinations", include_str!("../../../scenarios/lessons/logical-destinations.toml")),
    ("priority-and-slots", include_str!("../../../scenarios/lessons/priority-and-slots.toml")),
    ("nmi-latch", include_str!("../../../scenarios/lessons/nmi-latch.toml")),
    ("level-and-eoi", include_str!("../../../scenarios/lessons/level-and-eoi.toml")),
    ("waking-a-cpu", include_str!("../../../scenarios/lessons/waking-a-cpu.toml")),
    ("lock-and-ipi", include_str!("../../../scenarios/lessons/lock-and-ipi.toml")),
    ("hang-of-2007", include_str!("../../../scenarios/lessons/hang-of-2007.toml")),
    ("four-ways-out", include_str!("../../../scenarios/lessons/four-ways-out.toml")),
    ("stuck-for-another-reason", include_str!("../../../scenarios/lessons/stuck-for-another-reason.toml")),
    ("x2apic-without-the-bit", include_str!("../../../scenarios/lessons/x2apic-without-the-bit.toml")),
];

/// Names of the built-in lessons.
pub(crate) fn lesson_names() -> Vec<&'static str> {
    LESSONS.iter().map(|(name, _)| *name).collect()
}

/// The text of a lesson, by built-in name or else by path.
///
/// # Errors
/// Neither exists, the file cannot be read, or it is not UTF-8 text.
pub(super) fn open(name_or_path: &str) -> Result<Arc<Source>, InputError> {
    if let Some((name, text)) = LESSONS.iter().find(|(name, _)| *name == name_or_path) {
        return Ok(Source::new(format!("scenarios/lessons/{name}.toml (built in)"), *text));
    }
    let names = lesson_names();
    let is_path = name_or_path.contains(['/', '\\']) || name_or_path.ends_with(".toml");
    if !is_path || !Path::new(name_or_path).exists() {
        let what = if is_path { "there is no file of a lesson" } else { "there is no lesson" };
        let missing =
            InputError::new(format!("{what} `{name_or_path}`")).help(nearest::suggestion(name_or_path, &names));
        return Err(missing.help("a lesson is a built-in name (apicsim list lessons) or a path to a TOML file"));
    }
    Ok(Source::new(name_or_path, read_text(name_or_path, "a lesson")?))
}
