//! The knobs, each with its values and its evidence: a key, a type, what it decides.
//!
//! Not modelled: see the [module](super).

use super::{Knob, NoSuchValue};
use crate::named;
use crate::named::Named;

with_x2apic_knobs! {
    /// How many interrupts a Pentium or P6 keeps before it refuses one. SDM vol. 3 (2016) §10.8.4: two per vector, one in
    /// the IRR and one in the ISR. The Pentium Pro's manual (vol. 3 §7.4.2) and later ones (§7.6.4.3), Cleverdon 2003,
    /// Uphoff 2004 and Pentium erratum 4AP: two per priority class. By either rule a third of one vector is refused.
    slots: Slots ("slot rule") {
        /// Two per priority class (vector bits 7:4), IRR and ISR bits together.
        PerClass = "per-class",
        /// Two per vector: one in service and one requested.
        PerVector = "per-vector",
    }

    /// Where the two interrupts of a priority class may be, if `slots` counts classes. Pentium Pro manual vol. 3 §7.4.2:
    /// an entry in service and a holding one; whether both may be requested at a time, it does not say. Cleverdon 2003
    /// has two of one class that wait.
    class_entries: ClassEntries ("entries of a priority class") {
        /// Both may be requested.
        Any = "any",
        /// One is for the interrupt in service, one for the one that waits.
        OneEach = "one-each",
    }

    /// What a write of ICR low does while the delivery status is "send pending". No document says; the MP
    /// specification B-4 contemplates a retry by rewriting.
    icr_write_while_busy: IcrWriteWhileBusy ("rule for ICR writes while busy") {
        /// The new message takes the old one's place.
        Replace = "replace",
        /// The write is ignored (gem5).
        Drop = "drop",
        /// One message deep; a later write replaces the queued one.
        Queue = "queue",
        /// The store itself waits until the ICR is idle.
        Stall = "stall",
    }

    /// What a P6 answers to an NMI message while NMIs are blocked and one is latched. SDM vol. 3 fig. 10-17 accepts
    /// always; the status table in §10.13.2.3 has a retry row.
    nmi_when_pending: NmiWhenPending ("rule for a pending NMI") {
        /// Accepts; it collapses into the latch.
        Collapse = "collapse",
        /// Refuses with Retry.
        Retry = "retry",
    }

    /// What a full target reports. SDM status table: Retry; Cleverdon 2003: an accept error.
    full_target: FullTarget ("rule for a full target") {
        /// Retry.
        Retry = "retry",
        /// Stays silent, so that the sender sees an accept error.
        AcceptError = "accept-error",
        /// Control experiment: takes it all the same, so that nothing is ever refused.
        Accept = "accept",
    }

    /// What an interrupt taken inside a busy delay does to it: no dispute, two kinds of kernel delay loop.
    delay: DelayRule ("delay rule") {
        /// Time-stamp-counter loop: the delay ends at its own end or at the handler's return, whichever is later.
        Tsc = "tsc",
        /// Counting loop: the handler's time is added.
        Loop = "loop",
    }

    /// When the sender's delivery status clears after an accepted message on the serial bus. SDM-2009 calls it
    /// "accepted", later editions "finished sending", the MP specification "dispatched"; the cycle is unpublished.
    busy_clear: BusyClear ("point at which busy clears") {
        /// At the end of the message, after its idle cycle.
        EndOfMessage = "end-of-message",
        /// At the status cycle that decides.
        StatusCycle = "status-cycle",
    }

    /// An 82489DX without room for the vector that wins a lowest-priority arbitration, in which all targets take part there,
    /// full or not (SDM vol. 3 §22.27.1). What it does then is unpublished, as its slot rule is (`slots` holds for it, too).
    full_winner: FullWinner ("rule for a full winner") {
        /// It refuses with Retry.
        Retry = "retry",
        /// It takes the message.
        Accept = "accept",
    }

    /// What a chipset compares to choose among the CPUs that a lowest-priority message addresses. 460GX §3.7, E8870 §3.7.8:
    /// task priorities, TPR bits 7:4; 5000X MCH §5.6.3.2: in four buckets; AMD APM vol. 2 chapter 16: the arbitration priority.
    redirection: Redirection ("choice of a lowest-priority target") {
        /// TPR bits 7:4.
        TaskPriority = "task-priority",
        /// TPR bits 7:6.
        Buckets = "buckets",
        /// The class of the arbitration priority: of TPR, IRR and ISR the highest.
        ArbitrationPriority = "arbitration-priority",
    }

    /// Who gets a lowest-priority message among equals. 460GX §3.7: the lowest APIC id; 5000X MCH §5.6.3.2 does not say; AMD
    /// APM vol. 2 chapter 16: the highest.
    redirection_tie: RedirectionTie ("choice among equal targets") {
        /// The lowest id.
        LowestId = "lowest-id",
        /// The highest id.
        HighestId = "highest-id",
    }

    /// When the chipset hears of the task priority after software has allowed xTPR messages again (IA32_MISC_ENABLE bit 23).
    /// SDM vol. 3 table 35-2 says no more than that they are off; 460GX §2.6.1.1, E8870 §3.7.8: the chipset's registers
    /// change by such messages.
    xtpr_enable: XtprEnable ("task priority after xTPR messages are allowed again") {
        /// At the next write of the TPR.
        NextWrite = "next-write",
        /// At once.
        AtOnce = "at-once",
    }

    /// What becomes of an IPI with an illegal vector, 0 to 15. SDM vol. 3 §10.5.3, 2009 edition and §10.5.2: the sender
    /// records "send illegal vector", the message goes, the receiver records "receive illegal vector"; AMD K8 erratum 51
    /// says the same of receivers. Other readings keep it back.
    illegal_ipi: IllegalIpi ("IPI with an illegal vector") {
        /// It is sent.
        Sent = "sent",
        /// It is not sent.
        KeptBack = "kept-back",
    }

    /// What a self IPI with an illegal vector records. SDM vol. 3 §10.5.3: the APIC is sender and receiver, ESR 60H. A public
    /// suite that was run on hardware expects 20H.
    illegal_self_ipi: IllegalSelfIpi ("self IPI with an illegal vector") {
        /// As sender and as receiver.
        Both = "both",
        /// As sender only.
        SendOnly = "send-only",
    }

    /// An ExtINT message to a software-disabled APIC. SDM vol. 3 §10.4.7.2 lists INIT, NMI, SMI and start-up messages; AMD
    /// APM vol. 2 §16.3.1: not accepted, §16.5: can be delivered.
    ext_int_when_disabled: ExtIntWhenDisabled ("ExtINT to a disabled APIC") {
        /// Not accepted.
        Refused = "refused",
        /// Delivered.
        Delivered = "delivered",
    }

    /// INIT and ExtINT in the local entries of the performance counter, the thermal sensor and corrected machine checks. SDM
    /// vol. 3 §10.5.1 (2016): not supported; the 2006 edition has no such restriction. What a part does with one is
    /// undocumented.
    lvt_unsupported_mode: LvtUnsupportedMode ("unsupported mode in a local entry") {
        /// Nothing comes of it.
        Ignored = "ignored",
        /// It is delivered.
        Delivered = "delivered",
    }

    /// A change between one-shot and periodic while the APIC timer counts. SDM vol. 3 §10.5.4.1: a write of the timer entry
    /// that changes the mode disarms the timer; public suites that were run on hardware see it go on.
    timer_mode_change: TimerModeChange ("change of the timer's mode") {
        /// It goes on.
        GoesOn = "goes-on",
        /// It stops.
        Disarms = "disarms",
    }

    /// A vector that is requested, is not in service, and comes again, on a Pentium or P6. Undocumented: that more
    /// collapse into the one IRR bit is said of Pentium 4 and Xeon (SDM vol. 3 §10.8.4). (Requested and in service, it is
    /// refused in any case: see `slots`.)
    same_vector: SameVector ("rule for a repeated vector") {
        /// It merges, and is accepted.
        Merge = "merge",
        /// It needs a slot like any other: of a vector's own two, the one for requests is taken.
        Slot = "slot",
    }

    /// Is a start-up message that failed sent again? SDM vol. 3 §10.6.1 says it is not; the status table in
    /// §10.13.2.3 has "resend" in its rows; the MP specification B-4 has the operating system retry.
    start_up_resend: StartUpResend ("rule for a failed start-up message") {
        /// One attempt.
        Never = "never",
        /// Resent like any other message.
        StatusTable = "as-status-table",
    }

    /// Which messages move the arbitration ids on. Status table in SDM vol. 3 §10.13.2.3: accepted and retried ones;
    /// §10.7: every round; §10.10 and 82093AA §3.2.3: successfully transmitted ones.
    arbitration_update: ArbitrationUpdate ("rule for arbitration ids") {
        /// Accepted and retried messages, not after errors.
        StatusTable = "status-table",
        /// Every message, errors too.
        EveryRound = "every-round",
        /// Accepted messages only.
        AcceptedOnly = "accepted-only",
    }

    /// Priority in arbitration of messages with an "all" shorthand. SDM vol. 3 §10.13 reads "D0:D3 = 1111" as an
    /// arbitration priority of 15; 82801BA §5.8.3 reads the same bits as the destination.
    shorthand_priority: ShorthandPriority ("arbitration priority of broadcasts") {
        /// The sender's own arbitration id.
        Own = "own",
        /// 15: before all other messages but EOI.
        Fifteen = "fifteen",
    }

    /// The checksum of a serial message. 82801BA, 82801CA: plain sum modulo 4; SDM vol. 3 §10.13.2 adds carries back
    /// in, but for the last addition's.
    checksum: Checksum ("checksum rule") {
        /// Low two bits of the sum.
        Modulo4 = "mod-4",
        /// Carries are added back in.
        EndAroundCarry = "end-around-carry",
    }

    /// Length of a lowest-priority message without focus. The summary tables of 82801BA to 82801DB say 33, their
    /// detailed tables and the SDM 34.
    lowest_priority_cycles: LowestPriorityCycles ("length of a lowest-priority message") {
        /// 34 cycles.
        ThirtyFour = "34",
        /// 33 cycles.
        ThirtyThree = "33",
    }

    /// Length of a lowest-priority message that a focus processor takes. SDM vol. 3 text: the short format; its status
    /// table: 34.
    focus_cycles: FocusCycles ("length of a focused message") {
        /// 21 cycles.
        TwentyOne = "21",
        /// 34 cycles.
        ThirtyFour = "34",
    }

    /// SVR bits 3:0 of Pentium and P6, which are hard-wired. SDM vol. 3 §10.9 text: to 1; the note in its figure: to
    /// 0. The reset value FFH and the MP specification ("xFH") support 1.
    svr_low_nibble: SvrLowNibble ("low nibble of the spurious vector") {
        /// Ones.
        Ones = "ones",
        /// Zeros.
        Zeros = "zeros",
    }

    /// How the ESR is read. SDM vol. 3 §10.5.3, newer editions: a write latches; SDM-2009: a write updates and the
    /// bits stay until two writes in a row; Pentium erratum 3AP: readable at once, a write clears.
    esr_protocol: EsrProtocol ("ESR protocol") {
        /// As the generation has it: the Pentium direct, later ones latch.
        ByGeneration = "by-generation",
        /// A write latches what was gathered since the last one, and drops what was there.
        Latch = "latch",
        /// A write adds what was gathered; two in a row with nothing between them clear.
        Sticky = "sticky",
        /// Readable at once; a write clears.
        Direct = "direct",
    }

    /// Sub-class of PPR where the classes of TPR and the highest vector in service are equal. SDM vol. 3 §10.8.3.1:
    /// model-specific.
    ppr_equal_class: PprEqualClass ("sub-class of PPR") {
        /// TPR's.
        Tpr = "tpr",
        /// Zero.
        Zero = "zero",
    }

    /// The arbitration priority register. SDM vol. 3 §10.6.2.4 prints "TPR AND ISRV" within a maximum, almost
    /// certainly a misprint.
    apr_formula: AprFormula ("APR formula") {
        /// The maximum of three classes.
        Maximum = "maximum",
        /// As printed.
        Printed = "printed",
    }

    /// What an APIC answers whose CPU is in wait-for-SIPI. Unpublished; Bochs and QEMU accept.
    target_in_reset: TargetInReset ("answer of a CPU in reset") {
        /// As its registers say: after INIT it is software-disabled, and takes no fixed interrupt.
        Accept = "accept",
        /// Nothing, to all but INIT and start-up messages.
        Silent = "silent",
        /// Retry, to all but INIT and start-up messages.
        Retry = "retry",
    }

    /// Bits 15:14 of ICR low on Pentium 4 and later. SDM vol. 3 tables 10-3: issued as edge, assert. The suites
    /// disagree on what reads back: KVM's expects the written bits, ACRN's that writes are ignored.
    icr_trigger_readback: IcrTriggerReadback ("read-back of ICR bits 15:14") {
        /// What was written.
        AsWritten = "as-written",
        /// Zero.
        Ignored = "ignored",
    }

    /// NMI, SMI, INIT and start-up with a shorthand that includes the sender. SDM vol. 3 tables 10-3 and 10-4:
    /// invalid. The Cyberus suite sees a self NMI not delivered on hardware; QEMU delivers.
    invalid_shorthand: InvalidShorthand ("rule for invalid shorthands") {
        /// Nothing is sent.
        Ignored = "ignored",
        /// Sent like any other.
        Delivered = "delivered",
    }

    /// An NMI that comes to a CPU in wait-for-SIPI. SDM vol. 3 §26.6.2: blocked, so it is gone; §10.4.7.1 has the APIC
    /// respond to NMIs after a reset.
    nmi_in_wait_for_sipi: NmiInWaitForSipi ("NMI in wait-for-SIPI") {
        /// It is gone.
        Blocked = "blocked",
        /// It is latched, and taken once the CPU has been started.
        Latched = "latched",
    }

    /// Is an NMI taken on the boundary after STI? SDM vol. 2 (STI) leaves it to the processor; the KVM unit tests
    /// expect that it is not.
    nmi_in_sti_shadow: NmiInStiShadow ("NMI in the STI shadow") {
        /// It waits for the next boundary.
        Blocked = "blocked",
        /// It is taken.
        Taken = "taken",
    }

    /// Blocking of NMIs after a system-management interrupt that came inside an NMI handler. SDM vol. 3 §34.8 says both
    /// that it is restored and that it is not saved, so that an NMI may be taken early.
    rsm_nmi_blocking: RsmNmiBlocking ("NMI blocking after RSM") {
        /// As before the system-management interrupt.
        Restored = "restored",
        /// NMIs are open.
        Forgotten = "forgotten",
    }

    /// An access with an illegal vector to the local vector table. SDM vol. 3 §10.5.2: it "may" be an error even if
    /// the entry is masked.
    lvt_illegal_vector: LvtIllegalVector ("illegal vector in a local entry") {
        /// Recorded at the write.
        AtWrite = "at-write",
        /// Recorded when it fires.
        WhenFired = "when-fired",
    }

    /// Software writes of the APIC id. SDM vol. 3 §10.4.6: model-specific; read-only from Nehalem on.
    apic_id_writes: ApicIdWrites ("rule for writes of the APIC id") {
        /// As the generation has it.
        ByGeneration = "by-generation",
        /// They stick.
        Writable = "writable",
        /// They are ignored.
        ReadOnly = "read-only",
    }

    /// Setting APIC_BASE bit 11 again. SDM vol. 3 §10.4.3: impossible before a reset on the 3-wire bus, possible on
    /// later ones; KVM allows it, Bochs never.
    global_reenable: GlobalReenable ("rule for enabling again") {
        /// As the generation's bus has it.
        ByGeneration = "by-generation",
        /// Always possible, with the state after reset.
        Always = "always",
        /// Never before a reset.
        Never = "never",
    }

    /// Logical destinations F1H to FEH in the cluster model. SDM vol. 3 §10.6.2.2 names FFH only; QEMU 10 addresses
    /// every cluster, Bochs cluster 15.
    cluster_fifteen: ClusterFifteen ("rule for cluster 15") {
        /// Cluster 15, which is a cluster like the others.
        Exact = "exact",
        /// The given members of every cluster.
        EveryCluster = "every-cluster",
    }

    /// Bit 12 of a value written to the x2APIC ICR. SDM vol. 3 §10.12.9: ignored; AMD: must be zero.
    x2apic_icr_bit_12: X2ApicIcrBit12 ("bit 12 of the x2APIC ICR") {
        /// Ignored.
        Ignored = "ignored",
        /// A general-protection fault.
        MustBeZero = "must-be-zero",
    }

    /// What the delivery status of a message to another cluster covers. Unpublished (NUMA-Q, Summit, ES7000).
    cluster_busy: ClusterBusy ("delivery status across clusters") {
        /// The way to the sender's cluster manager.
        FirstLeg = "first-leg",
        /// Until the remote clusters have taken it.
        BothLegs = "both-legs",
    }

    /// Reserved bits of an I/O APIC's redirection entry, 31:17 and 55:32. 82093AA §3.2.4 says no more than "reserved";
    /// Bochs 2.7 and QEMU 10 agree on what reads back.
    io_apic_reserved: IoApicReserved ("read-back of reserved redirection bits") {
        /// What was written.
        AsWritten = "as-written",
        /// Zero.
        Zero = "zero",
    }
}
