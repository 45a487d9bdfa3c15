//! The options of `apicsim matrix`.

use super::execution::Execution;
use super::output::OUTPUT;
use super::overrides::{MACHINE, Overrides};
use super::values::{help_list, help_names, parse_arch, parse_name};
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::{self, Named, named};
use crate::scenario::{ALL_ARCHES, ARCHES, FAMILIES, MAIN_VARIANTS, OWN_VARIANT, RoleName, VARIANTS};
use clap::Args;

pub(super) const EXAMPLES: &str = "\
Examples:
  apicsim matrix dead-target
  apicsim matrix kdump --set stall=slots --arch i386/default,i386/numaq --variant before,merged
  apicsim matrix nmi-stall --variant all --format markdown
  apicsim matrix nmi-stall --crash-cpu 0,1,2 --trigger sysrq-crash,oops-crash --arch i386/default";

/// `matrix`.
#[derive(Debug, Args)]
pub(crate) struct Matrix {
    /// Built-in name, or path to a TOML file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// Rows.
    #[arg(long, value_name = "A,…", value_delimiter = ',', value_parser = parse_arch_or_family, help_heading = MACHINE, help = help_list("Sub-architectures, repeatable or with commas, or a family as `other/*`; without it, the nine of Linux in 2007", &ALL_ARCHES))]
    pub arch: Vec<String>,
    /// Columns.
    #[arg(long, value_name = "V,…", value_delimiter = ',', help_heading = MACHINE, help = help_list("Wait variants, repeatable or with commas, or `all`; without it, before, rfc, merged and one of your own", &VARIANTS))]
    pub variant: Vec<String>,
    /// CPUs that crash instead of the scenario's, repeatable or with commas: rows for each.
    #[arg(long, value_name = "C,…", value_delimiter = ',', help_heading = MACHINE)]
    pub crash_cpu: Vec<u32>,
    /// What the crash comes from.
    #[arg(long, value_name = "ROLE,…", value_delimiter = ',', value_parser = parse_trigger, help_heading = MACHINE, help = help_list("What the crash comes from instead of the scenario's, repeatable or with commas: rows for each", &triggers()))]
    pub trigger: Vec<RoleName>,
    /// What else changes the runs.
    #[command(flatten)]
    pub overrides: Overrides,
    /// What does not change the results.
    #[command(flatten)]
    pub execution: Execution,
    /// How it is printed.
    #[arg(long, value_name = "F", value_parser = parse_name::<Format>, help_heading = OUTPUT, help = help_names::<Format>("How it is printed; without it, text"))]
    pub format: Option<Format>,
    /// Print one JSON document on standard output: --format json.
    #[arg(long, help_heading = OUTPUT, conflicts_with = "format")]
    pub json: bool,
    /// Add what depends on the host: threads and host time.
    #[arg(long, help_heading = OUTPUT)]
    pub host: bool,
}

named! {
    /// How a matrix is printed.
    #[derive(Default)]
    pub enum Format ("format") {
        /// A table for a terminal.
        #[default]
        Text = "text",
        /// One document, rows with cells.
        Json = "json",
        /// One record a run (RFC 4180).
        Csv = "csv",
        /// A table for a page.
        Markdown = "markdown",
    }
}

impl Matrix {
    /// The sub-architectures of the rows, in the order of the headline, each once.
    pub(crate) fn arches(&self) -> Vec<&'static str> {
        if self.arch.is_empty() { ARCHES.to_vec() } else { arches(&self.arch) }
    }

    /// Those of the sub-architectures that stand in a family and are not named themselves.
    pub(crate) fn optional(&self) -> Vec<&'static str> {
        optional(&self.arch)
    }

    /// The variants of the columns, in order, each once, with those of one's own behind: unless others are named, these too.
    ///
    /// # Errors
    /// One that is named is none.
    pub(crate) fn variants<'a>(&self, own: &[&'a str]) -> Result<Vec<&'a str>, InputError> {
        if self.variant.is_empty() {
            return Ok(MAIN_VARIANTS.into_iter().chain(own.iter().copied()).collect());
        }
        variants(&self.variant, own)
    }

    /// The CPUs that crash, as given, each once; none: the scenario's.
    pub(crate) fn crash_cpus(&self) -> Vec<u32> {
        each_once(&self.crash_cpu)
    }

    /// What the crash comes from, as given, each once; none: the scenario's.
    pub(crate) fn triggers(&self) -> Vec<RoleName> {
        each_once(&self.trigger)
    }

    /// How it is printed.
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format.unwrap_or_default() }
    }

    pub(super) fn check(&self) -> Result<(), InputError> {
        if self.host && self.format() == Format::Csv {
            return Err(InputError::new("--host has no column in CSV, whose records are results only")
                .help("take --format json, or leave --host out"));
        }
        Ok(())
    }
}

/// The sub-architectures that are named, themselves or by their family, in the order of the headline, each once.
pub(super) fn arches(given: &[String]) -> Vec<&'static str> {
    let named = |arch: &&str| given.iter().any(|one| one == arch || in_family(one, arch));
    ALL_ARCHES.into_iter().filter(named).collect()
}

/// Those of them that stand in a family and are not named themselves.
pub(super) fn optional(given: &[String]) -> Vec<&'static str> {
    arches(given).into_iter().filter(|arch| !given.iter().any(|one| one == arch)).collect()
}

