//! `--set PATH=VALUE` and the options that mean the same: grafted into the document before it is read.
//!
//! `PATH` names keys and positions, as `knobs.slots`, `machine.cpus`, `event.3.at_us`, `fault.0.cpu`; `VALUE` is TOML,
//! or else a bare string. `fault=[]` replaces all faults by none: the control "without the injection".

use super::diagnostic::{InputError, Place, Source};
use super::document::{Entry, Node, Value, parse_value};
use std::ops::Range;
use std::sync::Arc;

/// Applies one `PATH=VALUE` that stands in `source` from byte `start` on.
///
/// # Errors
/// No `=`, an empty path, or a path that leads through something that is not a table or array. Whether the keys are
/// valid is found when the document is read.
pub(super) fn apply(root: &mut Node, source: &Arc<Source>, start: usize) -> Result<(), InputError> {
    let text = &source.text()[start..];
    let whole = Place::new(source, start..source.text().len());
    let Some((path, _)) = text.split_once('=') else {
        return Err(InputError::new("a setting needs a value").at(&whole, "no `=` here").help(EXAMPLE));
    };
    let value = value_at(source, start + path.len() + 1);
    let mut node = root;
    let mut walked = String::new();
    for (segment, span) in segments(path, start) {
        let place = Place::new(source, span);
        if segment.is_empty() {
            return Err(InputError::new("an empty name in a path").at(&place, "a name is missing").help(EXAMPLE));
        }
        node = step(node, segment, &place, &walked)?;
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(segment);
    }
    *node = value;
    Ok(())
}

/// Puts `node` at a path of tables. Where the document has something else on the way, reading it reports that.
pub(super) fn graft(root: &mut Node, path: &str, node: &Node) {
    let mut at = root;
    for segment in path.split('.') {
        match step(at, segment, &node.place, "") {
            Ok(next) => at = next,
            Err(_) => return,
        }
    }
    *at = node.clone();
}

/// The path of a setting, without blanks.
fn path_of(set: &str) -> String {
    let path = set.split_once('=').map_or(set, |(path, _)| path);
    path.split('.').map(str::trim).collect::<Vec<_>>().join(".")
}

