//! `kernel-corrections.md` A1: printing, and where the log daemon is woken. The orders are the sheet's, word for word.

use crate::recorder::{Icr, Recorder};
use kernel_model::{Arch, Kernel, Layout, NOBODY, Release, Variant, Word, die, die_nmi, do_interrupt, panic, printk};

const I386: Kernel = Kernel::new(Arch::I386Default, Variant::Before, 4);
const X86_64: Kernel = Kernel::new(Arch::X8664Flat, Variant::Before, 4);
const RELEASES: [Release; 2] = [Release::V2_6_20, Release::V2_6_22];

/// An ordinary print of 30 µs up to the wake, by the words' names.
const PRINT: &str = "xchg(console_sem)=1 D30 xchg(console_sem)=0 load(oops_in_progress)";
/// `__wake_up`, the log daemon's CPU being CPU1: log_wait.lock, then the run-queue lock of that CPU.
const WAKE: &str = "IRQ- xchg(log_wait.lock)=1 IRQ- xchg(run-queue lock of CPU1)=1 store(run-queue lock of CPU1)=0 IRQ+ \
    store(log_wait.lock)=0 IRQ+";

/// What `bust_spinlocks(0)` does where nobody is in the way: 2.6.20 prints a little, 2.6.22 wakes.
fn bust_0(release: Release) -> String {
    let little = if release == Release::V2_6_20 { "xchg(console_sem)=1 xchg(console_sem)=0 " } else { "" };
    format!("store(oops_in_progress)=0 {little}load(oops_in_progress) {WAKE}")
}

/// A kernel whose log daemon last ran on CPU1, and that has no crash image, so that `crash_kexec` comes back.
fn kernel(kernel: Kernel, release: Release) -> Kernel {
    let printing = kernel.with(|kernel| {
        kernel.klogd_cpu = 1;
        kernel.watchdog_print_us = 30;
        kernel.sysrq_print_us = 30;
        kernel.crash_image = false;
    });
    printing.of_release(release)
}

/// A trace with the names of the words in place of their numbers.
fn named(layout: Layout, trace: &str) -> String {
    let entry = |entry: &str| {
        let digits = entry.find(|c: char| c.is_ascii_digit()).unwrap_or(entry.len());
        let (operation, rest) = entry.split_at(digits);
        if !["load", "store", "xchg"].contains(&operation) {
            return entry.to_owned();
        }
        let (word, value) = rest.split_once('=').map_or((rest, String::new()), |(word, v)| (word, format!("={v}")));
        format!("{operation}({}){value}", layout.name(Word(word.parse().expect("a word"))))
    };
    trace.split(' ').map(entry).collect::<Vec<_>>().join(" ")
}

/// All that CPU 2 does, as far as `entries`.
fn trace(kernel: &Kernel, entries: usize, words: &[(Word, u32)], code: impl FnOnce(&Recorder)) -> String {
    let cpu = Recorder::new(kernel, 2, Icr::Idle).everything().limit(entries);
    let cpu = words.iter().fold(cpu, |cpu, &(word, value)| cpu.with_word(word, value));
    named(kernel.layout(), &cpu.run(code))
}

/// i386: nmi_print_lock, `bust_spinlocks(1)`, print, unlock, `bust_spinlocks(0)`, crash_kexec, and then a panic.
#[test]
fn die_nmi_of_i386() {
    for release in RELEASES {
        let kernel = kernel(I386, release);
        let expected = format!(
            "xchg(nmi_print_lock)=1 store(oops_in_progress)=1 {PRINT} store(nmi_print_lock)=0 {} xchg(kexec_lock)=1 \
             xchg(kexec_lock)=0 store(oops_in_progress)=1 xchg(console_sem)=1 ",
            bust_0(release)
        );
        let got = trace(&kernel, 60, &[], |cpu| die_nmi(&kernel, cpu));
        assert!(got.starts_with(&expected), "{}:\n{got}\n{expected}", release.name());
    }
}

/// x86_64: die_lock and `bust_spinlocks(1)`, print, crash_kexec, then `bust_spinlocks(0)`, unlock; `die` as `die_nmi`.
#[test]
fn die_nmi_and_die_of_x86_64() {
    for release in RELEASES {
        let kernel = kernel(X86_64, release);
        let expected = format!(
            "IRQ- xchg(die_lock)=1 load(die_nest_count) store(die_nest_count)=1 store(die_owner)=2 \
             store(oops_in_progress)=1 {PRINT} xchg(kexec_lock)=1 xchg(kexec_lock)=0 store(die_owner)={NOBODY} {} \
             load(die_nest_count) store(die_nest_count)=0 store(die_lock)=0 IRQ+",
            bust_0(release)
        );
        assert_eq!(trace(&kernel, 100, &[], |cpu| die(&kernel, cpu, 30)), expected, "{}", release.name());
        let watchdog = trace(&kernel, 100, &[], |cpu| die_nmi(&kernel, cpu));
        assert_eq!(watchdog, format!("{expected} IRQ+ HLT HLT"), "{}", release.name());
    }
}