/// The variants that are named, in order, each once, with those of one's own behind.
///
/// # Errors
/// One that is named is none.
pub(super) fn variants<'a>(given: &[String], own: &[&'a str]) -> Result<Vec<&'a str>, InputError> {
    let names: Vec<&str> = VARIANTS.into_iter().chain(own.iter().copied()).collect();
    for name in given.iter().filter(|name| !["all", OWN_VARIANT].contains(&name.as_str())) {
        if !names.contains(&name.as_str()) {
            let error = named::unknown("variant", name, &names, &[]);
            return Err(InputError::new(format!("--variant: {}", error.message)).help(error.help));
        }
    }
    let all = given.iter().any(|one| one == "all");
    Ok(names.into_iter().filter(|variant| all || given.iter().any(|one| one == variant)).collect())
}

/// Does a family, as `other/*`, hold the sub-architecture?
fn in_family(family: &str, arch: &str) -> bool {
    family.strip_suffix('*').is_some_and(|start| arch.starts_with(start))
}

fn each_once<T: Copy + PartialEq>(given: &[T]) -> Vec<T> {
    let is_first = |(at, one): &(usize, &T)| !given[..*at].contains(one);
    given.iter().enumerate().filter(is_first).map(|(_, one)| *one).collect()
}

/// The roles that crash.
fn triggers() -> Vec<&'static str> {
    RoleName::ALL.iter().filter(|role| role.is_crash()).map(|role| role.name()).collect()
}

fn parse_trigger(text: &str) -> Result<RoleName, String> {
    let role = named::by_name::<RoleName>(text).ok().filter(|role| role.is_crash());
    role.ok_or_else(|| named::unknown("trigger", text, &triggers(), &[]).to_string())
}

pub(super) fn parse_arch_or_family(text: &str) -> Result<String, String> {
    if FAMILIES.contains(&text) { Ok(text.to_owned()) } else { parse_arch(text) }
}

#[cfg(test)]
mod tests {
    use super::super::{Arguments, Command};
    use super::*;
    use clap::Parser;

    fn parsed(line: &str) -> Result<Matrix, clap::Error> {
        let words = ["apicsim", "matrix", "kdump"].into_iter().chain(line.split_whitespace());
        match Arguments::try_parse_from(words)?.command {
            Some(Command::Matrix(matrix)) => Ok(matrix),
            other => panic!("{other:?}"),
        }
    }

    fn matrix(line: &str) -> Matrix {
        parsed(line).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn rows_and_columns_come_in_order_and_once() {
        let lists = matrix("--arch x86_64/flat,i386/default --variant merged --arch x86_64/flat");
        assert_eq!(
            (lists.arches(), lists.variants(&[]).expect("valid")),
            (vec!["i386/default", "x86_64/flat"], vec!["merged"])
        );
        let plain = matrix("");
        assert_eq!((plain.arches(), plain.variants(&[]).expect("valid")), (ARCHES.to_vec(), MAIN_VARIANTS.to_vec()));
        assert!(plain.crash_cpus().is_empty() && plain.triggers().is_empty());
        assert_eq!(matrix("--variant all").variants(&[]).expect("valid"), VARIANTS.to_vec());
        assert_eq!(
            matrix("--arch other/xv6,x86_64/*,other/freebsd").arches(),
            ["x86_64/flat", "x86_64/cluster", "x86_64/physflat", "other/freebsd", "other/xv6"]
        );
        let crashes = matrix("--crash-cpu 3,1 --crash-cpu 3 --trigger oops-crash,sysrq-crash,oops-crash");
        assert_eq!(crashes.crash_cpus(), [3, 1]);
        assert_eq!(crashes.triggers(), [RoleName::OopsCrash, RoleName::SysrqCrash]);
    }

    /// A column is a variant of this program, or of one's own; the latter are shown unless others are named.
    #[test]
    fn columns_of_ones_own_stand_behind() {
        let own = ["mine"];
        let columns = |line: &str| matrix(line).variants(&own).map_err(|error| error.to_string());
        assert_eq!(columns(""), Ok(vec!["before", "rfc", "merged", "mine"]));
        assert_eq!(columns("--variant mine,before"), Ok(vec!["before", "mine"]));
        assert_eq!(columns("--variant all").map(|all| all.len()), Ok(VARIANTS.len() + 1));
        for (line, message) in [("--variant al,before", "unknown variant `al`"), ("--variant min", "`min`")] {
            let error = columns(line).expect_err(line);
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn a_format_is_chosen_one_way() {
        assert_eq!((matrix("").format(), matrix("--json").format()), (Format::Text, Format::Json));
        for format in Format::ALL {
            assert_eq!(matrix(&format!("--format {format}")).format(), *format);
        }
        assert!(matrix("--format csv --host").check().is_err());
        assert!(matrix("--format markdown --host").check().is_ok());
        for (line, help) in [
            ("--json --format csv", "cannot be used with"),
            ("--format cvs", "did you mean `csv`?"),
            ("--trigger munmap", "sysrq-crash, oops-crash"),
            ("--trigger sysrq", "did you mean `sysrq-crash`?"),
            ("--crash-cpu x", "invalid"),
        ] {
            let error = parsed(line).expect_err(line).to_string();
            assert!(error.to_lowercase().contains(help), "{line}: {error}");
        }
    }
}
