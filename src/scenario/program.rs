//! The programs of a scenario as plain data: all steps in one list, a block's after the step that opens it.

use super::amount::Amount;
use super::arriving::Load;
use super::diagnostic::Place;
use super::operation::Operation;
use kernel_model::{Call, Given, Word};
use std::fmt;
use std::ops::Range;

/// All programs of a scenario.
///
/// ```
/// # use apicsim::prelude::*;
/// let scenario = ScenarioBuilder::new("steps").cpus(1).word("w", 1).steps(Time::ZERO, 0, "if w == 1 {\n pause\n}").build()?;
/// assert_eq!((scenario.programs.steps.len(), &*scenario.programs.words[0].0), (2, "w"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Programs {
    /// Their steps, one program after the other. The place of a step in this list is its number, and the site of its
    /// operations.
    pub steps: Vec<Act>,
    /// Where each step is written, by its number.
    pub places: Vec<StepPlace>,
    /// The words that the scenario declares, then its locks: names and first values. They follow the kernel's.
    pub words: Vec<(String, u32)>,
    /// The number of the first of those words.
    pub first_word: u16,
    /// The names of `reach`, by number.
    pub reached: Vec<String>,
    /// The texts of `say`, by number.
    pub said: Vec<String>,
    /// The handlers that take the place of the kernel's.
    pub handlers: Vec<Handler>,
    /// Work that arrives at CPUs, whatever they are doing.
    pub loads: Vec<Load>,
}

/// Where a step is written.
///
/// ```
/// # use apicsim::prelude::*;
/// let scenario = ScenarioBuilder::new("steps").cpus(1).steps(Time::ZERO, 0, "delay   5us # long").build()?;
/// assert_eq!(scenario.programs.place(0).map(|step| &*step.text), Some("delay 5us"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepPlace {
    /// The place.
    pub place: Place,
    /// The step as it is written, blanks collapsed, without its block.
    pub text: String,
}

/// `text (file:line)`.
impl fmt::Display for StepPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.text, self.place.source().name(), self.place.line())
    }
}

/// How a word is compared.
///
/// ```
/// use apicsim::kernel_model::Word;
/// use apicsim::scenario::{Condition, Relation};
///
/// let other = Condition { word: Word(7), relation: Relation::Different, value: 1 };
/// assert!(other.holds(0) && !other.holds(1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relation {
    /// `==`.
    Equal,
    /// `!=`.
    Different,
    /// `&`: some of these bits are set.
    AnyBit,
}

/// What is asked of a word.
///
/// ```
/// use apicsim::kernel_model::Word;
/// use apicsim::scenario::{Condition, Relation};
///
/// let bit_1 = Condition { word: Word(7), relation: Relation::AnyBit, value: 0b10 };
/// assert!(bit_1.holds(0b11) && !bit_1.holds(0b01));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// The word.
    pub word: Word,
    /// How it is compared.
    pub relation: Relation,
    /// With what.
    pub value: u32,
}

impl Condition {
    /// Does it hold of a word that has this value?
    #[inline]
    pub const fn holds(self, found: u32) -> bool {
        match self.relation {
            Relation::Equal => found == self.value,
            Relation::Different => found != self.value,
            Relation::AnyBit => found & self.value != 0,
        }
    }
}

/// How the local timer is set.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::{Act, TimerMode};
/// let scenario = ScenarioBuilder::new("tick").cpus(1).steps(Time::ZERO, 0, "timer oneshot 10us vector=0xEF").build()?;
/// assert_eq!(scenario.programs.steps[0], Act::Timer { mode: TimerMode::OneShot(10_000_000), vector: 0xEF });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimerMode {
    /// Once, after so many picoseconds.
    OneShot(u64),
    /// Again and again.
    Periodic(u64),
    /// Once, when the time-stamp counter is so many picoseconds further.
    Deadline(u64),
    /// Not at all.
    Off,
}

/// A pin that a program drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinName {
    /// The NMI pin, LINT1.
    Nmi,
    /// SMI#.
    Smi,
    /// INIT#.
    Init,
}

