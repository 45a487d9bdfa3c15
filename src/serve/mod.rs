//! `apicsim serve`: the page of a run on request, with a form that runs another one. For whoever sits at this machine, and for
//! nobody else: it listens on the loopback address, answers only requests that were meant for that address and come from its own
//! pages, reads no path and writes no file.
//!
//! Every request is bounded: its size, the time that the host spends on it, what its run may do, how many there are at once.
//!
//! Not here: names and users, connections that are kept, compression. A page is asked for, sent, and that is all.

mod asked;
mod connection;
mod form;
mod lists;
mod play;
mod reply;
mod request;
mod slots;
mod watchdog;

pub(crate) use connection::Server;
