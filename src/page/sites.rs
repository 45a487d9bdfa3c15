//! The lines and steps at which software acts, each with the function that holds it.

use super::texts::{NOTHING, Texts};
use crate::judgement::source_lines::{Places, function_lines, line_number};
use serde_json::{Value, json};
use sim::Site;
use std::collections::BTreeMap;

/// Steps of a program that are shown around one.
const STEPS: usize = 60;

/// The sites of a run.
#[derive(Debug)]
pub(super) struct Sites {
    places: Places,
    /// By what is said of a site: a compiler may keep one line's location twice.
    numbers: BTreeMap<String, i64>,
    list: Vec<Value>,
}

impl Sites {
    pub(super) const fn new(places: Places) -> Self {
        Self { places, numbers: BTreeMap::new(), list: Vec::new() }
    }

    /// The number of a site.
    pub(super) fn number(&mut self, site: Option<Site>, texts: &mut Texts) -> i64 {
        let Some(site) = site else { return NOTHING };
        let at = match self.places.as_step(site) {
            Some((number, step)) => format!("{step} #{number}"),
            None => format!("{} {site}", self.places.describe(site)),
        };
        if let Some(&number) = self.numbers.get(&at) {
            return number;
        }
        let number = self.list.len() as i64;
        let value = self.describe(site, texts);
        self.list.push(value);
        self.numbers.insert(at, number);
        number
    }

    fn describe(&self, site: Site, texts: &mut Texts) -> Value {
        let (line, first, lines) = match self.places.as_step(site) {
            Some((number, _)) => self.around(number as usize),
            None => match (line_number(site), function_lines(site)) {
                (Some(line), Some((first, lines))) => (line, first, lines.into_iter().map(str::to_owned).collect()),
                (line, _) => (line.unwrap_or_default(), 0, Vec::new()),
            },
        };
        let source = texts.value(&json!({ "first": first, "lines": lines }));
        let function = self.places.function(site).unwrap_or_default();
        json!({ "at": self.places.describe(site), "function": function, "line": line, "source": source })
    }

    /// The steps around one: they are numbered from 1, and are their own source.
    fn around(&self, number: usize) -> (u32, u32, Vec<String>) {
        let places = &self.places.programs().places;
        let first = number - number % STEPS;
        let lines = places.iter().skip(first).take(STEPS).map(|step| step.text.clone()).collect();
        (number as u32 + 1, first as u32 + 1, lines)
    }

    /// All of them.
    pub(super) fn json(&self) -> Value {
        Value::from(self.list.clone())
    }
}
