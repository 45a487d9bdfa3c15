//! The page as one file: the documents of one or two runs, the style and the scripts in it, and nothing from elsewhere.

use super::difference::difference;
use super::document::Document;
use serde_json::{Value, json};

/// The scripts, in the order in which they build on each other.
const SCRIPTS: [&str; 27] = [
    include_str!("web/format.js"),
    include_str!("web/inflate.js"),
    include_str!("web/chunks.js"),
    include_str!("web/run.js"),
    include_str!("web/messages.js"),
    include_str!("web/cells.js"),
    include_str!("web/steps.js"),
    include_str!("web/scale.js"),
    include_str!("web/layout.js"),
    include_str!("web/chain.js"),
    include_str!("web/dom.js"),
    include_str!("web/legend.js"),
    include_str!("web/lanes.js"),
    include_str!("web/pointer.js"),
    include_str!("web/registers.js"),
    include_str!("web/panels.js"),
    include_str!("web/why.js"),
    include_str!("web/lesson.js"),
    include_str!("web/without.js"),
    include_str!("web/notebook.js"),
    include_str!("web/address.js"),
    include_str!("web/keys.js"),
    include_str!("web/embedded.js"),
    include_str!("web/dialogs.js"),
    include_str!("web/state.js"),
    include_str!("web/in_place.js"),
    include_str!("web/main.js"),
];

const FRAME: &str = include_str!("web/page.html");
const STYLE: &str = include_str!("web/page.css");

/// The page of one run, or of two on one time axis.
pub(crate) fn html(title: &str, run: &Document, other: Option<&Document>) -> String {
    with(title, (run, other), &json!(null), "")
}

/// The page of one run, or of two, with a form that runs another one.
pub(crate) fn html_with_form(title: &str, run: &Document, other: Option<&Document>, form: &str) -> String {
    with(title, (run, other), &json!(null), form)
}

/// The same, with the steps and questions of a lesson on it.
pub(crate) fn html_of_lesson(title: &str, run: &Document, other: Option<&Document>, lesson: &Value) -> String {
    with(title, (run, other), lesson, "")
}

fn with(title: &str, (run, other): (&Document, Option<&Document>), lesson: &Value, form: &str) -> String {
    let mut data = String::new();
    if !lesson.is_null() {
        let lesson = without_tags(&lesson.to_string());
        data.push_str(&format!("<script type=\"application/json\" id=\"lesson\">{lesson}</script>\n"));
    }
    for (number, document) in std::iter::once(run).chain(other).enumerate() {
        data.push_str(&format!("<script type=\"application/json\" id=\"run-{number}\">"));
        data.push_str(&without_tags(&document.json));
        data.push_str("</script>\n");
        data.push_str(&format!("<script type=\"text/plain\" id=\"data-{number}\">{}</script>\n", document.data));
    }
    let difference = other.and_then(|other| difference(&run.recorded, &other.recorded));
    let difference = difference.map_or(json!(null), |(one, two)| json!([one, two]));
    data.push_str(&format!("<script type=\"application/json\" id=\"difference\">{difference}</script>\n"));
    // Each place of the frame is named once, and what is put there is never looked at again.
    let mut page = String::with_capacity(FRAME.len() + STYLE.len() + data.len());
    let mut rest = FRAME;
    for (place, text) in [
        ("<!-- title -->", escaped(title)),
        ("/* style */", STYLE.to_owned()),
        ("<!-- form -->", form.to_owned()),
        ("<!-- data -->", data),
        ("/* scripts */", SCRIPTS.join("\n")),
    ] {
        let (before, after) = rest.split_once(place).expect("the frame names its places in this order");
        page.push_str(before);
        page.push_str(&text);
        rest = after;
    }
    page + rest
}

/// JSON that can stand in a script element: `<` only stands in strings, where it may be written so.
fn without_tags(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// Text that can stand in an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(escaped("</title><script>&"), "&lt;/title&gt;&lt;script&gt;&amp;");
        let hostile = serde_json::json!({ "a": "</script><script>alert(1)</script>\n<!--" });
        let text = without_tags(&hostile.to_string());
        assert!(!text.contains('<'), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON"), hostile);
    }

    #[test]
    fn no_script_closes_its_element_or_asks_for_anything_outside() {
        for script in SCRIPTS.into_iter().chain([FRAME, STYLE]) {
            for outside in ["http://", "https://", "//cdn", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket"]
            {
                assert!(!script.contains(outside), "{outside} in {}", script.lines().next().unwrap_or_default());
            }
        }
        assert!(SCRIPTS.iter().all(|script| !script.contains("</script")));
    }
}
