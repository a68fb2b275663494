//! Pieces of other files on their way to becoming snippets.

use std::ops::Range;

use crate::Reason;
use crate::workspace::FileId;

/// A piece of another file that may be shown.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) file: FileId,
    /// Where it stands; of a skeleton, what it stands for.
    pub(crate) piece: Piece,
    pub(crate) score: f32,
    pub(crate) reason: Reason,
}

/// What is shown of a file.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// Whole lines as they are.
    Lines(Range<usize>),
    /// Declarations without their bodies, and where these stand.
    Skeleton(String, Range<usize>),
}

impl Piece {
    pub(crate) fn range(&self) -> &Range<usize> {
        match self {
            Piece::Lines(range) | Piece::Skeleton(_, range) => range,
        }
    }
}

/// The start of the line that `start` stands on, or of the comments and attributes right above it.
pub(crate) fn lead_start(text: &str, start: usize) -> usize {
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let mut start = line_start(start);
    while start > 0 {
        let above = line_start(start - 1);
        let line = text[above..start].trim_ascii_start();
        let leads = ["//", "/*", "*", "#[", "@", "# "].iter().any(|mark| line.starts_with(mark));
        if !leads {
            break;
        }
        start = above;
    }
    start
}
