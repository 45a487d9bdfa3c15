//! The course: a page a lesson, which is the page of its runs with the lesson's steps and questions on it, and an index.

use super::taught::{Taught, TaughtRun};
use crate::page::{Document, html_of_lesson};
use crate::report::Paper;
use crate::scenario::lesson::{LessonRun, Question};
use serde_json::{Value, json};

/// All files.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) index: String,
    /// Names and texts.
    pub(crate) pages: Vec<(String, String)>,
}

const INDEX: &str = include_str!("course.html");

/// The pages of lessons whose runs were played for pages.
pub(crate) fn course(lessons: &[Taught]) -> Course {
    let file = |taught: &Taught| format!("{}.html", taught.lesson.name);
    let mut pages = Vec::new();
    for (number, taught) in lessons.iter().enumerate() {
        let next = lessons.get(number + 1).map(|next| json!({ "file": file(next), "title": next.lesson.title }));
        let data = json!({
            "title": taught.lesson.title,
            "story": taught.lesson.story,
            "steps": steps(taught),
            "experiments": experiments(taught),
            "next": next,
        });
        let documents: Vec<&Document> = taught.runs.iter().filter_map(|run| run.played.document.as_ref()).collect();
        let Some((first, rest)) = documents.split_first() else { continue };
        let title = format!("{} - apicsim", taught.lesson.title);
        pages.push((file(taught), html_of_lesson(&title, first, rest.first().copied(), &data)));
    }
    let entry = |taught: &Taught| {
        let lesson = &taught.lesson;
        let text = [&lesson.title, &lesson.story].map(|text| escaped(text));
        format!("<li><a href=\"{}\">{}</a>\n<p>{}</p></li>\n", file(taught), text[0], text[1])
    };
    let index = INDEX.replace("<!-- lessons -->", &lessons.iter().map(entry).collect::<String>());
    Course { index, pages }
}

/// The steps of all runs, in their order.
fn steps(taught: &Taught) -> Vec<Value> {
    let mut steps = Vec::new();
    for (number, (run, of_run)) in taught.lesson.runs.iter().zip(&taught.runs).enumerate() {
        for step in 0..run.steps.len() {
            steps.push(self::step(number, run, of_run, step));
        }
    }
    steps
}

fn step(number: usize, run: &LessonRun, of_run: &TaughtRun, step: usize) -> Value {
    let told = &run.steps[step];
    let question = told.question.as_ref().zip(of_run.right[step]).map(|(asked, right)| question(asked, right));
    json!({
        "run": number,
        "taken": of_run.places[step],
        "intro": if step == 0 { &*run.intro } else { "" },
        "says": microseconds(&told.says),
        "question": question,
    })
}

fn experiments(taught: &Taught) -> Vec<Value> {
    let all = taught.lesson.experiments.iter().zip(&taught.experiments);
    all.map(|(one, right)| json!({ "command": one.command, "question": question(&one.question, *right) })).collect()
}

fn question(question: &Question, right: usize) -> Value {
    let answers = question.answers.iter().map(|answer| json!({ "text": answer.text, "because": answer.because }));
    json!({ "asks": question.asks, "answers": answers.collect::<Vec<_>>(), "right": right })
}

/// Times as people read them.
fn microseconds(text: &str) -> String {
    Paper { width: 80, exact: true, colour: false }.sentence(text)
}

/// Text that can stand in an element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
