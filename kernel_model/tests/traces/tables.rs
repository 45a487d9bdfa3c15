//! Sections 1 and 4.2: vectors, ids, names; the layout of shared words.

use kernel_model::apicdef::{APIC_ICR_BUSY, APIC_INT_ASSERT, BAD_APICID};
use kernel_model::{Arch, CpuMask, Kernel, Layout, Register, Variant, Word};
use std::collections::BTreeSet;

#[test]
fn names_are_found_again() {
    for (index, arch) in Arch::OF_2007.into_iter().enumerate() {
        assert_eq!((Arch::from_name(arch.name()), arch as usize), (Some(arch), index));
        assert_eq!(arch.is_i386(), arch.name().starts_with("i386/"));
    }
    for variant in Variant::ALL {
        assert_eq!(Variant::from_name(variant.name()), Some(variant));
    }
    assert_eq!((Arch::from_name("i386/visws"), Variant::from_name("after")), (None, None));
}

#[test]
fn vectors() {
    let (i386, x86_64) = (Arch::I386Summit, Arch::X8664Physflat);
    assert_eq!((i386.reschedule_vector(), i386.call_function_vector()), (0xFC, 0xFB));
    assert_eq!((x86_64.reschedule_vector(), x86_64.call_function_vector()), (0xFD, 0xFC));
    assert_eq!([0, 1, 9].map(|sender| i386.invalidate_tlb_vector(sender)), [0xFD; 3]);
    assert_eq!([0, 1, 9].map(|sender| x86_64.invalidate_tlb_vector(sender)), [0xF0, 0xF1, 0xF1]);
}

/// (architecture, APIC ids, LDR ids) of CPUs 0, 3, 4, 7, and the DFR.
#[test]
fn ids() {
    let one_bit = [1, 8, 0x10, 0x80];
    let numbers = [0, 3, 4, 7];
    let clusters = [0x01, 0x08, 0x11, 0x18];
    let (flat, cluster) = (u32::MAX, 0x0FFF_FFFF);
    let cases = [
        (Arch::I386Default, numbers, one_bit, flat),
        (Arch::I386Bigsmp, numbers, numbers, flat),
        (Arch::I386Es7000, numbers, numbers, flat),
        (Arch::I386Es7000Clustered, clusters, clusters, cluster),
        (Arch::I386Numaq, clusters, clusters, cluster),
        (Arch::I386Summit, clusters, clusters, cluster),
        (Arch::X8664Flat, numbers, one_bit, flat),
        (Arch::X8664Cluster, numbers, [1, 8, 8, 8], cluster),
        (Arch::X8664Physflat, numbers, one_bit, flat),
    ];
    for (arch, apic_ids, logical_ids, dfr) in cases {
        let cpus = [0, 3, 4, 7];
        assert_eq!(cpus.map(|cpu| arch.apic_id(cpu)), apic_ids, "{}", arch.name());
        assert_eq!(cpus.map(|cpu| arch.ldr(cpu)), logical_ids.map(|id: u32| id << 24), "{}", arch.name());
        assert_eq!(arch.dfr(), dfr, "{}", arch.name());
        let distinct: BTreeSet<u32> = (0..arch.facts().max_cpus).map(|cpu| arch.apic_id(cpu)).collect();
        assert_eq!(distinct.len(), usize::from(arch.facts().max_cpus), "{}", arch.name());
        assert!(!distinct.contains(&0xFF), "{}", arch.name());
    }
    // Beyond eight bits (SDM vol. 3 §10.12.5.1), and the logical ids that hardware derives from such (§10.12.10.2).
    for arch in [Arch::ModernX2apicPhys, Arch::ModernX2apicCluster] {
        assert_eq!([255, 257, 767].map(|cpu| arch.apic_id(cpu)), [0xFF, 0x101, 0x2FF], "{}", arch.name());
        assert_eq!(
            [1, 257, 767].map(|cpu| arch.x2apic_logical_id(cpu)),
            [0x2, 0x10_0002, 0x2F_8000],
            "{}",
            arch.name()
        );
    }
    assert_eq!(Arch::X8664Physflat.ldr(8), 0, "the ninth CPU has no bit");
    assert_eq!(Arch::X8664Cluster.ldr(0x12) >> 24, 0x14);
    assert_eq!(Kernel::new(Arch::I386Bigsmp, Variant::Before, 4).cpu_to_logical_apicid(4), 0xFF);
}

