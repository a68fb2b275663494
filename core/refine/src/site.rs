use inkling_syntax::{Source, Way};

/// Where a suggestion would stand.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The file.
    pub source: &'a Source,
    /// The cursor, a byte offset between characters.
    pub offset: usize,
    /// How much a suggestion may hold.
    pub way: Way,
}

impl<'a> Site<'a> {
    /// `offset` is clamped to the text and to a character boundary; the way is what syntax says.
    pub fn new(source: &'a Source, offset: usize) -> Site<'a> {
        let offset = source.clamp(offset);
        Site { source, offset, way: source.way_at(offset) }
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
}

/// Columns of white space at the beginning of `line`, a tab counting as four.
pub(crate) fn indentation(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}
