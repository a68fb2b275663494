use inkling_engine::TokenId;

use crate::Step;

/// An answer being written: tokens may end within a character.
#[derive(Clone)]
pub(crate) struct Writing<'a> {
    /// What it must begin with and what is not part of the text.
    required: &'a str,
    bytes: Vec<u8>,
    pub(crate) steps: Vec<Step>,
    /// Steps that added to the text.
    pub(crate) n_free: usize,
    /// The bytes cannot become text any more.
    pub(crate) broken: bool,
    /// The tokens before and in the answer, without special ones.
    pub(crate) history: Vec<TokenId>,
}

impl<'a> Writing<'a> {
    pub(crate) fn new(required: &'a str, history: Vec<TokenId>) -> Writing<'a> {
        Writing { required, bytes: Vec::new(), steps: Vec::new(), n_free: 0, broken: false, history }
    }

    /// The required bytes that are not written yet.
    pub(crate) fn missing(&self) -> &'a [u8] {
        &self.required.as_bytes()[self.bytes.len().min(self.required.len())..]
    }

    /// Appends a step; its `n_bytes` become those that it adds to the text.
    pub(crate) fn push(&mut self, bytes: &[u8], mut step: Step) {
        step.n_bytes = bytes.len().saturating_sub(self.missing().len());
        self.n_free += usize::from(step.n_bytes > 0);
        self.bytes.extend_from_slice(bytes);
        self.history.push(step.id);
        self.steps.push(step);
        self.broken = std::str::from_utf8(&self.bytes).is_err_and(|error| error.error_len().is_some());
    }

    /// The characters that are whole, behind the required ones.
    pub(crate) fn text(&self) -> &str {
        let bytes = self.bytes.get(self.required.len()..).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
        }
    }
}
