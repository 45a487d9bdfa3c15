//! The kinds of events in a `trace.dat`: a kernel's own where it traces the same thing, by their names and fields, and a system
//! `lapic` for all the rest. Behind its own fields each has its number in the stream and its exact instant.
//!
//! Not here: events of a kernel whose fields no event of ours knows, as the Linux number of a device's interrupt.

use Type::{Int, Long, Pointer, SignedLong, Text};

/// The number of the first kind.
pub(super) const FIRST_ID: usize = 100;

/// Where the handler of NMIs is said to be: an address that stands for its name.
pub(super) const NMI_HANDLER: u64 = 0xFFFF_FFFF_8100_0000;

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Int,
    Long,
    SignedLong,
    Pointer,
    /// Where a text is in the record, and how long it is.
    Text,
}

impl Type {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Int => "int",
            Long => "u64",
            SignedLong => "s64",
            Pointer => "void *",
            Text => "__data_loc char[]",
        }
    }

    pub(super) const fn size(self) -> usize {
        if matches!(self, Int | Text) { 4 } else { 8 }
    }

    pub(super) const fn signed(self) -> bool {
        matches!(self, Int | SignedLong | Text)
    }
}

/// A kind of event.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) system: &'static str,
    pub(super) name: &'static str,
    /// How a reader prints it.
    pub(super) print: &'static str,
    fields: &'static [(Type, &'static str)],
}

/// Fields that every event has before its own.
pub(super) const COMMON: usize = 8;

/// Fields of each behind its own.
const BEHIND: [(Type, &str); 2] = [(Long, "number"), (Long, "ps")];

impl Kind {
    /// Its fields, each with its name and place in a record.
    pub(super) fn layout(&self) -> impl Iterator<Item = (Type, &'static str, usize)> {
        let said = (self.system == LAPIC).then_some((Text, "said"));
        let all = self.fields.iter().copied().chain(BEHIND).chain(said);
        all.scan(COMMON, |end, (of, name)| {
            let offset = end.next_multiple_of(of.size());
            *end = offset + of.size();
            Some((of, name, offset))
        })
    }

    /// How many fields are its own.
    pub(super) const fn own(&self) -> usize {
        self.fields.len()
    }
}

pub(super) const LAPIC: &str = "lapic";

const fn vector(name: &'static str) -> Kind {
    Kind { system: "irq_vectors", name, print: "\"vector=%d\", REC->vector", fields: &[(Int, "vector")] }
}

const fn own(name: &'static str, fields: &'static [(Type, &'static str)]) -> Kind {
    Kind { system: LAPIC, name, print: "\"%s\", __get_str(said)", fields }
}

/// All of them, those of a system together.
pub(super) static KINDS: &[Kind] = &[
    vector("reschedule_entry"),
    vector("reschedule_exit"),
    vector("call_function_entry"),
    vector("call_function_exit"),
    vector("call_function_single_entry"),
    vector("call_function_single_exit"),
    vector("irq_work_entry"),
    vector("irq_work_exit"),
    Kind {
        system: "nmi",
        name: "nmi_handler",
        print: "\"%ps delta_ns: %lld handled: %d\", REC->handler, REC->delta_ns, REC->handled",
        fields: &[(Pointer, "handler"), (SignedLong, "delta_ns"), (Int, "handled")],
    },
    own("interrupt_entry", &[(Long, "vector")]),
    own("interrupt_exit", &[(Long, "vector")]),
    own("nmi_entry", &[]),
    own("smm_entry", &[]),
    own("smm_exit", &[]),
    own("context_entry", &[]),
    own("context_exit", &[]),
    own(
        "run",
        &[(Long, "kind"), (Long, "operand"), (Long, "value"), (Long, "first_ps"), (Long, "last_ps"), (Long, "count")],
    ),
    own("write", &[(Long, "kind"), (Long, "operand"), (Long, "value")]),
    own("modify", &[(Long, "kind"), (Long, "operand"), (Long, "old"), (Long, "new")]),
    own("timed_read", &[(Long, "kind"), (Long, "operand"), (Long, "value")]),
    own("fault", &[(Long, "kind"), (Long, "operand")]),
    own("icr_busy", &[(Long, "value")]),
    own("send", &[(Long, "from"), (Long, "message"), (Long, "mode"), (Long, "vector"), (Long, "destination")]),
    own(
        "attempts",
        &[
            (Long, "from"),
            (Long, "message"),
            (Long, "mode"),
            (Long, "vector"),
            (Long, "destination"),
            (Long, "first_ps"),
            (Long, "last_ps"),
            (Long, "count"),
        ],
    ),
    own(
        "deliver",
        &[(Long, "from"), (Long, "message"), (Long, "mode"), (Long, "vector"), (Long, "destination"), (Long, "agent")],
    ),
    own(
        "dispatch",
        &[
            (Long, "from"),
            (Long, "message"),
            (Long, "mode"),
            (Long, "vector"),
            (Long, "destination"),
            (Long, "newer_pending"),
        ],
    ),
    own(
        "message_fault",
        &[(Long, "from"), (Long, "message"), (Long, "mode"), (Long, "vector"), (Long, "destination"), (Long, "agent")],
    ),
    own("remote_read", &[(Long, "from"), (Long, "message"), (Long, "mode"), (Long, "vector"), (Long, "destination")]),
    own("error", &[(Long, "agent"), (Long, "bits")]),
    own("eoi", &[(Long, "vector")]),
    own("apic_dead", &[(Long, "agent")]),
    own("interrupt_flag", &[(Long, "on")]),
    own("halt", &[]),
    own("wake", &[]),
    own("nmi_latched", &[]),
    own("wait_begin", &[(Long, "code")]),
    own("wait_end", &[(Long, "code"), (Long, "timed_out")]),
    own("reached", &[(Long, "code")]),
    own("chosen", &[(Long, "of"), (Long, "taken")]),
    own("clock_read", &[]),
    own("end", &[]),
    own("local", &[]),
    own("initialised", &[]),
    own("started", &[(Long, "vector")]),
    own("shutdown", &[]),
];
