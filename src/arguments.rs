//! The command line, as data: every subcommand and option with its help, its unit and its default.
//!
//! What belongs to a later version is refused here with a message that says so.

mod accesses;
mod matrix;
mod script;

pub use accesses::{Accesses, Icr, Others};
pub use matrix::{Format, Matrix};
pub use script::Script;

use crate::diagnostic::InputError;
use crate::nearest;
use crate::scenario::OWN_VARIANT;
use crate::scenario::Request;
use crate::scenario::decimal::{self, Unit};
use crate::scenario::named::{self, Named, named};
use crate::scenario::{ALL_ARCHES, Bus, RELEASES};
pub use crate::scenario::{ARCHES, VARIANTS};
use clap::{Args, Parser, Subcommand};
use sim::Generation;
use std::path::{Path, PathBuf};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "apicsim",
    version,
    about = "Simulates x86 local APICs and the kernel code that sends IPIs, deterministically, cycle by cycle",
    long_about = "Simulates x86 local APICs, their buses, and the kernel code that sends IPIs and waits for the ICR: \
        deterministically, in simulated time.\n\nWithout a command it prints the headline: the nmi-stall scenario, \
        the hang of 2007, on all sub-architectures under three ways to wait.",
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    max_term_width = 120
)]
pub struct Arguments {
    /// What to do; without it, the headline.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Print the headline as one JSON document.
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "\
Examples:
  apicsim                                        the headline
  apicsim explain nmi-stall                      why the send never returns
  apicsim run nmi-stall --variant merged         with the bounded wait
  apicsim run nmi-stall --set knobs.slots=per-vector
  apicsim accesses --arch x86_64/flat --variant merged --call send_IPI_mask --vector nmi --icr stuck

Exit status: 0 as expected, 1 not as expected, 2 bad usage or input, 3 the host failed (file, disk),
4 a bug of apicsim, 130 interrupted.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List what there is: scenarios, archs, variants, releases, buses, generations, faults, lessons, kernel functions.
    #[command(after_help = "Example:\n  apicsim list scenarios")]
    List(List),
    /// Run a scenario: verdict, proof, cause, waits, and the token that repeats the run.
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Repeat the run that printed a token, on any executor and number of threads.
    #[command(after_help = "Example:\n  apicsim replay \"$TOKEN\" --executor reference --trace run.txt")]
    Replay(Replay),
    /// Run a scenario on several sub-architectures, under several variants, as a table.
    #[command(after_help = matrix::EXAMPLES)]
    Matrix(Matrix),
    /// Run a scenario and print why each wait took as long as it did.
    #[command(after_help = "Example:\n  apicsim explain nmi-stall --arch x86_64/flat")]
    Explain(Run),
    /// Print the ordered register accesses of one kernel function on a recording APIC.
    #[command(after_help = accesses::EXAMPLES)]
    Accesses(Accesses),
    /// Tell a lesson step by step, from a real run.
    #[command(after_help = "Enter goes on at a terminal; elsewhere the lesson is printed whole.")]
    Demo(Demo),
    /// Poke local APICs by hand: run a script of register accesses, IPIs and waits, or type it line by line.
    #[command(after_help = script::EXAMPLES)]
    Script(Script),
    /// Comes later.
    #[command(hide = true)]
    Explore(Later),
    /// Comes later.
    #[command(hide = true)]
    Campaign(Later),
    /// Comes later.
    #[command(hide = true)]
    Serve(Later),
}

const RUN_EXAMPLES: &str = "\
Examples:
  apicsim run nmi-stall --arch i386/numaq --variant merged
  apicsim run nmi-stall --arch x86_64/flat --set 'fault=[]'      without the injection
  apicsim run nmi-stall --set event.3.at_us=30.5 --cpus 8 --json
  apicsim run my-scenario.toml --trace run.txt

Exit status: 0 if the scenario's `expect` held, 1 if not.";

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// What to list; everything without it.
    #[arg(value_name = "KIND", value_parser = parse_name::<ListKind>, help = help_names::<ListKind>("What to list; without it, everything"))]
    pub kind: Option<ListKind>,
}

