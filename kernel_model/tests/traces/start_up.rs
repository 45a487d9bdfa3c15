//! Section 6: how another CPU is started: the messages, and whom they ask.

use crate::recorder::{Icr, Recorder};
use kernel_model::Variant::{B1, Before, Merged, Modern, MpsAbort, MpsRetry, Rfc, SolutionA};
use kernel_model::v6::wakeup_secondary_cpu_via_init;
use kernel_model::{
    Arch, Call, CpuMask, Given, Kernel, Variant, do_boot_cpu, es7000_start_cpu, inquire_remote_apic, setup_local_APIC,
    wakeup_secondary_via_INIT, wakeup_secondary_via_NMI,
};

/// The sub-architectures that start CPUs by INIT.
const BY_INIT: [Arch; 7] = [
    Arch::I386Default,
    Arch::I386Bigsmp,
    Arch::I386Es7000,
    Arch::I386Summit,
    Arch::X8664Flat,
    Arch::X8664Cluster,
    Arch::X8664Physflat,
];
pub(crate) const STUCK: u32 = u32::MAX;
/// Instants at which the ICR may become idle, before and after the bounds of the first two looks.
const TIMES: [u32; 14] =
    [0, 1, 100, 101, 99_900, 99_901, 100_000, 100_001, 100_100, 100_101, 110_100, 115_000, 210_200, STUCK];

pub(crate) fn kernel(arch: Arch, variant: Variant) -> Kernel {
    Kernel::new(arch, variant, 4).with(|kernel| kernel.trampoline = 0x9A)
}

/// The look after a message at an instant, as the table of section 3 has it: entries, time it takes, result.
fn look(variant: Variant, now: u32, clears: u32) -> (String, u32, u32) {
    let left = clears.saturating_sub(now);
    let hundreds = left.div_ceil(100);
    let (entry, rounds, last) = match variant {
        Before | SolutionA | B1 | Rfc if left > 100_100 => ("D100 R300 ", 1001, ""),
        Before | SolutionA | B1 | Rfc => ("D100 R300 ", hundreds.max(1), ""),
        Merged if left > 100_000 => ("R300 D100 ", 1001, ""),
        Modern if left > 99_900 => ("R300 D100 ", 1000, ""),
        Merged | Modern => ("R300 D100 ", hundreds, "R300 "),
        MpsAbort | MpsRetry => return mps_look(left),
    };
    let timed_out = match variant {
        Before | SolutionA | B1 | Rfc => left > 100_100,
        Merged => left > 100_000,
        _ => left > 99_900,
    };
    (entry.repeat(rounds as usize) + last, rounds * 100, if timed_out { 0x1000 } else { 0 })
}

/// MP specification 1.4, page B-4: 20 µs, looked at every µs.
fn mps_look(left: u32) -> (String, u32, u32) {
    let rounds = left.min(20);
    ("R300 D1 ".repeat(rounds as usize) + "R300 ", rounds, if left > 20 { 0x1000 } else { 0 })
}

/// A message, delays before the look at it, the look; with `mps-retry` once more after a time-out.
#[derive(Debug)]
struct Expected {
    variant: Variant,
    clears: u32,
    now: u32,
    trace: String,
}

impl Expected {
    fn new(variant: Variant, clears: u32) -> Self {
        Self { variant, clears, now: 0, trace: String::new() }
    }

    fn add(&mut self, entries: &str) {
        self.trace.push_str(entries);
        self.trace.push(' ');
    }

    fn delay(&mut self, us: u32) {
        self.now += us;
        self.add(&format!("D{us}"));
    }

    fn look(&mut self, write: &str) -> u32 {
        let mut status = 0;
        for attempt in 0..2 {
            let (entries, took, result) = look(self.variant, self.now, self.clears);
            self.trace.push_str(&entries);
            self.now += took;
            status = result;
            if status == 0 || attempt == 1 || self.variant != MpsRetry {
                break;
            }
            self.add(write);
        }
        status
    }
}

