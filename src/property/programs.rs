//! Strategies for the steps of programs. Text, as files have it: any step can stand in any block.
//!
//! Not drawn: drawn times and timers, so that such a program comes to its end, hangs, or acts for ever without a chance in it.

use proptest::prelude::*;

/// The words that the programs use.
pub const WORDS: [&str; 2] = ["a", "b"];

/// The locks that they use.
pub const LOCKS: [&str; 2] = ["l", "m"];

/// The vectors of the IPIs that they send, beside NMIs.
pub const VECTORS: [u8; 2] = [0x50, 0x51];

/// A step of a small program, with its blocks, of which there are at most so many within each other.
fn any_step(depth: u32) -> BoxedStrategy<String> {
    let word = prop::sample::select(&WORDS[..]);
    let lock = prop::sample::select(&LOCKS[..]);
    let relation = prop_oneof![Just("=="), Just("!="), Just("&")];
    let message = prop_oneof![
        2 => prop::sample::select(&VECTORS[..]).prop_map(|vector| format!("{vector:#04x}")),
        1 => Just("NMI".to_owned()),
    ];
    let plain = prop_oneof![
        4 => (word.clone(), 0..3u32).prop_map(|(word, value)| format!("set {word} {value}\n")),
        3 => word.clone().prop_map(|word| format!("add {word} 1\n")),
        2 => (word.clone(), relation.clone(), 0..3u32).prop_map(|(word, how, value)| format!("await {word} {how} {value}\n")),
        2 => (word.clone(), 0..3u32).prop_map(|(word, value)| format!("await {word} == {value} for 3us\n")),
        3 => lock.clone().prop_map(|lock| format!("lock {lock}\n")),
        3 => lock.clone().prop_map(|lock| format!("unlock {lock}\n")),
        3 => (1..4u32).prop_map(|us| format!("delay {us}us\n")),
        1 => Just("pause\n".to_owned()),
        1 => Just("hlt\n".to_owned()),
        1 => Just("cli\n".to_owned()),
        1 => Just("sti\n".to_owned()),
        3 => message.prop_map(|what| format!("ipi 0xff LOGICAL|OTHERS|{what}\n")),
        1 => Just("call smp_call_function\n".to_owned()),
        1 => (0..2u32).prop_map(|cpu| format!("nmi {cpu}\n")),
        1 => (0..2u32).prop_map(|cpu| format!("smi {cpu} 2us\n")),
    ];
    if depth == 0 {
        return plain.boxed();
    }
    let block = || steps(depth - 1);
    prop_oneof![
        6 => plain,
        1 => block().prop_map(|steps| format!("irqs-off {{\n{steps}}}\n")),
        1 => (1..4u32, block()).prop_map(|(times, steps)| format!("repeat {times} {{\npause\n{steps}}}\n")),
        1 => block().prop_map(|steps| format!("forever {{\npause\n{steps}}}\n")),
        1 => (word, relation, 0..3u32, block(), block())
            .prop_map(|(word, how, value, yes, no)| format!("if {word} {how} {value} {{\n{yes}}} else {{\n{no}}}\n")),
        1 => (lock, block(), block()).prop_map(|(lock, yes, no)| format!("try {lock} {{\n{yes}}} else {{\n{no}}}\n")),
    ]
    .boxed()
}

/// The steps of a small program: one to four, with at most `depth` blocks within each other. It uses [`WORDS`] and [`LOCKS`], which
/// the scenario declares, and sends [`VECTORS`] and NMIs.
pub fn steps(depth: u32) -> BoxedStrategy<String> {
    prop::collection::vec(any_step(depth), 1..5).prop_map(|steps| steps.concat()).boxed()
}
