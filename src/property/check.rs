//! A property that is checked: many scenarios, and of one that fails the smallest, as a file with a token that replays it.

use crate::run::Settings;
use crate::scenario::diagnostic::InputError;
use crate::scenario::{Scenario, ScenarioBuilder};
use crate::token::Token;
use proptest::prelude::*;
use proptest::test_runner::{Config, Reason, TestCaseResult, TestError, TestRunner};
use std::fmt;
use std::path::{Path, PathBuf};

/// Why a property does not hold, or why nobody knows.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PropertyFailure {
    /// It does not hold of this scenario, which is the smallest that was found.
    Counterexample {
        /// What the property said.
        reason: String,
        /// The file that has it now.
        file: PathBuf,
        /// What replays its run.
        token: Box<Token>,
    },
    /// Too few cases could be tried: this is why those that were left out were.
    GaveUp(String),
    /// A counterexample, with its text, that could not be kept in a file.
    NotSaved {
        /// What the property said.
        reason: String,
        /// The scenario.
        text: String,
        /// The seed of its run.
        seed: u64,
        /// Why it could not be.
        error: InputError,
    },
}

impl fmt::Display for PropertyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counterexample { reason, file, token } => {
                write!(f, "{reason}\nreplay it: apicsim replay --scenario '{}' '{token}'", file.display())
            }
            Self::GaveUp(reason) => write!(f, "too few cases could be tried: {reason}"),
            Self::NotSaved { reason, text, seed, error } => write!(f, "{reason}\n{error}\nseed {seed} of\n{text}"),
        }
    }
}

impl std::error::Error for PropertyFailure {}

/// Checks that `property` holds of scenarios and seeds. Of a failure the smallest scenario that fails, too, is written to
/// `folder` as `NAME.toml`. What `strategy` gives and no machine can have is left out, and counted: too much of it is a failure.
///
/// ```
/// use apicsim::prelude::*;
/// use apicsim::property::{PropertyFailure, check, config, scenarios};
/// use proptest::prelude::*;
///
/// let folder = std::env::temp_dir().join(format!("apicsim-check-{}", std::process::id()));
/// // It does not hold, of course.
/// let failure = check("all-is-well", config(50), &folder, scenarios(), |scenario, settings| {
///     let Ok((report, _)) = run(scenario, settings) else { return Ok(()) }; // software that no machine can run
///     prop_assert_eq!(report.verdict, Verdict::Completed);
///     Ok(())
/// });
/// let Err(PropertyFailure::Counterexample { file, token, .. }) = failure else { panic!("it holds") };
/// // apicsim replay --scenario FILE TOKEN, and so:
/// let scenario = token.load_from(file.to_str().unwrap(), &[])?;
/// assert_ne!(run(&scenario, &Settings::seeded(token.seed))?.0.verdict, Verdict::Completed);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The smallest failure, and where it is kept.
pub fn check(
    name: &str,
    config: Config,
    folder: &Path,
    strategy: impl Strategy<Value = ScenarioBuilder>,
    property: impl Fn(&Scenario, &Settings) -> TestCaseResult,
) -> Result<(), PropertyFailure> {
    let tried = TestRunner::new(config).run(&(strategy, any::<u64>()), |(builder, seed)| match builder.build() {
        Ok(scenario) => property(&scenario, &Settings::seeded(seed)),
        Err(error) => Err(TestCaseError::reject(error.render(false))),
    });
    match tried {
        Ok(()) => Ok(()),
        Err(TestError::Abort(reason)) => Err(PropertyFailure::GaveUp(reason.message().to_owned())),
        Err(TestError::Fail(reason, (builder, seed))) => Err(keep(name, folder, &reason, &builder, seed)),
    }
}

/// Writes the counterexample to its file.
fn keep(name: &str, folder: &Path, reason: &Reason, builder: &ScenarioBuilder, seed: u64) -> PropertyFailure {
    let reason = reason.message().to_owned();
    let file = folder.join(format!("{name}.toml"));
    let saved = builder.build().and_then(|scenario| {
        std::fs::create_dir_all(folder)
            .map_err(|error| InputError::host(format!("cannot make `{}`: {error}", folder.display())))?;
        scenario.save(&file)
    });
    match saved {
        Ok(saved) => PropertyFailure::Counterexample { reason, file, token: Box::new(Token::new(&saved, seed)) },
        Err(error) => PropertyFailure::NotSaved { reason, text: builder.to_toml(), seed, error },
    }
}
