//! The run token: all that decides a run's result, in one line that a shell takes as one word.
//!
//! ```text
//! apicsim3:0.1.0:2:nmi-stall:5c0f…:i386/default:before:2.6.20:serial:p6:4:0:10000000:knobs.slots=per-vector
//!    |       |   |     |       |        |         |      |      |    |  | |    |        `- every --set, with commas between
//!    |       |   |     |       |        |         |      |      |    |  | |    `- limit, µs
//!    |       |   |     |       |        |         |      |      |    |  | `- seed
//!    |       |   |     |       |        arch   variant   |     bus   |  CPUs
//!    |       |   |     |       |                      release      generation
//!    |       |   |     |       hash of the scenario's text
//!    |       |   |     scenario: built-in name, or @ and the path of a file
//!    |       |   version of the digest
//!    |       version of the program
//!    format of the token
//! ```
//!
//! Threads, window and executor are not in it: they do not change a result. Characters that a shell or this format
//! gives a meaning to are written as `%` and two hex digits.
//!
//! The variant of code that is not of this crate stands with its version and a hash of what was handed over, as
//! `mine=0.1.0=5c0f…`. What else decides a run and no file can say is a last field, there only where there is any (`beside.rs`).
//!
//! A token repeats a run so that its digest can be compared, so one of another version of the digest is refused. Format 1
//! had no such field: its tokens are all of digest version 1. Format 2 had no release: its tokens have that of the variant.

mod beside;
mod consistency;
mod escape;
mod fields;
mod own_code;
mod version;

use crate::scenario::decimal::{self, Unit};
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::Named;
use crate::scenario::{self, Bus, Origin, OwnVariant, OwnWaits, Request, Scenario};
pub use beside::{Beside, OwnName};
use escape::{escape, unescape};
use fields::{BESIDE, FORMAT, Fields, RELEASE};
pub use own_code::CodeVersion;
use sim::{Generation, Outcome};
use std::fmt;
use std::str::FromStr;

/// All that decides a run's result.
///
/// ```
/// # use apicsim::prelude::*;
/// # use apicsim::token::Token;
/// let scenario = load(&Request::new("nmi-stall"))?;
/// let token: Token = Token::new(&scenario, 7).to_string().parse()?;
/// assert_eq!((token.seed, token.load()?), (7, scenario));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Token {
    /// Version of the program that made it.
    pub version: String,
    /// The scenario.
    pub scenario: Origin,
    /// Hash of the scenario's text, 16 hex digits.
    pub hash: String,
    /// Sub-architecture.
    pub arch: String,
    /// Wait variant.
    pub variant: String,
    /// Its code, if that is not of this crate.
    pub own_code: Option<CodeVersion>,
    /// Release of the code.
    pub release: String,
    /// Bus.
    pub bus: Bus,
    /// APIC generation.
    pub generation: Generation,
    /// CPUs.
    pub cpus: u32,
    /// Seed of all choices.
    pub seed: u64,
    /// Limit of simulated time.
    pub limit_ps: u64,
    /// Every `--set`, in order.
    pub sets: Vec<String>,
    /// What else decides the run.
    pub beside: Beside,
}

