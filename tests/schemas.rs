//! The JSON Schemas in `docs/schemas`: there is one for everything that the program writes as JSON, of the version that it writes.
//!
//! Not looked at: whether documents keep to them. `.ci/viewers` does that, with a validator (`tests/viewers/schemas.py`).

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, end: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, end, found);
        } else if path.extension().is_some_and(|extension| extension == end) {
            found.push(path);
        }
    }
}

/// Names with their versions, as sources write them: `"apicsim.run", "version": "1.7"` and `"apicsim.measure/1"`.
fn written(text: &str) -> BTreeSet<(String, String)> {
    let quoted = text.split("\"apicsim.").skip(1).filter_map(|rest| rest.split_once('"'));
    let named = quoted.filter_map(|(name, rest)| match name.split_once('/') {
        Some((name, version)) => (!version.is_empty()).then(|| (name.to_owned(), version.to_owned())),
        None => {
            let version = rest.trim_start_matches([',', ' ']).strip_prefix("\"version\": \"")?;
            Some((name.to_owned(), version.split('"').next()?.to_owned()))
        }
    });
    named.collect()
}

/// The same, as schemas have them.
fn described(value: &Value, found: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(whole)) = fields.get("const")
                && let Some((name, version)) = whole.strip_prefix("apicsim.").and_then(|name| name.split_once('/'))
            {
                found.insert((name.to_owned(), version.to_owned()));
            }
            let constant = |field: &str| value["properties"][field]["const"].as_str();
            if let (Some(name), Some(version)) = (constant("name"), constant("version")) {
                found.insert((name.trim_start_matches("apicsim.").to_owned(), version.to_owned()));
            }
            fields.values().for_each(|field| described(field, found));
        }
        Value::Array(all) => all.iter().for_each(|one| described(one, found)),
        _ => {}
    }
}

#[test]
fn every_document_has_a_schema_of_its_version() {
    let (mut sources, mut schemas) = (Vec::new(), Vec::new());
    files(&root().join("src"), "rs", &mut sources);
    sources.retain(|path| !path.ends_with("tests.rs"));
    files(&root().join("docs/schemas"), "json", &mut schemas);
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    let code = sources.iter().map(read);
    // tests of ours in src may name documents that they make
    let mut all: BTreeSet<_> =
        code.flat_map(|text| written(text.split("#[cfg(test)]").next().unwrap_or_default())).collect();
    assert!(all.len() > 10, "{all:?}");
    let run = all.iter().find(|(name, _)| name == "run").unwrap().1.clone();
    all.insert(("explain".to_owned(), run)); // src/cli/commands/explain.rs: a run's, under another name
    all.retain(|(name, _)| name != "page"); // it may have any minor version
    let mut found = BTreeSet::new();
    schemas.iter().for_each(|path| described(&serde_json::from_str(&read(path)).unwrap(), &mut found));
    assert_eq!(found, all, "docs/schemas is on the left");
}

#[test]
fn every_schema_is_on_the_page() {
    let mut schemas = Vec::new();
    files(&root().join("docs/schemas"), "json", &mut schemas);
    let page = std::fs::read_to_string(root().join("docs/json.md")).unwrap();
    for schema in &schemas {
        let name = schema.file_name().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("(schemas/{name})")), "docs/json.md names no {name}");
    }
    assert_eq!(page.matches("](schemas/").count(), schemas.len());
}

#[test]
fn a_version_is_found_where_it_is_written() {
    let text = r#"json!({ "schema": { "name": "apicsim.list", "version": "1.1" } }); const S: &str = "apicsim.row/2";"#;
    let expected = [("list", "1.1"), ("row", "2")].map(|(name, version)| (name.to_owned(), version.to_owned()));
    assert_eq!(written(text), BTreeSet::from(expected));
}
