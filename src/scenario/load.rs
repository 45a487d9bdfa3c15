//! From a request to a checked scenario: open, graft the options, read, check.

use super::catalogue;
use super::content_hash::content_hash;
use super::decimal::{self, Unit};
use super::diagnostic::{InputError, Place, Source};
use super::document::{self, Node, Value};
use super::expectations::expectation;
use super::faults;
use super::filter::Subject;
use super::goal::{Goal, REACH};
use super::handlers;
use super::happenings::{self, PlacedEvent, Stage};
use super::klogd::klogd;
use super::knobs;
use super::loads;
use super::machine::{Bus, Machine};
use super::model::{Origin, Scenario, Stall};
use super::named::Named;
use super::nearest;
use super::overrides;
use super::own_variant::OwnVariant;
use super::own_wait::{WAIT_KEYS, own_plan};
use super::own_waits::{OwnWaits, Variants, check_handed_over};
use super::pace;
use super::reader::{Field, Table};
use super::role::Role;
use super::settings::{self, COST_KEYS, MACHINE_KEYS};
use super::steps;
use sim::Generation;
use std::sync::Arc;

/// A scenario and what the command line chose for it. What is not chosen comes from the file, then from defaults.
///
/// ```
/// # use apicsim::prelude::*;
/// let request = Request::new("lost-ipi").with(|request| {
///     request.cpus = Some(3);
///     request.sets = vec!["knobs.slots=per-vector".to_owned()];
/// });
/// assert_eq!(load(&request)?.machine.cpus, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Request {
    /// Built-in name, or path to a file.
    pub scenario: String,
    /// Sub-architecture.
    pub arch: Option<String>,
    /// Wait variant.
    pub variant: Option<String>,
    /// Release of the code.
    pub release: Option<String>,
    /// APIC generation.
    pub generation: Option<Generation>,
    /// Bus.
    pub bus: Option<Bus>,
    /// Number of CPUs.
    pub cpus: Option<u32>,
    /// Limit of simulated time.
    pub limit_ps: Option<u64>,
    /// `PATH=VALUE` settings, applied in order, after the choices above.
    pub sets: Vec<String>,
    /// Variants in Rust that are not of this crate.
    pub own: Vec<OwnVariant>,
}

impl Request {
    /// The same, with what `set` changes of it.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Self)) -> Self {
        set(&mut self);
        self
    }
}

impl Request {
    /// The scenario as it is.
    pub fn new(scenario: impl Into<String>) -> Self {
        Self { scenario: scenario.into(), ..Self::default() }
    }
}

const ROOT_KEYS: [&str; 21] = [
    "format",
    "name",
    "mechanism",
    "story",
    "goal",
    "stall",
    "limit_us",
    "limit_cuts",
    "machine",
    "knobs",
    "costs",
    "klogd",
    "pace",
    "words",
    "locks",
    "wait",
    "event",
    "handler",
    "load",
    "fault",
    "expect",
];

/// Simulated time of a run without a limit of its own: 10 s.
pub const LIMIT_PS_DEFAULT: u64 = 10_000_000_000_000;

/// Loads a scenario by built-in name or path, applies the request's choices and settings, and checks everything.
///
/// # Errors
/// Whatever is wrong with the file or the choices, at its place and with what would be right.
pub fn load(request: &Request) -> Result<Scenario, InputError> {
    let (origin, source) = catalogue::open(&request.scenario)?;
    read_source(origin, &source, request)
}

/// Loads a scenario from its text, applies the request's choices and settings, and checks everything. `request.scenario` is
/// the name that the text goes by in messages, and in the token: who is to replay it keeps the text in a file of that name.
///
/// # Errors
/// As [`load`].
pub fn load_text(text: &str, request: &Request) -> Result<Scenario, InputError> {
    let origin = Origin::File(request.scenario.clone());
    read_source(origin, &Source::new(&request.scenario, text), request)
}

