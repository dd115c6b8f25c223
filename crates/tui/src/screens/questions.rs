//! The questions about a lab or a run, beside its handout: predictions before the run, answers
//! beside what came out.
//!
//! ```text
//! ╭ Thirty random forests ─╮╭ Questions, before the run ─────────╮
//! │ # handout              ││ ▸ [x] predict-speedup      1 point │
//! │ You train 30 random …  ││   [ ] karp-flatt          2 points │
//! │                        ││                                    │
//! │                        ││ What speed-up of `tasks` …         │
//! │                        ││ › 1.8                              │
//! ╰────────────────────────╯╰────────────────────────────────────╯
//! ```
//!
//! Every change of a text is kept at once.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ratatui::Frame;
use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use workbench_questions::{
    AnswerSheet, LONGEST_ANSWER, Question, QuestionKind, QuestionSet, given, letter,
};
use workbench_report::answers;

use super::SharedState;
use super::handout::Handout;
use crate::action::Action;
use crate::event::Loaded;
use crate::field::{Editing, TextField};
use crate::kit::text::{fit, safe, width, wrap_plain};
use crate::kit::{ListState, Motion, inside, lines, panel};
use crate::sheet_place::SheetPlace;
use crate::theme::Theme;

/// The narrowest window that has room for both panes.
const BOTH: u16 = 76;
/// Lines of an answer that are shown.
const ANSWER_LINES: usize = 6;

/// What the questions are about.
pub enum AskedAbout {
    /// The next run of the lab with this place in the list.
    Lab(usize),
    /// A run that was made.
    Run(Arc<Loaded>),
}

/// The panes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Questions,
    Handout,
}

/// The screen's own state.
pub struct QuestionsScreen {
    subject: AskedAbout,
    place: SheetPlace,
    title: String,
    source: String,
    questions: QuestionSet,
    /// The answers, once they were read.
    sheet: Option<Result<AnswerSheet, String>>,
    list: ListState,
    /// The answer that is typed.
    typed: Option<TextField>,
    focus: Focus,
    panes: [Rect; 2],
    /// The lab's handout.
    pub handout: Handout,
}

impl QuestionsScreen {
    /// The questions about the next run of a lab, or about a run; `None` where nothing is asked.
    pub fn new(subject: AskedAbout, shared: &SharedState) -> Option<Self> {
        let (lab, questions, place) = match &subject {
            AskedAbout::Lab(at) => {
                let lab = shared.labs.get(*at)?;
                let definition = lab.definition();
                let assignment = definition.assignment.as_deref();
                let place = SheetPlace::Draft {
                    lab: definition.name.clone(),
                    assignment_sha256: assignment.map(|recorded| recorded.sha256.clone()),
                };
                (Some(lab), lab.questions().clone(), place)
            }
            AskedAbout::Run(loaded) => {
                let mut labs = shared.labs.iter();
                let lab = labs.find(|lab| lab.definition().name == loaded.result.lab);
                let locked = loaded.snapshot.locked.as_deref()?;
                let place = SheetPlace::Run(loaded.run.clone());
                (lab, locked.questions.clone(), place)
            }
        };
        if questions.is_empty() {
            return None;
        }
        Some(Self {
            title: lab
                .map_or("Handout", |lab| &lab.definition().title)
                .to_owned(),
            source: lab.map_or("", |lab| lab.handout()).to_owned(),
            subject,
            place,
            questions,
            sheet: None,
            list: ListState::default(),
            typed: None,
            focus: Focus::default(),
            panes: [Rect::default(); 2],
            handout: Handout::default(),
        })
    }

    /// Where its answers are kept.
    pub fn place(&self) -> &SheetPlace {
        &self.place
    }

    /// The run that is asked about, where it was made.
    pub fn run(&self) -> Option<&Arc<Loaded>> {
        match &self.subject {
            AskedAbout::Run(loaded) => Some(loaded),
            AskedAbout::Lab(_) => None,
        }
    }

