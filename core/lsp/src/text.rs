//! LSP's positions (lines and UTF-16 code units) and the core's byte offsets; URIs' paths.

use gen_lsp_types::{Position, Range};

/// The byte offset of `position` in `text`; past a line's end is its end, past the last line the text's end.
pub fn byte_from_utf16(text: &str, position: Position) -> usize {
    let Some(start) = line_start(text, position.line) else { return text.len() };
    let mut left = position.character as usize;
    for (at, c) in text[start..].char_indices() {
        if left == 0 || c == '\n' || (c == '\r' && text[start + at..].starts_with("\r\n")) {
            return start + at;
        }
        // A position between the halves of a surrogate pair is before the character.
        match left.checked_sub(c.len_utf16()) {
            Some(less) => left = less,
            None => return start + at,
        }
    }
    text.len()
}

/// The position of byte `offset` in `text`, clamped to it.
pub fn utf16_from_byte(text: &str, offset: usize) -> Position {
    let before = &text[..text.floor_char_boundary(offset)];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before[..start].bytes().filter(|byte| *byte == b'\n').count();
    Position { line: line as u32, character: before[start..].encode_utf16().count() as u32 }
}

/// As [`byte_from_utf16`], for both ends; an inverted range is put right.
pub fn bytes_from_utf16(text: &str, range: Range) -> std::ops::Range<usize> {
    let (start, end) = (byte_from_utf16(text, range.start), byte_from_utf16(text, range.end));
    start.min(end)..start.max(end)
}

/// `%20` and its like in a URI's path.
pub fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = (byte == b'%').then(|| tail.get(..2)).flatten();
        let decoded = code.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_string())
}

fn line_start(text: &str, line: u32) -> Option<usize> {
    match line.checked_sub(1) {
        None => Some(0),
        Some(nth) => text.match_indices('\n').nth(nth as usize).map(|(at, _)| at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_offsets_agree() {
        let text = "aä𐐷z\r\nsecond\n";
        for (line, character, offset) in
            [(0, 0, 0), (0, 1, 1), (0, 2, 3), (0, 4, 7), (0, 5, 8), (1, 0, 10), (1, 3, 13), (2, 0, 17)]
        {
            let position = Position { line, character };
            assert_eq!(byte_from_utf16(text, position), offset, "{position:?}");
            assert_eq!(utf16_from_byte(text, offset), position, "{offset}");
        }
    }

    #[test]
    fn impossible_positions_are_clamped() {
        let text = "a𐐷\nb";
        let at = |line, character| byte_from_utf16(text, Position { line, character });
        assert_eq!(at(0, 99), 5, "the line's end");
        assert_eq!(at(9, 0), 7, "the text's end");
        assert_eq!(at(0, 2), 1, "before the character whose half was meant");
        assert_eq!(byte_from_utf16("", Position { line: 0, character: 3 }), 0);
    }
}
