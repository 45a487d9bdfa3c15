//! The parser: each form, and each way to get it wrong.

use super::super::model::{Asked, Work};
use super::*;
use crate::scenario::{Operation, VectorSet};

fn parse(text: &str) -> Result<Script, InputError> {
    Script::parse(&Source::new("t.apic", text))
}

fn action(line: &str) -> Action {
    match parse(line) {
        Ok(script) => script.lines[0].action,
        Err(error) => panic!("{}", error.render(false)),
    }
}

#[test]
fn every_operation_is_read() {
    use Operation as O;
    let table = [
        ("cpu 1 write ICRL OTHERS|NMI", Work::Operation(O::Write { register: 0x300, value: 0xC_0400 })),
        ("cpu 1 read 0x3f0", Work::Operation(O::Read { register: 0x3F0 })),
        ("cpu 1 nz TMCCT", Work::Operation(O::NonZero { register: 0x390 })),
        ("cpu 1 range TMCCT 10 0x20", Work::Operation(O::Range { register: 0x390, least: 10, most: 32 })),
        ("cpu 1 vec TMR", Work::Operation(O::Vectors(VectorSet::TriggerMode))),
        ("cpu 1 ipi 0xff ASSERT|0x31", Work::Operation(O::Ipi { destination: 0xFF, command: 0x4031 })),
        ("cpu 1 icrpoll 0x4031 7", Work::Operation(O::IcrPoll { command: 0x4031, times: 7 })),
        ("cpu 1 poll ICRL 0x1000 100000", Work::Operation(O::Poll { register: 0x300, mask: 0x1000, times: 100_000 })),
        ("cpu 1 sti", Work::Operation(O::EnableInterrupts)),
        ("cpu 1 cli", Work::Operation(O::DisableInterrupts)),
        ("cpu 1 mfence", Work::Operation(O::Fence)),
        ("cpu 1 hlt", Work::Halt),
        ("cpu 1 autoeoi off", Work::AutoEoi(false)),
        ("cpu 1 nmi_block", Work::HoldNmi),
        ("cpu 1 nmi_release", Work::ReleaseNmi),
        ("cpu 1 smm_block", Work::HoldSmm),
        ("cpu 1 smm_release", Work::ReleaseSmm),
        ("cpu 1 shutdown", Work::ShutDown),
        ("cpu 1 rdmsr X2:ID", Work::Operation(O::ReadMsr(0x802))),
        ("cpu 1 wrmsr APIC_BASE 0xfee00000|EN|EXTD", Work::Operation(O::WriteMsr(0x1B, 0xFEE0_0C00))),
        ("cpu 1 mr32 0xfec00010", Work::Operation(O::ReadMemory(0xFEC0_0010))),
        ("cpu 1 mw32 0xfec00000 0x14", Work::Operation(O::WriteMemory(0xFEC0_0000, 0x14))),
        ("cpu 1 in8 0x61", Work::Operation(O::ReadPort(0x61))),
        ("cpu 1 out8 0x43 0x30", Work::Operation(O::WritePort(0x43, 0x30))),
        ("cpu 1 cpuid 1", Work::Operation(O::Identify(1))),
        ("cpu 1 tick 500", Work::Operation(O::Tick { us: 500 })),
    ];
    assert_eq!(table.len() + 1, forms().count(), "every operation has its line here, but `why`");
    for (line, work) in table {
        assert_eq!(action(line), Action::Cpu(1, work), "{line}");
    }
}

#[test]
fn every_other_line_is_read() {
    let vector = Counted::Vector(0x31);
    let table = [
        ("wait", Action::Wait { us: 2_000 }),
        ("wait 10000", Action::Wait { us: 10_000 }),
        ("irqlog *", Action::IrqLog(None)),
        ("irqlog 3", Action::IrqLog(Some(3))),
        ("count 1 31 2 0x10", Action::Count { cpu: 1, what: vector, least: 2, most: 16 }),
        ("count 1 NMI 0 0", Action::Count { cpu: 1, what: Counted::Nmi, least: 0, most: 0 }),
        ("cpu 3 why", Action::Why(3, Asked::Cpu)),
        ("cpu 0 why icr", Action::Why(0, Asked::Command)),
        ("cpu 0 why ICR", Action::Why(0, Asked::Command)),
        ("cpu 1 why vector 0x31", Action::Why(1, Asked::Vector(0x31))),
        ("cpu 1 why vector f0", Action::Why(1, Asked::Vector(0xF0))),
        ("ping 2", Action::Ping(2)),
        ("boots 2", Action::Boots(2)),
        ("note  cpu 9 is   no CPU # comment", Action::Note),
    ];
    for (line, expected) in table {
        assert_eq!(action(line), expected, "{line}");
    }
}

#[test]
fn directives_hold_wherever_they_stand() {
    let script =
        parse("# a script\n\n  cpu 6 sti\t# first\nnote  a   b\ncpus 7\ninit raw\nrequire x2apic").expect("good");
    assert_eq!((script.cpus, script.init, script.requires_x2apic), (7, Init::Raw, true));
    let texts: Vec<&str> = script.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["cpu 6 sti", "note a b"]);
    assert_eq!(script.lines[1].place.line(), 4);
    let script = parse("").expect("nothing to do");
    assert_eq!((script.cpus, script.init, script.requires_x2apic, script.lines.len()), (4, Init::Std, false, 0));
}

