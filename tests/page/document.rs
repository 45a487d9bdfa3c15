//! A page's document, read as its format says (docs/page-format.md) and by nothing of the program: its columns, and the
//! digest that its events have.

use crate::support::apicsim;
use miniz_oxide::inflate::decompress_to_vec;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Index;
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
        let place = format!(" id=\"{id}\">");
        let rest = self.html.split_once(&place).unwrap_or_else(|| panic!("there is no {id}")).1;
        rest.split_once("</script>").unwrap().0
    }

    /// The document of a run.
    pub(crate) fn run(&self, number: usize) -> Document {
        document(self.element(&format!("run-{number}")), self.element(&format!("data-{number}")))
    }
}

/// A document, with all of its levels as columns.
pub(crate) struct Document {
    head: Value,
    levels: BTreeMap<String, Level>,
    pub(crate) texts: Vec<Value>,
}

/// A level: of each chunk its columns.
struct Level {
    names: Vec<String>,
    rows: usize,
    block: usize,
    chunks: Vec<BTreeMap<String, Vec<i64>>>,
}

impl Index<&str> for Document {
    type Output = Value;

    fn index(&self, part: &str) -> &Value {
        &self.head[part]
    }
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    for four in text.as_bytes().chunks(4) {
        let digits = four.iter().filter_map(|digit| DIGITS.find(char::from(*digit)));
        let digits: Vec<u32> = digits.map(|digit| digit as u32).collect();
        let all = digits.iter().enumerate().fold(0, |all, (place, digit)| all | digit << (18 - 6 * place));
        bytes.extend(&all.to_be_bytes()[1..digits.len()]);
    }
    bytes
}

/// The next number in groups of seven bits.
fn number(bytes: &mut &[u8]) -> u64 {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap();
    let (own, rest) = bytes.split_at(end + 1);
    *bytes = rest;
    own.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7F))
}

/// The columns of a chunk; words of 64 bits are no numbers with a sign.
fn columns(names: &[&str], mut bytes: &[u8]) -> BTreeMap<String, Vec<i64>> {
    let mut columns = BTreeMap::new();
    for name in names {
        let mut sum = 0;
        let length = number(&mut bytes);
        let numbers = (0..length).map(|_| {
            let coded = number(&mut bytes);
            let value = (coded >> 1) as i64 ^ -((coded & 1) as i64);
            match *name {
                "words" => coded as i64,
                grows if grows.starts_with('+') => {
                    sum += value;
                    sum
                }
                _ => value,
            }
        });
        let numbers = numbers.collect();
        columns.insert(name.trim_start_matches('+').to_owned(), numbers);
    }
    assert!(bytes.is_empty(), "{names:?}: {} bytes are left", bytes.len());
    columns
}

