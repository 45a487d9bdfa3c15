//! Connections: who may ask, and who is told that there are too many.

use super::asked::Asked;
use super::form::message;
use super::play::{address, play};
use super::reply::{Reply, Status};
use super::request::{Request, form, read};
use super::slots::Slots;
use super::watchdog::Watchdog;
use sim::Handle;
use std::io::{self, Read};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Connections at once.
const CONNECTIONS: usize = 16;

/// Runs at once.
const RUNS: usize = 2;

/// How long a run waits for its turn.
const TURN: Duration = Duration::from_secs(5);

/// How long a request may take before its run is ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that are still taken, and not looked at, of a request that was refused.
const LEFT_OVER: usize = 1 << 20;

/// How long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(5);

/// What listens.
#[derive(Debug)]
pub(crate) struct Server {
    listener: TcpListener,
    port: u16,
}

impl Server {
    /// On a port of the loopback address; 0: on any that is free.
    ///
    /// # Errors
    /// The host does not let us.
    pub(crate) fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, port })
    }

    /// Where it is.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Answers until the program ends.
    pub(crate) fn serve(&self) {
        let (connections, runs) = (Slots::new(CONNECTIONS), Slots::new(RUNS));
        for stream in self.listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = (stream.set_read_timeout(Some(SILENCE)), stream.set_write_timeout(Some(SILENCE)));
            let Some(place) = connections.take(Duration::ZERO) else {
                let _gone = Reply::refusal(Status::Busy, "too many connections at once: try again").write(&mut stream);
                let _ = stream.set_nonblocking(true); // what has come already is taken, and nothing is waited for
                take_leave(&mut stream);
                continue;
            };
            let (runs, port) = (runs.clone(), self.port);
            // If the host has no thread for it, the connection is closed, and its place is free.
            let _ = std::thread::Builder::new().spawn(move || {
                let _place = place;
                answer(&mut stream, port, &runs);
            });
        }
    }
}

fn answer(stream: &mut TcpStream, port: u16, runs: &Slots) {
    let handle = Handle::default();
    let Ok(_watchdog) = Watchdog::watch(stream, handle.clone(), PATIENCE) else { return };
    let reply = match read(stream) {
        Err((status, why)) => Reply::refusal(status, &why),
        Ok(request) => {
            let replied = catch_unwind(AssertUnwindSafe(|| reply(&request, port, runs, &handle)));
            replied.unwrap_or_else(|_| {
                Reply::refusal(Status::OurFault, "this is a bug of apicsim: please report what you asked for")
            })
        }
    };
    let _gone = reply.write(stream);
    take_leave(stream);
}

/// Closes a connection so that what was answered arrives: a host that has bytes of the other side left throws it away.
fn take_leave(stream: &mut TcpStream) {
    let _gone = stream.shutdown(Shutdown::Write);
    let mut part = [0; 4096];
    for _ in 0..LEFT_OVER / part.len() {
        if !stream.read(&mut part).is_ok_and(|length| length > 0) {
            break;
        }
    }
}

fn reply(request: &Request, port: u16, runs: &Slots, handle: &Handle) -> Reply {
    if let Err(why) = allowed(request, port) {
        return Reply::refusal(Status::Forbidden, why);
    }
    let fields = match (request.post, &*request.path) {
        (false, "/") if request.query.is_empty() => form(""),
        (false, "/run") => form(&request.query),
        (true, "/run") => form(&request.body),
        _ => return Reply::refusal(Status::NotFound, "here are / and /run"),
    };
    let asked = match fields.map(Asked::of) {
        Ok(Ok(asked)) => asked,
        Ok(Err(error)) => return Reply::page(Status::BadRequest, message(&error.render(false), &Asked::default())),
        Err((status, why)) => return Reply::refusal(status, &why),
    };
    if request.post
        && let Some(to) = address(&asked)
    {
        return Reply { location: Some(to), ..Reply::refusal(Status::SeeOther, "it is there") };
    }
    match runs.take(TURN) {
        Some(_turn) => play(&asked, handle),
        None => Reply::refusal(Status::Busy, "other runs are under way: try again"),
    }
}

/// May it ask? Only what was meant for this address (a name that somebody made lead here is another one), and what comes from
/// here or from the address line, not from another page.
fn allowed(request: &Request, port: u16) -> Result<(), &'static str> {
    let names = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let host = request.field("host").unwrap_or_default();
    if !names.iter().any(|name| name == host) {
        return Err("this was meant for another host");
    }
    let origin = request.field("origin");
    if origin.is_some_and(|origin| !names.iter().any(|name| origin.strip_prefix("http://") == Some(name))) {
        return Err("pages of other places may not ask here");
    }
    match request.field("sec-fetch-site") {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err("pages of other places may not ask here"),
    }
}