fn read_source(origin: Origin, source: &Arc<Source>, request: &Request) -> Result<Scenario, InputError> {
    check_handed_over(&request.own)?;
    let root = document(request, source)?;
    let mut scenario = read(&root, source, &request.own)?;
    if matches!(origin, Origin::BuiltIn(_)) && scenario.own.is_some() {
        scenario.expectation = None; // a built-in story says nothing of a wait that it does not know
    }
    scenario.origin = origin;
    scenario.hash = content_hash(source.text());
    scenario.sets = overrides::that_count(&request.sets);
    Ok(scenario)
}

/// The variants of one's own that a scenario can have: what was handed over, and what its file describes.
///
/// # Errors
/// As [`load`], as far as the file is read: the whole of its format, and `[wait]`.
pub(crate) fn own_waits(request: &Request) -> Result<Vec<OwnWaits>, InputError> {
    check_handed_over(&request.own)?;
    let (_, source) = catalogue::open(&request.scenario)?;
    let root = document(request, &source)?;
    let plan = own_plan(&open_root(&root)?)?;
    Ok(request.own.iter().copied().map(OwnWaits::Code).chain(plan.map(OwnWaits::Plan)).collect())
}

/// The document, with what the request changes in it.
fn document(request: &Request, source: &Arc<Source>) -> Result<Node, InputError> {
    let mut root = document::parse(source)?;
    graft_choices(&mut root, request);
    for set in &request.sets {
        const OPTION: &str = "--set ";
        let setting = Source::new("command line", format!("{OPTION}{set}"));
        overrides::apply(&mut root, &setting, OPTION.len())?;
    }
    Ok(root)
}

/// What a scenario that is only a text goes by.
pub(super) const TEXT_NAME: &str = "scenario.toml";

impl Scenario {
    /// The scenario that a text describes, on its own machine.
    ///
    /// # Errors
    /// Whatever is wrong with it, at its place and with what would be right.
    ///
    /// ```
    /// use apicsim::scenario::Scenario;
    ///
    /// let scenario = Scenario::from_toml(
    ///     r#"
    ///     format = 1
    ///     name = "one-step"
    ///     story = "CPU 0 waits a little."
    ///     goal = "reach:there"
    ///     [machine]
    ///     cpus = 1
    ///     [[event]]
    ///     at_us = 0
    ///     cpu = 0
    ///     steps = "delay 10us\nreach there"
    ///     "#,
    /// )?;
    /// assert_eq!(scenario.goal_name(), "reach:there");
    /// # Ok::<(), apicsim::scenario::diagnostic::InputError>(())
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, InputError> {
        load_text(text, &Request::new(TEXT_NAME))
    }
}

/// Grafts the choices of the command line into the document.
fn graft_choices(root: &mut Node, request: &Request) {
    let text = |text: &str| Value::String(text.to_owned());
    let limit = request.limit_ps.map(decimal::microseconds);
    let choices = [
        ("--arch", "machine.arch", request.arch.as_deref().map(|arch| (arch.to_owned(), text(arch)))),
        ("--variant", "machine.variant", request.variant.as_deref().map(|name| (name.to_owned(), text(name)))),
        ("--release", "machine.release", request.release.as_deref().map(|name| (name.to_owned(), text(name)))),
        ("--generation", "machine.generation", request.generation.map(|one| (one.to_string(), text(one.name())))),
        ("--bus", "machine.bus", request.bus.map(|one| (one.to_string(), text(one.name())))),
        ("--cpus", "machine.cpus", request.cpus.map(|cpus| (cpus.to_string(), Value::Integer(cpus.into())))),
        ("--limit-us", "limit_us", limit.map(|limit| (limit.clone(), Value::Float(limit)))),
    ];
    for (option, path, choice) in choices {
        if let Some((shown, value)) = choice {
            let source = Source::new("command line", format!("{option} {shown}"));
            let place = Place::new(&source, option.len() + 1..source.text().len());
            overrides::graft(root, path, &Node { place, value });
        }
    }
}

