//! A scenario, loaded, decided for one machine and checked: plain data.

use super::expected::Expectation;
use super::fault::Fault;
use super::goal::Goal;
use super::machine::Machine;
use super::mechanism::Mechanism;
use super::named::named;
use super::own_waits::OwnWaits;
use super::program::Programs;
use super::role::Role;
use std::sync::Arc;

named! {
    /// The loop of the proposals that leave it open.
    ///
    /// ```
    /// use apicsim::{scenario::WaitShape, sim::Named};
    ///
    /// assert_eq!(WaitShape::names(), ["delay-first", "read-first"]);
    /// ```
    #[non_exhaustive]
    pub enum WaitShape ("wait shape") {
        /// 100 µs before each read, as the patches were mailed.
        DelayFirst = "delay-first",
        /// A read before each 100 µs, as they were merged.
        ReadFirst = "read-first",
    }
}

named! {
    /// What `smp_send_stop` of i386 does with the call lock (x86_64 tries it in every version). The release decides, unless
    /// the knob does.
    ///
    /// ```
    /// use apicsim::{scenario::StopLock, sim::Named};
    ///
    /// assert_eq!(StopLock::names(), ["take", "try"]);
    /// ```
    #[non_exhaustive]
    pub enum StopLock ("lock rule") {
        /// Takes it, whoever holds it: 2.6.20.
        Take = "take",
        /// Tries it once and goes ahead without it: 2.6.22.
        Try = "try",
    }
}

named! {
    /// What ends the MP specification's 20 µs.
    ///
    /// ```
    /// use apicsim::{scenario::MpsTimeout, sim::Named};
    ///
    /// assert_eq!(MpsTimeout::ExternalInterrupt.name(), "external-interrupt");
    /// ```
    #[non_exhaustive]
    pub enum MpsTimeout ("time-out mechanism") {
        /// Delays of known length.
        InstructionLoop = "instruction-loop",
        /// The time-stamp counter.
        TimeStampCounter = "time-stamp-counter",
        /// The interrupt of a timer.
        ExternalInterrupt = "external-interrupt",
    }
}

named! {
    /// Which story stalls the ICR before the crash, in scenarios that know several.
    ///
    /// ```
    /// # use apicsim::prelude::*;
    /// # use apicsim::scenario::*;
    /// let request = Request::new("kdump").with(|request| request.sets = vec!["stall=slots".to_owned()]);
    /// assert_eq!(load(&request)?.stall, Stall::Slots);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[non_exhaustive]
    pub enum Stall ("stall") {
        /// None: a healthy machine.
        None = "none",
        /// A full interrupt slot class (P6, serial bus).
        Slots = "slots",
        /// A front-side bus that stops completing transactions.
        Fsb = "fsb",
    }
}

/// `[knobs]`: the simulator's, and those of the modelled kernel.
///
/// ```
/// # use apicsim::prelude::*;
/// let request = Request::new("nmi-stall").with(|request| request.sets = vec!["knobs.mps_retries=3".to_owned()]);
/// assert_eq!(load(&request)?.knobs.mps_retries, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Knobs {
    /// Points at which public documents disagree, as one choice each.
    pub hardware: sim::Knobs,
    /// Round busy delays as a kernel of so many timer ticks a second does (100 to 1000); `None`: delays are exact.
    pub delay_hz: Option<u32>,
    /// The loop of `solution-a` and `b1`.
    pub wait_shape: WaitShape,
    /// What ends the 20 µs of `mps-abort` and `mps-retry`.
    pub mps_timeout: MpsTimeout,
    /// How often `mps-retry` sends again, 1 to 1000.
    pub mps_retries: u32,
    /// The call lock in `smp_send_stop` of i386.
    pub smp_send_stop: StopLock,
    /// Flat senders use no all-but-self shorthand, as in kernels with CPU hotplug; on `modern/*` no driver does. `None`:
    /// true, on `modern/*` false.
    pub no_broadcast: Option<bool>,
    /// `modern/*`: the timer's tick is stopped (`nohz_full`), so that printk's deferred work is raised at once.
    pub tick_stopped: bool,
    /// `modern/*`: `CONFIG_CSD_LOCK_WAIT_DEBUG`: a call that takes longer than 5 s is reported, and its IPI sent again.
    pub csd_lock_wait_debug: bool,
    /// `modern/*`, with that option: after how many ms a report is a BUG, 1 to 1 000 000; 0: never.
    pub panic_on_ipistall: u32,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            hardware: sim::Knobs::default(),
            delay_hz: None,
            wait_shape: WaitShape::DelayFirst,
            mps_timeout: MpsTimeout::InstructionLoop,
            mps_retries: 1,
            smp_send_stop: StopLock::Take,
            no_broadcast: None,
            tick_stopped: false,
            csd_lock_wait_debug: false,
            panic_on_ipistall: 0,
        }
    }
}