/// Section 6.1 for `W310=… W300=…` to id `a`, written down step by step; and 6.3, which leaves out step 1.
pub(crate) fn via_init(kernel: &Kernel, a: u32, clears: u32) -> (String, u32) {
    let i386 = kernel.arch.is_i386();
    let (write, around) = if kernel.erratum_11ap && i386 { ('X', "RF0 ") } else { ('W', "") };
    let clear = format!("{around}W280=0 R280");
    let destination = format!("{write}310={:X}", a << 24);
    let mut expected = Expected::new(kernel.variant, clears);
    if i386 {
        expected.add(&clear);
    }
    expected.add(&format!("{destination} {write}300=C500"));
    expected.look(&format!("{write}300=C500"));
    for _ in 0..10 {
        expected.delay(1000);
    }
    expected.add(&format!("{destination} {write}300=8500"));
    expected.look(&format!("{write}300=8500"));
    expected.add("R30");
    let mut status = 0;
    for _ in 0..2 {
        expected.add(&format!("{clear} {destination} {write}300=69A"));
        expected.delay(300);
        status = expected.look(&format!("{write}300=69A"));
        expected.delay(200);
        expected.add(&clear);
        if status != 0 {
            break;
        }
    }
    (expected.trace.trim_end().to_owned(), status)
}

#[test]
fn init_and_startup_of_every_variant_whenever_the_icr_clears() {
    for arch in BY_INIT {
        for variant in Variant::ALL {
            for erratum_11ap in [false, true] {
                let kernel = kernel(arch, variant).with(|kernel| kernel.erratum_11ap = erratum_11ap);
                for clears in TIMES {
                    let cpu = Recorder::new(&kernel, 0, Icr::ClearsAfter(clears));
                    let (expected, status) = via_init(&kernel, 3, clears);
                    let trace = cpu.run(|cpu| assert_eq!(wakeup_secondary_via_INIT(&kernel, cpu, 3), status));
                    assert_eq!(trace, expected, "{} {} {clears}", arch.name(), variant.name());
                }
            }
        }
    }
}

/// The idle and stuck traces of section 6.1 in plain words, so that the writer of the above is checked too.
#[test]
fn the_listing_of_the_sheet() {
    let merged = kernel(Arch::I386Default, Merged);
    let startup = "W280=0 R280 W310=3000000 W300=69A D300 R300 D200 W280=0 R280";
    let tens = "D1000 ".repeat(10);
    let trace = Recorder::new(&merged, 0, Icr::Idle).run(|cpu| {
        wakeup_secondary_via_INIT(&merged, cpu, 3);
    });
    assert_eq!(
        trace,
        format!("W280=0 R280 W310=3000000 W300=C500 R300 {tens}W310=3000000 W300=8500 R300 R30 {startup} {startup}")
    );
    for (variant, us, reads) in [(Before, 11_400, 4), (Rfc, 11_400, 4), (Merged, 11_000, 4), (Modern, 11_000, 4)] {
        let kernel = kernel(Arch::X8664Flat, variant);
        let cpu = Recorder::new(&kernel, 0, Icr::Idle);
        cpu.run(|cpu| assert_eq!(wakeup_secondary_via_INIT(&kernel, cpu, 3), 0));
        assert_eq!((cpu.now_us(), cpu.count("R300")), (us, reads), "{}", variant.name());
    }
    for (variant, us, reads) in
        [(Before, 310_800, 3003), (Rfc, 310_800, 3003), (Merged, 310_800, 3003), (Modern, 310_500, 3000)]
    {
        let kernel = kernel(Arch::I386Default, variant);
        let cpu = Recorder::new(&kernel, 0, Icr::Stuck);
        cpu.run(|cpu| assert_eq!(wakeup_secondary_via_INIT(&kernel, cpu, 3), 0x1000));
        let writes = ["W300=C500", "W300=8500", "W300=69A"].map(|write| cpu.count(write));
        assert_eq!((cpu.now_us(), cpu.count("R300"), writes), (us, reads, [1, 1, 1]), "{}", variant.name());
    }
}

