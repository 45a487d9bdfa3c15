//! Sections 6.3 and 6.4: what comes around the messages that start a CPU, and what the started CPU does.

use crate::recorder::{Icr, Recorder};
use crate::start_up::{STUCK, kernel, via_init};
use kernel_model::Variant::{Before, Merged};
use kernel_model::{Arch, CpuMask, Kernel, Word, do_boot_cpu, setup_local_APIC, smp_callin, trampoline};

/// Sections 6.3 and 6.4: what comes around the messages.
#[test]
fn a_cpu_that_calls_in_and_one_that_does_not() {
    let messages = |kernel: &Kernel| via_init(kernel, kernel.arch.apic_id(2), 0).0;
    for arch in [Arch::I386Default, Arch::X8664Flat] {
        let kernel = kernel(arch, Merged);
        let layout = kernel.layout();
        let first = if arch.is_i386() { "" } else { "W280=0 R280 " };
        let come = Recorder::new(&kernel, 0, Icr::Idle).with_word(layout.cpu_callin(2), 1);
        let trace = come.run(|cpu| assert_eq!(do_boot_cpu(&kernel, cpu, 2), 0));
        assert_eq!(trace, format!("{first}{}", messages(&kernel)));
        assert_eq!((come.word(layout.cpu_callout(2)), come.word(layout.init_deasserted())), (1, 1));

        for (mark, said) in [(0, "NotResponding"), (0xA5A5_A5A5, "Stuck"), (0xA5A5_A500, "NotResponding")] {
            let cpu = Recorder::new(&kernel, 0, Icr::Idle)
                .with_word(layout.trampoline_data(), mark)
                .everything()
                .limit(300_000);
            let trace = cpu.run(|cpu| assert_eq!(do_boot_cpu(&kernel, cpu, 2), 1));
            assert!(trace.contains(&format!(" {said} <IcrIdle R300 Done> W310=2000000 W300=302")), "{said}");
            assert_eq!(cpu.now_us(), 11_000 + 5_000_000 + 300, "5 s, and three looks of 100 µs");
            assert_eq!((cpu.word(layout.cpu_callout(2)), cpu.word(layout.trampoline_data())), (0, 0));
            assert_eq!(cpu.count("D100"), 50_003);
        }
        // Messages that were not sent: nobody is called out, waited for, or asked.
        let cpu = Recorder::new(&kernel, 0, Icr::Stuck);
        let trace = cpu.run(|cpu| assert_eq!(do_boot_cpu(&kernel, cpu, 2), 0x1000));
        assert_eq!(trace, format!("{first}{}", via_init(&kernel, 2, STUCK).0));
    }
    let numaq = kernel(Arch::I386Numaq, Merged);
    let cpu = Recorder::new(&numaq, 0, Icr::Idle).limit(300_000);
    let trace = cpu.run(|cpu| assert_eq!(do_boot_cpu(&numaq, cpu, 2), 1));
    assert!(trace.starts_with("W310=4000000 W300=C00 R300 D200 R30 W280=0 R280 D100"), "logical id 04");
    assert!(trace.ends_with("D100 D100") && !trace.contains("W300=3"), "NUMA-Q asks nobody");
}

