//! What can stand in a program: one table of the words that steps begin with, for the parser, its messages and the lists.

use crate::scenario::operation::OPERATIONS;

/// How a step is written, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct StepForm {
    /// Its first word.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
}

const fn form(name: &'static str, usage: &'static str, about: &'static str) -> StepForm {
    StepForm { name, usage, about }
}

/// Those beside the operations by hand.
const FORMS: [StepForm; 25] = [
    form("call", "call FN [to=CPU,...] [vector=V]", "a kernel function by its name (`apicsim list calls`)"),
    form("hlt", "hlt", "HLT: until an interrupt or NMI has been handled"),
    form("pause", "pause", "one PAUSE"),
    form("shutdown", "shutdown", "a triple fault: only NMI, SMI and INIT act on the CPU then"),
    form("irqs-off", "irqs-off { ... }", "interrupts off in the block, then as before"),
    form("lock", "lock L", "spin until the lock is this CPU's"),
    form("unlock", "unlock L", "give it back"),
    form("try", "try L { ... } else { ... }", "one attempt; the lock is this CPU's in the first block"),
    form("set", "set W N", "store to a shared word"),
    form("add", "add W N", "add to a shared word, atomically"),
    form("await", "await W ==|!=|& N [for D]", "poll a word until that holds, with `for` at most so long"),
    form("delay", "delay D", "busy for so long"),
    form("sleep-until", "sleep-until T", "idle until so long after the start of the run"),
    form("repeat", "repeat N { ... }", "the block N times"),
    form("forever", "forever { ... }", "the block for ever"),
    form("every", "every D [for D] { ... }", "the block again and again, that far apart, late or not"),
    form("if", "if W ==|!=|& N { ... } else { ... }", "look at a word once"),
    form("timer", "timer oneshot|periodic|deadline D vector=V, timer off", "set the local APIC's timer"),
    form("nmi", "nmi C", "a pulse at the NMI pin of CPU C"),
    form("smi", "smi C [D]", "the SMI pin of CPU C; with D no code runs there for so long, else its handler"),
    form("init", "init C", "the INIT pin of CPU C: it waits for a start-up message"),
    form("say", "say \"TEXT\"", "a line of the report and the trace"),
    form("reach", "reach NAME", "the goal `reach:NAME`, and a line of the trace"),
    form("else", "} else { ... }", "the other block of `if` and `try`"),
    form("}", "}", "the end of a block"),
];

/// Operations by hand of which a program makes no use but that they take place.
const FOR_SCRIPTS: [&str; 4] = ["nz", "range", "vec", "cpuid"];

/// The operations by hand that can be steps.
pub(super) fn is_operation(name: &str) -> bool {
    !FOR_SCRIPTS.contains(&name) && OPERATIONS.iter().any(|form| form.name == name)
}

/// Is it an operation whose only use is its answer?
pub(super) fn is_for_scripts(name: &str) -> bool {
    FOR_SCRIPTS.contains(&name)
}

/// All forms of steps.
pub(crate) fn step_forms() -> impl Iterator<Item = StepForm> {
    let by_hand = OPERATIONS.iter().filter(|operation| is_operation(operation.name));
    FORMS.into_iter().chain(by_hand.map(|operation| form(operation.name, operation.usage, operation.about)))
}

/// How the step called `name` is written.
pub(super) fn usage(name: &str) -> Option<&'static str> {
    FORMS.iter().find(|form| form.name == name).map(|form| form.usage)
}
