//! What a run says: its verdict, and all that is reported beside it. Plain data; `verdict.rs` fills it in.

use super::crash::CrashReport;
use super::explained::{GivenUpReport, WaitingReport};
use super::panic::PanicReport;
use super::program_notes::ProgramNote;
use super::start_up::StartUpReport;
use super::strict::StrictReport;
use super::unmet::Unmet;
use super::waits::{WaitReport, WaitSummary};
use crate::scenario::Mechanism;
use sim::{Duration, Ending, Interruption, Outcome, Proof, Time};

/// How a run is judged.
///
/// ```
/// # use apicsim::prelude::*;
/// let (report, _) = run(&load(&Request::new("nmi-stall"))?, &Settings::seeded(0))?;
/// let said = match report.verdict {
///     Verdict::Hung => "never comes to its goal, and that is proven",
///     Verdict::Completed => "comes to its goal",
///     _ => "is not decided",
/// };
/// assert!(said.ends_with("proven"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The goal was reached.
    Completed,
    /// The goal is proven unreachable.
    Hung,
    /// Neither within the limit.
    Deadline,
    /// The run, or a second one that judges or explains it, was ended before its time: there is no verdict.
    Interrupted,
}

impl Verdict {
    /// As in JSON, where an interrupted run has none.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Hung => "hung",
            Self::Deadline => "deadline",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A CPU that spins for ever.
///
/// ```
/// # use apicsim::prelude::*;
/// let (report, _) = run(&load(&Request::new("nmi-stall"))?, &Settings::seeded(0))?;
/// assert!(report.loops.iter().any(|spin| spin.cpu == 0 && spin.at.starts_with("apic_wait_icr_idle (")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoopReport {
    /// CPU.
    pub cpu: u16,
    /// Start of the wait.
    pub since: Time,
    /// Minimal period.
    pub period: Duration,
    /// `function (file:line)`.
    pub at: String,
}

/// Where and why the goal's CPU hangs.
///
/// ```
/// # use apicsim::prelude::*;
/// let (report, _) = run(&load(&Request::new("nmi-stall"))?, &Settings::seeded(0))?;
/// let hang = report.hang.expect("it hangs");
/// assert_eq!(hang.cpu, 0);
/// assert!(hang.at.starts_with("apic_wait_icr_idle (") && hang.why.len() > 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HangReport {
    /// CPU.
    pub cpu: u16,
    /// Start of the wait.
    pub since: Time,
    /// `function (file:line)`.
    pub at: String,
    /// The line of source that waits.
    pub line: Option<&'static str>,
    /// The causal chain, from the wait to its root.
    pub why: Vec<String>,
    /// The mechanism that keeps its ICR busy, if that is what it waits for.
    pub mechanism: Option<Mechanism>,
    /// The root in a few words.
    pub cause: String,
}

