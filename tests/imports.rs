//! Reads which file of `src/` imports from which: every path in its code that begins with `crate`, `super`, `self` or the
//! name of a module of its own, followed through re-exports to the file that has the thing.
//!
//! Not read: methods (a file may call one that another file implements), and what macros make.

use std::collections::{BTreeMap, BTreeSet};

/// A word, `::`, or a sign of one character.
type Token = String;

/// The tokens of Rust code; comments, texts and characters left out.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |n: usize| chars.get(n).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut n, mut tokens) = (0, Vec::new());
    while n < chars.len() {
        match (at(n), at(n + 1)) {
            ('/', '/') => n += chars[n..].iter().take_while(|c| **c != '\n').count(),
            ('"', _) => n = after_text(&chars, n),
            ('r', '"' | '#') if n == 0 || !is_word(at(n - 1)) => {
                let hashes = chars[n + 1..].iter().take_while(|c| **c == '#').count();
                let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                let rest: String = chars[(n + hashes + 2).min(chars.len())..].iter().collect();
                let length = rest.find(&end).map_or(rest.len(), |end| rest[..end].chars().count());
                n += hashes + 2 + length + end.len();
            }
            ('\'', '\\') => n += 3 + chars[n + 3..].iter().take_while(|c| **c != '\'').count() + 1,
            ('\'', _) if at(n + 2) == '\'' => n += 3,
            (':', ':') => {
                tokens.push("::".to_owned());
                n += 2;
            }
            (c, _) if is_word(c) => {
                let word: String = chars[n..].iter().take_while(|c| is_word(**c)).collect();
                n += word.chars().count();
                tokens.push(word);
            }
            (c, _) => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                n += 1;
            }
        }
    }
    tokens
}

/// The place after the text that begins here.
fn after_text(chars: &[char], begin: usize) -> usize {
    let mut n = begin + 1;
    while n < chars.len() && chars[n] != '"' {
        n += if chars[n] == '\\' { 2 } else { 1 };
    }
    n + 1
}

/// The paths that begin at token `n`, a group in braces taken apart; and the place after them.
fn paths(tokens: &[Token], mut n: usize, before: &[String], out: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    loop {
        match tokens.get(n).map(String::as_str) {
            Some("{") => {
                n += 1;
                while tokens.get(n).is_some_and(|token| token != "}") {
                    n = paths(tokens, n, &path, out);
                    n += usize::from(tokens.get(n).is_some_and(|token| token == ","));
                }
                return n + 1;
            }
            Some("*") => {
                out.push(path);
                return n + 1;
            }
            Some(word) => path.push(word.to_owned()),
            None => return n,
        }
        n += 1;
        if tokens.get(n).is_some_and(|token| token == "as") {
            n += 2;
        }
        if tokens.get(n).is_none_or(|token| token != "::") || tokens.get(n + 1).is_none_or(|token| token == "<") {
            out.push(path);
            return n;
        }
        n += 1;
    }
}

/// What one file says: what it passes on under `pub use`, by the names that it gives it, and the paths that it uses, each
/// as from the root of the crate.
#[derive(Debug, Default)]
struct Module {
    exports: BTreeMap<String, Vec<String>>,
    uses: BTreeSet<Vec<String>>,
    /// Those of modules in the file itself: its tests.
    inner_uses: BTreeSet<Vec<String>>,
}

impl Module {
    /// Reads the file of the module at `place`.
    fn read(place: &[String], text: &str, children: &BTreeSet<String>) -> Self {
        let tokens = tokens(text);
        let mut module = Self::default();
        // Modules in the file itself: at which depth of braces each began.
        let (mut inner, mut depth, mut n) = (Vec::new(), 0, 0);
        let mut exported = false;
        while n < tokens.len() {
            let follows = |ahead: usize, wanted: &str| tokens.get(n + ahead).is_some_and(|token| token == wanted);
            match tokens[n].as_str() {
                "mod" if follows(2, "{") => inner.push(depth),
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    inner.pop_if(|began| *began == depth);
                }
                "use" => exported = n > 0 && (tokens[n - 1] == "pub" || tokens[n - 1] == ")"),
                ";" => exported = false,
                word => {
                    let root = ["crate", "super", "self"].contains(&word) || children.contains(word);
                    let begins = root && follows(1, "::") && (n == 0 || !["::", ".", "'"].contains(&&*tokens[n - 1]));
                    let names_child = children.contains(word) && n > 0 && tokens[n - 1] == "use" && !follows(1, "::");
                    if begins || names_child {
                        let mut found = Vec::new();
                        n = paths(&tokens, n, &[], &mut found);
                        for path in found.iter().filter_map(|path| absolute(place, inner.len(), path)) {
                            if exported && inner.is_empty() {
                                module.exports.insert(path.last().cloned().unwrap_or_default(), path);
                            } else if inner.is_empty() {
                                module.uses.insert(path);
                            } else {
                                module.inner_uses.insert(path);
                            }
                        }
                        continue;
                    }
                }
            }
            n += 1;
        }
        module
    }
}

