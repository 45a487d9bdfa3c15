//! `apicsim serve`, asked over real sockets: who may ask, what is refused, and that nobody keeps others from being answered. No
//! clock is read: what must come is waited for, however long that takes.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A server, which ends with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// What was answered.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_apicsim"))
            .args(["serve", "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.strip_prefix("http://127.0.0.1:").unwrap_or_else(|| panic!("{line}"));
        let port = port.split('/').next().unwrap().parse().unwrap();
        Self { child, port }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// What is answered to these bytes.
    fn send(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        let _refused_early = stream.write_all(request);
        let mut bytes = Vec::new();
        let _cut = stream.read_to_end(&mut bytes); // who refuses early may close before all was read
        Answer::of(&bytes)
    }

    fn ask(&self, method: &str, target: &str, fields: &str, body: &str) -> Answer {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.send(
            format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{fields}{length}\r\n{body}", self.port)
                .as_bytes(),
        )
    }

    fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, "", "")
    }

    fn post(&self, body: &str) -> Answer {
        self.ask("POST", "/run", "", body)
    }
}

/// The header of the page's run.
fn header(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let data = answer.body.split("id=\"run-0\">").nth(1).unwrap().split("</script>").next().unwrap();
    let document: Value = serde_json::from_str(data).unwrap();
    document["header"].clone()
}

/// A scenario with a program, as a form sends it.
fn form_of(text: &str) -> String {
    let hex = text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    format!("scenario=nmi-stall&text={hex}")
}

const PROGRAM: &str = "format = 1\nname = \"own\"\nstory = \"One CPU.\"\ngoal = \"reach:there\"\n[machine]\ncpus = 2\n[[event]]\nat_us = 0\n\
                       cpu = 0\nsteps = \"STEPS\"\n";

#[test]
fn a_form_runs_what_it_says() {
    let server = Server::start();
    let first = header(&server.get("/"));
    assert_eq!((&first["scenario"], &first["verdict"]), (&"nmi-stall".into(), &"hung".into()));
    let page = server.get("/");
    for field in ["scenario", "arch", "variant", "release", "bus", "generation", "cpus", "seed", "set", "text"] {
        assert!(page.body.contains(&format!("name=\"{field}\"")), "{field}");
    }
    assert!(page.body.contains("<option value=\"nmi-stall\" selected>"), "the form is that of what is shown");
    // What is chosen has an address, which shows it; the form is filled in with it.
    let sent = server.post("scenario=nmi-stall&arch=&variant=merged&seed=7&set=knobs.slots%3Dper-vector%0D%0A");
    assert_eq!(sent.status, 303, "{}", sent.body);
    let to = sent.head.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
    assert_eq!(to, "/run?scenario=nmi-stall&variant=merged&seed=7&set=knobs.slots%3Dper-vector");
    let shown = server.get(to);
    let run = header(&shown);
    assert_eq!((&run["variant"], &run["seed"], &run["verdict"]), (&"merged".into(), &"7".into(), &"completed".into()));
    assert!(shown.body.contains("<option value=\"merged\" selected>"));
    // It is the run of the command line.
    let same = crate::support::json(&[
        "run",
        "nmi-stall",
        "--variant",
        "merged",
        "--seed",
        "7",
        "--set",
        "knobs.slots=per-vector",
        "--json",
    ]);
    assert_eq!(run["digest"], same["digest"]);
    // The same without its first event, beside it: the run that leaves its event out.
    let both = server.get("/run?scenario=nmi-stall&without=event.0");
    let first = header(&both);
    assert_eq!((&first["verdict"], &first["happenings"][0]["path"]), (&"hung".into(), &"event.0".into()));
    let other = Answer { body: both.body.replace("id=\"run-0\"", "").replace("id=\"run-1\"", "id=\"run-0\""), ..both };
    let other = header(&other);
    let same = crate::support::json(&["run", "nmi-stall", "--set", "event.0.only=[]", "--json"]);
    assert_eq!((&other["verdict"], &other["digest"]), (&"completed".into(), &same["digest"]));
    assert_eq!(other["happenings"][0]["path"], "event.1");
    // A program of one's own.
    let own = header(&server.post(&form_of(&PROGRAM.replace("STEPS", "delay 3us\\nreach there"))));
    assert_eq!((&own["scenario"], &own["verdict"]), (&"own".into(), &"completed".into()));
}

#[test]
fn only_this_machine_and_its_own_pages_may_ask() {
    let server = Server::start();
    let port = server.port;
    let with =
        |host: &str, more: &str| server.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n{more}\r\n").as_bytes()).status;
    let own = format!("127.0.0.1:{port}");
    assert_eq!(with(&own, ""), 200);
    assert_eq!(with(&format!("localhost:{port}"), ""), 200);
    for other in
        ["evil.example", "127.0.0.1", "", &format!("evil.example:{port}"), &format!("127.0.0.1.evil.example:{port}")]
    {
        assert_eq!(with(other, ""), 403, "{other}");
    }
    assert_eq!(with(&own, &format!("Origin: http://127.0.0.1:{port}\r\n")), 200);
    for origin in
        ["http://evil.example", "null", &format!("https://127.0.0.1:{port}"), &format!("http://127.0.0.1:{}", port ^ 1)]
    {
        assert_eq!(with(&own, &format!("Origin: {origin}\r\n")), 403, "{origin}");
    }
    for (site, status) in [("same-origin", 200), ("none", 200), ("cross-site", 403), ("same-site", 403)] {
        assert_eq!(with(&own, &format!("Sec-Fetch-Site: {site}\r\n")), status, "{site}");
    }
    let page = server.get("/");
    for part in ["frame-ancestors 'none'", "default-src 'none'", "nosniff", "no-store"] {
        assert!(page.head.contains(part), "{part} in {}", page.head);
    }
    assert!(!page.head.to_lowercase().contains("access-control"), "nobody else may read it");
}