named! {
    /// What can be listed.
    pub enum ListKind ("kind") {
        /// Built-in scenarios.
        Scenarios = "scenarios",
        /// Sub-architectures.
        Archs = "archs",
        /// Wait variants.
        Variants = "variants",
        /// Releases.
        Releases = "releases",
        /// Buses.
        Buses = "buses",
        /// APIC generations.
        Generations = "generations",
        /// Points at which documents disagree, with their values.
        Knobs = "knobs",
        /// Faults.
        Faults = "faults",
        /// Lessons of `demo`.
        Lessons = "lessons",
        /// Kernel functions that `accesses --call` takes.
        Calls = "calls",
    }
}

/// `run` and `explain`.
#[derive(Debug, Args)]
pub struct Run {
    /// Built-in name, or path to a TOML file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// Sub-architecture.
    #[arg(long, value_name = "A", value_parser = parse_arch, help_heading = MACHINE, help = help_list("Sub-architecture; without it, the scenario's, else i386/default", &ALL_ARCHES))]
    pub arch: Option<String>,
    /// Wait variant.
    #[arg(long, value_name = "V", value_parser = parse_variant, help_heading = MACHINE, help = help_list("How the kernel waits for the ICR; without it, the scenario's, else before, or modern on modern/*", &VARIANTS))]
    pub variant: Option<String>,
    /// What else changes the run.
    #[command(flatten)]
    pub overrides: Overrides,
    /// What does not change the result.
    #[command(flatten)]
    pub execution: Execution,
    /// What comes out.
    #[command(flatten)]
    pub output: Output,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The token that a run printed.
    #[arg(value_name = "TOKEN")]
    pub token: String,
    /// What does not change the result.
    #[command(flatten)]
    pub execution: Execution,
    /// What comes out.
    #[command(flatten)]
    pub output: Output,
}

const MACHINE: &str = "Machine and scenario";
const EXECUTION: &str = "Execution (never changes a result)";
const OUTPUT: &str = "Output";

/// Options that change what is simulated.
#[derive(Debug, Clone, Default, Args)]
pub struct Overrides {
    /// Release.
    #[arg(long, value_name = "R", value_parser = parse_release, help_heading = MACHINE, help = help_list("Release that the rest of the kernel's code is of; without it, the scenario's, else that of the variant", &RELEASES))]
    pub release: Option<String>,
    /// Bus.
    #[arg(long, value_name = "B", value_parser = parse_name::<Bus>, help_heading = MACHINE, help = help_names::<Bus>("Bus; without it, the arch's natural one"))]
    pub bus: Option<Bus>,
    /// APIC generation.
    #[arg(long, value_name = "G", value_parser = parse_name::<Generation>, help_heading = MACHINE, help = help_names::<Generation>("APIC generation; without it, the arch's natural one"))]
    pub generation: Option<Generation>,
    /// Number of CPUs; without it, the scenario's.
    #[arg(long, value_name = "N", help_heading = MACHINE)]
    pub cpus: Option<u32>,
    /// Seed of all choices, decimal or 0x hex.
    #[arg(long, value_name = "S", default_value = "0", value_parser = parse_seed, help_heading = MACHINE, allow_negative_numbers = true)]
    pub seed: u64,
    /// End of the run in simulated µs; without it, the scenario's, else 10000000 (10 s).
    #[arg(id = "limit_us", long = "limit-us", value_name = "US", value_parser = parse_microseconds, help_heading = MACHINE, allow_negative_numbers = true)]
    pub limit_ps: Option<u64>,
    /// Change one value of the scenario, as knobs.slots=per-vector, costs.pause_cycles=10, event.3.at_us=30.5 or
    /// fault=[] (none); repeatable.
    #[arg(long = "set", value_name = "PATH=VALUE", help_heading = MACHINE)]
    pub sets: Vec<String>,
}

