//! `apicsim serve`: the page with a form, for a browser on this machine.

use crate::cli::arguments::Serve;
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::serve::Server;

pub(super) fn serve(arguments: &Serve) -> Result<ExitStatus, Failure> {
    let failed = |error| Failure::Host { what: format!("cannot listen on port {}", arguments.port), error };
    let server = Server::bind(arguments.port).map_err(failed)?;
    output::print(&format!("{} (Ctrl-C ends it)\n", server.address()))?;
    server.serve();
    Ok(ExitStatus::Success)
}
