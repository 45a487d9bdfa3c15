//! Results of several versions of the program: of one campaign as long as the versions of results and digests are the same.

use super::lines::without_version;
use super::tests::{Folder, PIECES, SMALL, go_on, merged, planned};
use crate::measure::RESULT_VERSION;
use sim::Outcome;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// The same lines by another version of apicsim.
fn by_version(text: &str, version: &str) -> String {
    let ours = env!("CARGO_PKG_VERSION");
    let header = text.replace(&format!("\"version\":\"{ours}\""), &format!("\"version\":\"{version}\""));
    header.replace(&format!("\"token\":\"apicsim3:{ours}:"), &format!("\"token\":\"apicsim3:{version}:"))
}

/// A campaign that an earlier version began is gone on with, and nothing of it is changed.
#[test]
fn another_version_goes_on_with_a_result() {
    let (plan, folder) = (planned(SMALL).expect("a plan"), Folder::new("versions"));
    let ours = String::from_utf8(PIECES.0.clone()).expect("text");
    let theirs = by_version(&ours, "0.0.9");
    let ends: Vec<usize> = theirs.match_indices('\n').map(|(at, _)| at + 1).collect();
    let begun = &theirs[..ends[ends.len() / 2]];
    let path = folder.file("begun", begun.as_bytes());
    assert!(go_on(&plan, &path, "slice:1/1", 2, false).expect("it goes on"));
    let whole = std::fs::read_to_string(&path).expect("it is there");
    // Both versions have names of one length.
    assert!(whole == format!("{begun}{}", &ours[begun.len()..]));
}

/// Parts of three versions, in any order and any grouping, some rows more than once: one text.
#[test]
fn results_of_several_versions_are_put_together() {
    let folder = Folder::new("merged-versions");
    let ours = String::from_utf8(PIECES.0.clone()).expect("text");
    let files: Vec<_> = ["0.0.9", env!("CARGO_PKG_VERSION"), "0.1.7"]
        .iter()
        .map(|version| folder.file(version, by_version(&ours, version).as_bytes()))
        .collect();
    let [one, two, three] = &files[..] else { unreachable!("three") };
    let (_, right) = merged(&folder, "a", &[one.clone(), two.clone(), three.clone()]);
    assert!(right == std::fs::read(one).expect("it is there"), "the first in the alphabet");
    for (order, name) in [([two, one, three], "b"), ([three, two, one], "c"), ([two, three, one], "d")] {
        assert!(merged(&folder, name, &order.map(Clone::clone)).1 == right, "{name}");
    }
    let (left, _) = merged(&folder, "e", &[two.clone(), three.clone()]);
    assert!(merged(&folder, "f", &[left, one.clone()]).1 == right);
}

/// The rows of the small campaign are what this version of results has always written. If this fails, results of before do not fit those
/// of now: `RESULT_VERSION` goes up by one (if it is not the digest's version that has), and the hash here is that of the new rows.
#[test]
fn a_result_that_changes_has_another_version() {
    let text = std::str::from_utf8(&PIECES.0).expect("text");
    let mut hasher = SipHasher13::new();
    for line in text.lines().skip(1) {
        let (before, after) = without_version(line);
        hasher.write(format!("{before}{after}\n").as_bytes());
    }
    let found = (RESULT_VERSION, Outcome::DIGEST_VERSION, format!("{:016x}", hasher.finish()));
    assert_eq!(found, (2, 2, "90806a350eba585e".to_owned()));
}