    /// Takes in the answers that were read.
    pub fn read(&mut self, place: &SheetPlace, sheet: Result<AnswerSheet, String>) {
        if *place == self.place {
            self.sheet = Some(sheet);
        }
    }

    /// Whether an answer is typed.
    pub fn is_typing(&self) -> bool {
        self.typed.is_some()
    }

    fn question(&self) -> Option<&Question> {
        self.questions.questions.get(self.list.selected)
    }

    /// Why a question takes no answer here.
    fn refusal(&self, question: &Question) -> Option<&'static str> {
        match (&self.subject, question.is_prediction()) {
            (AskedAbout::Run(_), true) => Some("The run has locked what was predicted."),
            (AskedAbout::Lab(_), false) => {
                Some("This is asked after the run: answer it from the Result screen.")
            }
            _ => None,
        }
    }

    /// What was answered to a question.
    fn answer(&self, question: &Question) -> Option<&str> {
        let sheet = match &self.sheet {
            Some(Ok(sheet)) => Some(sheet),
            _ => None,
        };
        let locked = self
            .run()
            .and_then(|loaded| loaded.snapshot.locked.as_deref());
        let answer = match locked {
            Some(locked) => locked.answer(&question.id, sheet),
            None => sheet?.find(&question.id),
        };
        answer.map(|answer| answer.text.as_str())
    }

    /// Does what a key stands for.
    ///
    /// # Errors
    /// Why a question takes no answer.
    pub fn act(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Next | Action::Previous => {
                self.focus = match self.focus {
                    Focus::Questions => Focus::Handout,
                    Focus::Handout => Focus::Questions,
                };
            }
            Action::Move(motion) => self.go(*motion),
            Action::Choose => return self.begin(),
            Action::Type => {
                self.focus = Focus::Handout;
                self.handout.begin_search();
            }
            Action::Found(forward) => {
                self.focus = Focus::Handout;
                self.handout.next(*forward);
            }
            _ => {}
        }
        Ok(())
    }

    fn go(&mut self, motion: Motion) {
        match self.focus {
            Focus::Questions => self.list.go(motion, self.questions.questions.len()),
            Focus::Handout => self.handout.go(motion),
        }
    }

    /// Lets keys go into the answer.
    fn begin(&mut self) -> Result<(), String> {
        self.focus = Focus::Questions;
        let Some(question) = self.question() else {
            return Ok(());
        };
        if let Some(why) = self.refusal(question) {
            return Err(why.to_owned());
        }
        if let Some(Err(why)) = &self.sheet {
            return Err(why.clone());
        }
        let text = self.answer(question).unwrap_or_default();
        self.typed = Some(match question.kind {
            QuestionKind::Text { .. } => TextField::of_lines(text, LONGEST_ANSWER),
            _ => TextField::new(text, 200),
        });
        Ok(())
    }

    /// Takes a key into the answer; gives the sheet where it has changed.
    pub fn type_key(&mut self, key: KeyEvent, meaning: Option<Editing>) -> Option<AnswerSheet> {
        match meaning {
            Some(Editing::Keep | Editing::Discard) => {
                self.typed = None;
                return None;
            }
            Some(Editing::Empty) => self.typed.as_mut()?.set(""),
            Some(Editing::Line) => self.typed.as_mut()?.paste("\n"),
            None => _ = self.typed.as_mut()?.key(key),
        }
        self.changed()
    }

    /// Takes text into the answer; gives the sheet where it has changed.
    pub fn paste(&mut self, text: &str) -> Option<AnswerSheet> {
        self.typed.as_mut()?.paste(text);
        self.changed()
    }

    /// Takes what is typed into the sheet.
    fn changed(&mut self) -> Option<AnswerSheet> {
        let id = self.question()?.id.clone();
        let text = self.typed.as_ref()?.text().to_owned();
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let unix_ms = since.map_or(0, |since| since.as_millis() as u64);
        let Some(Ok(sheet)) = &mut self.sheet else {
            return None;
        };
        sheet.set(&id, &text, unix_ms).then(|| sheet.clone())
    }

    /// A click selects, a click on what is selected answers it, the wheel scrolls what is under it.
    pub fn mouse(&mut self, event: MouseEvent) -> Option<Action> {
        let place = (event.column, event.row).into();
        if self.pane(Focus::Handout).contains(place) {
            self.typed = None;
            self.focus = Focus::Handout;
            self.handout.wheel(event.kind);
            return None;
        }
        let len = self.questions.questions.len();
        self.list.row_at(event.column, event.row, len)?;
        (self.focus, self.typed) = (Focus::Questions, None);
        self.list.mouse(event, len).then_some(Action::Choose)
    }

    /// The area inside a pane.
    fn pane(&self, which: Focus) -> Rect {
        inside(self.panes[usize::from(which == Focus::Handout)])
    }

    /// Takes in where the screen goes.
    pub fn arrange(&mut self, area: Rect, theme: &Theme) {
        self.panes = if area.width >= BOTH {
            let split = [Constraint::Percentage(42), Constraint::Min(0)];
            let [handout, questions] = Layout::horizontal(split).areas(area);
            [questions, handout]
        } else if self.focus == Focus::Handout {
            [Rect::default(), area]
        } else {
            [area, Rect::default()]
        };
        let [list, _] = self.list_and_detail();
        self.list.arrange(list, self.questions.questions.len());
        let handout = self.pane(Focus::Handout);
        self.handout.arrange(handout, (0, &self.source), theme);
    }

    /// The list, and below it the selected question.
    fn list_and_detail(&self) -> [Rect; 2] {
        let area = self.pane(Focus::Questions);
        let most = (area.height / 2).max(1);
        let len = self.questions.questions.len() as u16;
        let split = [Constraint::Length(len.min(most) + 1), Constraint::Min(0)];
        Layout::vertical(split).areas(area)
    }

    /// Draws the screen.
    pub fn draw(&self, frame: &mut Frame, theme: &Theme) {
        let [questions, handout] = self.panes;
        if handout.width > 0 {
            let focused = self.focus == Focus::Handout;
            panel(frame, handout, &safe(&self.title), focused, theme);
            self.handout.draw(frame, theme);
        }
        if questions.width > 0 {
            let focused = self.focus == Focus::Questions;
            let title = match &self.subject {
                AskedAbout::Lab(_) => "Questions: before the run",
                AskedAbout::Run(_) => "Questions about this run",
            };
            panel(frame, questions, title, focused, theme);
            self.draw_questions(frame, theme);
        }
    }

    fn draw_questions(&self, frame: &mut Frame, theme: &Theme) {
        let asked = &self.questions.questions;
        let keys_act = self.focus == Focus::Questions;
        self.list
            .draw(frame, (asked.len(), keys_act), theme, |index, columns| {
                self.row(&asked[index], columns, theme)
            });
        let [_, detail] = self.list_and_detail();
        let Some(question) = self.question() else {
            return;
        };
        let columns = usize::from(detail.width);
        let mut text = asked_text(question, columns, theme);
        let at = text.len();
        let answer = self.answer_lines(question, columns, theme);
        let room = usize::from(detail.height);
        // What is typed stays in sight, however long the question is.
        let shown = at.min(room.saturating_sub(answer.len()));
        text.truncate(shown);
        if self.is_typing()
            && let Some(last) = answer.last()
        {
            let x = detail.x + (last.width() as u16).min(detail.width.saturating_sub(1));
            let y = detail.y + (shown + answer.len() - 1) as u16;
            if y < detail.bottom() {
                frame.set_cursor_position((x, y));
            }
        }
        text.extend(answer);
        text.extend(self.remarks(question, columns, theme));
        lines(frame, detail, &text);
    }

    fn row(&self, question: &Question, columns: usize, theme: &Theme) -> Line<'static> {
        let (mark, style) = match (self.answer(question), self.refusal(question)) {
            (Some(_), None) => (theme.either("✓ ", "x "), theme.good),
            (Some(_), Some(_)) => (theme.either("✓ ", "x "), theme.dim),
            (None, Some(_)) => (theme.either("– ", "- "), theme.dim),
            (None, None) => (theme.either("○ ", "o "), theme.warn),
        };
        let points = answers::points_text(question.points);
        let room = columns.saturating_sub(width(&points) + 3);
        let name = fit(&safe(&question.id), room, theme.glyphs.ascii);
        let gap = room.saturating_sub(width(&name)) + 1;
        Line::from(vec![
            Span::styled(mark, style),
            Span::styled(name, theme.title),
            Span::raw(" ".repeat(gap)),
            Span::styled(points, theme.dim),
        ])
    }

    /// The answer, with the mark of a field before it.
    fn answer_lines(
        &self,
        question: &Question,
        columns: usize,
        theme: &Theme,
    ) -> Vec<Line<'static>> {
        let mark = theme.either("› ", "> ");
        let typed = self.typed.as_ref().map(TextField::text);
        let (text, style) = match (typed.or_else(|| self.answer(question)), &self.sheet) {
            (Some(text), _) => (text, theme.title),
            (None, None) if self.run().is_none() => ("Reading …", theme.dim),
            (None, Some(Err(error))) => (error.as_str(), theme.bad),
            (None, _) => ("", theme.dim),
        };
        let room = columns.saturating_sub(3);
        let rows = text.split('\n');
        let mut rows: Vec<Line> = rows
            .flat_map(|row| match wrap_plain(&safe(row), room, style) {
                rows if rows.is_empty() => vec![Line::default()],
                rows => rows,
            })
            .collect();
        // Where the text ends with blanks, they are not lost from sight while one types.
        let blanks = text.len() - text.trim_end_matches(' ').len();
        if let (true, Some(last)) = (self.is_typing(), rows.last_mut()) {
            last.push_span(" ".repeat(blanks.min(room)));
        }
        let first = rows.len().saturating_sub(ANSWER_LINES);
        rows.drain(..first);
        for (index, row) in rows.iter_mut().enumerate() {
            let before = if index == 0 { mark } else { "  " };
            row.spans.insert(0, Span::styled(before, theme.accent));
        }
        rows
    }

    /// What there is to say about an answer.
    fn remarks(&self, question: &Question, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
        let mut out = vec![Line::default()];
        let mut add = |text: &str, style| out.extend(wrap_plain(&safe(text), columns, style));
        if let Some(text) = self.answer(question) {
            let answer = workbench_questions::TypedAnswer {
                text: text.to_owned(),
                saved_unix_ms: 0,
            };
            if let Err(error) = given(question, &answer) {
                add(&error.to_string(), theme.warn);
            } else if let Some(loaded) = self.run()
                && !self.is_typing()
                && let Some(came_out) = answers::came_out(question, &loaded.result)
            {
                add(&format!("Came out: {came_out}"), theme.text);
            }
        }
        if let Some(why) = self.refusal(question) {
            add(why, theme.dim);
        } else if question.is_prediction() {
            add("The start of the run locks it.", theme.dim);
        }
        out
    }
}

/// What is asked.
fn asked_text(question: &Question, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let text = answers::question_text(question);
    let mut text = wrap_plain(&text, columns, theme.text);
    if let QuestionKind::Choice {
        choices, several, ..
    } = &question.kind
    {
        for (place, choice) in choices.iter().enumerate() {
            let choice = safe(&choice.text.replace('`', ""));
            let choice = format!("{}) {choice}", letter(place));
            text.extend(wrap_plain(&choice, columns, theme.text));
        }
        if *several {
            text.extend(wrap_plain("Several may be right.", columns, theme.dim));
        }
    }
    text.push(Line::default());
    text
}