/// Where the kernel of the host lists it: the loopback address, and no other.
#[cfg(target_os = "linux")]
#[test]
fn it_listens_on_the_loopback_address() {
    let server = Server::start();
    let port = format!(":{:04X} ", server.port);
    let mut listening = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        // columns: number, local address, remote address, state (0A: listening)
        let lines = text.lines().filter(|line| line.split_whitespace().nth(3) == Some("0A"));
        listening.extend(
            lines.filter(|line| line.contains(&port)).map(|line| line.split_whitespace().nth(1).unwrap().to_owned()),
        );
    }
    assert_eq!(listening, [format!("0100007F:{:04X}", server.port)]);
}

#[test]
fn no_path_is_read() {
    let server = Server::start();
    for target in ["/etc/passwd", "/../Cargo.toml", "/run/x", "//", "/?x=1", "/index.html"] {
        assert_eq!(server.get(target).status, 404, "{target}");
    }
    for name in ["/etc/passwd", "../scenarios/nmi-stall.toml", "scenarios/nmi-stall.toml", "Cargo.toml", "-"] {
        let answer = server.get(&format!("/run?scenario={}", name.replace('/', "%2F")));
        assert!(answer.status == 400 && answer.body.contains("there is no scenario"), "{name}: {}", answer.status);
    }
}

#[test]
fn what_is_too_much_is_refused_with_a_message() {
    let server = Server::start();
    let says = |answer: &Answer, status: u16, part: &str| {
        assert_eq!(answer.status, status, "{part}: {}", &answer.body[..answer.body.len().min(400)]);
        assert!(answer.body.contains(part), "{part}: {}", answer.body);
    };
    says(&server.ask("DELETE", "/", "", ""), 405, "GET and POST");
    says(&server.ask("POST", "/run", "Content-Length: 99999999999\r\n", ""), 413, "length");
    says(&server.ask("POST", "/run", "Content-Length: 900000\r\n", ""), 413, "bytes");
    says(&server.send(&vec![b'a'; 60_000]), 431, "head");
    let mut half = server.connect();
    half.write_all(b"GET / HTTP/1.1\r\nHost").unwrap();
    half.shutdown(std::net::Shutdown::Write).unwrap();
    let mut bytes = Vec::new();
    half.read_to_end(&mut bytes).unwrap();
    says(&Answer::of(&bytes), 400, "ends before");
    says(&server.post("scenario=nmi-stall&scenario=kdump"), 400, "twice");
    says(&server.post("file=x"), 400, "field");
    for path in
        ["..%2F..%2Fetc%2Fpasswd", "event.", "event.x", "machine", "event.0.only%3D%5B%5D", "event.99", "fault.0"]
    {
        says(
            &server.get(&format!("/run?scenario=stuck-icr&without={path}")),
            if path == "fault.0" { 200 } else { 400 },
            "",
        );
    }
    says(&server.get("/run?without=machine"), 400, "no event and no fault");
    says(&server.get("/run?cpus=100000"), 400, "more than this page shows");
    says(&server.get("/run?cpus=99999999999999999999"), 400, "number");
    says(&server.get("/run?arch=i386%2Fnumma"), 400, "i386/numaq");
    says(&server.post(&form_of(&format!("a = {}", "[".repeat(50_000)))), 400, "error");
    let cpus = |many: &str| PROGRAM.replace("cpus = 2", many).replace("STEPS", "reach there");
    says(&server.post(&form_of(&cpus("cpus = 4000000000"))), 400, "out of range");
    let many = cpus("arch = \"modern/x2apic-phys\"\ncpus = 200");
    says(&server.post(&form_of(&many)), 400, "more than this page shows");
    let forever = PROGRAM.replace("STEPS", "forever {\\n  cli\\n  sti\\n}\\nreach there");
    let endless = server.post(&form_of(&forever));
    let bounds = ["more than 200000 events", "more of the host's time"]; // whichever comes first here
    assert!(endless.status == 400 && bounds.iter().any(|bound| endless.body.contains(bound)), "{}", endless.body);
    // Markup in a name, and in what is said of it, is text.
    let hostile = server.get("/run?scenario=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert!(hostile.status == 400 && !hostile.body.contains("<script>alert"), "{}", hostile.body);
}

/// Silent connections fill the house: who comes then is told so; who comes when they are gone is answered.
#[test]
fn a_flood_is_refused_and_passes() {
    let server = Server::start();
    let silent: Vec<TcpStream> = (0..40).map(|_| server.connect()).collect();
    let turned_away = silent.iter().filter(|stream| {
        let mut stream: &TcpStream = stream;
        let mut bytes = Vec::new();
        let _cut = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).starts_with("HTTP/1.1 503") // the others are silent until they are cut off
    });
    assert!(turned_away.count() >= 10);
    drop(silent);
    let mut tries = 0;
    while server.get("/").status != 200 {
        tries += 1;
        assert!(tries < 10_000, "it does not come back");
    }
}

/// Long runs take their turns; each gets an answer, and a short one beside them, too.
#[test]
fn one_run_does_not_starve_another() {
    let server = Server::start();
    let long = form_of(&PROGRAM.replace("STEPS", "forever {\\n  cli\\n  sti\\n}\\nreach there"));
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| server.post(&long).status)).collect();
        let mut status = server.get("/run?scenario=normal-dispatch").status;
        while status == 503 {
            status = server.get("/run?scenario=normal-dispatch").status;
        }
        assert_eq!(status, 200);
        for run in runs {
            assert!([400, 503].contains(&run.join().unwrap()));
        }
    });
}