/// i386 `die`: its `bust_spinlocks(0)` is inside die.lock, and all of it before crash_kexec.
#[test]
fn die_of_i386() {
    for release in RELEASES {
        let kernel = kernel(I386, release);
        let expected = format!(
            "IRQ- load(die_owner) xchg(die_lock)=1 store(die_owner)=2 store(oops_in_progress)=1 {PRINT} {} \
             store(die_owner)={NOBODY} store(die_lock)=0 IRQ+ xchg(kexec_lock)=1 xchg(kexec_lock)=0",
            bust_0(release)
        );
        assert_eq!(trace(&kernel, 100, &[], |cpu| die(&kernel, cpu, 30)), expected, "{}", release.name());
    }
}

/// A panic prints like an oops, which it ends before crash_kexec. SysRq-C prints first, and like anybody.
#[test]
fn panic_and_sysrq() {
    for (arch, release) in [I386, X86_64].into_iter().flat_map(|arch| RELEASES.map(|release| (arch, release))) {
        let kernel = kernel(arch, release);
        let oops = format!("store(oops_in_progress)=1 {PRINT} {} xchg(kexec_lock)=1", bust_0(release));
        let got = trace(&kernel, 60, &[], |cpu| panic(&kernel, cpu, 30));
        assert!(got.starts_with(&oops), "{} {}: {got}", kernel.arch.name(), release.name());
        let sysrq = trace(&kernel, 60, &[], |cpu| do_interrupt(&kernel, cpu, 0x39));
        assert_eq!(sysrq, format!("WB0=0 {PRINT} {WAKE} xchg(kexec_lock)=1 xchg(kexec_lock)=0"));
    }
}

/// Where another CPU holds console_sem the trylock fails: no time passes and nothing is woken, not even by
/// `bust_spinlocks(0)` of 2.6.20; that of 2.6.22 wakes directly.
#[test]
fn where_another_cpu_prints() {
    for release in RELEASES {
        let kernel = kernel(I386, release);
        let held = [(kernel.layout().console_sem(), 1), (kernel.layout().oops_in_progress(), 1)];
        let tried = "xchg(console_sem)=1";
        let sysrq = trace(&kernel, 60, &held, |cpu| do_interrupt(&kernel, cpu, 0x39));
        assert_eq!(sysrq, format!("WB0=0 {tried} xchg(kexec_lock)=1 xchg(kexec_lock)=0"));
        let after = match release {
            Release::V2_6_20 => format!("store(oops_in_progress)=0 {tried}"),
            _ => format!("store(oops_in_progress)=0 load(oops_in_progress) {WAKE}"),
        };
        let paniced = trace(&kernel, 60, &held, |cpu| panic(&kernel, cpu, 30));
        let expected = format!("store(oops_in_progress)=1 {tried} {after} xchg(kexec_lock)=1");
        assert!(paniced.starts_with(&expected), "{}: {paniced}", release.name());
    }
}

/// The flag is global: what another CPU's oops has set keeps this one's ordinary print from waking anybody.
#[test]
fn nobody_is_woken_while_an_oops_is_printed() {
    for kernel in [kernel(I386, Release::V2_6_20), kernel(X86_64, Release::V2_6_22)] {
        let oops = [(kernel.layout().oops_in_progress(), 1)];
        assert_eq!(trace(&kernel, 60, &oops, |cpu| printk(&kernel, cpu, 30)), PRINT);
        assert_eq!(trace(&kernel, 60, &[], |cpu| printk(&kernel, cpu, 30)), format!("{PRINT} {WAKE}"));
    }
}

/// How far a CPU comes, and what it holds then: (kexec_lock, log_wait.lock, nmi_print_lock, die_lock).
fn comes_to(kernel: &Kernel, held: Word, code: impl FnOnce(&Recorder)) -> [u32; 4] {
    let cpu = Recorder::new(kernel, 2, Icr::Stuck).with_word(held, 1).limit(40);
    let (_, returned) = cpu.run_to_end(code);
    assert!(!returned);
    [Word::KEXEC_LOCK, kernel.layout().log_wait_lock(), Word::NMI_PRINT_LOCK, Word::DIE_LOCK].map(|word| cpu.word(word))
}

