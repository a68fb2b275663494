use serde::{Deserialize, Serialize};

/// A program with a hole or without an end, and tests that say whether it was completed well: a row of
/// HumanEval (Chen et al. 2021) or of its infilling variants (Bavarian et al. 2022).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Problem {
    /// Names the problem, and before the first `/` the format.
    pub task_id: String,
    /// The function that the tests call.
    pub entry_point: String,
    /// The text before the hole.
    pub prompt: String,
    /// The text behind it; none where the rest of the program is asked for.
    #[serde(default)]
    pub suffix: String,
    /// What stood there.
    pub canonical_solution: String,
    /// Defines `check(candidate)`.
    pub test: String,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One line of a function.
    SingleLine,
    /// Consecutive lines of a function.
    MultiLine,
    /// Any part of a function, in the middle of lines.
    RandomSpan,
    /// A function's whole body, with nothing behind it.
    Body,
}

/// The status with which a program ends that has passed its tests: nothing else ends with it.
pub const PASSED_STATUS: i32 = 77;

impl Problem {
    /// What is asked for, by the name.
    pub fn format(&self) -> Format {
        match self.task_id.split('/').next().unwrap_or("") {
            "SingleLineInfilling" => Format::SingleLine,
            "MultiLineInfilling" => Format::MultiLine,
            name if name.starts_with("RandomSpan") => Format::RandomSpan,
            _ => Format::Body,
        }
    }

    /// The file as an editor has it, with the cursor behind `prompt`: lines that are asked for leave an empty
    /// one.
    pub fn text(&self) -> String {
        let line_break = match self.format() {
            Format::SingleLine | Format::MultiLine => "\n",
            Format::RandomSpan | Format::Body => "",
        };
        format!("{}{line_break}{}", self.prompt, self.suffix)
    }

    /// The part of `answer` that counts: its first line, or what belongs to the function.
    pub fn cut<'a>(&self, answer: &'a str) -> &'a str {
        let end = match self.format() {
            Format::SingleLine => answer.find('\n'),
            Format::MultiLine | Format::RandomSpan => None,
            Format::Body => end_of_body(answer),
        };
        &answer[..end.unwrap_or(answer.len())]
    }

    /// Whether more text behind `answer` would only be cut off.
    pub fn is_complete(&self, answer: &str) -> bool {
        self.cut(answer).len() < answer.len()
    }

    /// The Python program with `answer` in the hole; it ends with [`PASSED_STATUS`] if the tests pass.
    pub fn program(&self, answer: &str) -> String {
        let Problem { prompt, suffix, test, entry_point, .. } = self;
        let line_break = match self.format() {
            Format::RandomSpan => "",
            _ if answer.ends_with('\n') => "",
            _ => "\n",
        };
        format!(
            "{prompt}{answer}{line_break}{suffix}\n{test}\ncheck({entry_point})\nraise SystemExit({PASSED_STATUS})\n"
        )
    }
}

/// Where a line begins that is not indented.
fn end_of_body(text: &str) -> Option<usize> {
    let begins = |at: &usize| text[at + 1..].starts_with(|c: char| !c.is_whitespace());
    text.match_indices('\n').map(|(at, _)| at).find(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(task_id: &str) -> Problem {
        Problem {
            task_id: task_id.into(),
            entry_point: "f".into(),
            prompt: "def f():\n".into(),
            suffix: "    return x\n".into(),
            canonical_solution: "    x = 1\n".into(),
            test: "def check(f):\n    assert f() == 1".into(),
        }
    }

    #[test]
    fn what_counts_depends_on_the_format() {
        let cut = |task_id: &str, answer: &'static str| problem(task_id).cut(answer);
        assert_eq!(cut("SingleLineInfilling/1", "  x\n  y"), "  x");
        assert_eq!(cut("MultiLineInfilling/1", "  x\n  y"), "  x\n  y");
        assert_eq!(cut("RandomSpanInfilling/1", "x)\ny"), "x)\ny");
        assert_eq!(cut("HumanEval/1", "  x\n\n  y\n# Test\nf()"), "  x\n\n  y");
        assert!(problem("HumanEval/1").is_complete("  x\ny") && !problem("HumanEval/1").is_complete("  x\n"));
    }

    #[test]
    fn a_program_is_prompt_answer_suffix_and_tests() {
        let program = problem("SingleLineInfilling/1").program("    x = 1");
        let expected = "def f():\n    x = 1\n    return x\n\ndef check(f):\n    assert f() == 1\ncheck(f)\nraise SystemExit(77)\n";
        assert_eq!(program, expected);
        assert!(
            problem("RandomSpanInfilling/1").program("    x =").starts_with("def f():\n    x =    return")
        );
    }

    #[test]
    fn the_cursor_stands_in_an_empty_line_where_lines_are_asked_for() {
        assert_eq!(problem("SingleLineInfilling/1").text(), "def f():\n\n    return x\n");
        assert_eq!(problem("RandomSpanInfilling/1").text(), "def f():\n    return x\n");
    }
}
