//! `apicsim list`: what there is.

use crate::cli::arguments::{List, ListKind};
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::report::Paper;
use crate::report::page::Page;
use crate::scenario::named::Named;
use crate::scenario::{self, ALL_ARCHES, Bus, Request, VARIANTS};
use kernel_model::{Arch, Call, Takes};
use sim::{Generation, Knobs};

pub(super) fn list(arguments: &List, paper: Paper) -> Result<ExitStatus, Failure> {
    let kinds: Vec<ListKind> = arguments.kind.map_or_else(|| ListKind::ALL.to_vec(), |kind| vec![kind]);
    let mut page = Page::new(paper);
    for kind in &kinds {
        if kinds.len() > 1 {
            page.verbatim(&format!("{}:", kind.name()));
        }
        page.entries(&entries(*kind)?);
    }
    output::print(&page.into_text())?;
    Ok(ExitStatus::Success)
}

fn entries(kind: ListKind) -> Result<Vec<(String, String)>, Failure> {
    let plain = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), String::new())).collect();
    Ok(match kind {
        ListKind::Scenarios => {
            let mut entries = Vec::new();
            for name in scenario::builtin_names() {
                entries.push((name.to_owned(), first_sentence(&scenario::load(&Request::new(name))?.story)));
            }
            entries
        }
        ListKind::Archs => ALL_ARCHES.iter().map(|arch| ((*arch).to_owned(), machine(arch))).collect(),
        ListKind::Variants => {
            VARIANTS.iter().zip(VARIANTS_ABOUT).map(|(v, about)| ((*v).to_owned(), about.to_owned())).collect()
        }
        ListKind::Buses => plain(&Bus::names()),
        ListKind::Generations => plain(&Generation::names()),
        ListKind::Knobs => Knobs::ALL.iter().map(|knob| (knob.key.to_owned(), knob.values.join(" | "))).collect(),
        ListKind::Faults => plain(&scenario::FaultName::names()),
        ListKind::Calls => Call::ALL.iter().map(|call| (call.name().to_owned(), about(*call))).collect(),
        ListKind::Lessons => vec![(super::demo::LESSON.to_owned(), "the hang of 2007, step by step".to_owned())],
    })
}

const VARIANTS_ABOUT: [&str; VARIANTS.len()] = [
    "up to 2.6.21: every send waits for the ICR without a bound",
    "proposed: the bound inside the ordinary wait, at most 1001 rounds for every caller (delay first; key `wait_shape`)",
    "proposed: bounded senders that only kdump calls, all others as before",
    "the patches as mailed: an NMI waits at most 1001 rounds, delay first",
    "the patches as merged in 2.6.22: an NMI waits at most 1001 rounds, read first",
    "v6.6 and later: 1000 rounds, also before an NMI by shorthand",
    "MP specification: no wait before a message, at most 20 us after it, then nothing",
    "MP specification: as mps-abort, but the message is sent again after 20 us (key `mps_retries`)",
];

/// What a kernel function takes, and which kernels have it.
fn about(call: Call) -> String {
    let option = |takes: &Takes| match takes {
        Takes::Mask => "--to C,…",
        Takes::Target => "--to C",
        Takes::Vector => "--vector V",
        Takes::Trampoline => "--vector PAGE",
    };
    let options: Vec<&str> = call.takes().iter().map(option).collect();
    format!("{:<22} {}", options.join(" "), call.whose().describe())
}

fn machine(arch: &str) -> String {
    let machine = scenario::natural(arch).map(|(generation, bus)| format!("{generation} on {bus}")).unwrap_or_default();
    match Arch::from_name(arch).and_then(Arch::other) {
        Some(other) => format!("{machine}; {}, {}", other.source().name, other.source().repository),
        None => machine,
    }
}

/// Up to the first full stop or question mark before a capital letter: "SDM vol. 3" goes on.
fn first_sentence(story: &str) -> String {
    let story = story.trim();
    let ends = |&(at, _): &(usize, &str)| {
        let rest = story[at + 1..].trim_start();
        rest.is_empty() || rest.starts_with(|next: char| next.is_ascii_uppercase())
    };
    let end = story.match_indices(['.', '?']).find(ends).map_or(story.len(), |(at, _)| at + 1);
    story[..end].to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn abbreviations_do_not_end_a_sentence() {
        let sentences = [
            ("A wire is stuck (SDM vol. 3 §8.11). More.", "A wire is stuck (SDM vol. 3 §8.11)."),
            ("Is the fix enough? The goal.", "Is the fix enough?"),
            ("One 2.6.22 only", "One 2.6.22 only"),
            (" The end. ", "The end."),
        ];
        for (story, sentence) in sentences {
            assert_eq!(super::first_sentence(story), sentence);
        }
    }
}
