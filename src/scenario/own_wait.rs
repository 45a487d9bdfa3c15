//! `[wait]`: a wait of one's own, as data. It becomes the variant of its name, of this file only.
//!
//! Not modelled: pauses of fractions of a µs, a bound in time (rounds bound it).

use super::diagnostic::InputError;
use super::document::Value;
use super::machine::VARIANTS;
use super::named::{Named, named};
use super::own_variant::wrong_name;
use super::plural::counted;
use super::reader::{Field, Table};
use kernel_model::{PlannedWait, Shape, Site, Sites, Then};

named! {
    /// The order in a round of a wait that a file describes.
    ///
    /// ```
    /// use apicsim::{scenario::RoundShape, sim::Named};
    ///
    /// assert_eq!(RoundShape::names(), ["read-first", "delay-first"]);
    /// ```
    #[non_exhaustive]
    pub enum RoundShape ("wait shape") {
        /// A read, and if the ICR is busy the pause.
        ReadFirst = "read-first",
        /// The pause, and then a read.
        DelayFirst = "delay-first",
    }
}

named! {
    /// What follows a wait that timed out.
    ///
    /// ```
    /// use apicsim::{scenario::AfterTimeout, sim::Named};
    ///
    /// assert_eq!(AfterTimeout::names(), ["write-anyway", "give-up", "send-again", "panic"]);
    /// ```
    #[non_exhaustive]
    pub enum AfterTimeout ("end of a wait") {
        /// The next message is written all the same, as Linux does it.
        WriteAnyway = "write-anyway",
        /// The next message is not sent.
        GiveUp = "give-up",
        /// The low half of the ICR is written again as it reads, and waited for once more.
        SendAgain = "send-again",
        /// The CPU panics: interrupts off, it stays.
        Panic = "panic",
    }
}

named! {
    /// A place where kernels wait for the ICR.
    ///
    /// ```
    /// use apicsim::{scenario::WaitSite, sim::Named};
    ///
    /// assert_eq!(WaitSite::DestFieldNmi.name(), "dest-field-nmi");
    /// ```
    #[non_exhaustive]
    pub enum WaitSite ("place of a wait") {
        /// Before a message to a destination field, no NMI.
        DestField = "dest-field",
        /// Before an NMI to a destination field.
        DestFieldNmi = "dest-field-nmi",
        /// Before a message to a shorthand, no NMI.
        Shorthand = "shorthand",
        /// Before an NMI to a shorthand.
        ShorthandNmi = "shorthand-nmi",
        /// Before `sync_Arb_IDs` sends.
        SyncArbIds = "sync-arb-ids",
        /// After each message that starts a CPU.
        StartUp = "start-up",
        /// Before a remote read of the inquiry that follows a failed start.
        Inquiry = "inquiry",
        /// v6: after the message to itself that asks for deferred work.
        AfterIrqWork = "after-irq-work",
    }
}

impl WaitSite {
    pub(super) const fn site(self) -> Site {
        match self {
            Self::DestField => Site::DestField,
            Self::DestFieldNmi => Site::DestFieldNmi,
            Self::Shorthand => Site::Shorthand,
            Self::ShorthandNmi => Site::ShorthandNmi,
            Self::SyncArbIds => Site::SyncArbIds,
            Self::StartUp => Site::StartUp,
            Self::Inquiry => Site::Inquiry,
            Self::AfterIrqWork => Site::AfterIrqWork,
        }
    }
}

/// Keys of `[wait]`.
pub(super) const WAIT_KEYS: [&str; 9] =
    ["name", "shape", "rounds", "delay_us", "backoff", "then", "again", "at", "base"];

/// What stands for a number of rounds without an end.
const UNBOUNDED: &str = "unbounded";

const ROUNDS_MAX: u32 = 1_000_000;
const DELAY_US_MAX: u32 = 10_000_000;
const BACKOFF_MAX: u32 = 1_000;
const AGAIN_MAX: u32 = 1_000;

/// The longest wait that is not a slip of the pen: an hour.
const WAIT_US_MAX: u64 = 3_600_000_000;