/// Reads the whole document.
fn read(root: &Node, file: &Arc<Source>, own: &[OwnVariant]) -> Result<Scenario, InputError> {
    let root = open_root(root)?;
    let plan = own_plan(&root)?;
    let variants = Variants::of(&root, plan.as_ref(), own)?;
    let machine = settings::machine(&root, &variants)?;
    let knobs = knobs::knobs(&root, &machine)?;
    let costs = settings::costs(&root)?;
    let stall = root.get("stall").map_or(Ok(Stall::None), |field| field.name())?;
    let goal_field = root.need("goal", "\"nmi-send-returns\"")?;
    let goal = goal(&goal_field)?;
    let (limit_ps, limit_cuts) = limit(&root, file)?;
    let stage = Stage { machine: &machine, stall, limit_ps: (!limit_cuts).then_some(limit_ps) };
    let pace = pace::pace(&root, &variants, &machine.variant)?;
    let own = variants.own(&machine.variant);
    let mut programs = steps::Reader::new(&root, &machine, own.as_ref())?;
    let events = happenings::events(&root, stage, &mut programs)?;
    handlers::handlers(&root, stage, &mut programs)?;
    loads::loads(&root, stage, &mut programs)?;
    let faults = faults::faults(&root, stage)?;
    check_goal(&goal_field, goal, &events, &machine)?;
    let reach = name_to_reach(&goal_field).map(|name| programs.reached(&goal_field, name)).transpose()?;
    let programs = Arc::new(programs.finish());
    let crash = events.iter().map(|placed| &placed.event).find(|event| event.role.is_crash());
    let klogd = klogd(&root, &machine, stall)?;
    let subject = Subject { machine: &machine, stall, knobs: &knobs, injected: !faults.is_empty(), crash };
    let expectation = expectation(&root, &variants, &subject)?;
    Ok(Scenario {
        name: root.need("name", "\"my-scenario\"")?.line_of_text()?,
        mechanism: root.get("mechanism").map(|field| field.name()).transpose()?,
        story: root.need("story", "\"What happens, and why.\"")?.text()?.trim().to_owned(),
        goal,
        reach,
        stall,
        limit_ps,
        costs,
        knobs,
        klogd_cpu: klogd.cpu,
        klogd_reschedule: klogd.reschedule,
        events: events.into_iter().map(|placed| pace.event(placed.event, stage.limit_ps)).collect::<Result<_, _>>()?,
        own,
        faults: faults.into_iter().map(|fault| pace.fault(fault, stage.limit_ps)).collect::<Result<_, _>>()?,
        expectation,
        programs,
        machine,
        origin: Origin::BuiltIn(String::new()),
        hash: String::new(),
        sets: Vec::new(),
    })
}

/// What is to be reached: one of the goals, or a name that a program reaches.
fn goal(field: &Field<'_>) -> Result<Goal, InputError> {
    if name_to_reach(field).is_some() { Ok(Goal::Reach) } else { field.name() }
}

/// The name behind `reach:`.
fn name_to_reach<'d>(field: &Field<'d>) -> Option<&'d str> {
    field.text().ok()?.strip_prefix(REACH)
}

