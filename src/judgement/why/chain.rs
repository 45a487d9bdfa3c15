//! A chain of causes as it grows, and the names of what it speaks of.

use crate::machine::kernel;
use crate::scenario::Scenario;
use kernel_model::{Layout, Word};
use sim::{CpuReport, Kind, Outcome};

pub(super) struct Chain<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) outcome: &'a Outcome,
    pub(super) lines: Vec<String>,
    pub(super) visited: Vec<u16>,
    /// Who refuses, where somebody does: the root says what keeps it from taking interrupts.
    pub(super) refuser: Option<String>,
    pub(super) cause: Option<String>,
}

impl<'a> Chain<'a> {
    pub(super) const fn new(scenario: &'a Scenario, outcome: &'a Outcome) -> Self {
        Self { scenario, outcome, lines: Vec::new(), visited: Vec::new(), refuser: None, cause: None }
    }

    pub(super) fn say(&mut self, line: String) {
        self.lines.push(line);
    }

    pub(super) fn root(&mut self, cause: impl Into<String>) {
        let cause = cause.into();
        let refuser = self.refuser.take().map(|refuser| format!("{refuser}: ")).unwrap_or_default();
        self.cause.get_or_insert_with(|| refuser + &cause);
    }

    pub(super) fn polled_word(&self, cpu: &CpuReport) -> Option<u16> {
        cpu.polled.iter().find(|access| access.kind == Kind::Load).map(|access| access.operand as u16)
    }

    pub(super) fn word_name(&self, word: u16) -> String {
        Layout::new(kernel(self.scenario).cpus).name(Word(word)).to_string()
    }

    pub(super) fn agent(&self, agent: u16) -> String {
        if usize::from(agent) < self.outcome.cpus.len() { format!("CPU{agent}") } else { "the I/O agent".to_owned() }
    }
}
