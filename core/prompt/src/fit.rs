//! Shortening a text to a number of tokens at the best place.

use inkling_context::Section;

/// No tokenizer makes fewer tokens of a text than one for this many bytes, for long; texts are cut to it
/// before they are counted at all.
const MAX_BYTES_A_TOKEN: usize = 12;

/// The end of `section` (its nearest part to the cursor) that fits `n_tokens`.
///
/// The farthest syntax boundary that fits wins if it keeps at least half of what would fit; else the
/// farthest line start.
pub(crate) fn fit_prefix<'a>(
    section: &'a Section,
    n_tokens: usize,
    count: &dyn Fn(&str) -> usize,
) -> &'a str {
    let text = &section.text;
    let fits = |start: usize| fits(&text[start..], n_tokens, count);
    if fits(0) {
        return text;
    }
    let lines = line_starts(text);
    let line = lines.get(lines.partition_point(|&start| !fits(start))).copied();
    let cut = section.cuts.get(section.cuts.partition_point(|&start| !fits(start))).copied();
    let start = match (cut, line) {
        (Some(cut), Some(line)) if (text.len() - cut) * 2 >= text.len() - line => cut,
        (_, Some(line)) => line,
        (Some(cut), None) => cut,
        (None, None) => longest_tail(text, &fits),
    };
    &text[start..]
}

/// The beginning of `section` that fits `n_tokens`, by the same rule.
pub(crate) fn fit_suffix<'a>(
    section: &'a Section,
    n_tokens: usize,
    count: &dyn Fn(&str) -> usize,
) -> &'a str {
    let text = &section.text;
    let fits = |end: usize| fits(&text[..end], n_tokens, count);
    if fits(text.len()) {
        return text;
    }
    let lines = line_starts(text);
    let last_fitting = |places: &[usize]| places[..places.partition_point(|&end| fits(end))].last().copied();
    let end = match (last_fitting(&section.cuts), last_fitting(&lines)) {
        (Some(cut), Some(line)) if cut * 2 >= line => cut,
        (_, Some(line)) => line,
        (Some(cut), None) => cut,
        (None, None) => longest_head(text, &fits),
    };
    &text[..end]
}

fn fits(text: &str, n_tokens: usize, count: &dyn Fn(&str) -> usize) -> bool {
    text.len() <= n_tokens.saturating_mul(MAX_BYTES_A_TOKEN) && count(text) <= n_tokens
}

/// Offsets after each newline.
fn line_starts(text: &str) -> Vec<usize> {
    text.match_indices('\n').map(|(at, _)| at + 1).collect()
}

/// A single endless line is cut between characters.
fn longest_tail(text: &str, fits: &dyn Fn(usize) -> bool) -> usize {
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    starts.get(starts.partition_point(|&start| !fits(start))).copied().unwrap_or(text.len())
}

fn longest_head(text: &str, fits: &dyn Fn(usize) -> bool) -> usize {
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    ends[..ends.partition_point(|&end| fits(end))].last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(text: &str, cuts: &[usize]) -> Section {
        Section { text: text.to_string(), cuts: cuts.to_vec() }
    }

    /// One token a byte.
    fn count(text: &str) -> usize {
        text.len()
    }

    #[test]
    fn a_prefix_keeps_its_end_from_a_boundary() {
        let prefix = section("one\ntwo\nthree\nfour", &[4, 14]);
        assert_eq!(fit_prefix(&prefix, 100, &count), "one\ntwo\nthree\nfour");
        assert_eq!(fit_prefix(&prefix, 16, &count), "two\nthree\nfour", "the cut at 4");
        assert_eq!(fit_prefix(&prefix, 11, &count), "three\nfour", "the cut at 14 would keep too little");
        assert_eq!(fit_prefix(&prefix, 2, &count), "ur", "a line that does not fit is cut");
        assert_eq!(fit_prefix(&prefix, 0, &count), "");
    }

    #[test]
    fn a_suffix_keeps_its_beginning() {
        let suffix = section(")\n}\n\nfn next() {\n}\n", &[5]);
        assert_eq!(fit_suffix(&suffix, 100, &count), suffix.text);
        assert_eq!(
            fit_suffix(&suffix, 18, &count),
            ")\n}\n\nfn next() {\n",
            "a line: the cut keeps too little"
        );
        assert_eq!(fit_suffix(&suffix, 8, &count), ")\n}\n\n", "the cut at 5");
        assert_eq!(fit_suffix(&section("äöü", &[]), 3, &count), "ä", "between characters");
    }
}