/// A wait that a file describes.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::OwnWaits;
/// let request = Request::new("nmi-stall").with(|request| request.sets = vec!["wait={ name = \"mine\", rounds = 20 }".to_owned()]);
/// let Some(OwnWaits::Plan(plan)) = load(&request)?.own else { panic!("the file has one") };
/// assert_eq!(plan.to_string(), "20 rounds, each a read, then 100 us; at time-out the kernel goes on");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnPlan {
    /// The variant that it becomes.
    pub name: String,
    /// The variant whose waits stand elsewhere, if the file says.
    pub base: Option<&'static str>,
    pub(crate) plan: PlannedWait,
}

impl std::fmt::Display for OwnPlan {
    /// `20 rounds, each a read, then 10 us; at time-out the message is given up`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        describe(&self.plan, f)
    }
}

fn describe(plan: &PlannedWait, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let PlannedWait { at, shape, rounds, delay_us, backoff, then } = *plan;
    match rounds {
        0 => f.write_str("rounds without end, each ")?,
        _ => write!(f, "{}, each ", counted(rounds, "round"))?,
    }
    let pause = if delay_us == 0 { "a PAUSE".to_owned() } else { format!("{delay_us} us") };
    match shape {
        Shape::ReadFirst => write!(f, "a read, then {pause}")?,
        Shape::DelayFirst => write!(f, "{pause}, then a read")?,
    }
    if backoff > 1 {
        write!(f, ", each pause {backoff} times the one before")?;
    }
    if rounds != 0 {
        match then {
            Then::WriteAnyway => f.write_str("; at time-out the kernel goes on")?,
            Then::GiveUp => f.write_str("; at time-out the message is given up")?,
            Then::SendAgain(times) => {
                write!(f, "; at time-out what is stuck is sent again, {}", counted(times, "time"))?
            }
            Then::Panic => f.write_str("; at time-out the CPU panics")?,
        }
    }
    if at == Sites::ALL {
        return Ok(());
    }
    let sites: Vec<&str> = WaitSite::ALL.iter().filter(|site| at.has(site.site())).map(|site| site.name()).collect();
    write!(f, "; at {}", sites.join(", "))
}

/// Reads `[wait]`, if it is there.
pub(super) fn own_plan(root: &Table<'_>) -> Result<Option<OwnPlan>, InputError> {
    let Some(field) = root.get("wait") else { return Ok(None) };
    let table = Table::open(field.clone(), "[wait]", &WAIT_KEYS)?;
    let Some(name) = table.get("name") else {
        return Err(field
            .error("a wait of one's own needs a name: it is the variant's", "of which wait?")
            .help("give the file a table [wait] with name = \"mine\" and rounds = 20, or add --set wait.name=mine"));
    };
    let rounds = rounds(&table)?;
    let delay_us = table.get("delay_us").map_or(Ok(100), |field| field.small_integer(0, DELAY_US_MAX))?;
    let backoff = backoff(&table, (rounds, delay_us))?;
    let shape = table.get("shape").map_or(Ok(RoundShape::ReadFirst), |field| field.name())?;
    Ok(Some(OwnPlan {
        name: variant_name(&name)?,
        base: table.get("base").map(|field| base(&field)).transpose()?,
        plan: PlannedWait {
            at: sites(&table)?,
            shape: match shape {
                RoundShape::ReadFirst => Shape::ReadFirst,
                RoundShape::DelayFirst => Shape::DelayFirst,
            },
            rounds,
            delay_us,
            backoff,
            then: then(&table, rounds)?,
        },
    }))
}

fn variant_name(field: &Field<'_>) -> Result<String, InputError> {
    let name = field.text()?;
    match wrong_name(name) {
        None => Ok(name.to_owned()),
        Some(wrong) => {
            let error = field.error(&format!("`{name}` {wrong}"), "no name for a wait of one's own");
            Err(error.help(format!("any other, such as `mine`; taken: {}", VARIANTS.join(", "))))
        }
    }
}

