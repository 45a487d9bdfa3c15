//! Reading a script: one operation a line, `#` starts a comment, blanks separate tokens.

use super::commands::is_command;
use super::model::{Action, Counted, Init, Line, Script};
use super::work::{BEFORE, forms, no_vector, vector, work};
use crate::scenario::diagnostic::{InputError, Place, Source};
use crate::scenario::nearest;
use crate::scenario::operation::{Form, Token, Tokens, WAIT_US_MAX, empty_range, plain};
use crate::scenario::{FaultLine, counted};
use std::sync::Arc;

/// CPUs of a script that does not say.
pub(super) const CPUS_DEFAULT: u16 = 4;

/// Most CPUs: an APIC id has eight bits, and all ones is the broadcast (SDM vol. 3 §10.6.2.1).
const CPUS_MAX: u64 = 768;

/// CPUs whose APIC ids fit the eight bits of xAPIC mode, of which one is the broadcast (SDM vol. 3 §10.6.2.1).
const CPUS_OF_EIGHT_BITS: u16 = 255;

/// What `wait` waits without a number, in µs.
const WAIT_US_DEFAULT: u32 = 2_000;

/// What a line may begin with.
pub(super) const LINES: [Form; 12] = [
    Form { name: "cpus", usage: "cpus N", about: "number of CPUs (default 4)" },
    Form { name: "init", usage: "init std|raw|x2apic", about: "what CPUs do before the first operation (default std)" },
    Form { name: "require", usage: "require x2apic", about: "skip the script on a machine without it" },
    Form {
        name: "fault",
        usage: "fault KIND [KEY=VALUE ...]",
        about: "something goes wrong, as [[fault]] of scenarios",
    },
    Form { name: "cpu", usage: "cpu K OPERATION …", about: "CPU K executes an operation" },
    Form { name: "wait", usage: "wait [USEC]", about: "let simulated time pass (default 2000)" },
    Form { name: "irqlog", usage: "irqlog K|*", about: "what the handlers saw since the last irqlog" },
    Form {
        name: "count",
        usage: "count K VEC LO HI",
        about: "is the number of VEC (hex, or NMI) in K's log in the range?",
    },
    Form { name: "state", usage: "state K|*", about: "what CPU K does, and what its APIC holds" },
    Form { name: "ping", usage: "ping K", about: "does CPU K answer?" },
    Form { name: "boots", usage: "boots K", about: "how often CPU K was started, and its SIPI vector" },
    Form { name: "note", usage: "note TEXT", about: "the line only" },
];

impl Script {
    /// Reads a script. Directives hold for all of it, wherever they stand.
    ///
    /// # Errors
    /// The first line that is wrong, with its place and what would be right.
    pub fn parse(source: &Arc<Source>) -> Result<Self, InputError> {
        let mut script = Self {
            cpus: CPUS_DEFAULT,
            cpus_place: None,
            init: Init::Std,
            requires_x2apic: false,
            faults: vec![],
            lines: vec![],
        };
        let mut init_place = None;
        let mut operations = Vec::new();
        for mut tokens in lines_of(source) {
            let first = keyword(&mut tokens)?;
            match first.text {
                "cpus" => script.cpus(tokens)?,
                "init" => script.init(tokens, &mut init_place)?,
                "require" => script.require(tokens)?,
                "fault" => script.faults.push(FaultLine::read(tokens)?),
                _ => operations.push((first, tokens)),
            }
        }
        script.fits_its_ids()?;
        for (first, tokens) in operations {
            let line = script.line(first.text, tokens)?;
            script.lines.push(line);
        }
        Ok(script)
    }

    /// More CPUs than ids of eight bits there are in x2APIC mode only.
    fn fits_its_ids(&self) -> Result<(), InputError> {
        match &self.cpus_place {
            Some(place) if self.cpus > CPUS_OF_EIGHT_BITS && self.init != Init::X2Apic => {
                Err(InputError::new(format!("{} CPUs need APIC ids of more than eight bits", self.cpus))
                    .at(place, "a number from 1 to 255")
                    .help("with `init x2apic` there are up to 768 CPUs"))
            }
            _ => Ok(()),
        }
    }

    fn cpus(&mut self, mut tokens: Tokens<'_>) -> Result<(), InputError> {
        let number = tokens.next("N")?;
        let cpus = plain(&number, "the number of CPUs", &(1..=CPUS_MAX))? as u16;
        once("cpus", self.cpus_place.as_ref(), &tokens)?;
        (self.cpus, self.cpus_place) = (cpus, Some(number.place));
        tokens.finish()
    }

    fn init(&mut self, mut tokens: Tokens<'_>, before: &mut Option<Place>) -> Result<(), InputError> {
        let token = tokens.next("std, raw or x2apic")?;
        self.init = match token.text {
            "std" => Init::Std,
            "raw" => Init::Raw,
            "x2apic" => {
                self.requires_x2apic = true;
                Init::X2Apic
            }
            text => {
                return Err(token
                    .error(format!("unknown initialisation `{text}`"), "std, raw or x2apic")
                    .help(nearest::suggestion(text, &["std", "raw", "x2apic"])));
            }
        };
        once("init", before.as_ref(), &tokens)?;
        *before = Some(tokens.place.clone());
        tokens.finish()
    }