/// An 82489DX gets no STARTUP from i386, and what counts is the look at the end of INIT. x86_64 does not ask. Parts with
/// fewer than five LVT entries are not written before the error status is read for the last time.
#[test]
fn other_parts() {
    let old = kernel(Arch::I386Default, Merged).with(|kernel| kernel.apic_version = 0x01);
    for (icr, status, us) in [(Icr::Idle, 0, 10_000), (Icr::Stuck, 0x1000, 210_200)] {
        let cpu = Recorder::new(&old, 0, icr).set(0x30, 0x0002_0001);
        let trace = cpu.run(|cpu| assert_eq!(wakeup_secondary_via_INIT(&old, cpu, 3), status));
        assert!(!trace.contains("280") && !trace.contains("300=6") && trace.ends_with("R30"), "{trace}");
        assert_eq!(cpu.now_us(), us);
    }
    let pentium = kernel(Arch::I386Default, Merged).with(|kernel| kernel.apic_version = 0x10);
    let trace = Recorder::new(&pentium, 0, Icr::Idle).set(0x30, 0x0003_0010).run(|cpu| {
        wakeup_secondary_via_INIT(&pentium, cpu, 3);
    });
    assert!(trace.ends_with("W300=69A D300 R300 D200 R280"), "{trace}");
    let x86_64 = kernel(Arch::X8664Flat, Merged).with(|kernel| kernel.apic_version = 0x01);
    let cpu = Recorder::new(&x86_64, 0, Icr::Idle);
    cpu.run(|cpu| assert_eq!(wakeup_secondary_via_INIT(&x86_64, cpu, 3), 0));
    assert_eq!(cpu.count("W300=69A"), 2);
}

/// The bits of the error status that count (EFh), and that an error ends the loop.
#[test]
fn an_error_ends_the_startups() {
    for (status, result, startups) in [(0x04, 0x04, 1), (0xFF, 0xEF, 1), (0x10, 0, 2)] {
        let kernel = kernel(Arch::I386Default, Merged).with(|kernel| kernel.apic_version = 0x10);
        let cpu = Recorder::new(&kernel, 0, Icr::Idle).set(0x30, 0x0003_0010).error_status(status);
        cpu.run(|cpu| assert_eq!(wakeup_secondary_via_INIT(&kernel, cpu, 3), result));
        assert_eq!(cpu.count("W300=69A"), startups, "{status:X}");
    }
}

/// Section 6.2.
#[test]
fn numaq_sends_an_nmi() {
    for variant in Variant::ALL {
        for erratum_11ap in [false, true] {
            let kernel = kernel(Arch::I386Numaq, variant).with(|kernel| kernel.erratum_11ap = erratum_11ap);
            let (write, around) = if erratum_11ap { ('X', "RF0 ") } else { ('W', "") };
            for clears in TIMES {
                let mut expected = Expected::new(variant, clears);
                expected.add(&format!("{write}310=12000000 {write}300=C00"));
                let status = expected.look(&format!("{write}300=C00"));
                expected.delay(200);
                expected.add(&format!("R30 {around}W280=0 R280"));
                let cpu = Recorder::new(&kernel, 0, Icr::ClearsAfter(clears));
                let trace = cpu.run(|cpu| assert_eq!(wakeup_secondary_via_NMI(&kernel, cpu, 0x12), status));
                assert_eq!(trace, expected.trace.trim_end(), "{} {clears}", variant.name());
            }
        }
    }
}