/// Options that change how it is computed, but not what.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Execution {
    /// Worker threads; without it, one: machines of this size never pay for more.
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u32).range(1..=1024), help_heading = EXECUTION)]
    pub threads: Option<u32>,
    /// Executor.
    #[arg(long, value_name = "E", default_value = "windowed", value_parser = parse_name::<Executor>, help_heading = EXECUTION, help = help_names::<Executor>("How CPUs are advanced"))]
    pub executor: Executor,
    /// Cap of a window.
    #[arg(long, value_name = "W", default_value = "full", value_parser = parse_window, help_heading = EXECUTION, help = "Longest window: full, half, or a number of picoseconds")]
    pub window: Window,
    /// Elision of polls.
    #[arg(long, value_name = "on|off", default_value = "on", value_parser = parse_name::<Elision>, help_heading = EXECUTION, help = "Skip polls and retries of a proven cycle arithmetically: on, off")]
    pub elision: Elision,
}

named! {
    /// How CPUs are advanced.
    #[derive(Default)]
    pub enum Executor ("executor") {
        /// In windows, on worker threads.
        #[default]
        Windowed = "windowed",
        /// One thread, always the globally next effect.
        Reference = "reference",
    }
}

named! {
    /// Whether polls of a proven cycle are skipped.
    #[derive(Default)]
    pub enum Elision ("elision") {
        /// Skipped.
        #[default]
        On = "on",
        /// Played one by one.
        Off = "off",
    }
}

/// Cap of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// As long as is legal.
    #[default]
    Full,
    /// Half of that.
    Half,
    /// At most so many picoseconds.
    Picoseconds(u64),
}

/// What comes out.
#[derive(Debug, Clone, Default, Args)]
pub struct Output {
    /// Write every event to a text file (- is standard output); other formats come later.
    #[arg(long, value_name = "FILE", value_parser = parse_trace, help_heading = OUTPUT)]
    pub trace: Option<PathBuf>,
    /// Write the HTML page; comes later.
    #[arg(long, value_name = "FILE", value_parser = parse_html, help_heading = OUTPUT, hide = true)]
    pub html: Option<PathBuf>,
    /// Print one JSON document on standard output.
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Add what depends on the host: threads and host time.
    #[arg(long, help_heading = OUTPUT)]
    pub host: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// The lesson; without it, the hang of 2007.
    #[arg(value_name = "LESSON")]
    pub lesson: Option<String>,
}

/// A command of a later version: whatever follows its name is taken and not read.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct Later {
    /// Ignored.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub rest: Vec<String>,
}

impl Arguments {
    /// Checks what no single option can check.
    ///
    /// # Errors
    /// A command of a later version, or CPUs that do not exist.
    pub fn check(&self) -> Result<(), InputError> {
        let later = match &self.command {
            Some(Command::Explore(_)) => "explore",
            Some(Command::Campaign(_)) => "campaign",
            Some(Command::Serve(_)) => "serve",
            Some(Command::Accesses(accesses)) => return accesses.check(),
            Some(Command::Matrix(matrix)) => return matrix.check(),
            _ => return Ok(()),
        };
        Err(InputError::new(format!("`apicsim {later}` comes later"))
            .help("today: list, run, replay, matrix, explain, accesses, demo, script"))
    }
}

impl Run {
    /// The scenario that is asked for.
    pub fn request(&self) -> Request {
        self.overrides.request(&self.scenario, self.arch.clone(), self.variant.clone())
    }
}

impl Overrides {
    /// The scenario that is asked for, on one sub-architecture under one variant.
    pub fn request(&self, scenario: &str, arch: Option<String>, variant: Option<String>) -> Request {
        Request {
            scenario: scenario.to_owned(),
            arch,
            variant,
            release: self.release.clone(),
            generation: self.generation,
            bus: self.bus,
            cpus: self.cpus,
            limit_ps: self.limit_ps,
            sets: self.sets.clone(),
        }
    }
}

fn help_list(what: &str, names: &[&str]) -> String {
    format!("{what} [possible: {}]", names.join(", "))
}

