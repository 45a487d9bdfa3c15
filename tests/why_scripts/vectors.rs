//! `cpu K why vector VEC`: where a vector is, at the CPU that it was for. What is right is the manual's, quoted by section (SDM volume 3).

use super::{Case, P6, asked};

/// From the other end: a vector, at the CPU that it was for.
#[test]
fn why_vector_says_where_a_vector_is() {
    let table: [Case; 17] = [
        ("none", &[], "cpu 1 why vector 31", "nobody has sent it 31", &["no message with 31 was for CPU1"]),
        (
            "taken",
            &[],
            "cpu 1 sti\ncpu 0 ipi 1 0x31\nwait\ncpu 1 why vector 0x31",
            "it has taken the last one",
            &["FIXED 31 from CPU0 to physical 01, sent at ", "taken at ", "by the handler of 31"],
        ),
        // 6.8.1; a second one merges into the first, which is pending (10.8.4)
        (
            "pending",
            &[],
            "cpu 0 ipi 1 0x31\nwait\ncpu 2 ipi 1 0x31\nwait\ncpu 1 why vector 31",
            "it does not take 31: its interrupts are off",
            &["FIXED 31 from CPU0", "pending since ", "FIXED 31 from CPU2", "merged at ", "interrupts off since 0 "],
        ),
        // the highest vector goes first (10.8.4)
        (
            "later",
            &[],
            "cpu 1 write TPR 0x30\ncpu 0 ipi 1 0x31\nwait\ncpu 0 ipi 1 0x41\nwait\ncpu 1 sti\ncpu 1 why vector 31",
            "it does not take 31: its processor priority is 30",
            &["FIXED 31", "pending"],
        ),
        // an ISR bit stays until EOI (10.8.5): that one has been taken, another of the vector waits behind it
        (
            "service",
            &[],
            "cpu 1 autoeoi off\ncpu 1 sti\ncpu 0 ipi 1 0x31\nwait\ncpu 1 why vector 31",
            "its handler has written no EOI",
            &["taken at ", "31 is in service at CPU1"],
        ),
        (
            "behind",
            &[],
            "cpu 1 autoeoi off\ncpu 1 sti\ncpu 0 ipi 1 0x31\nwait\ncpu 0 ipi 1 0x31\nwait\ncpu 1 why vector 31",
            "it does not take 31: its processor priority is 30",
            &["taken at ", "pending since ", "31 is in service at CPU1"],
        ),
        // 10.4.7.2: a software-disabled APIC takes no vector
        (
            "disabled",
            &[],
            "cpu 1 write SVR 0xff\ncpu 0 ipi 1 0x31\nwait\ncpu 1 why vector 31",
            "its APIC did not take the last one",
            &["ignored at ", "software-disabled"],
        ),
        // 10.4.7.3: INIT clears the IRR
        (
            "cleared",
            &[],
            "cpu 0 ipi 1 0x31\nwait\ncpu 0 ipi 1 INIT\nwait\ncpu 1 why vector 31",
            "the last one waited there, and was wiped",
            &["cleared at ", "when the CPU was initialised"],
        ),
        // 10.8.4: a third of a class is refused, and sent again
        (
            "refused",
            P6,
            "cpu 0 ipi 1 0xfb\nwait\ncpu 0 ipi 1 0xfc\nwait\ncpu 0 ipi 1 0xfd\nwait\ncpu 1 why vector fd",
            "CPU1's class F stays full: it takes no interrupt",
            &["FIXED FD from CPU0", "retried since ", "CPU1's class F is full", "CPU1 has interrupts off"],
        ),
        // a newer command took its place (knob icr_write_while_busy)
        (
            "replaced",
            P6,
            "cpu 0 ipi 1 0xfb\nwait\ncpu 0 ipi 1 0xfc\nwait\ncpu 0 ipi 1 0xfd\nwait\ncpu 0 ipi 2 0x41\nwait\ncpu 1 why vector fd",
            "a newer message took the place of the last one",
            &["FIXED FD from CPU0", "replaced at "],
        ),
        // by the knob that drops such a write
        (
            "dropped",
            &["--generation", "p6", "--bus", "serial", "--set", "knobs.icr_write_while_busy=drop"],
            "cpu 0 ipi 1 0xfb\nwait\ncpu 0 ipi 1 0xfc\nwait\ncpu 0 ipi 1 0xfd\nwait\ncpu 0 ipi 1 0x41\nwait\ncpu 1 why vector 41",
            "the write that asked for the last one found the ICR busy, and was dropped",
            &["FIXED 41 from CPU0", "dropped at "],
        ),
        // to another CPU: this one has nothing of it
        (
            "another",
            &[],
            "cpu 0 ipi 2 0x31\nwait\ncpu 1 why vector 31",
            "nobody has sent it 31",
            &["no message with 31 was for CPU1"],
        ),
        // an NMI has no vector, whatever stands in its field (10.6.1)
        (
            "nmi",
            &[],
            "cpu 0 ipi 1 NMI|0x31\nwait\ncpu 1 why vector 31",
            "nobody has sent it 31",
            &["no message with 31"],
        ),
        // the vector of a start-up message is a page (8.4.3)
        (
            "page",
            &[],
            "cpu 0 ipi 1 SIPI|0x31\nwait\ncpu 1 why vector 31",
            "nobody has sent it 31",
            &["no message with 31"],
        ),
        // a timer of its own: no message
        (
            "timer",
            &[],
            "cpu 1 write LVTT 0x45\ncpu 1 write TMICT 1000\nwait\ncpu 1 why vector 45",
            "it does not take 45: its interrupts are off",
            &["no message with 45 was for CPU1", "the timer entry of CPU1's own APIC has 45", "CPU1 does not take 45"],
        ),
        // and one that is masked sends nothing (10.5.1)
        (
            "masked",
            &[],
            "cpu 1 write LVTT MASKED|0x45\ncpu 1 write TMICT 1000\nwait\ncpu 1 why vector 45",
            "nobody has sent it 45",
            &["the timer entry of CPU1's own APIC has 45, and is masked"],
        ),
        // more than are told: 9 of which the first is left out
        (
            "many",
            &[],
            "cpu 1 sti\ncpu 0 ipi 1 0x31\nwait\ncpu 0 ipi 1 0x31\nwait\ncpu 0 ipi 1 0x31\nwait\ncpu 0 ipi 1 0x31\nwait\n\
             cpu 0 ipi 1 0x31\nwait\ncpu 0 ipi 1 0x31\nwait\ncpu 0 ipi 1 0x31\nwait\ncpu 0 ipi 1 0x31\nwait\n\
             cpu 1 cli\ncpu 2 ipi 1 0x31\nwait\ncpu 1 why vector 31",
            "it does not take 31: its interrupts are off",
            &["1 of 9 messages came before these", "from CPU0", "from CPU2", "pending"],
        ),
    ];
    for (name, options, script, root, says) in table {
        let (answer, chain) = asked(&format!("vector-{name}"), &format!("cpus 3\n{script}\n"), options);
        assert_eq!(answer, root, "{name}: {chain:#?}");
        let chain = chain.join("\n");
        let mut rest = chain.as_str();
        for part in says {
            rest = rest.split_once(part).unwrap_or_else(|| panic!("{name}: `{part}` is missing in\n{chain}")).1;
        }
    }
}
