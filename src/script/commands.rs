//! The commands of a session that are no operations: a script in a file has none of them.

use crate::scenario::operation::Form;

/// All of them.
pub(super) const COMMANDS: [Form; 6] = [
    Form { name: "help", usage: "help, ?", about: "this list" },
    Form { name: "state", usage: "state", about: "what every CPU does now, and what its APIC holds" },
    Form { name: "registers", usage: "registers", about: "names of registers, MSRs and values" },
    Form { name: "list", usage: "list", about: "the session so far, as a script to save" },
    Form { name: "undo", usage: "undo", about: "take the last line back" },
    Form { name: "quit", usage: "quit", about: "leave (so does the end of input)" },
];

/// Is `word` one of them, by any of its names?
pub(super) fn is_command(word: &str) -> bool {
    word == "exit" || COMMANDS.iter().any(|form| form.usage.split(", ").any(|name| name == word))
}