/// Opens the root: the format first, since another one has other keys.
fn open_root(root: &Node) -> Result<Table<'_>, InputError> {
    let field = Field { node: root, path: String::new() };
    let Value::Table(entries) = &root.value else { return Err(field.wrong("a table")) };
    match entries.iter().find(|entry| entry.key == "format") {
        Some(entry) if matches!(entry.node.value, Value::Integer(1)) => {}
        Some(entry) => {
            return Err(InputError::new("unknown format of a scenario file")
                .at(&entry.node.place, "not a format of this version")
                .help("this version reads format = 1"));
        }
        None => {
            return Err(InputError::new("missing key `format`")
                .at(&Place::new(root.place.source(), 0..0), "a scenario file says its format first")
                .help("add the line: format = 1"));
        }
    }
    let knobs = knobs::knob_keys();
    let inner =
        [("machine", &MACHINE_KEYS[..]), ("knobs", &knobs[..]), ("costs", &COST_KEYS[..]), ("wait", &WAIT_KEYS[..])];
    for entry in entries.iter().filter(|entry| !ROOT_KEYS.contains(&entry.key.as_str())) {
        // A key of a table, written outside: the nearest path is in that table.
        let near = inner.iter().find_map(|(table, keys)| {
            let exact = keys.contains(&entry.key.as_str());
            let key = nearest::nearest(&entry.key, keys)?;
            (exact || nearest::nearest(&entry.key, &ROOT_KEYS).is_none()).then(|| format!("{table}.{key}"))
        });
        if let Some(near) = near {
            return Err(InputError::new(format!("unknown key `{}` in the scenario", entry.key))
                .at(&entry.key_place, "not a key of the top level")
                .help(format!("did you mean `{near}`?")));
        }
    }
    Table::open(field, "the scenario", &ROOT_KEYS)
}

/// The limit, and whether it may lie before something that happens: where the file says so, and where it was shortened from
/// outside.
fn limit(root: &Table<'_>, file: &Arc<Source>) -> Result<(u64, bool), InputError> {
    let cuts = root.get("limit_cuts").map_or(Ok(false), |field| field.boolean())?;
    let Some(field) = root.get("limit_us") else { return Ok((LIMIT_PS_DEFAULT, cuts)) };
    let ps = field.picoseconds(Unit::Microseconds)?;
    if ps == 0 {
        return Err(field.error("a run needs some time", "no time at all").help("the default is 10_000_000, 10 s"));
    }
    Ok((ps, cuts || !Arc::ptr_eq(field.node.place.source(), file)))
}

/// A goal needs somebody who can reach it.
fn check_goal(
    goal_field: &Field<'_>,
    goal: Goal,
    events: &[PlacedEvent<'_>],
    machine: &Machine,
) -> Result<(), InputError> {
    let crashes: Vec<_> = events.iter().filter(|placed| placed.event.role.is_crash()).collect();
    if let [_, second, ..] = &crashes[..] {
        return Err(second
            .role_field
            .error("a machine crashes once", "a second crash")
            .help("let one crash apply to each machine, by `arch`, `only` or `stall`"));
    }
    let has = |wanted: fn(&Role) -> bool| events.iter().any(|placed| wanted(&placed.event.role));
    let image = match goal {
        Goal::NmiSendReturns | Goal::CaptureKernel => Some(true),
        Goal::OthersStopped => Some(false),
        _ => None,
    };
    if image.is_some_and(|needed| needed != machine.crash_image) {
        let right = if machine.crash_image { "false" } else { "true" };
        return Err(goal_field
            .error(&format!("nobody can reach the goal `{goal}` on this machine"), "cannot be reached")
            .help(format!("it needs machine.crash_image = {right}")));
    }
    let missing = match goal {
        Goal::OthersStopped if !has(|role| matches!(role, Role::Panic { .. })) => "panic",
        Goal::CallersReturn if !has(Role::is_call) => "munmap`, `call-function` or `backtrace",
        Goal::NmiSendReturns | Goal::CaptureKernel if crashes.is_empty() => {
            "sysrq-crash`, `oops-crash`, `panic` or `watchdog-crash"
        }
        Goal::CpusStarted if !has(|role| matches!(role, Role::BootCpus { .. })) => "boot-cpus",
        Goal::SendersReturn if !has(|role| matches!(role, Role::SendSequence { .. })) => "send-sequence",
        _ => return Ok(()),
    };
    Err(goal_field
        .error(&format!("nobody can reach the goal `{goal}` on this machine"), "cannot be reached")
        .help(format!("it needs an [[event]] with role `{missing}` that applies to this machine")))
}
