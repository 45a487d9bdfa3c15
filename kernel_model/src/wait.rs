//! The names of what kernel code waits for, and of the points that reports speak of.

/// What a loop waits for. The machine cannot infer it, so the code says it with
/// [`Processor::wait_begin`](crate::Processor::wait_begin).
///
/// ```
/// use kernel_model::Wait;
///
/// assert_ne!(Wait::IcrIdle, Wait::Acknowledgement);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The delivery status of the CPU's own ICR to read idle.
    IcrIdle,
    /// Other CPUs to acknowledge an IPI.
    Acknowledgement,
    /// A spinlock.
    Lock,
    /// The end of a list that the scheduler walks.
    RunQueue,
    /// The other CPUs to be shot down, at most 1000 ms.
    Shootdown,
    /// The other CPUs to write their backtraces, at most 10 s.
    Backtrace,
    /// The other CPUs to stop, at most 1 s and 10 ms.
    Stop,
    /// The CPU that panics to stop this one.
    SelfStop,
    /// The CPU that is being started to call in, at most 5 s, in v6 10 s.
    Callin,
    /// The CPU that starts this one to call it out, at most 2 s.
    Callout,
    /// The mailbox register of an ES7000 to be free, or, in its firmware, to name this CPU.
    Mailbox,
    /// The answer to a remote read, at most 100.1 ms.
    RemoteRead,
    /// The level of INIT to be taken away, as the CPU that starts this one says.
    InitDeassert,
}

/// How a wait ended.
///
/// ```
/// use kernel_model::WaitOutcome;
///
/// assert_ne!(WaitOutcome::Done, WaitOutcome::TimedOut);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitOutcome {
    /// What was waited for has come.
    Done,
    /// The bound was reached first.
    TimedOut,
    /// It has been reported, and goes on after that.
    Reported,
}

/// Points of the kernel code that goals and reports name.
///
/// ```
/// use kernel_model::Point;
///
/// assert!((Point::InquiryFailed as u32) < 100); // milestones of whoever runs it can have the numbers above
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Point {
    /// `crash_kexec` was entered and won the race for the kexec lock.
    CrashEntered,
    /// The crash NMI callback is registered.
    CallbackRegistered,
    /// The crashing CPU is back from sending the NMI.
    NmiSendReturned,
    /// This CPU has been stopped by the crash NMI callback.
    Stopped,
    /// The crashing CPU no longer waits for the others.
    ShootdownOver,
    /// The capture kernel has control.
    CaptureKernelEntered,
    /// The capture kernel is past its own first APIC accesses.
    CaptureKernelReady,
    /// This CPU has panicked because its ICR stayed busy.
    Panicked,
    /// This CPU's registers are saved for the capture kernel.
    RegistersSaved,
    /// The crashing CPU has disabled the I/O APIC.
    IoApicDisabled,
    /// The capture kernel is past `sync_Arb_IDs`.
    ArbitrationIdsSynced,
    /// A panic is back from stopping the other CPUs.
    OthersStopped,
    /// This CPU has been stopped by `smp_send_stop`.
    StoppedByCall,
    /// This CPU has printed the backtrace that another asked for.
    BacktracePrinted,
    /// The CPU that asked for backtraces no longer waits for them.
    BacktracesOver,
    /// A CPU begins to send the messages that start another.
    WakeUpBegins,
    /// It has written a STARTUP.
    StartupWritten,
    /// It says that a message was never delivered: the ICR stayed busy.
    NeverDelivered,
    /// It says that there was a delivery error: the error status has bits.
    DeliveryError,
    /// The messages are sent, or given up.
    WakeUpReturned,
    /// A CPU that was started runs the trampoline.
    TrampolineEntered,
    /// It has called in.
    CalledIn,
    /// The CPU that started it has seen that.
    Booted,
    /// It has not, in time, but the trampoline was entered.
    Stuck,
    /// It has not, in time, and nobody entered the trampoline.
    NotResponding,
    /// A remote read was answered.
    InquiryAnswered,
    /// A remote read failed.
    InquiryFailed,
}
