//! An event as a record: of which kind it is, and what its fields hold.

use super::kinds::{COMMON, FIRST_ID, KINDS, Kind, LAPIC, NMI_HANDLER, Type};
use kernel_model::Arch;
use sim::bus::Message;
use sim::{Access, Context, Event, Time, What};

/// What an event does not know of itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    /// The kernel, which gives vectors their meaning.
    pub(super) arch: Option<Arch>,
    /// When the handler was entered that the event leaves.
    pub(super) entered: Option<Time>,
    /// Its place in the stream.
    pub(super) number: u64,
    /// Of whom it is: a number of a task, and the flags of a kernel's trace.
    pub(super) task: u32,
    pub(super) flags: u8,
}

/// The use of a vector that the kernel traces by name: the kinds for entry and exit.
fn of_vector(vector: u8, arch: Option<Arch>) -> Option<(&'static str, &'static str)> {
    let arch = arch.filter(|arch| arch.other().is_none())?;
    if vector == arch.reschedule_vector() {
        Some(("reschedule_entry", "reschedule_exit"))
    } else if vector == arch.call_function_vector() {
        Some(("call_function_entry", "call_function_exit"))
    } else if arch.is_modern() && vector == arch.call_function_single_vector() {
        Some(("call_function_single_entry", "call_function_single_exit"))
    } else if arch.is_modern() && vector == arch.irq_work_vector() {
        Some(("irq_work_entry", "irq_work_exit"))
    } else {
        None
    }
}

fn access(access: Access) -> Vec<u64> {
    vec![access.kind as u64, access.operand.into()]
}

fn message(of: &Message) -> Vec<u64> {
    vec![of.source.into(), of.number.into(), of.mode as u64, of.vector.into(), of.destination.into()]
}

fn and(mut values: Vec<u64>, more: &[u64]) -> Vec<u64> {
    values.extend(more);
    values
}

fn entry(context: Context, arch: Option<Arch>) -> (&'static str, Vec<u64>) {
    match context {
        Context::Interrupt(vector) => {
            (of_vector(vector, arch).map_or("interrupt_entry", |(entry, _)| entry), vec![vector.into()])
        }
        Context::Nmi => ("nmi_entry", vec![]),
        Context::SystemManagement => ("smm_entry", vec![]),
        Context::Program | Context::Shutdown => ("context_entry", vec![]),
    }
}

fn exit(context: Context, time: Time, around: &Around) -> (&'static str, Vec<u64>) {
    match context {
        Context::Interrupt(vector) => {
            (of_vector(vector, around.arch).map_or("interrupt_exit", |(_, exit)| exit), vec![vector.into()])
        }
        Context::Nmi => {
            let took = around.entered.map_or(0, |entered| time.as_ps().saturating_sub(entered.as_ps()) / 1000);
            ("nmi_handler", vec![NMI_HANDLER, took, 1])
        }
        Context::SystemManagement => ("smm_exit", vec![]),
        Context::Program | Context::Shutdown => ("context_exit", vec![]),
    }
}

/// The name of its kind, and the values of its own fields.
fn fields(event: &Event, around: &Around) -> (&'static str, Vec<u64>) {
    match event.what {
        What::Entered(context) => entry(context, around.arch),
        What::Left(context) => exit(context, event.time, around),
        What::Run { access: of, value, last, count } => {
            ("run", and(access(of), &[value, event.time.as_ps(), last.as_ps(), count]))
        }
        What::Write { access: of, value } => ("write", and(access(of), &[value])),
        What::Modified { access: of, values } => ("modify", and(access(of), &[values >> 32, values & 0xFFFF_FFFF])),
        What::TimedRead { access: of, value } => ("timed_read", and(access(of), &[value])),
        What::Fault(of) => ("fault", access(of)),
        What::IcrWrittenWhileBusy(value) => ("icr_busy", vec![value.into()]),
        What::Sent(of) => ("send", message(&of)),
        What::Attempts { message: of, last, count, .. } => {
            ("attempts", and(message(&of), &[event.time.as_ps(), last.as_ps(), count]))
        }
        What::Delivered(agent, of) => ("deliver", and(message(&of), &[agent.into()])),
        What::Dispatched(of, newer) => ("dispatch", and(message(&of), &[newer.into()])),
        What::MessageFault(_, agent, of) => ("message_fault", and(message(&of), &[agent.into()])),
        What::RemoteRead(of, _) => ("remote_read", message(&of)),
        What::Error(agent, bits) => ("error", vec![agent.into(), bits.into()]),
        What::EndOfInterrupt(vector) => ("eoi", vec![vector.into()]),
        What::ApicDead(agent) => ("apic_dead", vec![agent.into()]),
        What::InterruptFlag(on) => ("interrupt_flag", vec![on.into()]),
        What::Halted => ("halt", vec![]),
        What::Woken => ("wake", vec![]),
        What::NmiLatched => ("nmi_latched", vec![]),
        What::WaitBegan(code) => ("wait_begin", vec![code.into()]),
        What::WaitEnded(code, outcome) => ("wait_end", vec![code.into(), outcome.into()]),
        What::Reached(code) => ("reached", vec![code.into()]),
        What::Chosen(of, taken) => ("chosen", vec![of.into(), taken.into()]),
        What::ClockRead => ("clock_read", vec![]),
        What::Ended => ("end", vec![]),
        What::Local(_) => ("local", vec![]),
        What::Initialised => ("initialised", vec![]),
        What::Started(vector) => ("started", vec![vector.into()]),
        What::Shutdown => ("shutdown", vec![]),
    }
}