/// What a step does. `body`, `then` and `otherwise` count the steps of blocks, which follow in that order.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::{Act, Amount};
/// let scenario = ScenarioBuilder::new("steps").cpus(1).steps(Time::ZERO, 0, "delay 5us").build()?;
/// assert_eq!(scenario.programs.steps[0], Act::Delay(Amount::Fixed(5_000_000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// `call`: a kernel function.
    Call {
        /// Which.
        call: Call,
        /// What it is given; of those that go to all others, `mask` is empty here.
        given: Given,
        /// To all other CPUs.
        to_others: bool,
    },
    /// An operation by hand.
    Operation(Operation),
    /// HLT.
    Halt,
    /// PAUSE.
    Pause,
    /// A triple fault.
    ShutDown,
    /// `irqs-off { }`: interrupts off in the block, then as before.
    InterruptsOff {
        /// Steps.
        body: u32,
    },
    /// `lock`: spins until the lock is its own.
    Lock(Word),
    /// `unlock`.
    Unlock(Word),
    /// `try L { } else { }`: one attempt.
    Try {
        /// The lock.
        lock: Word,
        /// Steps if it is its own now.
        then: u32,
        /// Steps if it is somebody else's.
        otherwise: u32,
    },
    /// `set W N`.
    Set(Word, u32),
    /// `add W N`.
    Add(Word, u32),
    /// `await`: polls until the condition holds, or for so long.
    Await {
        /// What it waits for.
        condition: Condition,
        /// How long at most.
        at_most: Option<Amount>,
    },
    /// `delay`: busy for so long.
    Delay(Amount),
    /// `sleep-until`: idle until that instant, in picoseconds.
    SleepUntil(u64),
    /// `repeat N { }`.
    Repeat {
        /// How often.
        times: u32,
        /// Steps.
        body: u32,
    },
    /// `forever { }`.
    Forever {
        /// Steps.
        body: u32,
    },
    /// `every D [for D] { }`: arrivals that never wait for service.
    Every {
        /// From one to the next.
        apart: Amount,
        /// For how long; `None`: for ever.
        span: Option<Amount>,
        /// Steps.
        body: u32,
    },
    /// `if W OP N { } else { }`.
    If {
        /// What is asked.
        condition: Condition,
        /// Steps if it holds.
        then: u32,
        /// Steps if not.
        otherwise: u32,
    },
    /// `timer`.
    Timer {
        /// How it is set.
        mode: TimerMode,
        /// Its vector.
        vector: u8,
    },
    /// `nmi`, `smi`, `init`: a pin of a CPU.
    Pin {
        /// Whose.
        cpu: u16,
        /// Which.
        pin: PinName,
        /// How long nobody's code runs there; `None`: the CPU's handler.
        span: Option<Amount>,
    },
    /// `say`: text number.
    Say(u32),
    /// `reach`: name number.
    Reach(u32),
}

impl Act {
    /// How many steps its blocks have together.
    pub const fn within(self) -> u32 {
        match self {
            Self::InterruptsOff { body }
            | Self::Repeat { body, .. }
            | Self::Forever { body }
            | Self::Every { body, .. } => body,
            Self::Try { then, otherwise, .. } | Self::If { then, otherwise, .. } => then + otherwise,
            _ => 0,
        }
    }

    /// The word that it changes, if it may change one.
    pub const fn changes(self) -> Option<Word> {
        match self {
            Self::Set(word, _) | Self::Add(word, _) | Self::Lock(word) | Self::Unlock(word) => Some(word),
            Self::Try { lock, .. } => Some(lock),
            _ => None,
        }
    }
}

/// What a handler answers to.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::On;
/// let answer = ScenarioBuilder::new("answer").cpus(2).handler(&[1], On::Nmi, "pause").build()?;
/// assert_eq!(answer.programs.handlers[0].on, On::Nmi);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum On {
    /// An interrupt of this vector.
    Vector(u8),
    /// A non-maskable interrupt.
    Nmi,
    /// A system-management interrupt.
    SystemManagement,
    /// The CPU's reset vector, and its start-up message.
    Reset,
    /// The capture kernel that is up on the CPU: what it does then.
    Capture,
}

/// A handler that takes the place of the kernel's.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::scenario::On;
/// let answer = ScenarioBuilder::new("answer").cpus(2).handler_without_eoi(&[1], On::Vector(0x50), "pause").build()?;
/// assert!(!answer.programs.handlers[0].ends_interrupt);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handler {
    /// Position in the file, from 0: `handler.0` of `--set`.
    pub index: usize,
    /// On which CPUs.
    pub cpus: Vec<u32>,
    /// What it answers to.
    pub on: On,
    /// Its steps.
    pub steps: Range<u32>,
    /// Is the interrupt ended after them?
    pub ends_interrupt: bool,
    /// Where it says what it answers to: the place of that end.
    pub place: StepPlace,
}

impl Programs {
    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The place of step `number`; the numbers after the steps' are the ends of interrupts, by their handlers.
    pub fn place(&self, number: u32) -> Option<&StepPlace> {
        let end = (number as usize).checked_sub(self.places.len());
        match end {
            None => self.places.get(number as usize),
            Some(handler) => self.handlers.get(handler).map(|handler| &handler.place),
        }
    }

    /// The number of the end of the interrupt, by the handler at that position of the list.
    pub(crate) const fn end_of(&self, handler: usize) -> u32 {
        (self.places.len() + handler) as u32
    }

    /// The steps that drive this pin of this CPU, by number.
    pub(crate) fn that_drive(&self, cpu: u16, pin: PinName) -> impl Iterator<Item = u32> {
        let drives = move |act: &Act| matches!(act, Act::Pin { cpu: c, pin: p, .. } if (*c, *p) == (cpu, pin));
        self.steps.iter().enumerate().filter(move |(_, act)| drives(act)).map(|(number, _)| number as u32)
    }

    /// What the scenario calls word `word`, if it is one of its own.
    pub fn word_name(&self, word: u16) -> Option<&str> {
        let index = word.checked_sub(self.first_word)?;
        self.words.get(usize::from(index)).map(|(name, _)| name.as_str())
    }
}
