use std::fmt::Write;

use crate::Pieces;

/// What a model is asked that only talks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// What it is to do.
    pub system: &'static str,
    /// What it is to do it with.
    pub user: String,
}

const SYSTEM: &str = "You complete code in an editor. You are shown the file that is being edited, with \
<CURSOR> at the place of the cursor, and perhaps pieces of other files. Answer with the text to insert at \
<CURSOR> and nothing else: no explanation, no code fence, nothing that stands before or behind <CURSOR> \
already. Keep to the file's style and indentation. End with the statement or block that is begun; answer \
nothing where nothing is missing.";

/// The completion at the cursor as a question in words.
pub fn chat(pieces: &Pieces<'_>) -> Chat {
    let mut user = String::new();
    for file in &pieces.files {
        let _ = write!(user, "A piece of {}:\n{}\n", file.path, file.text);
    }
    let Pieces { path, prefix, suffix, .. } = pieces;
    let _ = write!(user, "The edited file, {path}:\n{prefix}<CURSOR>{suffix}");
    Chat { system: SYSTEM, user }
}