/// What a run says.
///
/// ```
/// # use apicsim::prelude::*;
/// let (report, _) = run(&load(&Request::new("nmi-stall"))?, &Settings::seeded(0))?;
/// assert_eq!((report.verdict, report.expected), (Verdict::Hung, Some(true)));
/// assert!(report.token.starts_with("apicsim3:") && report.capture.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunReport {
    /// The token that replays it.
    pub token: String,
    /// Seed.
    pub seed: u64,
    /// Verdict.
    pub verdict: Verdict,
    /// What a hang's proof rests on.
    pub proof: Option<Proof>,
    /// Where the run was ended before its time, if it was.
    pub interrupted_at: Option<Time>,
    /// What ended it, or the second one that was to judge or explain it.
    pub interruption: Option<Interruption>,
    /// Instant of the goal, or the last effective event of a run that did not reach it.
    pub sim_time: Time,
    /// When the crash path was entered.
    pub crashed: Option<Time>,
    /// Did a crash happen that never entered the crash path?
    pub crash_happened: bool,
    /// From the crash to the goal.
    pub from_crash: Option<Duration>,
    /// Digest of the event stream.
    pub digest: u64,
    /// Waits for an ICR, in order of their start: of those that ended, the first 10 000.
    pub waits: Vec<WaitReport>,
    /// How many there were.
    pub waits_total: u64,
    /// All that ended, by CPU, line and outcome.
    pub wait_summaries: Vec<WaitSummary>,
    /// Timed-out waits of the crashing CPU, or, where none crashes, of the one that starts others.
    pub timeouts: u32,
    /// Waits for other CPUs that ended by their bound, each with who had not answered by then.
    pub given_up: Vec<GivenUpReport>,
    /// Of a run that came to its limit: the CPUs that wait, each with what for.
    pub waiting: Vec<WaitingReport>,
    /// Of a run that has come to its limit: what in its programs goes on for ever and acts, so that nothing can be proven.
    pub open_ended: Vec<String>,
    /// What its programs say: the first 100.
    pub said: Vec<ProgramNote>,
    /// How often they say something.
    pub said_total: u64,
    /// Accesses that are legal here and wrong elsewhere, if that was asked for.
    pub strict: Option<StrictReport>,
    /// Starts of other CPUs, in their order.
    pub start_ups: Vec<StartUpReport>,
    /// CPUs that have called in since they were started last.
    pub started: u32,
    /// CPUs that the crash callback stopped.
    pub stopped: u32,
    /// The crash: its stages, and what became of each CPU.
    pub crash: Option<CrashReport>,
    /// When the capture kernel was past its first APIC accesses.
    pub capture: Option<Time>,
    /// The first CPU whose kernel panicked because its ICR stayed busy.
    pub panicked: Option<PanicReport>,
    /// Faults that were injected.
    pub injected: Vec<String>,
    /// The hang.
    pub hang: Option<HangReport>,
    /// CPUs that spin for ever.
    pub loops: Vec<LoopReport>,
    /// `injected`, `disputed`, `hypothetical`.
    pub notes: Vec<&'static str>,
    /// Does the scenario's expectation hold? None where it expects nothing.
    pub expected: Option<bool>,
    /// What of it does not hold.
    pub unmet: Vec<Unmet>,
}

/// Up to so many waits all of them are notable.
const FEW_WAITS: u64 = 40;

impl RunReport {
    /// All waits, if they are few; else the longest of each line and outcome, and some of those that never end.
    pub fn notable_waits(&self) -> Vec<&WaitReport> {
        if self.waits_total <= FEW_WAITS {
            return self.waits.iter().collect();
        }
        let longest = self.wait_summaries.iter().filter_map(|summary| summary.longest.first());
        let endless = self.waits.iter().filter(|wait| wait.took.is_none());
        longest.take(20).chain(endless.take(20)).collect()
    }

    /// When the capture kernel got control. It is ready ([`RunReport::capture`]) once its own waits are over.
    pub fn hand_over(&self) -> Option<Time> {
        self.crash.as_ref().and_then(|crash| crash.at("control"))
    }

    /// Where the crashing CPU spins for ever after the goal, and never comes to the end of its path.
    pub fn hangs_after_goal(&self) -> Option<&LoopReport> {
        let crash = self.crash.as_ref()?;
        let is_open = self.verdict == Verdict::Completed && self.capture.is_none();
        self.loops.iter().find(|spin| is_open && spin.cpu == crash.cpu)
    }

    /// Exit status 0?
    pub fn ok(&self) -> bool {
        self.expected.unwrap_or(!matches!(self.verdict, Verdict::Deadline | Verdict::Interrupted))
    }

    /// A second run, which was to explain this one, has come to that.
    pub(crate) fn note_interruption(&mut self, second: &Outcome) {
        if let Ending::Interrupted(why) = second.ending {
            self.interruption.get_or_insert(why);
            (self.verdict, self.expected, self.unmet) = (Verdict::Interrupted, None, Vec::new());
        }
    }
}
