//! The house that ARCHITECTURE.md draws: its rooms, and which may import from which.

use crate::imports::{Arrows, Crate};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// From what lies in one folder to what else lies there.
type Within = BTreeMap<String, BTreeSet<String>>;

/// The files in `source`, by their names from there, with their texts. The program's own file is none of the library's.
fn files(source: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let (mut folders, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && name != "main.rs" {
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files
}

/// The arrows between what lies in `folder`: files, and folders in it as one each; the folder's own file is `mod`.
fn within(arrows: &Arrows, folder: &[String]) -> Within {
    let name = |place: &[String]| {
        let inside = place.strip_prefix(folder)?;
        Some(inside.first().cloned().unwrap_or_else(|| "mod".to_owned()))
    };
    let mut found = Within::new();
    for (from, to) in arrows {
        if let (Some(from), Some(to)) = (name(from), name(to))
            && from != to
        {
            found.entry(from).or_default().insert(to);
        }
    }
    found
}

/// Rooms as the table of ARCHITECTURE.md has them, from the top: each with the rooms that it may import from.
fn drawn() -> Vec<(String, BTreeSet<String>)> {
    let page = include_str!("../ARCHITECTURE.md");
    let house =
        page.split("## The house").nth(1).expect("the house is drawn").split("\n## ").next().unwrap_or_default();
    let names = |cell: &str| -> Vec<String> {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(|name| name.trim_end_matches(['/']).trim_end_matches(".rs").to_owned())
            .collect()
    };
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.split(" | ").collect();
        let room = cells[0].trim_end_matches(['`', '/']).trim_end_matches(".rs").to_owned();
        Some((room, names(cells.last()?).into_iter().collect()))
    };
    house.lines().filter_map(row).collect()
}

#[test]
fn rooms_import_as_the_house_is_drawn() {
    let files = files("src");
    let drawn = drawn();
    let mut is = within(&Crate::read(&files).arrows(true), &[]);
    assert_eq!(is.remove("mod"), None, "lib.rs only passes on");
    let rooms: BTreeSet<&str> = files.iter().filter_map(|(name, _)| name.split(['/', '.']).next()).collect();
    let named: BTreeSet<&str> = drawn.iter().map(|(room, _)| room.as_str()).chain(["lib"]).collect();
    assert_eq!(rooms, named, "rooms of src/, and rows of ARCHITECTURE.md");
    for (n, (room, may)) in drawn.iter().enumerate() {
        let does = is.remove(room).unwrap_or_default();
        assert_eq!(&does, may, "`{room}` imports from these; ARCHITECTURE.md says from those");
        let below: BTreeSet<&str> = drawn[n + 1..].iter().map(|(room, _)| room.as_str()).collect();
        assert!(
            may.iter().all(|other| below.contains(other.as_str())),
            "`{room}` imports from above: {may:?}, {below:?}"
        );
    }
}

#[test]
fn no_folder_has_a_circle_of_files() {
    let files = files("src");
    let arrows = Crate::read(&files).arrows(false);
    let parent = |(name, _): &(String, String)| {
        name.rsplit_once('/').map(|(folder, _)| folder.split('/').map(str::to_owned).collect()).unwrap_or_default()
    };
    let folders: BTreeSet<Vec<String>> = files.iter().map(parent).collect();
    assert!(folders.len() > 8, "{folders:?}");
    for folder in folders {
        let circle = circle(&within(&arrows, &folder));
        assert!(circle.is_empty(), "a circle of files in src/{}: {circle:#?}", folder.join("/"));
    }
}

/// There are others, of files that tell of each other's kind (`nmi.rs` and `v6/`, `other/`, `arch/`): not held here.
#[test]
fn calling_and_stopping_the_others_is_no_circle() {
    let mut all = Within::new();
    for (from, to) in Crate::read(&files("kernel_model/src")).arrows(false) {
        all.entry(from.join("/")).or_default().insert(to.join("/"));
    }
    let circle = circle(&all);
    for name in ["smp_call_function", "smp_send_stop", "stop_this_cpu"] {
        assert!(
            all.contains_key(name) && !circle.contains_key(name),
            "{name} in a circle of kernel_model/src: {circle:#?}"
        );
    }
}

/// The arrows along which one comes back to where one began.
fn circle(arrows: &Within) -> Within {
    let leads_back = |from: &String, to: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![to]);
        while let Some(place) = next.pop() {
            if seen.insert(place) {
                next.extend(arrows.get(place).into_iter().flatten());
            }
        }
        seen.contains(from)
    };
    let kept =
        arrows.iter().map(|(from, to)| (from.clone(), to.iter().filter(|to| leads_back(from, to)).cloned().collect()));
    kept.filter(|(_, to): &(String, BTreeSet<String>)| !to.is_empty()).collect()
}
