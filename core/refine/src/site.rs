use inkling_syntax::Source;

/// How much a suggestion may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// The rest of the line.
    Single,
    /// Up to the end of the enclosing block.
    Multi,
}

/// Where a suggestion would stand.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The file.
    pub source: &'a Source,
    /// The cursor, a byte offset between characters.
    pub offset: usize,
    /// Decided by syntax.
    pub lines: Lines,
}

impl<'a> Site<'a> {
    /// `offset` is clamped to the text and to a character boundary.
    pub fn new(source: &'a Source, offset: usize) -> Site<'a> {
        let offset = source.text().floor_char_boundary(offset);
        let mut site = Site { source, offset, lines: Lines::Single };
        if site.opens_body() {
            site.lines = Lines::Multi;
        }
        site
    }

    /// The text before the cursor.
    pub fn prefix(&self) -> &'a str {
        &self.source.text()[..self.offset]
    }

    /// The text after the cursor.
    pub fn suffix(&self) -> &'a str {
        &self.source.text()[self.offset..]
    }

    /// The line up to the cursor.
    pub fn line_before(&self) -> &'a str {
        let prefix = self.prefix();
        &prefix[prefix.rfind('\n').map_or(0, |at| at + 1)..]
    }

    /// The line from the cursor on.
    pub fn line_after(&self) -> &'a str {
        self.suffix().split(['\n', '\r']).next().unwrap_or("")
    }

    /// Several lines are wanted where a body is to be written: behind its opener, or on its empty first line.
    fn opens_body(&self) -> bool {
        let inside_word =
            !self.line_after().trim_matches(|c: char| c.is_whitespace() || ")]};,".contains(c)).is_empty();
        if inside_word || self.source.is_in_comment(self.offset) || self.source.is_in_string(self.offset) {
            return false;
        }
        let before = self.prefix().trim_end();
        let opened =
            before.ends_with('{') || (before.ends_with(':') && self.source.language().line_comment() == "#");
        opened && self.prefix()[before.len()..].matches('\n').count() <= 1 && !self.has_body()
    }

    /// Whether the text below is already indented deeper than the line that opened the body.
    fn has_body(&self) -> bool {
        let opener = self.prefix().trim_end();
        let opener = &opener[opener.rfind('\n').map_or(0, |at| at + 1)..];
        let below = self.suffix().lines().skip(1).find(|line| !line.trim().is_empty());
        below.is_some_and(|line| indentation(line) > indentation(opener))
    }
}

/// Columns of white space at the beginning of `line`, a tab counting as four.
pub(crate) fn indentation(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkling_syntax::Language;

    fn check(fixture: &str, language: Language, expected: Lines) {
        let offset = fixture.find("$0").expect("a cursor");
        let source = Source::new(fixture.replace("$0", ""), language);
        assert_eq!(Site::new(&source, offset).lines, expected, "{fixture}");
    }

    #[test]
    fn a_body_to_be_written_takes_several_lines() {
        check("fn main() {$0}", Language::Rust, Lines::Multi);
        check("fn main() {\n    $0\n}", Language::Rust, Lines::Multi);
        check("def area(r):\n    $0", Language::Python, Lines::Multi);
        check("def area(r):$0\n", Language::Python, Lines::Multi);
    }

    #[test]
    fn elsewhere_the_rest_of_the_line() {
        check("fn main() {\n    let x = $0\n}", Language::Rust, Lines::Single);
        check("fn main() {\n    $0\n    let x = 1;\n}", Language::Rust, Lines::Single);
        check("def area(r):\n    $0\n    return r", Language::Python, Lines::Single);
        check("x = {$0: 1}", Language::Python, Lines::Single);
        check("// like this: {$0", Language::Rust, Lines::Single);
        check("match x {\n    a => foo($0bar),\n}", Language::Rust, Lines::Single);
        check("let x: $0", Language::TypeScript, Lines::Single);
        check("$0", Language::PlainText, Lines::Single);
    }
}
