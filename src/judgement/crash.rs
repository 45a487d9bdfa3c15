//! What a crash came to: its stages, which CPUs were stopped and saved, and what the others do instead.
//!
//! Not modelled: what a dump would hold. A CPU whose registers are saved is in it, the others are not.

use super::source_lines::Places;
use crate::scenario::Scenario;
use crate::scenario::named::Named;
use kernel_model::Point;
use sim::{Activity, Context, CpuReport, Outcome, Time};

/// A stage of the crash path.
///
/// ```
/// # use apicsim::prelude::*;
/// let request = Request::new("nmi-stall").with(|request| request.variant = Some("merged".to_owned()));
/// let (report, _) = run(&load(&request)?, &Settings::seeded(0))?;
/// let stages = report.crash.expect("a crash").stages;
/// assert!(stages.iter().any(|stage| stage.key == "control" && stage.at.is_some()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stage {
    /// Its key in JSON, without the unit.
    pub key: &'static str,
    /// In words.
    pub about: &'static str,
    /// When it was reached, if it was.
    pub at: Option<Time>,
}

/// What became of a CPU.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::Fate;
/// let request = Request::new("nmi-stall").with(|request| request.variant = Some("merged".to_owned()));
/// let (report, _) = run(&load(&request)?, &Settings::seeded(0))?;
/// let cpus = report.crash.expect("a crash").cpus;
/// assert_eq!(cpus.iter().filter(|cpu| cpu.fate == Fate::Stopped).count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It is the one that crashes.
    Crashing,
    /// The crash NMI callback has stopped it.
    Stopped,
    /// Neither.
    NotStopped,
}

impl Fate {
    /// As in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crashing => "crashing",
            Self::Stopped => "stopped",
            Self::NotStopped => "not-stopped",
        }
    }
}

/// One CPU.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::Fate;
/// let request = Request::new("nmi-stall").with(|request| request.variant = Some("merged".to_owned()));
/// let (report, _) = run(&load(&request)?, &Settings::seeded(0))?;
/// let cpus = report.crash.expect("a crash").cpus;
/// assert!(cpus.iter().any(|cpu| cpu.cpu == 0 && cpu.fate == Fate::Crashing));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CpuFate {
    /// Its number.
    pub cpu: u16,
    /// What became of it.
    pub fate: Fate,
    /// When its registers were saved.
    pub saved: Option<Time>,
    /// When it was stopped.
    pub stopped: Option<Time>,
    /// What a CPU that was not stopped does instead.
    pub instead: Option<String>,
}

/// A crash.
///
/// ```
/// # use apicsim::prelude::*;
/// let request = Request::new("nmi-stall").with(|request| request.variant = Some("merged".to_owned()));
/// let (report, _) = run(&load(&request)?, &Settings::seeded(0))?;
/// let crash = report.crash.expect("a crash");
/// assert!(crash.cpu == 0 && crash.at("entered") == report.crashed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CrashReport {
    /// The CPU that crashed.
    pub cpu: u16,
    /// The role that brought it.
    pub trigger: Option<&'static str>,
    /// The stages of its path, in order.
    pub stages: Vec<Stage>,
    /// Every CPU.
    pub cpus: Vec<CpuFate>,
}

/// The stages: key, words, point.
const STAGES: [(&str, &str, Point); 8] = [
    ("entered", "crash path entered", Point::CrashEntered),
    ("callback", "NMI callback registered", Point::CallbackRegistered),
    ("nmi_sent", "NMI sent", Point::NmiSendReturned),
    ("shootdown_over", "no longer waits for the others", Point::ShootdownOver),
    ("io_apic_disabled", "I/O APIC disabled", Point::IoApicDisabled),
    ("control", "capture kernel in control", Point::CaptureKernelEntered),
    ("ids_synced", "capture kernel past sync_Arb_IDs", Point::ArbitrationIdsSynced),
    ("ready", "capture kernel past its self-IPI", Point::CaptureKernelReady),
];

impl CrashReport {
    /// When the stage of that key was reached, if it was.
    pub fn at(&self, key: &str) -> Option<Time> {
        self.stages.iter().find(|stage| stage.key == key).and_then(|stage| stage.at)
    }
}

/// Reads it off a finished run; none if nobody entered the crash path.
pub(crate) fn crash_report(scenario: &Scenario, outcome: &Outcome) -> Option<CrashReport> {
    let entered = outcome.milestones.iter().find(|milestone| milestone.code == Point::CrashEntered as u32)?;
    let reached = |cpu: u16, point: Point| {
        let mut of_cpu = outcome.milestones.iter().filter(|milestone| milestone.cpu == cpu);
        of_cpu.find(|milestone| milestone.code == point as u32).map(|milestone| milestone.at)
    };
    let stages = STAGES.map(|(key, about, point)| Stage { key, about, at: reached(entered.cpu, point) });
    let fate = |report: &CpuReport| {
        let stopped = reached(report.cpu, Point::Stopped);
        let fate = match stopped {
            _ if report.cpu == entered.cpu => Fate::Crashing,
            Some(_) => Fate::Stopped,
            None => Fate::NotStopped,
        };
        CpuFate {
            cpu: report.cpu,
            fate,
            saved: reached(report.cpu, Point::RegistersSaved),
            stopped,
            instead: (fate == Fate::NotStopped).then(|| instead(report, &Places::of(scenario))),
        }
    };
    let trigger = scenario.crash().filter(|event| event.cpu == u32::from(entered.cpu));
    Some(CrashReport {
        cpu: entered.cpu,
        trigger: trigger.map(|event| event.role.role_name().name()),
        stages: stages.to_vec(),
        cpus: outcome.cpus.iter().map(fate).collect(),
    })
}

/// What a CPU does at the end of the run, and why the NMI has not stopped it.
fn instead(cpu: &CpuReport, places: &Places) -> String {
    let place = match cpu.waits.last() {
        Some(wait) => format!("waits since {} us at {}", wait.since, places.describe(wait.site)),
        None if cpu.activity == Activity::Halted => "in HLT".to_owned(),
        None => "runs".to_owned(),
    };
    let frame = |context| cpu.frames.iter().rev().find(|frame| frame.context == context);
    let (_, latched) = cpu.nmi;
    let behind = if latched { "; the crash NMI is latched behind it" } else { "; no further NMI has reached it" };
    if cpu.dead {
        return format!("its APIC is dead, no NMI reaches it; {place}");
    }
    match (cpu.activity, frame(Context::SystemManagement), frame(Context::Nmi)) {
        (Activity::WaitForStartUp, ..) => "waits for a start-up message".to_owned(),
        (Activity::Shutdown, ..) => "in shutdown".to_owned(),
        (_, Some(frame), _) => format!("in system-management mode since {} us{behind}", frame.since),
        (_, _, Some(frame)) => format!("in its NMI handler since {} us, {place}{behind}", frame.since),
        _ => format!("no NMI has reached it; {place}"),
    }
}