/// Its own run queue is locked by what the NMI interrupted: i386's watchdog locks up there only if the log daemon last ran on
/// this very CPU. It spins inside `bust_spinlocks(0)`, no print lock held, and holds log_wait.lock.
#[test]
fn where_the_log_daemon_last_ran() {
    for release in RELEASES {
        for klogd_cpu in 0..4 {
            let kernel = I386.with(|kernel| kernel.klogd_cpu = klogd_cpu).of_release(release);
            let own = kernel.layout().runqueue_lock(2);
            let expected = if klogd_cpu == 2 { [0, 1, 0, 0] } else { [1, 0, 0, 0] };
            assert_eq!(comes_to(&kernel, own, |cpu| die_nmi(&kernel, cpu)), expected, "CPU{klogd_cpu}");
        }
        let kernel = X86_64.with(|kernel| kernel.klogd_cpu = 2).of_release(release);
        let own = kernel.layout().runqueue_lock(2);
        assert_eq!(comes_to(&kernel, own, |cpu| die_nmi(&kernel, cpu)), [1, 0, 0, 1], "x86_64 crashes before");
    }
}

/// While another CPU holds log_wait.lock, every CPU that prints outside an oops, or ends one, spins on it: only `die` and
/// `die_nmi` of x86_64 come to crash_kexec.
#[test]
fn who_comes_through_a_held_log_wait_lock() {
    for release in RELEASES {
        let lock = |kernel: &Kernel| kernel.layout().log_wait_lock();
        for (kernel, watchdog, oops) in [(I386, [0, 1, 0, 0], [0, 1, 0, 1]), (X86_64, [1, 1, 0, 1], [1, 1, 0, 1])] {
            let kernel = kernel.of_release(release);
            let name = kernel.arch.name();
            assert_eq!(comes_to(&kernel, lock(&kernel), |cpu| die_nmi(&kernel, cpu)), watchdog, "{name} die_nmi");
            assert_eq!(comes_to(&kernel, lock(&kernel), |cpu| die(&kernel, cpu, 5)), oops, "{name} die");
            assert_eq!(comes_to(&kernel, lock(&kernel), |cpu| panic(&kernel, cpu, 5)), [0, 1, 0, 0], "{name} panic");
            let sysrq = comes_to(&kernel, lock(&kernel), |cpu| do_interrupt(&kernel, cpu, 0x39));
            assert_eq!(sysrq, [0, 1, 0, 0], "{name} SysRq-C");
        }
    }
}

/// `__wake_up` up to `resched_task`, where the daemon is to run on CPU1 at once: a look at the queue without its lock, one with it
/// (the list is empty or not), the two locks; then the flag of what runs there, looked at and set (`kernel/sched.c`, 2.6.22).
const ASK: &str = "load(log_wait is empty) IRQ- xchg(log_wait.lock)=1 load(log_wait is empty) IRQ- \
    xchg(run-queue lock of CPU1)=1 load(need_resched of CPU1)";
/// The way out: the run queue's lock first, then the daemon leaves the queue, then the queue's lock.
const LEAVE: &str = "store(run-queue lock of CPU1)=0 IRQ+ store(log_wait is empty)=1 store(log_wait.lock)=0 IRQ+";

/// The IPI to the daemon's CPU, by its order in the source; nobody is asked twice, and a daemon that has not run is not woken.
#[test]
fn the_log_daemon_s_cpu_gets_a_reschedule_ipi() {
    for (kernel, vector) in [(kernel(I386, Release::V2_6_20), "FC"), (kernel(X86_64, Release::V2_6_22), "FD")] {
        let kernel = kernel.with(|kernel| kernel.klogd_reschedule = true);
        let layout = kernel.layout();
        let print = |words: &[(Word, u32)]| trace(&kernel, 60, words, |cpu| printk(&kernel, cpu, 30));
        let got = print(&[]);
        let (start, end) = (format!("{PRINT} {ASK} or{}=1 ", layout.need_resched(1).0), format!(" {LEAVE}"));
        let sent = got.strip_prefix(&start).and_then(|rest| rest.strip_suffix(&end));
        let apic = sent.map(|sent| sent.split(' ').filter(|one| one.starts_with(['R', 'W'])).collect::<Vec<_>>());
        assert_eq!(apic.as_deref(), Some(&["R300", "W310=2000000", &format!("W300=8{vector}")[..]][..]), "{got}");
        assert_eq!(print(&[(layout.need_resched(1), 1)]), format!("{PRINT} {ASK} {LEAVE}"));
        assert_eq!(print(&[(layout.log_wait_empty(), 1)]), format!("{PRINT} load(log_wait is empty)"));
        let own = kernel.with(|kernel| kernel.klogd_cpu = 2);
        let got = trace(&own, 60, &[], |cpu| printk(&own, cpu, 30));
        assert!(!got.contains("W300") && got.contains(&format!("or{}=1", layout.need_resched(2).0)), "{got}");
    }
}

/// v6 has its log daemon woken later, and looks at none of these words.
#[test]
fn v6_only_takes_its_time() {
    let kernel = Kernel::new(Arch::ModernXapicFlat, Variant::Modern, 4);
    assert_eq!(trace(&kernel, 60, &[], |cpu| printk(&kernel, cpu, 30)), "D30");
}
