//! A session: operations typed one by one.
//!
//! A run is deterministic and takes milliseconds, so after each line the whole session runs again from the start, and
//! only what is new is shown.

use super::answer::Answer;
use super::commands::COMMANDS;
use super::machine::Board;
use super::model::Script;
use super::parse::{CPUS_DEFAULT, LINES};
use super::print;
use super::run::{End, Ends, Looks, Transcript, run_observed};
use super::work::forms;
use crate::report::Paper;
use crate::scenario::diagnostic::{InputError, Source};
use crate::scenario::operation::{register_list, term_names};
use crate::scenario::{Bus, counted};
use sim::{Execution, Interruption};
use std::sync::Arc;

/// The name of a session in messages.
const NAME: &str = "session";

/// What has been typed so far, and what came of it.
#[derive(Debug)]
pub struct Session {
    board: Board,
    execution: Execution,
    paper: Paper,
    /// The lines that were taken.
    text: String,
    /// The printed lines of their operations.
    shown: Vec<String>,
    /// How the last run ended that was shown: the last line of a transcript.
    end: String,
    /// What may end a run before it is done.
    ends: Ends,
    /// Has somebody ended the last run?
    interrupted: bool,
}

/// What a line of a session comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Show this, and go on.
    Show(String),
    /// The session is over.
    Quit,
}

impl Session {
    /// A session on a machine, with nothing typed yet.
    pub fn new(board: Board, execution: Execution, paper: Paper) -> Self {
        Self {
            board,
            execution,
            paper,
            text: String::new(),
            shown: vec![],
            end: String::new(),
            ends: Ends::default(),
            interrupted: false,
        }
    }

    /// The same, whose runs `ends` may end.
    pub(crate) fn ended_by(self, ends: Ends) -> Self {
        Self { ends, ..self }
    }

    /// Has somebody from outside ended the run of the last line? It is not kept then; of a whole script all is kept.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    /// Takes a whole script as if it had been typed.
    ///
    /// # Errors
    /// The script is wrong, or the machine cannot run it; nothing of it is taken.
    pub fn load(&mut self, source: &Arc<Source>) -> Result<String, InputError> {
        let transcript = self.run(source)?;
        self.text = source.text().to_owned();
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        Ok(print::header(&transcript) + &self.show(&transcript))
    }

    /// Takes one line.
    ///
    /// # Errors
    /// The line is wrong: it is not taken, and the session goes on.
    pub fn enter(&mut self, line: &str) -> Result<Step, InputError> {
        Ok(match line.trim() {
            "" => Step::Show(String::new()),
            "help" | "?" => Step::Show(help()),
            "state" => Step::Show(self.state()?),
            "registers" => Step::Show(names()),
            "list" => Step::Show(self.text.clone()),
            "undo" => Step::Show(self.undo()?),
            "quit" | "exit" => Step::Quit,
            line => Step::Show(self.take(&format!("{}{line}\n", self.text))?),
        })
    }

    /// What it runs on, before anything is typed.
    pub fn greeting(&self) -> String {
        let Board { generation, bus, .. } = self.board;
        let bus = match bus {
            Bus::Ideal => "an ideal bus (a message arrives after 100 ns, the ICR never reads busy)".to_owned(),
            other => format!("the {other} bus"),
        };
        format!(
            "Local APICs by hand: {} ({generation}) on {bus}.\n\
             One operation a line; `?` for a list, `cpus N` for another number of CPUs, Ctrl-D to leave.\n",
            counted(CPUS_DEFAULT, "CPU")
        )
    }

    /// What every CPU does now: a line that is not kept.
    fn state(&mut self) -> Result<String, InputError> {
        let source = Source::new(NAME, format!("{}state *\n", self.text));
        let transcript = self.run(&source)?;
        let states = match transcript.replies.last().and_then(|reply| reply.answer.as_ref()) {
            Some(Answer::States(states)) => states.clone(),
            _ => return Ok(print::footer(&transcript)),
        };
        Ok(states.iter().enumerate().map(|(cpu, state)| format!("  cpu {cpu}  {state}\n")).collect())
    }

    /// The line that ends a transcript; empty if nothing ran.
    pub fn end(&self) -> &str {
        &self.end
    }

    fn run(&mut self, source: &Arc<Source>) -> Result<Transcript, InputError> {
        self.interrupted = false;
        let script = Arc::new(Script::parse(source)?);
        let transcript = run_observed(&script, &self.board, self.execution, self.ends.clone(), Looks::default())?;
        self.interrupted = transcript.end == End::Interrupted(Interruption::Flag);
        Ok(transcript)
    }

    /// Runs `text` in place of the session's; keeps it unless the run stops in it.
    fn take(&mut self, text: &str) -> Result<String, InputError> {
        let transcript = self.run(&Source::new(NAME, text))?;
        if transcript.end == End::Complete {
            text.clone_into(&mut self.text);
            return Ok(self.show(&transcript));
        }
        if self.interrupted {
            return Ok("# interrupted: the line is not kept\n".to_owned()); // where in all of it, depends on the host
        }
        Ok(print::footer(&transcript) + "# the line is not kept\n")
    }

    fn undo(&mut self) -> Result<String, InputError> {
        let kept = match self.text.trim_end_matches('\n').rfind('\n') {
            Some(end) => self.text[..=end].to_owned(),
            None => String::new(),
        };
        let gone = self.text[kept.len()..].to_owned();
        self.take(&kept)?;
        Ok(if gone.is_empty() {
            "# there is nothing to take back\n".to_owned()
        } else {
            format!("# taken back: {gone}")
        })
    }