/// The most CPUs, and the register offsets and ICR fields of section 1 that no trace shows.
#[test]
fn limits_and_offsets() {
    let most = Arch::OF_2007.map(|arch| arch.facts().max_cpus);
    assert_eq!(most, [8, 255, 255, 60, 60, 60, 8, 255, 255]);
    assert_eq!(Arch::I386Numaq.apic_id(59), 0xE8, "cluster 15 stays free");
    let unused = [
        (Register::TPR, 0x80),
        (Register::APR, 0x90),
        (Register::PPR, 0xA0),
        (Register::RRR, 0xC0),
        (Register::TMICT, 0x380),
        (Register::TMCCT, 0x390),
        (Register::TDCR, 0x3E0),
    ];
    for (register, offset) in unused {
        assert_eq!(register, Register(offset));
    }
    assert_eq!((APIC_INT_ASSERT, APIC_ICR_BUSY, BAD_APICID), (0x4000, 0x1000, 0xFF));
}

#[test]
fn masks() {
    let mask: CpuMask = [255, 3, 64, 3, 1024].into_iter().collect();
    assert_eq!(mask.iter().collect::<Vec<_>>(), [3, 64, 255]);
    assert_eq!((mask.count(), mask.word(0), mask.word(2), mask.word(7)), (3, 8, 1, 1 << 31));
    assert!(mask.contains(64) && !mask.without(64).contains(64) && !mask.contains(1024));
    assert_eq!((CpuMask::first(1025).count(), CpuMask::first(0)), (1024, CpuMask::EMPTY));
    assert_eq!(format!("{mask:?}"), "{3, 64, 255}");
}

#[test]
fn every_word_has_its_own_name() {
    for cpus in [1, 4, 32, 33, 256] {
        let layout = Layout::new(cpus);
        let names: BTreeSet<String> =
            (0..layout.count()).map(|word| layout.name(Word(word as u16)).to_string()).collect();
        assert_eq!(names.len(), layout.count(), "{cpus}");
        assert!(layout.initial_values().all(|(word, _)| usize::from(word.0) < layout.count()));
    }
    let layout = Layout::new(33);
    let named = [
        (Word::CALL_DATA, "call_data"),
        (layout.call_started(7), "call_data: started on CPU7"),
        (layout.backtrace_mask(1), "backtrace_mask, CPUs from 32"),
        (Word::DIE_NEST_COUNT, "die_nest_count"),
        (layout.runqueue_lock(2), "run-queue lock of CPU2"),
        (layout.runqueue_next(32, 1), "run-queue link 1 of CPU32"),
        (layout.tlbstate_lock(7), "tlbstate_lock 7"),
        (layout.flush_va(0), "flush_va 0"),
        (layout.flush_cpumask(3, 1), "flush_cpumask 3, CPUs from 32"),
        (layout.trampoline_data(), "trampoline_data"),
        (layout.es7000_mailbox(), "mailbox of the ES7000"),
        (layout.cpu_callout(0), "cpu_callout_map on CPU0"),
        (layout.cpu_online(32), "cpu_online_map on CPU32"),
        (layout.vector_lock(), "vector_lock"),
        (layout.nmi_desc_lock(), "nmi_desc lock"),
        (layout.hard_lockup_nmi_warn(), "hard_lockup_nmi_warn"),
        (layout.counter_runs_on(32), "performance counter runs on, CPU32"),
        (layout.console_sem(), "console_sem"),
        (layout.log_wait_lock(), "log_wait.lock"),
        (layout.oops_in_progress(), "oops_in_progress"),
        (layout.irq_work_lists(32), "irq_work lists of CPU32"),
        (layout.cur_csd(7), "cur_csd of CPU7"),
        (layout.need_resched(32), "need_resched of CPU32"),
        (layout.log_wait_empty(), "log_wait is empty"),
        (Word(9999), "word 9999"),
    ];
    for (word, name) in named {
        assert_eq!(layout.name(word).to_string(), name);
    }
    assert_eq!(layout.vector_lock().0, layout.cpu_online(32).0 + 1, "what came later stands after all others");
    assert_eq!(layout.console_sem().0, layout.counter_runs_on(32).0 + 1, "and what came still later after that");
    assert_eq!(layout.irq_work_lists(0).0, layout.oops_in_progress().0 + 1, "then what each CPU defers");
    assert_eq!(layout.need_resched(0).0, layout.trigger_backtrace(32).0 + 1, "then what ends its idle loop");
    assert_eq!(layout.log_wait_empty().0, layout.need_resched(32).0 + 1, "then how the log daemon comes to run");
    assert_eq!(layout.log_wait_empty().0 as usize, layout.count() - 1);
}
