//! A page's document, read as its format says (docs/page-format.md) and by nothing of the program: its columns, and the
//! digest that its events have.

use crate::support::apicsim;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A page that was written, and its file, which goes with it.
pub(crate) struct Page {
    pub(crate) html: String,
    path: PathBuf,
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A file name of this process.
pub(crate) fn temporary(name: &str, extension: &str) -> PathBuf {
    let plain: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    std::env::temp_dir().join(format!("apicsim-page-{}-{plain}.{extension}", std::process::id()))
}

/// Runs the program with `--html`; none if it refuses.
pub(crate) fn page(arguments: &[&str]) -> Option<Page> {
    let path = temporary(&arguments.join(" "), "html");
    let file = path.to_string_lossy().into_owned();
    let output = apicsim(&[&["run"], arguments, &["--html", &file]].concat());
    let status = output.status.code();
    if status == Some(2) {
        return None;
    }
    assert!(matches!(status, Some(0 | 1)), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let html = std::fs::read_to_string(&path).unwrap();
    Some(Page { html, path })
}

impl Page {
    /// The text of a script element.
    pub(crate) fn element(&self, id: &str) -> &str {
        let begin = format!("<script type=\"application/json\" id=\"{id}\">");
        let rest = self.html.split_once(&begin).unwrap_or_else(|| panic!("there is no {id}")).1;
        rest.split_once("</script>").unwrap().0
    }

    /// The document of a run.
    pub(crate) fn run(&self, number: usize) -> Value {
        serde_json::from_str(self.element(&format!("run-{number}"))).unwrap()
    }
}

/// A column of numbers.
pub(crate) fn column(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
}

/// A column of differences, summed up.
pub(crate) fn growing(value: &Value) -> Vec<i64> {
    let mut sum = 0;
    column(value)
        .into_iter()
        .map(|difference| {
            sum += difference;
            sum
        })
        .collect()
}

/// The state of docs/determinism.md.
struct State {
    s: u64,
    t: u64,
}

const ROOTS: [u64; 5] =
    [0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1, 0x510e_527f_ade6_82d1];

impl State {
    const NEW: Self = Self { s: ROOTS[0], t: ROOTS[1] };

    fn pair(&mut self, a: u64, b: u64) {
        let product = u128::from(a ^ self.s) * u128::from(b ^ self.t);
        let (high, low) = ((product >> 64) as u64, product as u64);
        self.s = (low ^ a).wrapping_add(self.t.rotate_left(23));
        self.t = (high ^ b).wrapping_add(self.s ^ ROOTS[2]);
    }
}

/// The digest of the events of a document, in the order in which they were told.
pub(crate) fn digest(document: &Value) -> String {
    let events = &document["events"];
    let (times, sources) = (growing(&events["time"]), column(&events["source"]));
    let (told, words) = (column(&events["told"]), column(&events["words"]));
    let order: BTreeMap<i64, usize> =
        told.iter().enumerate().filter(|(_, told)| **told >= 0).map(|(event, told)| (*told, event)).collect();
    let streams = order.into_values().map(|event| {
        let text = document["texts"][usize::try_from(words[event]).unwrap()].as_str().unwrap();
        let mut all: Vec<u64> = text.split(' ').map(|word| u64::from_str_radix(word, 16).unwrap()).collect();
        all.insert(1, u64::try_from(times[event]).unwrap());
        (sources[event], all)
    });
    digest_of(document["header"]["cpus"].as_i64().unwrap(), streams)
}

/// The digest of events in the order in which they were told, each with its source (-1: the interconnect) and its words.
pub(crate) fn digest_of(cpus: i64, events: impl Iterator<Item = (i64, Vec<u64>)>) -> String {
    let mut streams: BTreeMap<i64, State> = (-1..cpus).map(|source| (source, State::NEW)).collect();
    for (source, words) in events {
        let stream = streams.get_mut(&source).unwrap();
        words.chunks(2).for_each(|pair| stream.pair(pair[0], pair[1]));
    }
    let mut run = State::NEW;
    run.pair(u64::try_from(cpus).unwrap(), 0);
    streams.values().for_each(|stream| run.pair(stream.s, stream.t));
    (0..2).for_each(|_| run.pair(ROOTS[3], ROOTS[4]));
    format!("2:{:016x}", run.s ^ run.t)
}

/// The cells after so many events, from the first keyframe on.
pub(crate) fn cells_after(document: &Value, taken: usize) -> Vec<i64> {
    let mut values = column(&document["keyframes"][0]["values"]);
    let changes = &document["changes"];
    let (events, cells, news) = (growing(&changes["event"]), column(&changes["cell"]), column(&changes["value"]));
    for (change, event) in events.iter().enumerate() {
        if usize::try_from(*event).unwrap() < taken {
            values[usize::try_from(cells[change]).unwrap()] = news[change];
        }
    }
    values
}

/// The place of a CPU's cell.
pub(crate) fn cell(document: &Value, cpu: i64, name: &str) -> usize {
    let cells = document["cells"].as_array().unwrap();
    let is_it = |cell: &&Value| cell[0] == cpu && cell[2] == name;
    cells.iter().position(|cell| is_it(&cell)).unwrap_or_else(|| panic!("CPU{cpu} has no cell {name}"))
}
