//! What an APIC timer can do, and when it sleeps: knobs that come after those of [`list`](super::list), to which the macro
//! here adds them: all knobs are one declaration, and a file has one concept.
//!
//! Not modelled: see the [module](super).

macro_rules! with_timer_knobs {
    ($($others:tt)*) => { with_deviations! {
        $($others)*

        /// Has the APIC timer of a part with x2APIC mode TSC-deadline mode, too? CPUID.01H, ECX bit 24, says so of each part, no
        /// generation does (SDM vol. 3 §10.5.4.1); without it bit 18 of the timer entry is reserved, and there is no
        /// IA32_TSC_DEADLINE. Parts without x2APIC mode never have it.
        tsc_deadline: TscDeadline ("TSC-deadline mode of the timer") {
            /// It has.
            Present = "present",
            /// It has not.
            Absent = "absent",
        }

        /// The APIC timer of a CPU in HLT, by the state in which HLT leaves it. SDM vol. 3 §10.5.4: with ARAT (CPUID.06H, EAX bit 2)
        /// it runs in deep C-states, too, without it may stop there; in C1 nothing is said to stop it. AMD family 10h revision
        /// guide, erratum 400: in C1E, which HLT enters where firmware has enabled it, it counts, but its interrupt does not
        /// wake the core, and is presented once when something else does.
        halted_timer: HaltedTimer ("APIC timer of a halted CPU") {
            /// It counts, and wakes the CPU.
            Runs = "runs",
            /// It stands still. (The time-stamp counter goes on: a deadline that has passed is due at the wake.)
            Stops = "stops",
            /// It counts; what it asks for comes at the next wake.
            DoesNotWake = "does-not-wake",
        }
    } };
}