impl Token {
    /// The token of a run of `scenario` with `seed`, where nothing else decides it; [`Settings::token`](crate::Settings::token) is that
    /// of any.
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.origin.clone(),
            hash: scenario.hash.clone(),
            arch: scenario.machine.arch.to_owned(),
            variant: scenario.machine.variant.to_string(),
            own_code: match &scenario.own {
                Some(OwnWaits::Code(code)) => Some(CodeVersion::of(code)),
                _ => None,
            },
            release: scenario.machine.release.to_owned(),
            bus: scenario.machine.bus,
            generation: scenario.machine.generation,
            cpus: scenario.machine.cpus,
            seed,
            limit_ps: scenario.limit_ps,
            sets: scenario.sets.clone(),
            beside: Beside::default(),
        }
    }

    /// Loads the scenario of the run, just as it was.
    ///
    /// # Errors
    /// The scenario cannot be loaded, is not the same any more, the token is of a version with other results, or a scenario is not
    /// all that decides the run ([`restore`](crate::restore) knows what else does).
    pub fn load(&self) -> Result<Scenario, InputError> {
        self.load_from(&self.scenario.to_string(), &[])
    }

    /// As [`Token::load`], where the scenario's file has another path by now, or has got into the program, and with variants in
    /// Rust, of which it may be.
    ///
    /// # Errors
    /// As [`Token::load`].
    pub fn load_from(&self, name_or_path: &str, own: &[OwnVariant]) -> Result<Scenario, InputError> {
        if self.beside.is_nothing() {
            return self.scenario_from(name_or_path, own);
        }
        let what = self.beside.in_words();
        Err(InputError::new(format!("a scenario is not all of this token's run: it was {what}"))
            .help("`apicsim::restore` gives its settings, too, from the parts that it is handed"))
    }

    /// The scenario, which may not be all that decides the run.
    pub(crate) fn scenario_from(&self, name_or_path: &str, own: &[OwnVariant]) -> Result<Scenario, InputError> {
        version::check(&self.version)?;
        own_code::check(&self.variant, self.own_code.as_ref(), own)?;
        let scenario = scenario::load(&Request {
            scenario: name_or_path.to_owned(),
            arch: Some(self.arch.clone()),
            variant: Some(self.variant.clone()),
            release: Some(self.release.clone()),
            generation: Some(self.generation),
            bus: Some(self.bus),
            cpus: Some(self.cpus),
            limit_ps: Some(self.limit_ps),
            sets: self.sets.clone(),
            own: own.to_vec(),
        })?;
        self.check(&scenario)?;
        let is_same = name_or_path != self.scenario.to_string() || scenario.origin == self.scenario;
        if scenario.hash == self.hash && is_same {
            return Ok(Scenario { origin: self.scenario.clone(), ..scenario });
        }
        Err(InputError::new(format!("scenario `{name_or_path}` is not the one that the token is of")).help(format!(
            "its text has changed: hash {} then, {} now; bring the old text back, or run the scenario anew",
            self.hash, scenario.hash
        )))
    }
}

impl Token {
    /// The token without the version of the program: one text for all versions that make the same run.
    pub(crate) fn of_any_version(self) -> String {
        Self { version: String::new(), ..self }.to_string()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scenario = match &self.scenario {
            Origin::BuiltIn(name) => escape(name),
            Origin::File(path) => format!("@{}", escape(path)),
        };
        let Self { version, hash, arch, variant, release, bus, generation, cpus, seed, .. } = self;
        let (bus, generation, limit) = (bus.name(), generation.name(), decimal::microseconds(self.limit_ps));
        let sets: Vec<String> = self.sets.iter().map(|set| escape(set)).collect();
        let (version, arch) = (escape(version), escape(arch));
        let own_code = self.own_code.as_ref().map(CodeVersion::to_string).unwrap_or_default();
        let (variant, release) = (escape(variant) + &own_code, escape(release));
        write!(f, "{FORMAT}:{version}:{}:{scenario}:{hash}:{arch}:", Outcome::DIGEST_VERSION)?;
        write!(f, "{variant}:{release}:{bus}:{generation}:{cpus}:{seed}:{limit}:{}", sets.join(","))?;
        if self.beside.is_nothing() { Ok(()) } else { write!(f, ":{}", self.beside) }
    }
}

impl FromStr for Token {
    type Err = InputError;