fn kind_of(name: &str) -> (u16, &'static Kind) {
    let place = KINDS.iter().position(|kind| kind.name == name).expect("every kind is in the table");
    ((FIRST_ID + place) as u16, &KINDS[place])
}

/// The record of an event, which says this; of a text that is too long for a page, what fits.
pub(super) fn record(event: &Event, around: &Around, said: &str, longest: usize) -> Vec<u8> {
    let (name, mut values) = fields(event, around);
    let (id, kind) = kind_of(name);
    debug_assert_eq!(values.len(), kind.own(), "{name}");
    values.extend([around.number, event.time.as_ps()]);
    let mut out = id.to_le_bytes().to_vec();
    out.extend([around.flags, 0]);
    out.extend(around.task.to_le_bytes());
    debug_assert_eq!(out.len(), COMMON);
    for ((of, _, offset), value) in kind.layout().filter(|(of, ..)| *of != Type::Text).zip(values) {
        out.resize(offset, 0);
        out.extend_from_slice(&value.to_le_bytes()[..of.size()]);
    }
    if kind.system == LAPIC {
        let start = out.len() + Type::Text.size();
        let mut text: String = said.chars().map(|char| if char.is_control() { '?' } else { char }).collect();
        while text.len() >= longest - start {
            text.pop();
        }
        out.extend(((text.len() as u32 + 1) << 16 | start as u32).to_le_bytes());
        out.extend(text.bytes());
        out.push(0);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::{Kind as Operation, Source};

    const AROUND: Around = Around { arch: Some(Arch::I386Default), entered: None, number: 3, task: 2, flags: 0x41 };

    fn of(what: What) -> Event {
        Event { time: Time::from_us(2), source: Source::Cpu(1), site: None, what }
    }

    /// common_type, common_flags, common_preempt_count, common_pid; then vector, number, ps at their offsets.
    #[test]
    fn an_event_of_a_kernel_has_its_fields() {
        let bytes = record(&of(What::Entered(Context::Interrupt(0xFC))), &AROUND, "unsaid", 4000);
        let right =
            [100, 0, 0x41, 0, 2, 0, 0, 0, 0xFC, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x84, 0x1E, 0];
        assert_eq!(bytes, [&right[..], &[0; 4]].concat());
        let name = |vector, arch| of_vector(vector, Some(arch)).map(|(entry, _)| entry);
        // v2.6 of i386 has FB and FC, later kernels FC and FD, and FB for one CPU
        assert_eq!(name(0xFB, Arch::I386Default), Some("call_function_entry"));
        assert_eq!(name(0xFC, Arch::ModernX2apicPhys), Some("call_function_entry"));
        assert_eq!(name(0xFB, Arch::ModernX2apicPhys), Some("call_function_single_entry"));
        assert_eq!((name(0x41, Arch::I386Default), of_vector(0xFC, None)), (None, None));
    }

    #[test]
    fn an_nmi_handler_says_how_long_it_took() {
        let around = Around { entered: Some(Time::from_ps(500_000)), ..AROUND };
        let bytes = record(&of(What::Left(Context::Nmi)), &around, "", 4000);
        assert_eq!(bytes[..2], [108, 0]);
        assert_eq!(bytes[8..28], [0, 0, 0, 0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xDC, 5, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    }

    /// A text is where its field says, without what would break a line of a report, and cut where a page ends.
    #[test]
    fn own_events_say_what_the_text_trace_says() {
        let access = Access { kind: Operation::RegisterWrite, operand: 0x300 };
        let event = of(What::Write { access, value: 0xFB });
        let bytes = record(&event, &AROUND, "a\nb", 4000);
        assert_eq!(
            bytes[8..32],
            [[1, 0, 0, 0, 0, 0, 0, 0], [0, 3, 0, 0, 0, 0, 0, 0], [0xFB, 0, 0, 0, 0, 0, 0, 0]].concat()
        );
        assert_eq!(bytes[48..], [52, 0, 4, 0, b'a', b'?', b'b', 0]);
        let long = record(&event, &AROUND, &"é".repeat(4000), 101);
        assert_eq!((long.len(), long[48..52].to_vec()), (101, vec![52, 0, 49, 0]));
        assert_eq!(&long[96..], ["é".as_bytes(), "é".as_bytes(), &[0]].concat());
    }
}