/// Costs that the scenario sets; `None` leaves the generation's default.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::CostOverrides;
/// let costs = CostOverrides::default().with(|costs| costs.pause_cycles = Some(140)); // as on newer parts
/// assert_eq!(ScenarioBuilder::new("slow-pause").costs(&costs).build()?.costs, costs);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CostOverrides {
    /// Read of an APIC register, core cycles.
    pub register_read_cycles: Option<u32>,
    /// Write of an APIC register, core cycles.
    pub register_write_cycles: Option<u32>,
    /// PAUSE, core cycles.
    pub pause_cycles: Option<u32>,
    /// Load of a shared word, core cycles.
    pub load_cycles: Option<u32>,
    /// Store to a shared word, core cycles.
    pub store_cycles: Option<u32>,
    /// Interrupt or NMI entry, core cycles.
    pub interrupt_entry_cycles: Option<u32>,
    /// IRET, core cycles.
    pub iret_cycles: Option<u32>,
    /// Wake from HLT, core cycles.
    pub halt_wake_cycles: Option<u32>,
    /// Saving or restoring the interrupt flag, core cycles.
    pub irq_flag_cycles: Option<u32>,
    /// Front-side bus cycles of one interrupt transaction.
    pub fsb_transaction_cycles: Option<u32>,
    /// Atomic read-modify-write of a shared word (`read_modify_write_ns`).
    pub read_modify_write_ps: Option<u64>,
    /// A store until other CPUs see it (`visibility_ns`).
    pub visibility_ps: Option<u64>,
    /// A store until it leaves its CPU, where sends are weak (`store_buffer_ns`).
    pub store_buffer_ps: Option<u64>,
    /// A write of the task priority until the APIC has it, where such writes are late, core cycles.
    pub tpr_write_cycles: Option<u32>,
    /// From the decision to take an interrupt to its acknowledge cycle, where such writes are late, core cycles.
    pub acknowledge_cycles: Option<u32>,
    /// Delivery on the ideal bus (`ideal_delivery_ns`).
    pub ideal_delivery_ps: Option<u64>,
    /// From one cluster manager to another (`cluster_hop_ns`).
    pub cluster_hop_ps: Option<u64>,
}

impl CostOverrides {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

/// Something that starts on a CPU at an instant.
///
/// ```
/// use apicsim::prelude::*;
///
/// let scenario = load(&Request::new("nmi-stall"))?;
/// let crash = scenario.crash().expect("it has one");
/// assert_eq!((crash.cpu, crash.at_ps), (0, 60_000_000));
/// # Ok::<(), InputError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Position in the file, from 0: `event.3` of `--set`.
    pub index: usize,
    /// When.
    pub at_ps: u64,
    /// On which CPU.
    pub cpu: u32,
    /// What.
    pub role: Role,
}

/// Where a scenario came from.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::Origin;
/// assert_eq!(load(&Request::new("nmi-stall"))?.origin, Origin::BuiltIn("nmi-stall".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Built in, by name.
    BuiltIn(String),
    /// A file, by path.
    File(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn(text) | Self::File(text) => f.write_str(text),
        }
    }
}

/// A scenario, decided for one machine: only what applies to that machine is left in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scenario {
    /// Name.
    pub name: String,
    /// The mechanism that it is about, if of the list.
    pub mechanism: Option<Mechanism>,
    /// One paragraph for a reader.
    pub story: String,
    /// What has to be reached.
    pub goal: Goal,
    /// Of [`Goal::Reach`]: the number of the name among those of the programs.
    pub reach: Option<u32>,
    /// Which stall is played.
    pub stall: Stall,
    /// Simulated time after which the run ends undecided.
    pub limit_ps: u64,
    /// The machine.
    pub machine: Machine,
    /// Costs that differ from the generation's.
    pub costs: CostOverrides,
    /// Disputed rules.
    pub knobs: Knobs,
    /// The CPU that the log daemon last ran on.
    pub klogd_cpu: u32,
    /// Does that CPU get a reschedule IPI when another wakes the daemon?
    pub klogd_reschedule: bool,
    /// The variant, where it is one of one's own.
    pub own: Option<OwnWaits>,
    /// What happens, in order of time, then of the file.
    pub events: Vec<Event>,
    /// What breaks, in order of time, then of the file.
    pub faults: Vec<Fault>,
    /// The programs of events and handlers.
    pub programs: Arc<Programs>,
    /// What is expected of this machine: the first `[[expect]]` that matches.
    pub expectation: Option<Expectation>,
    /// Where it came from.
    pub origin: Origin,
    /// Hash of the text it came from (before `--set`), 16 hex digits.
    pub hash: String,
    /// The `--set` that were applied, in order.
    pub sets: Vec<String>,
}

impl Scenario {
    /// The goal as it is written.
    pub fn goal_name(&self) -> String {
        self.goal.written(self.reach.and_then(|number| self.programs.reached.get(number as usize)))
    }

    /// Whether a fault is injected into this machine.
    pub fn is_injected(&self) -> bool {
        !self.faults.is_empty()
    }

    /// The CPU that starts others, if one does: the first.
    pub fn booting_cpu(&self) -> Option<u32> {
        self.events.iter().find(|event| matches!(event.role, Role::BootCpus { .. })).map(|event| event.cpu)
    }

    /// The crash, if there is one.
    pub fn crash(&self) -> Option<&Event> {
        self.events.iter().find(|event| event.role.is_crash())
    }

    /// The CPU that crashes, if one does.
    pub fn crashing_cpu(&self) -> Option<u32> {
        self.crash().map(|event| event.cpu)
    }
}
