//! The form, filled in as it was sent; and a page that has nothing but it and a message.

use super::asked::{Asked, FieldName};
use super::lists::lists;

/// Text that can stand in an element or in an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The form as an element of a page; open if there is something to say about it.
pub(super) fn form(asked: &Asked, open: bool) -> String {
    let mut fields = String::new();
    for (name, label, names) in lists() {
        let now = asked.value(name);
        let mut options = if name == FieldName::Scenario {
            String::new()
        } else {
            "<option value=\"\">as the scenario has it</option>".to_owned()
        };
        for one in names {
            let selected = if one == now { " selected" } else { "" };
            options += &format!("<option value=\"{0}\"{selected}>{0}</option>", escaped(one));
        }
        fields += &format!("<label>{label} <select name=\"{name}\">{options}</select></label>\n");
    }
    for (name, label) in [(FieldName::Cpus, "CPUs"), (FieldName::Seed, "seed")] {
        let now = escaped(asked.value(name));
        fields += &format!(
            "<label>{label} <input name=\"{name}\" value=\"{now}\" inputmode=\"numeric\" size=\"6\" maxlength=\"20\"></label>\n"
        );
    }
    let areas = [
        (FieldName::Set, "settings, a line each, as knobs.slots=per-vector", 2),
        (FieldName::Text, "or a scenario of your own, with a program in it (instead of the one above)", 8),
    ];
    for (name, label, rows) in areas {
        let now = escaped(asked.value(name));
        fields += &format!(
            "<label class=\"area\">{label}<textarea name=\"{name}\" rows=\"{rows}\" spellcheck=\"false\">\n{now}</textarea></label>\n"
        );
    }
    let open = if open { " open" } else { "" };
    format!(
        "<details class=\"run-form\"{open}><summary>Run something else</summary>\n<form method=\"post\" action=\"/run\">\n{fields}\
         <input type=\"hidden\" name=\"without\" value=\"\">\n\
         <button type=\"submit\">Run</button>\n</form></details>\n"
    )
}

const FRAME: &str = include_str!("message.html");

/// A page with a message and the form.
pub(super) fn message(says: &str, asked: &Asked) -> String {
    FRAME.replace("<!-- says -->", &escaped(says)).replace("<!-- form -->", &form(asked, true))
}