fn help_names<T: Named>(what: &str) -> String {
    help_list(what, &T::names())
}

fn parse_name<T: Named>(text: &str) -> Result<T, String> {
    named::by_name(text).map_err(|error| error.to_string())
}

fn parse_arch(text: &str) -> Result<String, String> {
    one_of("sub-architecture", text, &ALL_ARCHES)
}

fn parse_variant(text: &str) -> Result<String, String> {
    if text == OWN_VARIANT { Ok(text.to_owned()) } else { one_of("variant", text, &VARIANTS) }
}

fn parse_release(text: &str) -> Result<String, String> {
    if text == OWN_VARIANT { Ok(text.to_owned()) } else { one_of("release", text, &RELEASES) }
}

fn one_of(what: &str, text: &str, names: &'static [&'static str]) -> Result<String, String> {
    named::one_of(what, text, names).map(str::to_owned).map_err(|error| error.to_string())
}

fn parse_microseconds(text: &str) -> Result<u64, String> {
    decimal::picoseconds(text, Unit::Microseconds).map_err(|error| error.to_string())
}

fn parse_seed(text: &str) -> Result<u64, String> {
    number(text).ok_or_else(|| "a seed is a number from 0 to 2^64 - 1, decimal or 0x hex".to_owned())
}

fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let plain = digits.chars().all(|digit| digit.is_digit(radix)); // no sign
    u64::from_str_radix(digits, radix).ok().filter(|_| plain)
}

fn parse_window(text: &str) -> Result<Window, String> {
    match text {
        "full" => Ok(Window::Full),
        "half" => Ok(Window::Half),
        _ => match number(text) {
            Some(ps) if ps > 0 => Ok(Window::Picoseconds(ps)),
            _ => {
                Err(format!("a window is {}", nearest::suggestion(text, &["full", "half", "a number of picoseconds"])))
            }
        },
    }
}

/// File name extensions of the trace formats of a later version.
const LATER_TRACES: [&str; 6] = ["json", "vcd", "fst", "html", "pftrace", "dat"];

fn parse_trace(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    if LATER_TRACES.contains(&extension.as_str()) {
        return Err(format!("the trace format .{extension} comes later; today a trace is text: FILE.txt"));
    }
    Ok(path.to_owned())
}