/// Is a setting undone by a later one? By one of the same path, if nothing of what it set is used in between.
fn is_undone(paths: &[String], index: usize) -> bool {
    let path = &paths[index];
    let of_it = |other: &&String| {
        let (short, long) = if other.len() < path.len() { (*other, path) } else { (path, *other) };
        long.strip_prefix(short.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    paths[index + 1..].iter().find(of_it) == Some(path)
}

/// The settings that count: of those of one path, the last.
pub(super) fn that_count(sets: &[String]) -> Vec<String> {
    let paths: Vec<String> = sets.iter().map(|set| path_of(set)).collect();
    (0..sets.len()).filter(|&index| !is_undone(&paths, index)).map(|index| sets[index].clone()).collect()
}

/// The path of a setting that a later one undoes. What a scenario keeps of its settings has none.
pub(crate) fn set_twice(sets: &[String]) -> Option<String> {
    let paths: Vec<String> = sets.iter().map(|set| path_of(set)).collect();
    (0..sets.len()).find(|&index| is_undone(&paths, index)).map(|index| paths[index].clone())
}

const EXAMPLE: &str = "PATH=VALUE, for example knobs.slots=per-vector, machine.cpus=3, event.3.at_us=30.5 or fault=[]";

/// The names between the dots, with their spans.
fn segments(path: &str, start: usize) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut at = start;
    path.split('.').map(move |segment| {
        let begin = at + (segment.len() - segment.trim_start().len());
        at += segment.len() + 1;
        (segment.trim(), begin..begin + segment.trim().len())
    })
}

/// The value that stands from byte `start` on: TOML, or else a bare string.
fn value_at(source: &Arc<Source>, start: usize) -> Node {
    let rest = &source.text()[start..];
    let begin = start + (rest.len() - rest.trim_start().len());
    let end = begin + rest.trim().len();
    parse_value(source, begin..end)
        .unwrap_or_else(|| Node { place: Place::new(source, begin..end), value: Value::String(rest.trim().to_owned()) })
}

/// One step down from `node`, which is at `walked`; a key that is not there yet is made.
fn step<'n>(node: &'n mut Node, segment: &str, place: &Place, walked: &str) -> Result<&'n mut Node, InputError> {
    let kind = node.value.kind();
    match &mut node.value {
        Value::Table(entries) => {
            let position = entries.iter().position(|entry| entry.key == segment).unwrap_or_else(|| {
                let node = Node { place: place.clone(), value: Value::Table(Vec::new()) };
                entries.push(Entry { key: segment.to_owned(), key_place: place.clone(), node });
                entries.len() - 1
            });
            Ok(&mut entries[position].node)
        }
        Value::Array(items) => {
            let count = items.len();
            let error = || {
                let help = match count {
                    0 => format!("`{walked}` is empty"),
                    1 => format!("did you mean `{walked}.0`? It is the only one"),
                    _ => format!("valid: `{walked}.0` to `{walked}.{}`", count - 1),
                };
                InputError::new(format!("there is no `{walked}.{segment}`")).at(place, "not a position").help(help)
            };
            let position = segment.parse::<usize>().map_err(|_| error())?;
            items.get_mut(position).ok_or_else(error)
        }
        _ => Err(InputError::new(format!("`{walked}` is {kind}: it has nothing called `{segment}`"))
            .at(place, "leads nowhere")
            .help(format!("did you mean `{walked}`?"))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    #[test]
    fn of_settings_of_one_path_the_last_counts() {
        let cases: [(&[&str], &[&str], Option<&str>); 6] = [
            (&["a.b=1", "a.c=2"], &["a.b=1", "a.c=2"], None),
            (&["a.b=1", "a.b=2"], &["a.b=2"], Some("a.b")),
            (&["a.b=1", "c=0", "a . b = 1"], &["c=0", "a . b = 1"], Some("a.b")),
            (&["a.b=1", "a.bc=2"], &["a.b=1", "a.bc=2"], None),
            // what the first one made is used by the second, whatever the third does
            (&["fault=[{}]", "fault.0.cpu=1", "fault=[]"], &["fault=[{}]", "fault.0.cpu=1", "fault=[]"], None),
            (&["fault.0.cpu=1", "fault=[]", "fault.0.cpu=1"], &["fault.0.cpu=1", "fault=[]", "fault.0.cpu=1"], None),
        ];
        for (sets, counts, twice) in cases {
            let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
            assert_eq!(that_count(&sets), counts, "{sets:?}");
            assert_eq!(set_twice(&sets).as_deref(), twice, "{sets:?}");
            assert_eq!(set_twice(&that_count(&sets)), None, "{sets:?}");
        }
    }

    fn applied(text: &str) -> Result<Node, InputError> {
        let file = "limit_us = 5\n[[fault]]\nkind = \"x\"\n[[event]]\n[[event]]\n";
        let mut root = document::parse(&Source::new("test.toml", file))?;
        apply(&mut root, &Source::new("--set", text), 0)?;
        Ok(root)
    }

    fn find<'n>(node: &'n Node, key: &str) -> &'n Node {
        let Value::Table(entries) = &node.value else { panic!("a table") };
        &entries.iter().find(|entry| entry.key == key).expect("there").node
    }

    #[test]
    fn values_are_toml_or_bare_strings() {
        let root = applied("knobs.slots = per-vector").expect("valid");
        assert!(matches!(&find(find(&root, "knobs"), "slots").value, Value::String(text) if text == "per-vector"));
        let root = applied("machine.cpus=0x3").expect("valid");
        let cpus = find(find(&root, "machine"), "cpus");
        assert!(matches!(cpus.value, Value::Integer(3)));
        assert_eq!(cpus.place.to_string(), "--set:1:14");
        assert!(
            matches!(&find(&applied("fault=[]").expect("valid"), "fault").value, Value::Array(items) if items.is_empty())
        );
        assert!(
            matches!(&find(&applied("name=").expect("valid"), "name").value, Value::String(text) if text.is_empty())
        );
        let root = applied("event.1.at_us=30.5").expect("valid");
        let Value::Array(events) = &find(&root, "event").value else { panic!("an array") };
        assert!(matches!(&find(&events[1], "at_us").value, Value::Float(text) if text == "30.5"));
    }

    #[test]
    fn paths_that_lead_nowhere_are_refused() {
        let cases = [
            ("knobs.slots", "needs a value", "PATH=VALUE"),
            ("=3", "empty name", "PATH=VALUE"),
            ("event..cpu=3", "empty name", "PATH=VALUE"),
            ("event.2.cpu=3", "no `event.2`", "`event.0` to `event.1`"),
            ("fault.x.cpu=3", "no `fault.x`", "`fault.0`"),
            ("limit_us.x=3", "`limit_us` is an integer", "`limit_us`?"),
        ];
        for (text, message, help) in cases {
            let error = applied(text).expect_err(text);
            assert!(error.message().contains(message), "{text}: {error}");
            assert!(error.help_lines().iter().any(|line| line.contains(help)), "{text}: {error:?}");
        }
    }
}
