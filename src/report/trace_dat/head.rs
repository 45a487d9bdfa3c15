//! The head of a `trace.dat` of version 6 (trace-cmd.dat.v6(5)): what a page and an entry look like, the formats of the events,
//! names of functions and tasks, and where the buffers are.
//!
//! Not written: options, formats of ftrace's own events, `trace_printk`'s.

use super::kinds::{FIRST_ID, KINDS, Kind, NMI_HANDLER};
use super::pages::{PAGE, PAGE_HEAD};

fn field(kind: &str, offset: usize, size: usize, signed: bool) -> String {
    format!("\tfield:{kind};\toffset:{offset};\tsize:{size};\tsigned:{};\n", u8::from(signed))
}

/// What a page looks like.
fn page() -> String {
    [
        field(" u64 timestamp", 0, 8, false),
        field(" local_t commit", 8, 8, true),
        field(" int overwrite", 8, 1, true),
        field(" char data", PAGE_HEAD, PAGE - PAGE_HEAD, true),
    ]
    .concat()
}

/// What an entry looks like.
const ENTRY: &str = "# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n\tarray       :   32 bits\n\n\
                     \tpadding     : type == 29\n\ttime_extend : type == 30\n\ttime_stamp : type == 31\n\
                     \tdata max type_len  == 28\n";

/// The format of an event.
fn format(kind: &Kind, id: usize) -> String {
    let common = [
        field("unsigned short common_type", 0, 2, false),
        field("unsigned char common_flags", 2, 1, false),
        field("unsigned char common_preempt_count", 3, 1, false),
        field("int common_pid", 4, 4, true),
    ];
    let own =
        kind.layout().map(|(of, name, offset)| field(&format!("{} {name}", of.name()), offset, of.size(), of.signed()));
    let (common, own) = (common.concat(), own.collect::<String>());
    format!("name: {}\nID: {id}\nformat:\n{common}\n{own}\nprint fmt: {}\n", kind.name, kind.print)
}

fn sized(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// The head, for buffers of so many pages, and tasks a line each. The first page comes right behind it.
pub(super) fn head(tasks: &str, pages: &[u64]) -> Vec<u8> {
    let mut out = b"\x17\x08\x44tracing6\0\x00\x08".to_vec(); // little-endian, words of 8 bytes
    out.extend((PAGE as u32).to_le_bytes());
    out.extend(b"header_page\0");
    sized(&mut out, &page());
    out.extend(b"header_event\0");
    sized(&mut out, ENTRY);
    out.extend(0u32.to_le_bytes()); // events of ftrace itself
    let systems: Vec<_> = KINDS.chunk_by(|one, next| one.system == next.system).collect();
    out.extend((systems.len() as u32).to_le_bytes());
    let mut id = FIRST_ID;
    for kinds in systems {
        out.extend(kinds[0].system.as_bytes());
        out.push(0);
        out.extend((kinds.len() as u32).to_le_bytes());
        for kind in kinds {
            sized(&mut out, &format(kind, id));
            id += 1;
        }
    }
    let functions = format!("{NMI_HANDLER:016x} T nmi_handler\n");
    out.extend((functions.len() as u32).to_le_bytes());
    out.extend(functions.as_bytes());
    out.extend(0u32.to_le_bytes()); // texts of trace_printk
    sized(&mut out, tasks);
    out.extend((pages.len() as u32).to_le_bytes());
    out.extend(b"flyrecord\0");
    let end = (out.len() + 16 * pages.len()).next_multiple_of(PAGE);
    let mut offset = end as u64;
    for pages in pages {
        let size = pages * PAGE as u64;
        out.extend(offset.to_le_bytes());
        out.extend(size.to_le_bytes());
        offset += size;
    }
    out.resize(end, 0);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes.
    fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
        let (first, last) = rest.split_at(count);
        *rest = last;
        first
    }

    fn number(rest: &mut &[u8], bytes: usize) -> usize {
        take(rest, bytes).iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    }

    fn text<'a>(rest: &mut &'a [u8], count: usize) -> &'a str {
        std::str::from_utf8(take(rest, count)).expect("text")
    }

    /// In the order of trace-cmd.dat.v6(5), section by section.
    #[test]
    fn the_head_is_as_the_manual_has_it() {
        let bytes = head("1 program\n", &[2, 0, 1]);
        let rest = &mut &bytes[..];
        assert_eq!(take(rest, 3), [0x17, 0x08, 0x44]);
        assert_eq!(take(rest, 9), b"tracing6\0");
        assert_eq!(take(rest, 6), [0, 8, 0x00, 0x10, 0, 0]); // little endian, long of 64 bits, pages of 4096
        assert_eq!(take(rest, 12), b"header_page\0");
        let size = number(rest, 8);
        let page = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n";
        assert!(text(rest, size).starts_with(page));
        assert_eq!(take(rest, 13), b"header_event\0");
        let size = number(rest, 8);
        assert!(text(rest, size).contains("time_extend : type == 30\n"));
        assert_eq!(number(rest, 4), 0); // formats of ftrace
        assert_eq!(number(rest, 4), 3);
        let mut formats = Vec::new();
        for (system, count) in [("irq_vectors\0", 8), ("nmi\0", 1), ("lapic\0", KINDS.len() - 9)] {
            assert_eq!(text(rest, system.len()), system);
            assert_eq!(number(rest, 4), count);
            for _ in 0..count {
                let size = number(rest, 8);
                formats.push(text(rest, size).to_owned());
            }
        }
        let reschedule = "name: reschedule_entry\nID: 100\nformat:\n\
                          \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\
                          \tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n\
                          \tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n\
                          \tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n\
                          \tfield:int vector;\toffset:8;\tsize:4;\tsigned:1;\n\
                          \tfield:u64 number;\toffset:16;\tsize:8;\tsigned:0;\n\
                          \tfield:u64 ps;\toffset:24;\tsize:8;\tsigned:0;\n\n\
                          print fmt: \"vector=%d\", REC->vector\n";
        assert_eq!(formats[0], reschedule);
        assert!(formats[8].starts_with("name: nmi_handler\nID: 108\n"));
        let size = number(rest, 4);
        assert_eq!(text(rest, size), "ffffffff81000000 T nmi_handler\n");
        assert_eq!(number(rest, 4), 0); // texts of trace_printk
        let size = number(rest, 8);
        assert_eq!(text(rest, size), "1 program\n");
        assert_eq!(number(rest, 4), 3);
        assert_eq!(take(rest, 10), b"flyrecord\0");
        let buffers: Vec<_> = (0..3).map(|_| (number(rest, 8), number(rest, 8))).collect();
        let start = bytes.len();
        assert_eq!(start % 4096, 0);
        assert_eq!(buffers, [(start, 8192), (start + 8192, 0), (start + 8192, 4096)]);
        assert!(rest.len() < 4096 && rest.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn no_two_kinds_have_one_name_and_systems_are_together() {
        let names: std::collections::BTreeSet<_> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), KINDS.len());
        assert_eq!(KINDS.chunk_by(|one, next| one.system == next.system).count(), 3);
    }
}