/// A document, from the texts of its two elements.
pub(crate) fn document(head: &str, data: &str) -> Document {
    let head: Value = serde_json::from_str(head).unwrap();
    let (mut levels, mut texts, mut rest) = (BTreeMap::new(), Vec::new(), data);
    for level in head["levels"].as_array().unwrap() {
        let names: Vec<&str> = level["columns"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let mut chunks = Vec::new();
        for size in column(&level["bytes"]) {
            let (own, others) = rest.split_at(usize::try_from(size).unwrap().div_ceil(3) * 4);
            rest = others;
            let bytes = base64(own);
            assert_eq!(bytes.len() as i64, size);
            let plain = decompress_to_vec(&bytes).unwrap();
            if names.is_empty() {
                texts.extend(serde_json::from_slice::<Vec<Value>>(&plain).unwrap());
            } else {
                chunks.push(columns(&names, &plain));
            }
        }
        let number = |key: &str| usize::try_from(level[key].as_u64().unwrap()).unwrap();
        let (rows, block) = (number("rows"), number("block"));
        let names = names.iter().map(|name| name.trim_start_matches('+').to_owned()).collect();
        levels.insert(level["name"].as_str().unwrap().to_owned(), Level { names, rows, block, chunks });
    }
    assert_eq!(rest, "", "all of the text is of some chunk");
    Document { head, levels, texts }
}

impl Document {
    /// The names of the levels, with their rows, and the rows of their chunks.
    pub(crate) fn levels(&self) -> impl Iterator<Item = (&str, usize, usize)> {
        self.levels.iter().map(|(name, level)| (&**name, level.rows, level.block))
    }

    /// A column, of all chunks.
    pub(crate) fn column(&self, level: &str, name: &str) -> Vec<i64> {
        self.levels[level].chunks.iter().flat_map(|chunk| chunk[name].clone()).collect()
    }

    /// A column of each chunk.
    pub(crate) fn chunks(&self, level: &str, name: &str) -> Vec<Vec<i64>> {
        self.levels[level].chunks.iter().map(|chunk| chunk[name].clone()).collect()
    }

    /// The names of the columns of a level.
    pub(crate) fn columns(&self, level: &str) -> Vec<&str> {
        self.levels[level].names.iter().map(|name| &**name).collect()
    }

    /// A text.
    pub(crate) fn text(&self, place: i64) -> &Value {
        &self.texts[usize::try_from(place).unwrap()]
    }

    /// The cause of each event; -1: it has none.
    pub(crate) fn causes(&self) -> Vec<i64> {
        let before = self.column("events", "cause");
        (0..).zip(before).map(|(event, before)| if before > 0 { event - before } else { -1 }).collect()
    }

    /// All changes: event, cell, and what the cell holds then.
    pub(crate) fn changes(&self) -> Vec<(usize, usize, i64)> {
        let block = self.levels["changes"].block;
        let mut values = self.keyframe(0);
        let mut changes = Vec::new();
        for (number, chunk) in self.levels["changes"].chunks.iter().enumerate() {
            for ((event, cell), by) in chunk["event"].iter().zip(&chunk["cell"]).zip(&chunk["by"]) {
                let cell = usize::try_from(*cell).unwrap();
                values[cell] += by;
                changes.push((number * block + usize::try_from(*event).unwrap(), cell, values[cell]));
            }
        }
        changes
    }

    /// All cells before a block of events, or after the last one.
    pub(crate) fn keyframe(&self, number: usize) -> Vec<i64> {
        let frames = &self.levels["keyframes"].chunks;
        let of = |number: usize| &frames[number]["by"];
        let add = |(first, by): (&i64, &i64)| if number == 0 { *first } else { first + by };
        of(0).iter().zip(of(number)).map(add).collect()
    }
}

/// A column of numbers.
pub(crate) fn column(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
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
pub(crate) fn digest(document: &Document) -> String {
    let (times, sources) = (document.column("time", "time"), document.column("events", "source"));
    let (told, counts) = (document.column("events", "told"), document.column("words", "count"));
    let words = document.column("words", "words");
    let mut first = 0;
    let mut streams: BTreeMap<i64, (i64, Vec<u64>)> = BTreeMap::new();
    for (event, count) in counts.iter().enumerate() {
        let next = first + usize::try_from(*count).unwrap();
        let mut all: Vec<u64> = words[first..next].iter().map(|word| *word as u64).collect();
        first = next;
        assert_eq!(all.is_empty(), told[event] < 0, "event {event}");
        if told[event] >= 0 {
            all.insert(1, u64::try_from(times[event]).unwrap());
            streams.insert(told[event], (sources[event], all));
        }
    }
    assert_eq!(first, words.len());
    digest_of(document["header"]["cpus"].as_i64().unwrap(), streams.into_values())
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
pub(crate) fn cells_after(document: &Document, taken: usize) -> Vec<i64> {
    let mut values = document.keyframe(0);
    for (event, cell, value) in document.changes() {
        if event < taken {
            values[cell] = value;
        }
    }
    values
}

/// The place of a CPU's cell.
pub(crate) fn cell(document: &Document, cpu: i64, name: &str) -> usize {
    let cells = document["cells"].as_array().unwrap();
    let is_it = |cell: &&Value| cell[0] == cpu && cell[2] == name;
    cells.iter().position(|cell| is_it(&cell)).unwrap_or_else(|| panic!("CPU{cpu} has no cell {name}"))
}