/// Line by line: the script, where the caret stands, what the message and the help say.
#[test]
fn every_mistake_has_its_place_and_says_what_would_be_right() {
    let table: [(&str, &str, &[&str]); 49] = [
        ("cpu 1 raed ICRL", "1:7", &["unknown operation `raed`", "`read`"]),
        ("cpu 1 why TPR", "1:11", &["does not ask about `TPR`", "icr"]),
        ("cpu 1 why icr 2", "1:15", &["one token too many", "cpu K why [icr|vector VEC]"]),
        ("cpu 1 why vector", "1:17", &["VEC is missing", "cpu K why [icr|vector VEC]"]),
        ("cpu 1 why vector NMI", "1:18", &["`NMI` is no vector", "00 to ff"]),
        ("cpu 1 why vector 0x131", "1:18", &["`0x131` is no vector", "00 to ff"]),
        ("cpu 1 why vectr 31", "1:11", &["does not ask about `vectr`", "did you mean `vector`?"]),
        ("cpu 1 why vector 31 2", "1:21", &["one token too many", "cpu K why [icr|vector VEC]"]),
        ("cpu 4 why icr", "1:5", &["no cpu 4", "0 to 3"]),
        ("why 1", "1:1", &["cpu K why [icr|vector VEC]"]),
        ("cpus 2\n?", "2:1", &["`?` is no operation", "--interactive"]),
        ("undo", "1:1", &["`undo` is no operation", "--interactive"]),
        ("wiat 10", "1:1", &["`wiat`", "`wait`"]),
        ("write ICRL 0", "1:1", &["cpu K write REG VAL"]),
        ("cpu 1 read IRCL", "1:12", &["unknown register `IRCL`", "`ICRL`"]),
        ("cpu 1 read", "1:11", &["REG is missing", "cpu K read REG"]),
        ("cpu 1 read ICRL 3", "1:17", &["one token too many", "cpu K read REG"]),
        ("cpu 1 write TPR", "1:16", &["VAL is missing"]),
        ("cpu 1 write TPR 0x1g", "1:17", &["no number", "0x hex"]),
        ("cpu 1 write TPR 08", "1:17", &["octal"]),
        ("cpu 1 write TPR 0x100000000", "1:17", &["does not fit 32 bits"]),
        ("cpu 1 write ICRL ASSERT|NIM", "1:25", &["unknown value `NIM`", "`NMI`"]),
        ("cpu 1 ipi 0x100 0x31", "1:11", &["does not fit 8 bits"]),
        ("cpu 4 sti", "1:5", &["no cpu 4", "0 to 3"]),
        ("cpus 2\ncpu 2 sti", "2:5", &["no cpu 2", "0 to 1"]),
        ("cpu x sti", "1:5", &["`x` is no number"]),
        ("cpu", "1:4", &["K is missing", "cpu K OPERATION"]),
        ("cpu 1", "1:6", &["an operation is missing"]),
        ("cpu 0 hlt", "1:7", &["cpu 0 cannot `hlt`", "another CPU"]),
        ("cpu 0 nmi_block", "1:7", &["cpu 0 cannot `nmi_block`"]),
        ("cpus 2\ncpus 3", "2:1", &["`cpus` stands twice", "line 1"]),
        ("init raw\ninit raw", "2:1", &["`init` stands twice"]),
        ("cpus 0", "1:6", &["1 to 768"]),
        ("cpus 256", "1:6", &["1 to 255", "init x2apic"]),
        ("init raw\ncpus 768", "2:6", &["1 to 255", "init x2apic"]),
        ("init x2apic\ncpus 769", "2:6", &["1 to 768"]),
        ("cpus 2 3", "1:8", &["one token too many"]),
        ("init rwa", "1:6", &["`raw`"]),
        ("require x2", "1:9", &["`x2apic`"]),
        ("cpu 1 vec ESR", "1:11", &["IRR, ISR, TMR"]),
        ("cpu 1 autoeoi offf", "1:15", &["`off`"]),
        ("cpu 1 rdmsr APIC_BAES", "1:13", &["`APIC_BASE`"]),
        ("cpu 1 poll ICRL 1 0", "1:19", &["1 to 10000000"]),
        ("cpu 1 range TMCCT 5 4", "1:21", &["range is empty"]),
        ("cpu 1 mr32 0xfec00011", "1:12", &["multiple of 4"]),
        ("wait 10000001", "1:6", &["0 to 10000000"]),
        ("count 1 131 0 1", "1:9", &["no vector", "NMI"]),
        ("irqlog", "1:7", &["K or * is missing", "irqlog K|*"]),
        ("ping 1 2", "1:8", &["one token too many", "ping K"]),
    ];
    for (text, place, says) in table {
        let error = parse(text).expect_err(text);
        let message = error.render(false);
        assert!(message.contains(&format!("t.apic:{place}\n")), "{text}: {place} in\n{message}");
        for part in says {
            assert!(message.contains(part), "{text}: `{part}` is missing in\n{message}");
        }
    }
}

#[test]
fn no_text_makes_the_parser_panic() {
    for text in ["\u{feff}cpu 1 sti", "cpu 1 write TPR ||", "µ", "cpu 1 ipi |", "count 1 +1 0 0", "cpu 1 read 0x\r\n"]
    {
        let message = parse(text).expect_err(text).render(false);
        assert!(message.starts_with("error: "), "{message}");
    }
    assert!(parse("cpu 1 sti\r\nwait\r\n").is_ok(), "lines may end as on DOS");
}