/// A variant that waits before its messages; after them the MP specification's two look by rules of their own.
fn base(field: &Field<'_>) -> Result<&'static str, InputError> {
    let valid: Vec<&'static str> = VARIANTS.into_iter().filter(|name| is_base(name)).collect();
    let text = field.text()?;
    valid
        .iter()
        .copied()
        .find(|name| *name == text)
        .ok_or_else(|| field.unknown(super::named::unknown("variant to build on", text, &valid, &[])))
}

/// Can a wait of one's own stand in the place of some of its waits?
pub(super) fn is_base(variant: &str) -> bool {
    VARIANTS.contains(&variant) && !variant.starts_with("mps-")
}

/// Rounds; 0: without end.
fn rounds(table: &Table<'_>) -> Result<u32, InputError> {
    let field = table.need("rounds", "20")?;
    match &field.node.value {
        Value::String(text) if text == UNBOUNDED => Ok(0),
        Value::String(_) => Err(field.wrong(&format!("a number of rounds, or \"{UNBOUNDED}\""))),
        _ => field
            .small_integer(1, ROUNDS_MAX)
            .map_err(|error| error.help(format!("a wait without a bound is rounds = \"{UNBOUNDED}\""))),
    }
}

/// How many times as long each pause is as the one before; and the whole wait must be one that somebody could mean.
fn backoff(table: &Table<'_>, (rounds, delay_us): (u32, u32)) -> Result<u32, InputError> {
    let field = table.get("backoff");
    let backoff = field.as_ref().map_or(Ok(1), |field| field.small_integer(1, BACKOFF_MAX))?;
    let field = match field {
        Some(field) if backoff > 1 && rounds == 0 => {
            return Err(field
                .error("the pauses of a wait without a bound would grow for ever", "grows without end")
                .help("give it rounds, or leave backoff out"));
        }
        Some(field) if backoff > 1 && delay_us == 0 => {
            return Err(field.error("a PAUSE cannot become longer", "nothing grows").help("give it a delay_us"));
        }
        Some(field) if backoff > 1 => field,
        _ => table.need("rounds", "20")?,
    };
    match longest_us(rounds, delay_us, backoff) {
        Some(_) => Ok(backoff),
        None => Err(field
            .error("the wait takes longer than an hour", "too long in all")
            .help(format!("{rounds} rounds, the first of {delay_us} us: take less of each, or a smaller backoff"))),
    }
}

/// All pauses together, if they are at most an hour.
fn longest_us(rounds: u32, delay_us: u32, backoff: u32) -> Option<u64> {
    let (mut sum, mut delay) = (0u64, u64::from(delay_us));
    if backoff == 1 {
        return Some(delay * u64::from(rounds)).filter(|sum| *sum <= WAIT_US_MAX);
    }
    for _ in 0..rounds {
        sum = sum.checked_add(delay).filter(|sum| *sum <= WAIT_US_MAX)?;
        delay = delay.checked_mul(backoff.into())?;
    }
    Some(sum)
}

fn then(table: &Table<'_>, rounds: u32) -> Result<Then, InputError> {
    let field = table.get("then");
    let name = field.as_ref().map_or(Ok(AfterTimeout::WriteAnyway), |field| field.name())?;
    if let (Some(field), 0) = (field.filter(|_| name != AfterTimeout::WriteAnyway), rounds) {
        return Err(field
            .error("nothing follows a wait without a bound", "never comes")
            .help("give it rounds, or then = \"write-anyway\""));
    }
    let again = table.get("again");
    match (name, again) {
        (AfterTimeout::SendAgain, again) => {
            Ok(Then::SendAgain(again.map_or(Ok(1), |field| field.small_integer(1, AGAIN_MAX))?))
        }
        (_, Some(again)) => Err(again
            .error("`again` is how often `send-again` sends", "nothing is sent again")
            .help("then = \"send-again\"")),
        (AfterTimeout::WriteAnyway, None) => Ok(Then::WriteAnyway),
        (AfterTimeout::GiveUp, None) => Ok(Then::GiveUp),
        (AfterTimeout::Panic, None) => Ok(Then::Panic),
    }
}

/// Where it stands; without `at`, everywhere.
fn sites(table: &Table<'_>) -> Result<Sites, InputError> {
    let Some(field) = table.get("at") else { return Ok(Sites::ALL) };
    let named = field.list(|item| item.name::<WaitSite>())?;
    if named.is_empty() {
        return Err(field
            .error("a wait that stands nowhere is none", "no place")
            .help(format!("valid: {}; without `at`, everywhere", WaitSite::names().join(", "))));
    }
    Ok(named.into_iter().fold(Sites::NONE, |sites, one| sites.with(one.site())))
}
