//! A lesson as text: a slide a step, with the picture of the moment, its question, and what was right.

use super::moment::moment;
use super::taught::{Taught, TaughtRun};
use crate::report::Paper;
use crate::report::page::Page;
use crate::scenario::lesson::{Anchor, LessonRun, Question};

/// A step, ready to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slide {
    pub(crate) text: String,
    /// The place of its question in the lesson's, if it asks one.
    pub(crate) question: Option<Asked>,
    /// What the question of the slide before has to say, for who did not answer it.
    pub(crate) answer: Option<String>,
}

/// A question that was asked, and what is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Texts, and what each has to say.
    answers: Vec<(String, String)>,
    right: usize,
}

impl Asked {
    fn of(question: &Question, right: usize) -> Self {
        let answers = question.answers.iter().map(|answer| (answer.text.clone(), answer.because.clone())).collect();
        Self { answers, right }
    }

    /// How many answers there are to choose from.
    pub(crate) fn choices(&self) -> usize {
        self.answers.len()
    }
}

/// All slides of a lesson.
pub(crate) fn slides(taught: &Taught, paper: Paper) -> Vec<Slide> {
    let mut slides: Vec<Slide> = Vec::new();
    for (number, (run, of_run)) in taught.lesson.runs.iter().zip(&taught.runs).enumerate() {
        for step in 0..run.steps.len() {
            let mut page = Page::new(paper);
            if number == 0 && step == 0 {
                page.paragraph(&format!("{}.", taught.lesson.title.trim_end_matches('.')));
                page.gap();
                page.paragraph(&taught.lesson.story);
                page.gap();
            }
            if step == 0 && !run.intro.is_empty() {
                page.paragraph(&run.intro);
                page.gap();
            }
            let asked = tell(run, of_run, step, &mut page);
            push(&mut slides, page, asked, paper);
        }
    }
    for (experiment, right) in taught.lesson.experiments.iter().zip(&taught.experiments) {
        let mut page = Page::new(paper);
        page.paragraph("Experiment: change something, predict, and see.");
        page.gap();
        page.hanging(2, 4, &experiment.command);
        page.gap();
        question(&experiment.question, &mut page);
        push(&mut slides, page, Some(Asked::of(&experiment.question, *right)), paper);
    }
    // The last question is answered at the end.
    if let Some(asked) = slides.last().and_then(|slide| slide.question.clone()) {
        slides.push(Slide { text: String::new(), question: None, answer: Some(grade(&asked, None, paper)) });
    }
    slides
}

fn push(slides: &mut Vec<Slide>, page: Page, question: Option<Asked>, paper: Paper) {
    let answer = slides.last().and_then(|slide| slide.question.as_ref()).map(|asked| grade(asked, None, paper));
    slides.push(Slide { text: page.into_text(), question, answer });
}

/// One step; gives its question.
fn tell(run: &LessonRun, of_run: &TaughtRun, number: usize, page: &mut Page) -> Option<Asked> {
    let step = &run.steps[number];
    let now = moment(&run.scenario, &of_run.names, &of_run.played, of_run.places[number]);
    match step.at {
        Anchor::End => page.paragraph(&step.says),
        Anchor::Event { .. } => page.paragraph(&format!("{} us: {}", now.time(), step.says)),
    }
    page.gap();
    now.lanes.draw(&now.state, page);
    if matches!(step.at, Anchor::End) {
        end(of_run, page);
    }
    let (asked, right) = (step.question.as_ref()?, of_run.right[number]?);
    page.gap();
    question(asked, page);
    Some(Asked::of(asked, right))
}

/// What there is to say of a run that is over.
fn end(of_run: &TaughtRun, page: &mut Page) {
    let report = &of_run.played.report;
    page.gap();
    page.paragraph(&format!("The verdict: {}, at {} us.", report.verdict.name(), report.sim_time));
    if let Some(hang) = &report.hang {
        page.verbatim("Why:");
        hang.why.iter().for_each(|link| page.hanging(2, 2, link));
    }
}

fn question(question: &Question, page: &mut Page) {
    page.hanging(0, 2, &format!("? {}", question.asks.split_whitespace().collect::<Vec<_>>().join(" ")));
    for (number, answer) in question.answers.iter().enumerate() {
        page.hanging(2, 3, &format!("{}  {}", number + 1, answer.text));
    }
}

/// What is said to who has chosen an answer, or none.
pub(crate) fn grade(asked: &Asked, chosen: Option<usize>, paper: Paper) -> String {
    let mut page = Page::new(paper);
    let (right, because) = &asked.answers[asked.right];
    match chosen {
        Some(chosen) if chosen == asked.right => {
            page.hanging(0, 2, &format!("= {}, as you said. {because}", chosen + 1))
        }
        Some(chosen) => {
            let (_, why_not) = &asked.answers[chosen];
            let why_not = if why_not.is_empty() { String::new() } else { format!(": {why_not}") };
            page.hanging(0, 2, &format!("= not {}{why_not}", chosen + 1));
            page.hanging(0, 2, &format!("= {}: {right} {because}", asked.right + 1));
        }
        None => page.hanging(0, 2, &format!("= {}: {right} {because}", asked.right + 1)),
    }
    page.into_text()
}
