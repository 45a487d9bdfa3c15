//! `apicsim completions` and `apicsim man`: printed from the tables that parse the command line.

use crate::cli::arguments::{Arguments, Completions, Man, Shell};
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::Named;
use crate::scenario::{ALL_ARCHES, Bus, MpsTimeout, RELEASES, RoleName, VARIANTS, WaitShape, builtin_names, nearest};
use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, CommandFactory, ValueHint};
use kernel_model::Call;
use sim::Generation;

/// The name under which a shell knows the program.
const PROGRAM: &str = "apicsim";

pub(super) fn completions(arguments: &Completions) -> Result<ExitStatus, Failure> {
    let shell = match arguments.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut text = Vec::new();
    let mut program = with_names(Arguments::command());
    clap_complete::generate(shell, &mut program, PROGRAM, &mut text);
    let text = String::from_utf8_lossy(&text);
    output::print(&match arguments.shell {
        Shell::Bash => text.into_owned(), // files are its default where no name fits
        Shell::Zsh => with_paths(&text),
        Shell::Fish => text.into_owned() + &scenarios_of_fish(&program),
    })?;
    Ok(ExitStatus::Success)
}

/// Where a scenario is wanted, Z shell offers files beside the names, too, as the other shells do by themselves.
fn with_paths(text: &str) -> String {
    const BEGINNING: &str = "autoload -U is-at-least\n";
    let names = format!("({})", builtin_names().join(" "));
    let scenarios = format!(
        "{BEGINNING}\n_apicsim_scenarios() {{\n    _alternative 'scenarios:built-in scenario:{names}' \
         'files:scenario file:_files'\n}}\n"
    );
    text.replace(&format!(":{names}'"), ":_apicsim_scenarios'").replacen(BEGINNING, &scenarios, 1)
}

/// What stands without an option is not completed by the lines that are made for fish; files it offers by itself.
fn scenarios_of_fish(program: &Command) -> String {
    let takes_one = |one: &&Command| one.get_positionals().any(|argument| argument.get_id() == "scenario");
    let line = |one: &Command| {
        let (name, names) = (one.get_name(), builtin_names().join(" "));
        format!("complete -c {PROGRAM} -n \"__fish_{PROGRAM}_using_subcommand {name}\" -a \"{names}\"\n")
    };
    program.get_subcommands().filter(takes_one).map(line).collect()
}

pub(super) fn man(arguments: &Man) -> Result<ExitStatus, Failure> {
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    let page = match &arguments.command {
        None => program,
        Some(name) => of_command(&program, name)?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .source(concat!("apicsim ", env!("CARGO_PKG_VERSION")))
        .render(&mut text)
        .map_err(|error| Failure::Host { what: "cannot make the page".to_owned(), error })?;
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(ExitStatus::Success)
}

fn of_command(program: &Command, name: &str) -> Result<Command, InputError> {
    let commands = || program.get_subcommands().filter(|command| !command.is_hide_set());
    commands().find(|command| command.get_name() == name).cloned().ok_or_else(|| {
        let names: Vec<&str> = commands().map(Command::get_name).collect();
        InputError::new(format!("there is no command `{name}`")).help(nearest::suggestion(name, &names))
    })
}

fn is_path(argument: &Arg) -> bool {
    matches!(argument.get_value_hint(), ValueHint::FilePath | ValueHint::AnyPath)
}

/// The same commands, without those that come later, and with the values that an option, or what stands without one, can have. The parser itself takes them
/// as text, so that its messages can say more; a scenario may be a path, too.
fn with_names(command: Command) -> Command {
    let shown = command.get_subcommands().filter(|one| !one.is_hide_set()).cloned();
    let mut command = Command::new(PROGRAM)
        .version(env!("CARGO_PKG_VERSION"))
        .args(command.get_arguments().cloned())
        .subcommands(shown);
    let calls = Call::ALL.iter().map(|call| call.name()).collect();
    let values: [(&str, Vec<&'static str>); 10] = [
        ("scenario", builtin_names()),
        ("arch", ALL_ARCHES.to_vec()),
        ("variant", VARIANTS.to_vec()),
        ("release", RELEASES.to_vec()),
        ("bus", Bus::names()),
        ("generation", Generation::names()),
        ("trigger", RoleName::ALL.iter().filter(|role| role.is_crash()).map(|role| role.name()).collect()),
        ("call", calls),
        ("wait_shape", WaitShape::names()),
        ("mps_timeout", MpsTimeout::names()),
    ];
    let names: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, |mut sub| {
            for (id, values) in &values {
                // `replay --scenario` takes a file
                if sub.get_arguments().any(|argument| argument.get_id() == id && !is_path(argument)) {
                    let parser = PossibleValuesParser::new(values.iter().copied());
                    sub = sub.mut_arg(id, |argument| argument.value_parser(parser));
                }
            }
            sub
        });
    }
    command
}
