//! What is measured.

use crate::scenario::named::named;

named! {
    /// A kind of span of time in a run.
    #[non_exhaustive]
    pub enum Measured ("kind of span") {
        /// A wait of software, from its beginning to its end, by the line that waits.
        Wait = "wait",
        /// From the write of the ICR to the entry into the handler, for each CPU that takes the message, by the line that writes.
        WriteToTaken = "write-to-taken",
        /// From the write of the ICR to delivery status idle, by the line that writes.
        WriteToIdle = "write-to-idle",
        /// From a CPU's first write of the ICR to the last acknowledgement that it waits for, by the line that waits.
        Call = "call",
        /// Maskable interrupts off, by the line or handler that turned them off.
        InterruptsOff = "interrupts-off",
        /// From the crash to the goal.
        CrashPath = "crash-path",
    }
}
