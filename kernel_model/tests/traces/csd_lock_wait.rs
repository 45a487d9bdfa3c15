//! `kernel-corrections.md` D2: the wait for a called function with its debug option: reports, a dump, the call's IPI sent
//! again, and no bound.

use crate::recorder::{Icr, Recorder};
use kernel_model::v6::{csd_lock_wait, generic_smp_call_function_interrupt};
use kernel_model::{Arch, Kernel, Variant, Word};

/// The recorder's clock has a tick a µs.
const PLAIN: Kernel = {
    let mut kernel = Kernel::new(Arch::ModernXapicPhysflat, Variant::Modern, 4);
    kernel.tsc_ticks_per_ms = 1_000;
    kernel
};
const DEBUG: Kernel = {
    let mut kernel = PLAIN;
    kernel.csd_lock_wait_debug = true;
    kernel
};

/// The dump that CPU 1 has CPU 2 write, and the call's IPI to it.
const NMI: &str = "IRQ- R300 W310=2000000 W300=400 IRQ+";
const AGAIN: &str = "IRQ- R300 W310=2000000 W300=FB IRQ+";

/// CPU 1, whose call CPU 2 never ends.
fn waiting(kernel: &Kernel, icr: Icr, words: &[(Word, u32)]) -> Recorder {
    let locked = Recorder::new(kernel, 1, icr).with_word(kernel.layout().csd_locked(1, 0), 1 << 2);
    words.iter().fold(locked, |cpu, &(word, value)| cpu.with_word(word, value))
}

/// What it does but for looking: no clock, no PAUSE, no delay between two looks.
fn done(trace: &str) -> Vec<String> {
    let acts = trace.split(' ').filter(|one| !["TSC", "P", "D100", "D1000"].contains(one));
    acts.collect::<Vec<_>>()
        .join(" ")
        .split(" IRQ-")
        .map(|part| part.trim_start_matches("IRQ-").trim().to_owned())
        .collect()
}

/// When each IPI is written, in µs from the start, by the clock and the delays of the trace.
fn writes(trace: &str, value: &str) -> Vec<u64> {
    let (mut now, mut at) = (0, Vec::new());
    for one in trace.split(' ') {
        match one {
            "TSC" => now += 1,
            _ if one == value => at.push(now),
            _ => now += one.strip_prefix('D').and_then(|us| us.parse::<u64>().ok()).unwrap_or(0),
        }
    }
    at
}

/// Without the option it looks and PAUSEs, for ever: no clock, no IPI. With it, it looks and waits, and does nothing else for
/// 5 s.
#[test]
fn nothing_happens_for_five_seconds() {
    let (trace, returned) =
        waiting(&PLAIN, Icr::Idle, &[]).limit(9_000).run_to_end(|cpu| csd_lock_wait(&PLAIN, cpu, 2));
    assert_eq!((trace, returned), (vec!["P"; 9_000].join(" "), false));

    let (trace, returned) =
        waiting(&DEBUG, Icr::Idle, &[]).limit(60_000).run_to_end(|cpu| csd_lock_wait(&DEBUG, cpu, 2));
    assert!(!returned && trace.starts_with("TSC P P P") && trace.matches('P').count() > 900, "{}", &trace[..60]);
    let first = writes(&trace, "W300=400")[0];
    assert!((5_000_000..5_000_300).contains(&first), "{first}");
    let quiet = &trace[..trace.find("IRQ-").expect("it reports")];
    assert!(quiet.split(' ').all(|one| one.is_empty() || ["TSC", "P", "D100"].contains(&one)));
}

/// A call that has ended is not waited for, and looks at the clock once with the option.
#[test]
fn a_call_that_has_ended() {
    let of = |kernel: &Kernel| Recorder::new(kernel, 1, Icr::Idle).run(|cpu| csd_lock_wait(kernel, cpu, 2));
    assert_eq!((of(&PLAIN), of(&DEBUG)), (String::new(), "TSC".into()));
}

/// The first report dumps the target, which is an NMI to it and a wait of 10 s at most, and sends the IPI again; each later one
/// only sends. It never ends.
#[test]
fn reports_dump_once_and_send_each_time() {
    let cpu = waiting(&DEBUG, Icr::Idle, &[]).limit(700_000);
    let (trace, returned) = cpu.run_to_end(|cpu| csd_lock_wait(&DEBUG, cpu, 2));
    assert!(!returned);
    assert_eq!(trace.matches(NMI).count(), 1);
    assert!(trace.matches(AGAIN).count() >= 3);
    let order = trace.find(NMI).expect("a dump");
    assert!(order < trace.find(AGAIN).expect("sent again"), "the dump first");
    let (nmi, again) = (writes(&trace, "W300=400"), writes(&trace, "W300=FB"));
    assert!((10_000_000..10_000_010).contains(&(again[0] - nmi[0])), "the dump's own bound: {nmi:?} {again:?}");
}

/// They back off: after n reports the next comes n + 1 times 5 s after the last one, from the second on times one more than half the
/// binary logarithm of the CPUs that are online. Counted from the report, not from what it did.
#[test]
fn reports_back_off() {
    for (cpus, seconds) in [(2, [5, 10, 15]), (3, [5, 10, 15]), (4, [5, 20, 30]), (16, [5, 30, 45]), (64, [5, 40, 60])]
    {
        let kernel = DEBUG.with(|kernel| kernel.cpus = cpus);
        let target = 0;
        let layout = kernel.layout();
        let cpu = Recorder::new(&kernel, 1, Icr::Idle)
            .with_word(layout.csd_locked(1, 0), 1)
            .with_word(layout.trigger_backtrace(target), 0)
            .limit(20_000 + 11_000 * seconds.iter().sum::<u64>() as usize);
        let (trace, _) = cpu.run_to_end(|cpu| csd_lock_wait(&kernel, cpu, target));
        let at = writes(&trace, "W300=FB");
        let mut before = 0;
        for (report, &expected) in seconds.iter().enumerate() {
            let after = at[report] - before;
            let expected = expected * 1_000_000;
            assert!((expected..expected + 300).contains(&after), "{cpus} CPUs, report {report}: {after}");
            before = at[report];
        }
    }
}

