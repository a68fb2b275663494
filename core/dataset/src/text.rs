//! Lines of a text.

/// The start of the line that `offset` is in.
pub(crate) fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The end of that line, before its newline.
pub(crate) fn line_end(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |newline| offset + newline)
}

/// The first place at or after `offset` that is not a space or tab.
pub(crate) fn skip_blanks(text: &str, offset: usize) -> usize {
    text.len() - text[offset..].trim_start_matches([' ', '\t']).len()
}
