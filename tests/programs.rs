//! Programs as data: what they do, what they are told when they are wrong, and that their hangs are proven.

mod calls;
mod pins;
mod random;
mod refused;
mod sheet;
mod weak_sends;

use crate::support::reads_back;
use apicsim::scenario::diagnostic::InputError;
use apicsim::scenario::{Request, Scenario, load_text};
use apicsim::{RunReport, Settings, run};

/// A scenario of these declarations, on a machine of two CPUs unless they say otherwise; `happens` has its events.
pub(crate) fn text(declarations: &str, happens: &str) -> String {
    let machine = if declarations.contains("[machine]") { "" } else { "[machine]\ncpus = 2\n" };
    format!("format = 1\nname = \"p\"\nstory = \"A program.\"\n{declarations}\n{machine}{happens}")
}

/// An event with these steps at 1 µs.
pub(crate) fn program(cpu: u32, steps: &str) -> String {
    format!("[[event]]\nat_us = 1\ncpu = {cpu}\nsteps = '''\n{steps}\n'''\n")
}

/// A handler with these steps.
pub(crate) fn handler(cpu: u32, on: &str, steps: &str) -> String {
    format!("[[handler]]\ncpus = [{cpu}]\non = {on}\nsteps = '''\n{steps}\n'''\n")
}

pub(crate) fn load_on(text: &str, arch: &str, variant: &str) -> Result<Scenario, InputError> {
    let mut request = Request::new("p.toml");
    (request.arch, request.variant) = (Some(arch.to_owned()), Some(variant.to_owned()));
    load_text(text, &request).inspect(reads_back)
}

pub(crate) fn load(text: &str) -> Scenario {
    let scenario =
        load_text(text, &Request::new("p.toml")).unwrap_or_else(|error| panic!("{}\n{text}", error.render(false)));
    reads_back(&scenario);
    scenario
}

pub(crate) fn report(text: &str) -> RunReport {
    run(&load(text), &Settings::seeded(0)).unwrap_or_else(|error| panic!("{error}\n{text}")).0
}

/// The line of `text` that has `words`, counted from 1.
pub(crate) fn line_of(text: &str, words: &str) -> usize {
    text.lines().position(|line| line.contains(words)).unwrap() + 1
}