/// The mailbox: no access to the APIC; a register that is never free is waited for without a bound.
#[test]
fn the_es7000_asks_its_firmware() {
    let kernel = kernel(Arch::I386Es7000Clustered, Before);
    let mailbox = kernel.layout().es7000_mailbox();
    let cpu = Recorder::new(&kernel, 0, Icr::Stuck).everything();
    let trace = cpu.run(|cpu| assert_eq!(es7000_start_cpu(&kernel, cpu, 0x12), 0));
    assert_eq!(cpu.word(mailbox), 0x0100_0000 | 0x9A << 16 | 0x12);
    let store = format!("<Mailbox load{0} Done> store{0}={1}", mailbox.0, 0x019A_0012);
    assert_eq!(trace, format!("WakeUpBegins {store} WakeUpReturned"));
    let busy = Recorder::new(&kernel, 0, Icr::Idle).with_word(mailbox, 0x0100_0000).everything().limit(500);
    let (trace, returned) = busy.run_to_end(|cpu| {
        es7000_start_cpu(&kernel, cpu, 0x12);
    });
    assert!(!returned && !trace.contains("store") && !trace.contains(" P"), "{trace}");
}

/// Section 6.6: both halves of each write with interrupts off, the results of INIT's looks dropped, short delays on CPUs
/// whose INIT need not be held.
#[test]
fn v6_has_its_own_messages() {
    let write = |icr: &str| format!("IRQ- W310=3000000 W300={icr} IRQ+");
    for (init_udelay, hold, before, after) in [(10_000, "D10000 ", 300, 200), (0, "", 10, 10)] {
        let kernel = kernel(Arch::X8664Physflat, Modern).with(|kernel| kernel.init_udelay = init_udelay);
        let start = format!("W280=0 R280 {} D{before} R300 D{after} W280=0 R280", write("69A"));
        let init = format!("R30 R30 W280=0 R280 {} R300 {hold}{} R300", write("C500"), write("8500"));
        let cpu = Recorder::new(&kernel, 0, Icr::Idle);
        let trace = cpu.run(|cpu| assert_eq!(wakeup_secondary_cpu_via_init(&kernel, cpu, 3), 0));
        assert_eq!(trace, format!("{init} {start} {start}"));

        let stuck = Recorder::new(&kernel, 0, Icr::Stuck);
        stuck.run(|cpu| assert_eq!(wakeup_secondary_cpu_via_init(&kernel, cpu, 3), 0x1000));
        assert_eq!((stuck.count("R300"), stuck.count("W300=69A")), (3000, 1));
        assert_eq!(stuck.now_us(), 300_000 + init_udelay + before + after);
    }
    let old = kernel(Arch::X8664Physflat, Modern).with(|kernel| kernel.apic_version = 0x01);
    let trace = Recorder::new(&old, 0, Icr::Stuck).run(|cpu| {
        assert_eq!(wakeup_secondary_cpu_via_init(&old, cpu, 3), 0, "nobody looks at what came of INIT");
    });
    assert!(!trace.contains("280") && !trace.contains("69A"), "{trace}");
}

/// The same in x2APIC mode: one MSR write a message, and no wait. Without an APIC nothing is started.
#[test]
fn v6_in_x2apic_mode_waits_for_nothing() {
    for (arch, variant) in [(Arch::ModernX2apicPhys, Modern), (Arch::ModernX2apicCluster, MpsRetry)] {
        let kernel = kernel(arch, variant).with(|kernel| kernel.init_udelay = 0);
        let cpu = Recorder::new(&kernel, 0, Icr::Stuck).set(0x30, 0x0005_0015);
        let trace = cpu.run(|cpu| assert_eq!(wakeup_secondary_cpu_via_init(&kernel, cpu, 3), 0));
        let written: Vec<&str> = trace.split(' ').filter(|entry| entry.starts_with("WRMSR830")).collect();
        let expected = ["C500", "8500", "69A", "69A"].map(|low| format!("WRMSR830=30000{low:0>4}"));
        assert_eq!(written, expected, "{trace}");
        assert_eq!((cpu.count("R300"), cpu.now_us()), (0, 40));
    }
    let noop = kernel(Arch::ModernNoop, Modern);
    let cpu = Recorder::new(&noop, 0, Icr::Idle);
    assert_eq!(cpu.run(|cpu| assert_eq!(do_boot_cpu(&noop, cpu, 1), u32::MAX)), "");
}

