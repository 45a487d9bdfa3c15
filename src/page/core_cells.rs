//! The cells of a CPU's core: what it does and where, its flags and latches, and the slots of its classes.

use super::book::Book;
use super::kind::Kind;
use super::texts::NOTHING;
use crate::judgement::messages::{destination, what};
use crate::judgement::state::{Cause, CpuState, Origin, Sleep};
use crate::judgement::why;
use crate::report::KernelNames;
use crate::report::trace::Vocabulary;
use kernel_model::Wait;
use serde_json::{Value, json};
use sim::Context;
use sim::apic::Mode;

/// Their names and kinds, in the order of [`read`].
pub(super) const CORE: [(&str, Kind); 14] = [
    ("does", Kind::Text),
    ("at", Kind::Site),
    ("stack", Kind::Text),
    ("interrupt flag", Kind::Flag),
    ("NMIs blocked", Kind::Flag),
    ("NMI latch", Kind::Text),
    ("SMI latch", Kind::Text),
    ("INIT latch", Kind::Text),
    ("sends", Kind::Text),
    ("polls", Kind::Text),
    ("APIC", Kind::Text),
    ("slots", Kind::Slots),
    (WHY_BUSY, Kind::Chain),
    ("why", Kind::Chain),
];

/// The cell that says why the delivery status of a CPU's ICR is "send pending".
pub(super) const WHY_BUSY: &str = "why busy";

/// How many of them are chains of causes; they are the last ones.
pub(super) const CHAINS: usize = 2;

/// Their values; `chains`: why its ICR is busy, why it waits.
pub(super) fn read(cpu: &CpuState, chains: [i64; CHAINS], book: &mut Book) -> [i64; CORE.len()] {
    let stack: Vec<String> = cpu.frames.iter().map(|frame| context(frame.context, &book.names)).collect();
    let [busy, waits] = chains;
    let polls = cpu.software.polled_word().map(|word| book.names.word(word));
    let sends = cpu.last_send.filter(|_| cpu.busy_since.is_some());
    [
        book.text(&does(cpu, &book.names)),
        book.site(cpu.site()),
        book.text(&stack.join(", interrupted by ")),
        i64::from(cpu.interrupts_off_since.is_none()),
        i64::from(cpu.blocks_nmi()),
        latch(cpu.latches.nmi, book),
        latch(cpu.latches.smi, book),
        latch(cpu.latches.init, book),
        book.maybe(sends.map(|(message, _)| format!("{} to {}", what(&message), destination(&message)))),
        book.maybe(polls),
        book.text(&apic(cpu)),
        slots(cpu).map_or(NOTHING, |slots| book.value(&slots)),
        busy,
        waits,
    ]
}

/// What it does, in a few words.
pub(super) fn does(cpu: &CpuState, names: &KernelNames) -> String {
    match on_top(cpu) {
        Context::Program | Context::Shutdown => does_there(cpu).to_owned(),
        other => format!("{}: {}", context(other, names), does_there(cpu)),
    }
}

/// What runs on top.
fn on_top(cpu: &CpuState) -> Context {
    cpu.frames.last().map_or(Context::Program, |frame| frame.context)
}

/// What it does in what is on top.
pub(super) fn does_there(cpu: &CpuState) -> &'static str {
    let waits = cpu.software.waits.last().filter(|wait| wait.level == cpu.frames.len());
    match cpu.sleep() {
        Some(Sleep::Halt(_)) => "in HLT",
        Some(Sleep::Shutdown { .. }) => "in shutdown",
        Some(Sleep::WaitForStartUp(_)) => "waits for a start-up message",
        None if cpu.stalled_since.is_some() => "its store to the ICR does not complete",
        None => match waits {
            Some(wait) => why::what(wait.code),
            None if cpu.finished && on_top(cpu) == Context::Program => "its program has ended",
            None => "runs",
        },
    }
}

/// The word of the lock on which it spins, once it has looked at it.
pub(super) fn lock(cpu: &CpuState) -> Option<u16> {
    let wait = cpu.software.waits.last().filter(|wait| wait.level == cpu.frames.len())?;
    cpu.software.polled_word().filter(|_| wait.code == Wait::Lock as u32)
}

/// What a frame is called.
pub(super) fn context(context: Context, names: &KernelNames) -> String {
    match context {
        Context::Program => "its program".to_owned(),
        Context::Interrupt(vector) if names.crashes(vector) => {
            format!("the crash by SysRq-C (handler of {vector:02X})")
        }
        Context::Interrupt(vector) => format!("the handler of {vector:02X}"),
        Context::Nmi => "the NMI handler".to_owned(),
        Context::SystemManagement => "system-management mode".to_owned(),
        Context::Shutdown => "shutdown".to_owned(),
    }
}

/// What is latched, and where it came from.
fn latch(cause: Option<Cause>, book: &mut Book) -> i64 {
    book.maybe(cause.map(|cause| match cause.origin {
        Origin::Message(source, number) => format!("message {number} of {}", book.agent(source)),
        Origin::Local => "a source of its own".to_owned(),
        Origin::Injected => "an injected fault".to_owned(),
    }))
}

fn apic(cpu: &CpuState) -> String {
    let mode = match cpu.apic.mode() {
        Mode::Disabled => "globally disabled",
        Mode::XApic => "xAPIC mode",
        Mode::X2Apic => "x2APIC mode",
    };
    let enabled = if cpu.apic.software_enabled() { "" } else { ", software-disabled" };
    let dead = if cpu.dead_since.is_some() { ", DEAD (injected)" } else { "" };
    let jammed = if cpu.jammed_since.is_some() { ", delivery status JAMMED (injected)" } else { "" };
    format!("{mode}{enabled}{dead}{jammed}")
}

/// The classes that hold something, highest first; none where classes have no slots.
fn slots(cpu: &CpuState) -> Option<Value> {
    let mut classes = Vec::new();
    for class in (0..16).rev() {
        let slots = cpu.apic.class_slots(class)?;
        let hex = |vectors: &[u8]| vectors.iter().map(|vector| format!("{vector:02X}")).collect::<Vec<_>>();
        if !slots.requested.is_empty() || !slots.in_service.is_empty() {
            classes.push(json!({
                "class": format!("{class:X}"),
                "slots": slots.slots,
                "requested": hex(&slots.requested),
                "in_service": hex(&slots.in_service),
                "full": slots.full,
            }));
        }
    }
    Some(Value::from(classes))
}