/// A path from the root of the crate; none where it stays in the file.
fn absolute(place: &[String], inner: usize, path: &[String]) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|segment| *segment == "super").count();
    let (base, rest) = match path.first().map(String::as_str) {
        Some("crate") => (&place[..0], &path[1..]),
        Some("super") => (&place[..place.len().checked_sub(supers.checked_sub(inner)?)?], &path[supers..]),
        Some("self") if inner == 0 => (place, &path[1..]),
        Some("self") => return None,
        _ => (place, path),
    };
    Some(base.iter().chain(rest.iter().filter(|segment| *segment != "self")).cloned().collect())
}

/// Who imports, and from whom.
pub(crate) type Arrows = BTreeSet<(Vec<String>, Vec<String>)>;

/// The files of a crate, by the paths of their modules.
#[derive(Debug)]
pub(crate) struct Crate {
    modules: BTreeMap<Vec<String>, Module>,
}

impl Crate {
    /// Reads the crate from its files: `lib.rs`, `room/mod.rs`, `room/file.rs`, each with its text.
    pub(crate) fn read(files: &[(String, String)]) -> Self {
        let places: BTreeSet<Vec<String>> = files.iter().map(|(name, _)| place(name)).collect();
        let children_of = |of: &Vec<String>| -> BTreeSet<String> {
            places
                .iter()
                .filter(|place| place.split_last().is_some_and(|(_, parent)| parent == of))
                .filter_map(|place| place.last().cloned())
                .collect()
        };
        let module = |(name, text): &(String, String)| {
            let place = place(name);
            let module = Module::read(&place, text, &children_of(&place));
            (place, module)
        };
        Self { modules: files.iter().map(module).collect() }
    }

    /// The module whose file has what `path` names.
    fn owner(&self, path: &[String], patience: usize) -> Vec<String> {
        assert!(patience > 0, "re-exports run in a circle: {path:?}");
        let mut at: Vec<String> = Vec::new();
        for (n, segment) in path.iter().enumerate() {
            let child: Vec<String> = at.iter().chain([segment]).cloned().collect();
            if self.modules.contains_key(&child) {
                at = child;
            } else if let Some(exported) = self.modules[&at].exports.get(segment) {
                let path: Vec<String> = exported.iter().chain(&path[n + 1..]).cloned().collect();
                return self.owner(&path, patience - 1);
            } else {
                break;
            }
        }
        at
    }

    /// Every arrow: who imports, and from whom, as paths of modules. Those of tests only if they are asked for.
    pub(crate) fn arrows(&self, tests: bool) -> Arrows {
        let mut arrows = Arrows::new();
        for (from, module) in &self.modules {
            let inner = module.inner_uses.iter().filter(|_| tests);
            let to = module.uses.iter().chain(inner).map(|path| self.owner(path, 9));
            arrows.extend(to.filter(|to| from != to).map(|to| (from.clone(), to)));
        }
        arrows
    }
}

/// The module that a file is: `scenario/load.rs` is scenario, load.
fn place(name: &str) -> Vec<String> {
    let stem = name.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if stem == "lib" { Vec::new() } else { stem.split('/').map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrows(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<(String, String)> = files.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let arrows = Crate::read(&files).arrows(true);
        arrows.iter().map(|(from, to)| format!("{} -> {}", from.join("/"), to.join("/"))).collect()
    }

    #[test]
    fn paths_lead_through_facades_to_files() {
        let root = ("lib.rs", "mod a;\nmod b;\npub use b::Y;");
        let a = ("a/mod.rs", "mod one;\nmod two;\npub(crate) use one::{X, Z as W};");
        let one = ("a/one.rs", "pub struct X; pub struct Z;");
        let used = |code: &'static str| arrows(&[root, a, one, ("a/two.rs", code), ("b.rs", "pub struct Y;")]);
        for code in
            ["use super::X;", "use super::one::X;", "fn f() { crate::a::X::new(); }", "use crate::{a::{self, one}};"]
        {
            assert!(used(code).contains(&"a/two -> a/one".to_owned()), "{code}: {:?}", used(code));
        }
        assert_eq!(used("use crate::{Y, a::X};"), ["a/two -> a/one", "a/two -> b"]);
        assert_eq!(
            used("// crate::b\nconst A: &str = \"crate::b\"; const B: char = '\"'; fn f<'a>() {} use sim::X;"),
            [""; 0]
        );
        assert_eq!(used("const R: &str = r#\"use crate::b;\"#; #[cfg(test)] mod tests { use super::*; }"), [""; 0]);
        assert_eq!(used("mod tests { use super::super::one::X; }"), ["a/two -> a/one"]);
        let files = [("lib.rs", "mod a;"), ("a.rs", "mod tests { use crate::b::Y; }"), ("b.rs", "")];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert!(Crate::read(&files).arrows(false).is_empty(), "tests may be left out");
    }

    #[test]
    fn a_facade_with_code_has_arrows_too() {
        let files =
            [("lib.rs", "mod a;"), ("a/mod.rs", "mod one;\nfn f() { one::g(); }"), ("a/one.rs", "use super::f;")];
        assert_eq!(arrows(&files), ["a -> a/one", "a/one -> a"]);
    }
}
