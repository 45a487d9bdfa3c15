//! What has to be reached for a run to be `completed`.

use super::named::{Named, named};

named! {
    /// What has to be reached for a run to be `completed`.
    ///
    /// ```
    /// # use apicsim::prelude::*;
    /// # use apicsim::scenario::*;
    /// let scenario = ScenarioBuilder::new("all").cpus(1).goal(Goal::AllProgramsEnd).build()?;
    /// assert_eq!(scenario.goal_name(), "all-programs-end");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[non_exhaustive]
    pub enum Goal ("goal") {
        /// The crashing CPU returns from its NMI send.
        NmiSendReturns = "nmi-send-returns",
        /// The capture kernel has control and has passed its own first APIC accesses.
        CaptureKernel = "capture-kernel",
        /// A panic without a crash image is back from stopping the other CPUs.
        OthersStopped = "others-stopped",
        /// Every CPU is back from its last `munmap`, `call-function` and `backtrace`.
        CallersReturn = "callers-return",
        /// Every program has ended.
        AllProgramsEnd = "all-programs-end",
        /// Every `send-sequence` has returned from its last send.
        SendersReturn = "senders-return",
        /// Every CPU that a `boot-cpus` starts has called in, and the one that starts them is through.
        CpusStarted = "cpus-started",
        /// A program has come to its `reach NAME`.
        Reach = "reach:NAME",
    }
}

/// What stands before the name of a goal that a program reaches.
pub(super) const REACH: &str = "reach:";

impl Goal {
    /// The goal as it is written; of [`Goal::Reach`] with the name.
    pub(super) fn written(self, name: Option<&String>) -> String {
        name.map_or_else(|| self.name().to_owned(), |name| format!("{REACH}{name}"))
    }
}
