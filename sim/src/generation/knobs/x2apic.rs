//! What came with x2APIC mode, and to it: knobs between those of [`list`](super::list) and those of the [timer](super::timer).
//!
//! Not modelled: see the [module](super).

macro_rules! with_x2apic_knobs {
    ($($others:tt)*) => { with_timer_knobs! {
        $($others)*

        /// A device's interrupt to physical FFH, from an I/O APIC without a bus of its own, and a CPU in x2APIC mode. SDM vol. 3
        /// §10.12.9: that mode's broadcast is FFFF FFFFH; of a destination of eight bits it says nothing. KVM (Linux commit
        /// 03d2249ea608) takes it for a broadcast in either mode.
        io_apic_broadcast: IoApicBroadcast ("reach of an I/O APIC's physical FFH") {
            /// The CPUs in xAPIC mode, and the one whose id is FFH.
            XApicMode = "xapic-mode",
            /// Every CPU.
            Everybody = "everybody",
        }

        /// Has the part MSRs 10AH and BDH, and has firmware locked it in x2APIC mode? SDM vol. 4 table 2-2: IA32_ARCH_CAPABILITIES bit 21,
        /// IA32_XAPIC_DISABLE_STATUS. Linux commit b8d1d163604b: firmware does where SGX or TDX is on.
        x2apic_lock: X2ApicLock ("lock of x2APIC mode") {
            /// There are no such MSRs: parts before 2022.
            Absent = "absent",
            /// There are, and the mode can be left.
            Open = "open",
            /// Who is in x2APIC mode stays there.
            Locked = "locked",
        }
    } };
}