/// Section 6.4, the started CPU's side: INIT's end first (not on NUMA-Q), its id, the call-out, its APIC, the call-in.
#[test]
fn the_started_cpu() {
    let isr = "R170 R160 R150 R140 R130 R120 R110 R100";
    let set_up = |before: &str, ldr: &str, after: &str| {
        format!("{before}R30 {ldr} R80 W80=0 {isr} RF0 WF0=1FF R350 W350=10700 W360=10400{after}")
    };
    // `apic_id_registered` asks the APIC for its id on three of them.
    let registered = |ldr: &str| format!("R20 {ldr}");
    let errors = " R30 W280=0 R280 W370=FE W280=0 R280";
    let pound = "W280=0 W280=0 W280=0 W280=0 ";
    let flat = "WE0=FFFFFFFF RD0 WD0=4000000";
    let cases = [
        (Arch::I386Default, set_up("", &registered(flat), errors)),
        (Arch::I386Bigsmp, set_up(pound, "WE0=FFFFFFFF RD0 WD0=2000000", "")),
        (Arch::I386Es7000, set_up(pound, "WE0=FFFFFFFF WD0=2000000", "")),
        (Arch::X8664Flat, set_up("", &registered(flat), " R30 R280 W370=FE W280=0 R280")),
        (Arch::X8664Physflat, set_up("", &registered(flat), " R30 R280 W370=FE W280=0 R280")),
        (Arch::I386Numaq, format!("{pound}R30 R80 W80=0 {isr} RF0 WF0=1FF R350 W350=10700 W360=10400")),
    ];
    for (arch, expected) in cases {
        let kernel = kernel(arch, Before);
        let trace = Recorder::new(&kernel, 2, Icr::Idle).run(|cpu| setup_local_APIC(&kernel, cpu));
        assert_eq!(trace, expected, "{}", arch.name());

        let layout = kernel.layout();
        let cpu = Recorder::new(&kernel, 2, Icr::Idle)
            .with_word(layout.init_deasserted(), 1)
            .with_word(layout.cpu_callout(2), 1);
        let trace = cpu.run(|cpu| trampoline(&kernel, cpu));
        // i386 reads its logical id back; x86_64 masks its timer at every start.
        let end = if arch.is_i386() { "RD0" } else { "R320 W320=100EF" };
        assert!(
            trace.starts_with("R20 ") && trace.ends_with(&format!("{expected} {end} IRQ- IRQ+ IRQ+")),
            "{}: {trace}",
            arch.name()
        );
        assert_eq!((cpu.word(layout.trampoline_data()), cpu.word(layout.cpu_callin(2))), (0xA5A5_A5A5, 1));
        assert_eq!(
            trace.contains("R340"),
            arch == Arch::I386Numaq,
            "only NUMA-Q clears an APIC that no INIT has reset"
        );

        // i386 looks at the word without a PAUSE; on NUMA-Q there is no such wait.
        let waits = Recorder::new(&kernel, 2, Icr::Idle).everything().limit(7);
        let (trace, _) = waits.run_to_end(|cpu| smp_callin(&kernel, cpu));
        let word = layout.init_deasserted().0;
        let waiting = match arch {
            Arch::I386Numaq => format!("R20 <Callout load{0} D10 load{0} D10 load{0}", layout.cpu_callout(2).0),
            _ if arch.is_i386() => format!("<InitDeassert{}", format!(" load{word}").repeat(6)),
            _ => format!("<InitDeassert load{word} P load{word} P load{word} P"),
        };
        assert_eq!(trace, waiting, "{}", arch.name());

        // 2 s without a call-out are a BUG: it does not call in.
        let cpu = Recorder::new(&kernel, 2, Icr::Idle).with_word(layout.init_deasserted(), 1).limit(300_000);
        let (_, returned) = cpu.run_to_end(|cpu| smp_callin(&kernel, cpu));
        assert_eq!((returned, cpu.word(layout.cpu_callin(2))), (false, 0));
        assert!(cpu.now_us() >= 2_000_000, "{}", cpu.now_us());
    }
}

