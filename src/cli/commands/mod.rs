//! The commands: each reads its arguments, does its work through the library, prints.

mod accesses;
mod campaign;
mod course_files;
mod demo;
mod explain;
mod generated;
mod host_timer;
mod list;
mod matrix;
mod measure;
mod messages;
mod page_file;
mod run;
mod script;
mod serve;
mod settings;
mod show;

use crate::cli::arguments::{Arguments, Command};
use crate::cli::exit_status::ExitStatus;
use crate::cli::look;
use crate::failure::Failure;
use crate::run::OwnCode;

/// Does what the command line asks for, with what a program has of its own beside what this crate has.
///
/// # Errors
/// Bad input, or a host that fails us.
pub(super) fn dispatch(arguments: &Arguments, own: &OwnCode) -> Result<ExitStatus, Failure> {
    arguments.check()?;
    let paper = look::paper(arguments.look);
    let variants = own.variants();
    match &arguments.command {
        None => matrix::headline(arguments.json, paper),
        Some(Command::List(list)) => list::list(list, variants, paper),
        Some(Command::Show(show)) => show::show(show),
        Some(Command::Run(run)) => run::run(run, variants, paper),
        Some(Command::Replay(replay)) => run::replay(replay, own, paper),
        Some(Command::Matrix(matrix)) => matrix::matrix(matrix, variants, paper),
        Some(Command::Measure(measure)) => measure::measure(measure, variants, paper),
        Some(Command::Campaign(arguments)) => campaign::campaign(arguments, variants, paper),
        Some(Command::Explain(run)) => explain::explain(run, variants, paper),
        Some(Command::Messages(arguments)) => messages::messages(arguments, variants, paper),
        Some(Command::Accesses(accesses)) => accesses::accesses(accesses, variants),
        Some(Command::Demo(demo)) => demo::demo(demo, paper),
        Some(Command::Script(script)) => script::script(script, arguments.look),
        Some(Command::Completions(completions)) => generated::completions(completions),
        Some(Command::Man(man)) => generated::man(man),
        Some(Command::Serve(arguments)) => serve::serve(arguments),
        Some(Command::Explore(_)) => {
            unreachable!("check() refuses what comes later")
        }
    }
}
