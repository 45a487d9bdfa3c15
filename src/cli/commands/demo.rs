//! `apicsim demo`: a lesson, told step by step from real runs; at a terminal with its questions graded.

use super::course_files::write_course;
use crate::cli::arguments::Demo;
use crate::cli::exit_status::ExitStatus;
use crate::cli::interrupt::Interruptible;
use crate::cli::output;
use crate::failure::Failure;
use crate::lessons::{Asked, Slide, grade, slides, teach};
use crate::report::Paper;
use crate::report::page::Page;
use crate::scenario::diagnostic::InputError;
use crate::scenario::lesson::{LESSON, Lesson, lesson_names, load_lesson};
use std::io::{BufRead, IsTerminal};

const KEYS: &str = "\
Enter   the next step (after a question: without an answer)
1 to 9  an answer, where one is asked for; elsewhere with g: g 12 goes to step 12
b       back
/ WORD  the next step that says WORD; / alone searches on
q       the end
";

pub(super) fn demo(arguments: &Demo, paper: Paper) -> Result<ExitStatus, Failure> {
    if arguments.list {
        let mut page = Page::new(paper);
        page.entries(&lessons()?);
        output::print(&page.into_text())?;
        return Ok(ExitStatus::Success);
    }
    if let Some(folder) = &arguments.html {
        return write_course(folder, arguments.lesson.as_deref());
    }
    let lesson = load_lesson(arguments.lesson.as_deref().unwrap_or(LESSON))?;
    if let Some(run) = arguments.scenario {
        output::print(scenario(&lesson, run)?)?;
        return Ok(ExitStatus::Success);
    }
    let interruptible = Interruptible::begin()?;
    let taught = teach(lesson, false, &interruptible.handle())?;
    drop(interruptible);
    let Some(taught) = taught else { return Ok(ExitStatus::Interrupted) };
    let slides = slides(&taught, paper);
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        walk(&slides, paper)?;
    } else {
        for number in 0..slides.len() {
            if let Some(answer) = &slides[number].answer {
                output::print(&format!("{answer}\n"))?;
            }
            show(&slides, number, paper)?;
        }
    }
    Ok(ExitStatus::Success)
}

/// What there is, a line a lesson.
pub(super) fn lessons() -> Result<Vec<(String, String)>, Failure> {
    let titled = |name: &&str| Ok(((*name).to_owned(), format!("{}.", load_lesson(name)?.title)));
    lesson_names().iter().map(titled).collect()
}

/// The scenario of a run of the lesson.
fn scenario(lesson: &Lesson, run: u32) -> Result<&str, InputError> {
    let found = lesson.runs.get((run as usize).wrapping_sub(1));
    found.map(|run| &*run.text).ok_or_else(|| {
        let count = lesson.runs.len();
        InputError::new(format!("the lesson `{}` has no run {run}", lesson.name))
            .help(format!("its runs are 1 to {count}"))
    })
}

fn show(slides: &[Slide], number: usize, paper: Paper) -> Result<(), Failure> {
    if slides[number].text.is_empty() {
        return Ok(()); // only an answer
    }
    let count = slides.iter().filter(|slide| !slide.text.is_empty()).count();
    let title = format!("── step {} of {count} ", number + 1);
    let rule = "─".repeat(paper.width.min(80).saturating_sub(title.chars().count()));
    output::print(&format!("{title}{rule}\n{}\n", slides[number].text))
}

/// What somebody at a terminal asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asks<'a> {
    Next,
    Back,
    /// From 1 on.
    Step(usize),
    Answer(usize),
    Find(&'a str),
    Quit,
    Keys,
}

fn asks<'a>(line: &'a str, question: Option<&Asked>) -> Asks<'a> {
    let line = line.trim();
    if let Some(word) = line.strip_prefix('/') {
        return Asks::Find(word.trim());
    }
    let jump = line.strip_prefix('g').unwrap_or(line).trim();
    match (line, jump.parse::<usize>()) {
        ("" | "n", _) => Asks::Next,
        ("b", _) => Asks::Back,
        ("q", _) => Asks::Quit,
        (_, Ok(number)) if question.is_some_and(|asked| (1..=asked.choices()).contains(&number)) && jump == line => {
            Asks::Answer(number - 1)
        }
        (_, Ok(number)) => Asks::Step(number),
        _ => Asks::Keys,
    }
}

/// Step by step, as somebody asks.
fn walk(slides: &[Slide], paper: Paper) -> Result<(), Failure> {
    let (mut at, mut searched, mut answered) = (0, String::new(), false);
    let last = slides.iter().rposition(|slide| !slide.text.is_empty()).unwrap_or_default();
    show(slides, at, paper)?;
    loop {
        let question = slides[at].question.as_ref().filter(|_| !answered);
        let prompt = match question {
            Some(asked) => format!("[your prediction: 1 to {}; Enter: skip; ?: keys] ", asked.choices()),
            None if at == last => "[the end; b: back; q: quit; ?: keys] ".to_owned(),
            None => "[Enter: next; b: back; q: quit; ?: keys] ".to_owned(),
        };
        let Some(line) = ask(&prompt)? else { return Ok(()) };
        let before = at;
        match asks(&line, question) {
            Asks::Next => {
                if let Some(asked) = question {
                    output::print(&format!("{}\n", grade(asked, None, paper)))?;
                }
                match (at == last, question.is_some()) {
                    (true, false) => return Ok(()),
                    (true, true) => answered = true,
                    _ => at += 1,
                }
            }
            Asks::Answer(chosen) => {
                if let Some(asked) = question {
                    output::print(&format!("{}\n", grade(asked, Some(chosen), paper)))?;
                }
                answered = true;
                continue;
            }
            Asks::Back => at = at.saturating_sub(1),
            Asks::Step(number) if (1..=last + 1).contains(&number) => at = number - 1,
            Asks::Step(number) => output::print(&format!("there is no step {number}: they are 1 to {}\n", last + 1))?,
            Asks::Find(word) => {
                if !word.is_empty() {
                    searched = word.to_lowercase();
                }
                let is_in = |place: &usize| slides[*place].text.to_lowercase().contains(&searched);
                match (at + 1..=last).chain(0..=at).find(is_in) {
                    Some(place) if !searched.is_empty() => at = place,
                    _ => output::print(&format!("no step says `{searched}`\n"))?,
                }
            }
            Asks::Quit => return Ok(()),
            Asks::Keys => output::print(KEYS)?,
        }
        if at != before {
            answered = false;
            show(slides, at, paper)?;
        }
    }
}

/// A line from the keyboard; none at the end of input.
fn ask(prompt: &str) -> Result<Option<String>, Failure> {
    output::print(prompt)?;
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    let read = read.map_err(|error| Failure::Host { what: "cannot read standard input".to_owned(), error })?;
    Ok((read > 0).then_some(line))
}