/// The online bit is set under the call lock (`spin_lock_irq`: its end lets interrupts in), on x86_64 under another inside.
#[test]
fn a_cpu_is_online_under_the_call_lock() {
    for arch in [Arch::I386Default, Arch::X8664Flat] {
        let kernel = kernel(arch, Before).with(|kernel| kernel.offline = CpuMask::of(2));
        let layout = kernel.layout();
        let cpu = Recorder::new(&kernel, 2, Icr::Idle).everything();
        let cpu = cpu.with_word(layout.init_deasserted(), 1).with_word(layout.cpu_callout(2), 1);
        let trace = cpu.run(|cpu| trampoline(&kernel, cpu));
        let (online, vector) = (layout.cpu_online(2).0, layout.vector_lock().0);
        let end = if arch.is_i386() {
            format!("CalledIn IRQ- xchg0=1 or{online}=1 store0=0 IRQ+ IRQ+")
        } else {
            format!("CalledIn IRQ- xchg0=1 xchg{vector}=1 or{online}=1 store{vector}=0 store0=0 IRQ+ IRQ+")
        };
        assert!(trace.ends_with(&end), "{}: {trace}", arch.name());
        let held = Recorder::new(&kernel, 2, Icr::Idle).with_word(Word::CALL_LOCK, 1).everything().limit(150);
        let held = held.with_word(layout.init_deasserted(), 1).with_word(layout.cpu_callout(2), 1);
        assert!(!held.run_to_end(|cpu| trampoline(&kernel, cpu)).1);
        assert_eq!(held.word(layout.cpu_online(2)), 0, "not while a call is under way");
    }
}

/// The boot CPU opens its pins: LINT1 always, LINT0 unless firmware had it masked, on i386 also where it was in PIC mode.
#[test]
fn the_boot_cpu_opens_its_pins() {
    for (arch, lint0, pic_mode, expected) in [
        (Arch::I386Default, 0x700, false, "R350 W350=700 W360=400"),
        (Arch::I386Default, 0x1_0700, false, "R350 W350=10700 W360=400"),
        (Arch::I386Default, 0x1_0700, true, "R350 W350=700 W360=400"),
        (Arch::X8664Flat, 0x700, false, "R350 W350=700 W360=400"),
        (Arch::X8664Physflat, 0x1_0700, false, "R350 W350=10700 W360=400"),
        (Arch::X8664Flat, 0x1_0700, true, "R350 W350=10700 W360=400"),
    ] {
        let kernel = kernel(arch, Before).with(|kernel| kernel.pic_mode = pic_mode);
        let trace = Recorder::new(&kernel, 0, Icr::Idle).set(0x350, lint0).run(|cpu| setup_local_APIC(&kernel, cpu));
        assert!(trace.contains(&format!("RF0 WF0=1FF {expected} R30 ")), "{} {lint0:X}: {trace}", arch.name());
        let second = Recorder::new(&kernel, 1, Icr::Idle).set(0x350, lint0).run(|cpu| setup_local_APIC(&kernel, cpu));
        assert!(second.contains("R350 W350=10700 W360=10400"), "{second}");
    }
    let old = kernel(Arch::I386Default, Before);
    let trace = Recorder::new(&old, 0, Icr::Idle).set(0x30, 0x0002_0001).run(|cpu| setup_local_APIC(&old, cpu));
    assert!(trace.ends_with("W350=700 W360=8400"), "level-triggered on an 82489DX, and no error status: {trace}");
}

/// i386 of 2.6.20 masks the timer of a CPU that is plugged in later, not of one that is started at boot.
#[test]
fn a_cpu_that_is_plugged_in_masks_its_timer() {
    for (arch, hot_plug, masks) in
        [(Arch::I386Default, false, false), (Arch::I386Default, true, true), (Arch::X8664Flat, false, true)]
    {
        let kernel = kernel(arch, Before).with(|kernel| kernel.hot_plug = hot_plug);
        let layout = kernel.layout();
        let cpu = Recorder::new(&kernel, 2, Icr::Idle).set(0x320, 0x200EF);
        let cpu = cpu.with_word(layout.init_deasserted(), 1).with_word(layout.cpu_callout(2), 1);
        let trace = cpu.run(|cpu| smp_callin(&kernel, cpu));
        assert_eq!(trace.ends_with(" R320 W320=300EF"), masks, "{} {hot_plug}: {trace}", arch.name());
        assert_eq!(trace.contains("R320"), masks, "{trace}");
    }
}
