//! Named deviations of real parts: what a part does otherwise than most, or than one would expect, off by default. Knobs like
//! those of [`list`](super::list), to which the macro here adds them.
//!
//! Not modelled: see the [module](super).

macro_rules! with_deviations {
    ($($others:tt)*) => { knobs! {
        $($others)*

        /// Does an IPI in x2APIC mode come after the stores before it? SDM vol. 3 §10.12.3: a write of an x2APIC register by WRMSR is
        /// not serializing, and so may be executed before earlier stores are seen; software puts MFENCE and LFENCE before it. Weak:
        /// stores wait in their CPU for `store_buffer_ns`, or until something orders them (§11.10).
        x2apic_send: X2ApicSend ("order of IPIs in x2APIC mode") {
            /// After them.
            Strong = "strong",
            /// As soon as it can.
            Weak = "weak",
        }

        /// An entry of the local vector table that is written while an interrupt that came through it is pending. Intel Pentium
        /// P6000 specification update, erratum BG26: an interrupt may be taken on the new vector, even if the new entry is masked;
        /// whether it is pending under the old one still, it does not say. (Pending is a vector that is in the IRR: one that a
        /// message has put there counts as well.)
        lvt_write_while_pending: LvtWriteWhilePending ("local entry written while its interrupt is pending") {
            /// The new entry is for what fires later.
            ForLater = "for-later",
            /// The new vector is requested at once, beside the old one.
            NewVector = "new-vector",
        }

        /// A write of the task priority by a store to the register page. Mobile Pentium 4 specification update, erratum Z47 (Xeon LV: AF38; Xeon: P53):
        /// such stores are not synchronized with the retirement of instructions, so that a CLI soon after one that lowers the
        /// priority may come first, and what the lower priority lets in stays pending until IF is set; a read of an APIC register after
        /// the write avoids it. Late: the value waits for `tpr_write_cycles`, or until something orders the store (as with
        /// `x2apic_send`). No document says how long; that one that raises the priority may be late, too, follows from the same words.
        tpr_write: TprWrite ("write of the task priority") {
            /// It is done when the instruction is.
            AtOnce = "at-once",
            /// The core goes on before the APIC has it.
            Late = "late",
        }

        /// An INIT as an edge whose level bit (ICR bit 14) is clear. SDM vol. 3 §10.6.1 wants the bit set in all IPIs but the INIT level
        /// de-assert, which is a level besides; parts reset the targets all the same. Hyper-V does not (nanos pull request 1529,
        /// Limine pull request 59): its APIC in OpenVMM (vmm_core/virt_support_apic, commit 172f2334dc91) takes every INIT with the bit
        /// clear for a de-assert, and looks at the bit in no other IPI.
        init_without_level: InitWithoutLevel ("INIT whose level bit is clear") {
            /// The targets are reset.
            Resets = "resets",
            /// It is not sent.
            Ignored = "ignored",
        }
    } };
}