    /// The lines that are new; all of them if a directive has changed what came of the old ones.
    fn show(&mut self, transcript: &Transcript) -> String {
        let lines: Vec<String> = print::lines(transcript, self.paper).collect();
        let same = lines.iter().zip(&self.shown).take_while(|(now, before)| now == before).count();
        let changed = same < self.shown.len().min(lines.len());
        let from = if changed { 0 } else { same };
        let restart = if changed { print::header(transcript) } else { String::new() };
        let new = restart + &lines[from..].concat();
        self.shown = lines;
        self.end = print::footer(transcript);
        new
    }
}

fn help() -> String {
    let forms = LINES.iter().chain(forms()).chain(&COMMANDS);
    let mut text: String = forms.map(|form| format!("  {:<26} {}\n", form.usage, form.about)).collect();
    text += "Simulated time passes only in `wait`, `tick` and the operations themselves. `registers` has the names.\n";
    text
}

fn names() -> String {
    format!(
        "registers: {} (ICR is ICRL), or a byte offset as 0x300\nMSRs:      APIC_BASE TSC_DEADLINE X2:REG, or a number\n\
         values:    {} and C-style numbers, joined by | without blanks\n",
        register_list(),
        term_names().join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAPER: Paper = Paper { width: 80, exact: false, colour: false };

    fn session() -> Session {
        Session::new(Board::default(), Execution::default(), PAPER)
    }

    fn shown(session: &mut Session, line: &str) -> String {
        match session.enter(line) {
            Ok(Step::Show(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn only_what_is_new_is_shown() {
        let mut session = session();
        assert_eq!(shown(&mut session, "cpu 1 write TPR 0x20"), "001 cpu 1 write TPR 0x20 => ok\n");
        assert_eq!(shown(&mut session, "  cpu 1   read TPR # what is it?"), "002 cpu 1 read TPR => 0x00000020\n");
        assert_eq!(shown(&mut session, "# only a comment"), "");
        assert_eq!(shown(&mut session, "cpu 1 read PPR"), "003 cpu 1 read PPR => 0x00000020\n");
        assert_eq!(session.end(), "# end icr_reads=0 icr_busy=0\n");
    }

    #[test]
    fn a_wrong_line_is_not_kept() {
        let mut session = session();
        shown(&mut session, "cpu 1 sti");
        let error = session.enter("cpu 1 raed TPR").expect_err("no such operation").render(false);
        assert!(error.contains("session:2:7") && error.contains("`read`"), "{error}");
        assert_eq!(shown(&mut session, "list"), "cpu 1 sti\n");
    }

    #[test]
    fn a_directive_starts_the_machine_anew() {
        let mut session = session();
        shown(&mut session, "cpu 1 read SVR");
        let again = shown(&mut session, "init raw");
        assert_eq!(again, "# apic-script v1 cpus=4 init=raw\n001 cpu 1 read SVR => 0x000000ff\n");
        assert_eq!(shown(&mut session, "cpus 2"), "", "nothing of what was shown has changed");
        assert!(session.enter("cpu 2 sti").is_err());
    }

    #[test]
    fn undo_takes_the_last_line_back() {
        let mut session = session();
        for line in ["cpu 1 write TPR 0x20", "cpu 1 write TPR 0x30"] {
            shown(&mut session, line);
        }
        assert_eq!(shown(&mut session, "undo"), "# taken back: cpu 1 write TPR 0x30\n");
        assert_eq!(shown(&mut session, "cpu 1 read TPR"), "002 cpu 1 read TPR => 0x00000020\n");
        for _ in 0..2 {
            shown(&mut session, "undo");
        }
        assert_eq!(shown(&mut session, "undo"), "# there is nothing to take back\n");
    }

    #[test]
    fn a_line_that_stops_the_script_is_not_kept() {
        let mut session = session();
        shown(&mut session, "cpu 1 sti");
        let stopped = shown(&mut session, "cpu 1 ipi 0 INIT|ASSERT");
        assert!(stopped.starts_with("# stopped at line 002: cpu 0 took an INIT"), "{stopped}");
        assert_eq!(shown(&mut session, "list"), "cpu 1 sti\n");
    }

    #[test]
    fn the_greeting_names_machine_and_bus() {
        assert!(session().greeting().starts_with("Local APICs by hand: 4 CPUs (x2apic) on an ideal bus"));
        let board = Board { generation: sim::Generation::P6, bus: Bus::Serial, ..Board::default() };
        let greeting = Session::new(board, Execution::default(), PAPER).greeting();
        assert!(greeting.contains("(p6) on the serial bus"), "{greeting}");
    }

    #[test]
    fn state_is_shown_and_not_kept() {
        let mut session = session();
        shown(&mut session, "cpus 2");
        shown(&mut session, "cpu 1 sti");
        let state = shown(&mut session, "state");
        assert!(state.contains("cpu 1  running if=1") && state.lines().count() == 2, "{state}");
        assert_eq!(shown(&mut session, "list"), "cpus 2\ncpu 1 sti\n");
        assert_eq!(shown(&mut session, "?"), shown(&mut session, "help"));
    }

    #[test]
    fn help_has_every_form() {
        let text = shown(&mut session(), "help");
        for form in LINES.iter().chain(forms()).chain(&COMMANDS) {
            assert!(text.contains(form.usage), "{}", form.usage);
        }
        assert!(shown(&mut session(), "registers").contains("LVTERR"));
        assert_eq!(session().enter(" quit "), Ok(Step::Quit));
    }
}