    fn from_str(text: &str) -> Result<Self, InputError> {
        let fields = Fields::split(text.trim())?;
        let scenario = match fields.texts[3].0.strip_prefix('@') {
            Some(path) => unescape(path).filter(|path| !path.is_empty()).map(Origin::File),
            None => Some(Origin::BuiltIn(fields.text(3)?)),
        };
        let hash = fields.text(4)?;
        if hash.len() != 16 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(fields.error(4, "the token's hash is not 16 hex digits"));
        }
        let sets: Option<Vec<String>> = match fields.texts[13].0 {
            "" => Some(Vec::new()),
            sets => sets.split(',').map(unescape).collect(),
        };
        let sets = sets.ok_or_else(|| fields.error(13, "the token's settings cannot be read"))?;
        if let Some(twice) = scenario::set_twice(&sets) {
            return Err(fields.error(13, &format!("the token's settings have `{twice}` twice")));
        }
        let (variant, own_code) = CodeVersion::read(fields.texts[6].0)
            .ok_or_else(|| fields.error(6, "the token's variant cannot be read"))?;
        let beside = match fields.texts.get(BESIDE) {
            None => Some(Beside::default()),
            Some((text, _)) => Beside::read(text),
        };
        Ok(Self {
            version: fields.text(1).and_then(|text| match version::parts(&text) {
                Some(_) => Ok(text),
                None => Err(fields.error(1, "the token's version is not three numbers with dots between")),
            })?,
            scenario: scenario.ok_or_else(|| fields.error(3, "the token's scenario cannot be read"))?,
            hash,
            arch: fields.text(5)?,
            variant,
            own_code,
            release: fields.text(RELEASE)?,
            bus: fields.name(8)?,
            generation: fields.name(9)?,
            cpus: fields.number(10)?,
            seed: fields.number(11)?,
            limit_ps: decimal::picoseconds(fields.texts[12].0, Unit::Microseconds)
                .map_err(|error| fields.error(12, &error.to_string()))?,
            sets,
            beside: beside.ok_or_else(|| {
                fields
                    .error(BESIDE, "what else decides the token's run cannot be read")
                    .help("a token is the line after `token` of a run; a later apicsim may know more of this field")
            })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(sets: &[&str]) -> Token {
        let request = Request { sets: sets.iter().map(|&set| set.to_owned()).collect(), ..Request::new("nmi-stall") };
        Token::new(&scenario::load(&request).expect("valid"), u64::MAX)
    }

    #[test]
    fn tokens_survive_the_shell_and_come_back() {
        let plain = token(&[]);
        let many = token(&["knobs.slots=per-vector", "fault=[]", "story=\"a, b: 'c' $(d) %41 µ\"", "machine.cpus = 5"]);
        let file = Token { scenario: Origin::File("/tmp/a b:c/µ@.toml".to_owned()), ..plain.clone() };
        for token in [plain, many, file] {
            let text = token.to_string();
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/=:,%@".contains(&b)), "{text}");
            assert_eq!(text.parse(), Ok(token), "{text}");
        }
    }

    #[test]
    fn a_token_loads_the_same_scenario() {
        let request = Request {
            arch: Some("x86_64/physflat".to_owned()),
            variant: Some("merged".to_owned()),
            release: Some("v5.4".to_owned()),
            bus: Some(Bus::Serial),
            cpus: Some(9),
            limit_ps: Some(70_000_000_000_001),
            sets: vec!["knobs.jitter_picclk=3".to_owned()],
            ..Request::new("nmi-stall")
        };
        let scenario = scenario::load(&request).expect("valid");
        let token: Token = Token::new(&scenario, 7).to_string().parse().expect("a token");
        assert_eq!(token.load(), Ok(scenario));
    }

    /// A token of format 2 has the release of its variant.
    #[test]
    fn tokens_without_a_release_are_read() {
        for (variant, release) in [("before", "2.6.20"), ("merged", "2.6.22"), ("modern", "v6.6")] {
            let request = Request { variant: Some(variant.to_owned()), ..Request::new("nmi-stall") };
            let ours = Token::new(&scenario::load(&request).expect("valid"), 3);
            let text = ours.to_string();
            let old = text.replacen("apicsim3", "apicsim2", 1).replacen(&format!(":{release}:"), ":", 1);
            assert_eq!(old.split(':').count(), 13, "{old}");
            assert_eq!(old.parse(), Ok(ours), "{old}");
            let cut = old.rsplit_once(':').expect("fields").0;
            assert!(cut.parse::<Token>().is_err() && old[..30].parse::<Token>().is_err(), "{cut}");
        }
    }

    #[test]
    fn changed_scenarios_and_versions_are_refused() {
        let changed = Token { hash: "0".repeat(16), ..token(&[]) };
        assert!(changed.load().expect_err("another text").message().contains("not the one"));
        let old = Token { version: "99.0.0".to_owned(), ..token(&[]) };
        assert!(old.load().expect_err("another version").message().contains("99.0.0"));
    }

    /// What a field says and a setting says again, each in the one place where it is damaged.
    #[test]
    fn tokens_that_contradict_themselves_are_refused() {
        let sets = ["limit_us=200", "machine.cpus=5", "machine.arch=i386/bigsmp", "machine.variant=merged"];
        let good = token(&sets);
        assert!(good.load().is_ok(), "a token of ours");
        let damaged = [
            (Token { limit_ps: 300_000_000, ..good.clone() }, "its limit field says 300, its settings say 200"),
            (Token { cpus: 6, ..good.clone() }, "its cpus field says 6, its settings say 5"),
            (
                Token { arch: "i386/default".to_owned(), ..good.clone() },
                "its arch field says i386/default, its settings",
            ),
            (
                Token { variant: "rfc".to_owned(), ..good.clone() },
                "its variant field says rfc, its settings say merged",
            ),
        ];
        for (token, message) in damaged {
            let error = token.load().expect_err(message);
            assert!(error.message().contains(message) && !error.is_of_host(), "{error}");
        }
    }

    /// A run that was given a setting twice prints a token that has it once, and that is the same run.
    #[test]
    fn a_setting_that_was_given_twice_is_in_its_token_once() {
        let twice = token(&["machine.cpus=3", "knobs.slots=per-vector", "machine.cpus=5"]);
        assert_eq!(twice.sets, ["knobs.slots=per-vector", "machine.cpus=5"]);
        let read: Token = twice.to_string().parse().expect("ours");
        assert_eq!(read.load().map(|scenario| scenario.machine.cpus), Ok(5));
    }

    /// Every token of format 1, whole or damaged, is of digest version 1; of a later one the field says it.
    #[test]
    fn tokens_of_another_digest_version_are_refused_by_it() {
        let old = "apicsim1:0.1.0:nmi-stall:85a20081cb699faf:i386/default:before:serial:p6:4:0:10000000:";
        let ours = token(&[]).to_string();
        assert!(ours.starts_with("apicsim3:0.1.0:2:nmi-stall:"), "{ours}");
        let of_version = |version| ours.replacen(":2:", &format!(":{version}:"), 1);
        let cases = [(old.to_owned(), 1), (old[..40].to_owned(), 1), (of_version(1), 1), (of_version(3), 3)];
        for (text, version) in cases {
            let error = text.parse::<Token>().expect_err(&text);
            let reason = format!("this token is of digest version {version}; this program has version 2: ");
            assert!(error.message().starts_with(&reason), "{text}: {error}");
            assert!(!error.is_of_host());
        }
    }

    #[test]
    fn bad_tokens_say_which_field() {
        let good = token(&["fault=[]"]).to_string();
        let field = |index: usize, text: &str| {
            let mut fields: Vec<&str> = good.split(':').collect();
            fields[index] = text;
            fields.join(":")
        };
        let cases = [
            (String::new(), "not a token"),
            ("hello".to_owned(), "not a token"),
            (field(0, "apicsim4"), "another version"),
            (good.rsplit_once(':').map(|(start, _)| start.to_owned()).expect("fields"), "13 fields instead of 14"),
            (format!("{good}:cut=3:x"), "16 fields instead of 14"),
            (format!("{good}:x"), "what else decides the token's run cannot be read"),
            (format!("{good}:"), "what else decides the token's run cannot be read"),
            (field(6, "mine=0.1=12"), "variant cannot be read"),
            (field(6, "mine=0.1=0123456789abcdef=0"), "variant cannot be read"),
            (field(1, "0.1"), "version is not three numbers"),
            (field(1, "0.1.0x"), "version is not three numbers"),
            (field(1, "0.1.-1"), "version is not three numbers"),
            (field(13, "fault=%5B%5D,fault=%5B%5D"), "have `fault` twice"),
            (field(13, "knobs.slots=per-vector,fault=%5B%5D,knobs.slots=per-class"), "have `knobs.slots` twice"),
            (field(2, "two"), "digest is not a number"),
            (field(2, ""), "digest is not a number"),
            (field(3, "%4"), "scenario cannot be read"),
            (field(3, "@%FF"), "scenario cannot be read"),
            (field(3, ""), "scenario cannot be read"),
            (field(4, "12"), "16 hex digits"),
            (field(7, "%zz"), "release cannot be read"),
            (field(8, "seriol"), "unknown bus"),
            (field(9, "p7"), "unknown generation"),
            (field(10, "-4"), "cpus is not a number"),
            (field(11, "18446744073709551616"), "seed is not a number"),
            (field(12, "1e9"), "plain decimal"),
            (field(13, "%zz"), "settings cannot be read"),
            (field(13, "%+1"), "settings cannot be read"),
        ];
        for (text, message) in cases {
            let error = text.parse::<Token>().expect_err(&text);
            assert!(error.message().contains(message), "{text}: {error}");
            assert!(error.render(false).contains("error: "));
        }
    }
}
