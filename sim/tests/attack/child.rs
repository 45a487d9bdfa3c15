//! Cases that may end the process, or never end: each runs in a process of its own, under a time limit of the host.
//!
//! A case is a name and the words after it. The child prints one line that begins with `RESULT`.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The variable that names the case for the child.
const VARIABLE: &str = "ATTACK_CASE";

/// How many seconds a case may take on a slow host, unless `ATTACK_PATIENCE` says. Most take far less than one.
const PATIENCE: u64 = 60;

fn patience() -> Duration {
    let asked = std::env::var("ATTACK_PATIENCE").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(asked.unwrap_or(PATIENCE))
}

/// How a child ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    /// What the case printed, if it came so far.
    pub(crate) result: Option<String>,
    /// It was still running when patience ended.
    pub(crate) hung: bool,
    /// Exit status, or signal.
    pub(crate) status: String,
    /// Everything on the error output.
    pub(crate) errors: String,
}

impl Ended {
    /// The result; or why there is none.
    pub(crate) fn expect(self, case: &str) -> String {
        self.result.unwrap_or_else(|| {
            let end =
                self.errors.lines().filter(|line| !line.trim().is_empty()).take(8).collect::<Vec<_>>().join(" | ");
            panic!("{case}: no result; hung: {}, {}; {end}", self.hung, self.status)
        })
    }
}

/// Runs `case` in a process of its own.
pub(crate) fn in_child(case: &str) -> Ended {
    let this = std::env::current_exe().expect("the test binary has a path");
    let mut child = Command::new(this)
        .args(["child::the_case_of_a_child", "--exact", "--nocapture", "--test-threads", "1"])
        .env(VARIABLE, case)
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process can be started");
    let output = reader(child.stdout.take().expect("it is piped"));
    let errors = reader(child.stderr.take().expect("it is piped"));
    let hung = output.recv_timeout(patience()).map_or_else(|_| stop(&mut child), |text| Some((text, false)));
    let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
    let (text, hung) = hung.unwrap_or_else(|| (output.recv().unwrap_or_default(), true));
    let result = text.lines().find_map(|line| line.split_once("RESULT ")).map(|(_, result)| result.to_string());
    Ended { result, hung, status, errors: errors.recv().unwrap_or_default() }
}

fn stop(child: &mut Child) -> Option<(String, bool)> {
    // It may have ended by itself a moment ago.
    let _ = child.kill();
    None
}

/// Reads to the end on a thread: a pipe that nobody empties stops its writer.
fn reader(mut from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// Nothing, unless this process is a child.
#[test]
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn the_case_of_a_child() {
    if let Ok(case) = std::env::var(VARIABLE) {
        let words: Vec<&str> = case.split(' ').collect();
        let result = match words[0] {
            "init" => crate::init_causes::case(&words[1..]),
            "guard" => crate::guards::case(&words[1..]),
            "panic" => crate::panics::case(&words[1..]),
            "stack" => crate::stacks::case(&words[1..]),
            "standstill" => crate::standstill::case(&words[1..]),
            "limit" => crate::limits::case(&words[1..]),
            "many" => crate::many_cpus::case(&words[1..]),
            "memory" => crate::memory::case(&words[1..]),
            "local" => crate::local_events::case(&words[1..]),
            other => panic!("no case {other}"),
        };
        println!("RESULT {result}");
    }
}
