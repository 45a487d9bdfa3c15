//! A chain of causes as it grows, and the names of what it speaks of.

use crate::judgement::state::{CpuState, Site, State};
use kernel_model::{Layout, Word};

/// A chain of causes, and its root in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Why {
    /// From the wait to the root, a sentence each.
    pub chain: Vec<String>,
    /// The root.
    pub cause: String,
}

/// A chain as it grows.
pub(super) struct Chain<'a> {
    pub(super) state: &'a State,
    pub(super) lines: Vec<String>,
    /// The CPUs from the first to the one that is spoken of, each waiting for the next.
    pub(super) path: Vec<u16>,
    /// Those whose waits are told.
    pub(super) told: Vec<u16>,
    /// Who refuses, where somebody does: the root says what keeps it from taking interrupts.
    pub(super) refuser: Option<String>,
    pub(super) cause: Option<String>,
}

impl<'a> Chain<'a> {
    pub(super) const fn new(state: &'a State) -> Self {
        Self { state, lines: Vec::new(), path: Vec::new(), told: Vec::new(), refuser: None, cause: None }
    }

    pub(super) fn say(&mut self, line: String) {
        self.lines.push(line);
    }

    pub(super) fn root(&mut self, cause: impl Into<String>) {
        let cause = cause.into();
        let refuser = self.refuser.take().map(|refuser| format!("{refuser}: ")).unwrap_or_default();
        self.cause.get_or_insert_with(|| refuser + &cause);
    }

    pub(super) fn end(self, otherwise: &str) -> Why {
        Why { chain: self.lines, cause: self.cause.unwrap_or_else(|| otherwise.to_owned()) }
    }

    pub(super) fn cpu(&self, number: u16) -> &'a CpuState {
        &self.state.cpus[usize::from(number)]
    }

    pub(super) fn layout(&self) -> Layout {
        Layout::new(self.state.kernel.map_or(self.state.cpus.len() as u16, |kernel| kernel.cpus))
    }

    /// A line of the kernel. Of other software none is named: nobody knows its lines.
    pub(super) fn place(&self, site: Option<Site>) -> Option<String> {
        self.state.kernel.and(site).map(|site| self.describe(site))
    }

    pub(super) fn describe(&self, site: Site) -> String {
        self.state.places.describe(site)
    }

    pub(super) fn word_name(&self, word: u16) -> String {
        let own = self.state.places.programs().word_name(word);
        own.map_or_else(|| self.layout().name(Word(word)).to_string(), str::to_owned)
    }

    pub(super) fn agent(&self, agent: u16) -> String {
        if usize::from(agent) < self.state.cpus.len() { format!("CPU{agent}") } else { "the I/O agent".to_owned() }
    }
}

/// `CPU1`, `CPU1 and CPU2`, `CPU1, CPU2 and CPU3`.
pub(super) fn list(cpus: &[u16]) -> String {
    let names: Vec<String> = cpus.iter().map(|cpu| format!("CPU{cpu}")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "no CPU".to_owned(),
    }
}