/// Section 6.5: without a bound before 2.6.22, then with one and on after a time-out; the status of the read decides.
#[test]
fn the_inquiry() {
    let ask = |index: u32, wait: &str| format!("{wait}W310=3000000 W300={:X} D100 R300", 0x300 | index);
    let all = |wait: &str, answer: &str| [2, 3, 15].map(|index| ask(index, wait) + answer).join(" ");
    let cases = [
        (Before, "R300 "),
        (B1, "R300 "),
        (SolutionA, "D100 R300 "),
        (Rfc, "D100 R300 "),
        (Merged, "R300 "),
        (Modern, "R300 "),
        (MpsAbort, ""),
    ];
    for (variant, wait) in cases {
        for arch in [Arch::I386Default, Arch::X8664Flat] {
            let kernel = kernel(arch, variant);
            let run = |status, icr| {
                Recorder::new(&kernel, 0, icr)
                    .remote_read(status)
                    .limit(20_000)
                    .run_to_end(|cpu| inquire_remote_apic(&kernel, cpu, 3))
            };
            assert_eq!(run(0, Icr::Idle), (all(wait, ""), true), "{}", variant.name());
            assert_eq!(run(0x20000, Icr::Idle).0, all(wait, " RC0"), "{}", variant.name());
            let (endless, returned) = run(0x10000, Icr::Idle);
            assert!(returned);
            assert_eq!(endless.matches("D100 R300").count() as u32, 3 * (1001 + u32::from(wait.starts_with('D'))));
            assert!(!endless.contains("RC0"));
            let bounded = !matches!(variant, Before | B1);
            assert_eq!(run(0, Icr::Stuck).1, bounded, "{}", variant.name());
        }
    }
}

/// The functions that start CPUs can be called by name, for one target.
#[test]
fn calls_by_name() {
    type Start = fn(&Kernel, &Recorder);
    let cases: [(&str, bool, Start); 7] = [
        ("setup_local_APIC", false, |kernel, cpu| setup_local_APIC(kernel, cpu)),
        ("wakeup_secondary_via_INIT", true, |kernel, cpu| _ = wakeup_secondary_via_INIT(kernel, cpu, 3)),
        ("wakeup_secondary_via_NMI", true, |kernel, cpu| _ = wakeup_secondary_via_NMI(kernel, cpu, 3)),
        ("es7000_start_cpu", true, |kernel, cpu| _ = es7000_start_cpu(kernel, cpu, 3)),
        ("wakeup_secondary_cpu_via_init", true, |kernel, cpu| _ = wakeup_secondary_cpu_via_init(kernel, cpu, 3)),
        ("do_boot_cpu", true, |kernel, cpu| _ = do_boot_cpu(kernel, cpu, 3)),
        ("inquire_remote_apic", true, |kernel, cpu| inquire_remote_apic(kernel, cpu, 3)),
    ];
    let kernel = kernel(Arch::I386Bigsmp, Merged);
    let trace = |code: &dyn Fn(&Recorder)| {
        Recorder::new(&kernel, 0, Icr::Idle).everything().limit(300_000).run(|cpu| code(cpu))
    };
    for (name, takes_target, start) in cases {
        let call = Call::from_name(name).expect(name);
        assert_eq!(call.takes_target(), takes_target, "{name}");
        let given = Given { mask: CpuMask::EMPTY, target: 3, vector: 0 };
        assert_eq!(trace(&|cpu| call.run(&kernel, cpu, &given)), trace(&|cpu| start(&kernel, cpu)), "{name}");
    }
}
