//! What a page says things with: its dictionary, its sites, and the names that software gives its own.

use super::sites::Sites;
use super::texts::{NOTHING, Texts};
use crate::judgement::source_lines::Places;
use crate::report::KernelNames;
use crate::scenario::Scenario;
use serde_json::Value;
use sim::Site;

/// The words of a page.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) texts: Texts,
    pub(super) sites: Sites,
    pub(super) names: KernelNames,
    pub(super) cpus: u16,
}

impl Book {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let sites = Sites::new(Places::of(scenario));
        Self { texts: Texts::default(), sites, names: KernelNames::of(scenario), cpus: scenario.machine.cpus as u16 }
    }

    pub(super) fn text(&mut self, text: &str) -> i64 {
        self.texts.text(text)
    }

    /// The place of a text, if there is one.
    pub(super) fn maybe(&mut self, text: Option<String>) -> i64 {
        text.map_or(NOTHING, |text| self.texts.text(&text))
    }

    pub(super) fn value(&mut self, value: &Value) -> i64 {
        self.texts.value(value)
    }

    pub(super) fn site(&mut self, site: Option<Site>) -> i64 {
        self.sites.number(site, &mut self.texts)
    }

    /// `CPU1`, or the I/O agent.
    pub(super) fn agent(&self, agent: u16) -> String {
        if agent < self.cpus { format!("CPU{agent}") } else { "the I/O agent".to_owned() }
    }
}
