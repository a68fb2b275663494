use crate::{Part, Prompt, Template};

/// A prompt taken apart, for those who put it together themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces<'a> {
    /// Pieces of other files, the most relevant last.
    pub files: Vec<FilePiece<'a>>,
    /// The file that is being edited.
    pub path: &'a str,
    /// Its text before the cursor.
    pub prefix: &'a str,
    /// Its text behind the cursor.
    pub suffix: &'a str,
}

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePiece<'a> {
    /// Where it stands.
    pub path: &'a str,
    /// Whole lines.
    pub text: &'a str,
}

impl Prompt {
    /// The pieces that this prompt was put together from by `template`, one of
    /// [`Family::Apart`](crate::Family::Apart).
    pub fn pieces(&self, template: &Template) -> Pieces<'_> {
        let mut pieces = Pieces::default();
        let mut special = "";
        for part in &self.parts {
            match part {
                Part::Special(token) => special = token,
                Part::Text(text) if special == template.prefix => pieces.prefix = text,
                Part::Text(text) if special == template.suffix => pieces.suffix = text,
                Part::Text(text) => {
                    let (path, text) = text.split_once('\n').unwrap_or((text, ""));
                    pieces.files.push(FilePiece { path, text });
                }
            }
        }
        // The last section is the edited file's own, a path alone.
        pieces.path = pieces.files.pop().map_or("", |own| own.path);
        pieces
    }
}