fn parse_html(_: &str) -> Result<PathBuf, String> {
    Err("the HTML page comes later; today there is a text trace: --trace FILE.txt".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once("apicsim").chain(line.split_whitespace()))
    }

    fn run(line: &str) -> Run {
        match parsed(line).unwrap_or_else(|error| panic!("{error}")).command {
            Some(Command::Run(run)) => run,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_a_command_there_is_the_headline() {
        assert!(matches!(parsed(""), Ok(Arguments { command: None, json: false })));
        assert!(matches!(parsed("--json"), Ok(Arguments { command: None, json: true })));
        assert!(parsed("--json run nmi-stall").is_err());
    }

    #[test]
    fn every_option_of_run_is_read() {
        let line = "run nmi-stall --arch x86_64/flat --variant merged --release 2.6.20 --bus ideal --generation xapic --cpus 8 --seed 0xff \
            --threads 3 --executor reference --window 777 --elision off --limit-us 1.5 --set a=1 --set b=[] \
            --trace t.txt --json --host";
        let run = run(line);
        let request = run.request();
        assert_eq!((request.arch.as_deref(), request.variant.as_deref()), (Some("x86_64/flat"), Some("merged")));
        assert_eq!(request.release.as_deref(), Some("2.6.20"));
        assert_eq!((request.bus, request.generation), (Some(Bus::Ideal), Some(Generation::XApic)));
        assert_eq!((request.cpus, request.limit_ps, run.overrides.seed), (Some(8), Some(1_500_000), 255));
        assert_eq!(request.sets, ["a=1", "b=[]"]);
        let Execution { threads, executor, window, elision } = run.execution;
        assert_eq!((threads, executor), (Some(3), Executor::Reference));
        assert_eq!((window, elision), (Window::Picoseconds(777), Elision::Off));
        assert!(run.output.json && run.output.host && run.output.trace.is_some());
    }

    #[test]
    fn defaults_are_the_contract() {
        let run = run("run nmi-stall");
        assert_eq!(run.request(), Request::new("nmi-stall"));
        assert_eq!((run.overrides.seed, run.execution.window, run.execution.elision), (0, Window::Full, Elision::On));
    }

    #[test]
    fn accesses_takes_lists() {
        let line =
            "accesses --arch i386/numaq --variant rfc --call send_IPI_mask --to 1,2 --vector nmi --icr clears-after:20";
        let Ok(Arguments { command: Some(Command::Accesses(accesses)), .. }) = parsed(line) else { panic!("{line}") };
        assert_eq!((&accesses.to[..], accesses.vector), (&[1, 2][..], Some(2)));
        assert_eq!((accesses.icr, accesses.limit), (Icr::ClearsAfter { delay_ps: 20_000_000 }, 64));
    }

    #[test]
    fn bad_options_name_what_would_be_right() {
        let cases = [
            ("run x --arch i386/defualt", "did you mean `i386/default`?"),
            ("run x --arch modern/x2apic-fys", "did you mean `modern/x2apic-phys`?"),
            ("run x --variant befor", "did you mean `before`?"),
            ("run x --variant solution-b", "did you mean `solution-a`?"),
            ("run x --release 2.6.2", "did you mean `2.6.20`?"),
            ("accesses --call send_IPI_mask --release 6.6", "`v6.6`"),
            ("run x --bus seriel", "did you mean `serial`?"),
            ("run x --generation x3apic", "x2apic"),
            ("run x --html a.html", "comes later"),
            ("run x --trace a.VCD", "comes later"),
            ("run x --window 0", "number of picoseconds"),
            ("run x --limit-us 99999999999999", "overflows"),
            ("run x --limit-us -1", "negative"),
            ("run x --seed -1", "seed"),
            ("run x --threads 0", "1..=1024"),
            ("run x --executor windowd", "`windowed`"),
            ("run x --elision maybe", "on, off"),
            ("run x --cpu 3", "--cpus"),
            ("run", "SCENARIO"),
            ("rum nmi-stall", "run"),
            ("list arch", "`archs`"),
            ("accesses --call send_ipi_mask", "`send_IPI_mask`"),
            ("accesses --call send_IPI_mask --icr stuk", "`stuck`"),
            ("accesses --call send_IPI_mask --vector 256", "0xff"),
        ];
        for (line, help) in cases {
            let error = parsed(line).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
            assert!(error.to_string().to_lowercase().contains(&help.to_lowercase()), "{line}: {error}");
        }
    }

    #[test]
    fn later_commands_say_so() {
        for line in ["explore nmi-stall --json", "campaign c.toml", "serve", "serve --help"] {
            let error = parsed(line).unwrap_or_else(|error| panic!("{error}")).check().expect_err(line);
            assert!(error.message().contains("comes later"), "{error}");
        }
        let check = |line: &str| parsed(line).unwrap_or_else(|error| panic!("{error}")).check();
        assert!(check("accesses --call sync_Arb_IDs --from 4").expect_err("no CPU 4").message().contains("--from"));
        assert!(check("accesses --call sync_Arb_IDs --to 1,9").expect_err("no CPU 9").message().contains("--to"));
        assert_eq!(check("run nmi-stall"), Ok(()));
    }

    #[test]
    fn help_is_whole() {
        for line in [
            "--help",
            "run --help",
            "matrix --help",
            "accesses --help",
            "list --help",
            "replay -h",
            "explain -h",
            "script -h",
        ] {
            let error = parsed(line).expect_err("help");
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DisplayHelp, 0), "{line}");
            assert!(error.to_string().contains("Example"), "{line}: {error}");
        }
        let help = parsed("--help").expect_err("help").to_string();
        assert!(!help.contains("campaign") && help.contains("Exit status"), "{help}");
    }
}