    fn require(&mut self, mut tokens: Tokens<'_>) -> Result<(), InputError> {
        let token = tokens.next("x2apic")?;
        if token.text != "x2apic" {
            return Err(token
                .error(format!("`{}` cannot be required", token.text), "not known")
                .help(nearest::suggestion(token.text, &["x2apic"])));
        }
        self.requires_x2apic = true;
        tokens.finish()
    }

    /// One operation, its keyword already taken.
    fn line(&self, keyword: &str, mut tokens: Tokens<'_>) -> Result<Line, InputError> {
        let action = match keyword {
            "cpu" => {
                let cpu = self.cpu(&tokens.next("K")?)?;
                work(&mut tokens, cpu)?
            }
            "wait" => Action::Wait {
                us: match tokens.optional() {
                    None => WAIT_US_DEFAULT,
                    Some(us) => plain(&us, "the time in microseconds", &(0..=WAIT_US_MAX))? as u32,
                },
            },
            "irqlog" => Action::IrqLog(self.cpu_or_all(&mut tokens)?),
            "state" => Action::State(self.cpu_or_all(&mut tokens)?),
            "count" => self.count(&mut tokens)?,
            "ping" => Action::Ping(self.cpu(&tokens.next("K")?)?),
            "boots" => Action::Boots(self.cpu(&tokens.next("K")?)?),
            "note" => {
                let (text, place) = (std::mem::take(&mut tokens.text), tokens.place);
                return Ok(Line { text, place, action: Action::Note });
            }
            _ => unreachable!("keyword() takes no other"),
        };
        let (text, place) = (tokens.text.clone(), tokens.place.clone());
        tokens.finish()?;
        Ok(Line { text, place, action })
    }

    /// One CPU, or `*`.
    fn cpu_or_all(&self, tokens: &mut Tokens<'_>) -> Result<Option<u16>, InputError> {
        match tokens.next("K or *")? {
            all if all.text == "*" => Ok(None),
            one => self.cpu(&one).map(Some),
        }
    }

    fn cpu(&self, token: &Token<'_>) -> Result<u16, InputError> {
        let last = u64::from(self.cpus - 1);
        match plain(token, "the CPU", &(0..=CPUS_MAX)) {
            Ok(cpu) if cpu <= last => Ok(cpu as u16),
            Ok(cpu) => Err(token
                .error(format!("there is no cpu {cpu} in a machine of {}", counted(self.cpus, "CPU")), "no such CPU")
                .help(format!("CPUs are 0 to {last}; the directive `cpus N` changes their number"))),
            Err(error) => Err(error),
        }
    }

    fn count(&self, tokens: &mut Tokens<'_>) -> Result<Action, InputError> {
        let cpu = self.cpu(&tokens.next("K")?)?;
        let what = tokens.next("VEC")?;
        let counted = match (what.text, vector(&what)) {
            ("NMI", _) => Counted::Nmi,
            (_, Some(vector)) => Counted::Vector(vector),
            (_, None) => return Err(no_vector(&what).help("a vector is two hex digits, 00 to ff, or NMI")),
        };
        let all = 0..=u64::from(u32::MAX);
        let least = plain(&tokens.next("LO")?, "the least number", &all)?;
        let high = tokens.next("HI")?;
        let most = plain(&high, "the greatest number", &all)?;
        if most < least {
            return Err(empty_range(&high));
        }
        Ok(Action::Count { cpu, what: counted, least, most })
    }
}

/// The lines with something on them.
fn lines_of(source: &Arc<Source>) -> impl Iterator<Item = Tokens<'_>> {
    let mut start = 0;
    source.text().split_inclusive('\n').filter_map(move |line| {
        let at = start;
        start += line.len();
        Tokens::of_line(source, at, line)
    })
}

/// The first word of a line, which says what the rest is.
fn keyword<'s>(tokens: &mut Tokens<'s>) -> Result<Token<'s>, InputError> {
    let first = tokens.next("a word")?;
    if let Some(form) = LINES.iter().find(|form| form.name == first.text) {
        tokens.written(form.usage);
        return Ok(first);
    }
    if is_command(first.text) {
        return Err(first
            .error(format!("`{}` is no operation", first.text), "a command of sessions, alone on its line")
            .help("`apicsim script --interactive` takes it; docs/script.md has what a script can say"));
    }
    let error = first.error(format!("unknown operation `{}`", first.text), "a line does not begin so");
    if let Some(form) = forms().find(|form| form.name == first.text) {
        return Err(error.help(format!("a CPU does that: {BEFORE}{}", form.usage)));
    }
    let names: Vec<&str> = LINES.iter().map(|form| form.name).collect();
    Err(error.help(nearest::suggestion(first.text, &names)))
}

/// A directive may stand once.
fn once(name: &str, before: Option<&Place>, tokens: &Tokens<'_>) -> Result<(), InputError> {
    match before {
        None => Ok(()),
        Some(before) => Err(InputError::new(format!("`{name}` stands twice"))
            .at(&tokens.place, format!("line {} has it already", before.line()))
            .help("leave one of them out")),
    }
}

#[cfg(test)]
mod tests;