/// Sent again only where the target runs no call; dumped only where nobody has had it dumped since its last interrupt.
#[test]
fn what_the_report_finds() {
    let layout = DEBUG.layout();
    let of = |words: &[(Word, u32)]| {
        let cpu = waiting(&DEBUG, Icr::Idle, words).limit(130_000);
        let (trace, _) = cpu.run_to_end(|cpu| csd_lock_wait(&DEBUG, cpu, 2));
        (trace.matches(NMI).count(), trace.matches(AGAIN).count() > 0)
    };
    let (busy, dumped) = ((layout.cur_csd(2), 4), (layout.trigger_backtrace(2), 0));
    assert_eq!(of(&[]), (1, true));
    assert_eq!(of(&[busy]), (1, false));
    assert_eq!(of(&[dumped]), (0, true));
    assert_eq!(of(&[busy, dumped]), (0, false));
    let after = waiting(&DEBUG, Icr::Idle, &[]).limit(130_000);
    after.run_to_end(|cpu| csd_lock_wait(&DEBUG, cpu, 2));
    assert_eq!(after.word(layout.trigger_backtrace(2)), 0, "once, until the target's next interrupt");
}

/// With `panic_on_ipistall` the BUG comes first: no dump, no IPI. It looks at how long the whole wait took.
#[test]
fn the_bug_comes_first() {
    let bug_after = |ms: u32| {
        let kernel = DEBUG.with(|kernel| kernel.panic_on_ipistall_ms = ms);
        let cpu = waiting(&kernel, Icr::Idle, &[]).set(0x30, 0x0005_0014).everything().limit(900_000);
        let (trace, _) = cpu.run_to_end(|cpu| csd_lock_wait(&kernel, cpu, 2));
        let at = trace.find("CrashEntered");
        at.map(|at| (trace[..at].matches("W300=400").count(), trace[..at].matches("W300=FB").count()))
    };
    assert_eq!(bug_after(0), None);
    assert_eq!(bug_after(4_000), Some((0, 0)));
    assert_eq!(bug_after(5_001), Some((1, 1)), "not 5 s yet at the first: at the second report");
}

/// A stuck ICR: the dump's NMI is bounded, the IPI is not. It is never sent, and interrupts are off from then on.
#[test]
fn a_stuck_icr_hangs_the_second_send() {
    let cpu = waiting(&DEBUG, Icr::Stuck, &[]).limit(140_000);
    let (trace, returned) = cpu.run_to_end(|cpu| csd_lock_wait(&DEBUG, cpu, 2));
    assert!(!returned && !trace.contains("FB"));
    let sends = done(&trace);
    let bounded = format!("{} W310=2000000 W300=400 IRQ+", vec!["R300"; 1000].join(" "));
    assert!(sends.len() == 2 && sends[0] == bounded, "{} sends, the first bounded", sends.len());
    assert!(trace.ends_with("R300 P R300 P") || trace.ends_with("P R300"), "polls for ever");
    assert!(!cpu.state.borrow().irqs_on);
}

/// The handler says which call it runs, and that it may be dumped again; without the option it says neither.
#[test]
fn the_handler_says_what_it_runs() {
    let layout = DEBUG.layout();
    let of = |kernel: &Kernel| {
        let cpu = Recorder::new(kernel, 2, Icr::Idle)
            .with_word(layout.call_single_queue(2), 1)
            .with_word(layout.queued_by(2, 0), 1 << 1)
            .with_word(layout.csd_locked(1, 0), 1 << 2)
            .everything();
        cpu.run(|cpu| generic_smp_call_function_interrupt(kernel, cpu))
    };
    let (queue, by, lock) = (layout.call_single_queue(2).0, layout.queued_by(2, 0).0, layout.csd_locked(1, 0).0);
    let (running, dump) = (layout.cur_csd(2).0, layout.trigger_backtrace(2).0);
    assert_eq!(of(&PLAIN), format!("WB0=0 xchg{queue}=0 xchg{by}=0 and{lock}=0"));
    assert_eq!(
        of(&DEBUG),
        format!("WB0=0 store{dump}=1 xchg{queue}=0 xchg{by}=0 store{running}=2 and{lock}=0 store{running}=0")
    );
    assert_eq!(layout.name(layout.cur_csd(2)).to_string(), "cur_csd of CPU2");
    assert_eq!(layout.name(layout.trigger_backtrace(2)).to_string(), "trigger_backtrace of CPU2");
}

/// x2APIC mode has no wait, and sends the same.
#[test]
fn in_x2apic_mode() {
    let kernel = DEBUG.with(|kernel| kernel.arch = Arch::ModernX2apicPhys);
    let cpu = waiting(&kernel, Icr::Stuck, &[]).limit(140_000);
    let trace = cpu.run(|cpu| csd_lock_wait(&kernel, cpu, 2));
    assert_eq!(trace.matches("WRMSR830=200000400").count(), 1);
    assert!(trace.contains("WRMSR830=2000000FB") && !trace.contains("R300"));
}
