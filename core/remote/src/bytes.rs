//! Numbers, texts and lists as little-endian bytes.

use inkling_engine::{TokenId, Top, Want};

use crate::Garbage;

/// More tokens than any vocabulary has.
const MAX_VOCABULARY: usize = 1 << 24;

#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn u8(mut self, value: u8) -> Writer {
        self.0.push(value);
        self
    }

    pub(crate) fn u32(mut self, value: u32) -> Writer {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn u64(mut self, value: u64) -> Writer {
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(crate) fn f32(self, value: f32) -> Writer {
        self.u32(value.to_bits())
    }

    pub(crate) fn str(mut self, text: &str) -> Writer {
        self = self.u32(text.len() as u32);
        self.0.extend(text.as_bytes());
        self
    }

    /// The length, then each of them.
    pub(crate) fn list<T>(self, items: &[T], write: impl Fn(Writer, &T) -> Writer) -> Writer {
        items.iter().fold(self.u32(items.len() as u32), write)
    }

    pub(crate) fn tokens(self, tokens: &[TokenId]) -> Writer {
        self.list(tokens, |writer, &token| writer.u32(token))
    }

    /// Masks hold nearly all tokens or hardly any: they go as runs.
    pub(crate) fn want(self, want: &Want) -> Writer {
        let runs: Vec<&[TokenId]> = want.masked.chunk_by(|a, b| a + 1 == *b).collect();
        let run = |writer: Writer, run: &&[TokenId]| writer.u32(run[0]).u32(run.len() as u32);
        self.u32(want.top_k as u32).list(&runs, run)
    }

    pub(crate) fn top(self, top: &Top) -> Writer {
        let entry = |writer: Writer, &(id, logit): &(TokenId, f32)| writer.u32(id).f32(logit);
        self.f32(top.log_sum_exp).list(&top.entries, entry)
    }
}

/// Reads what a [`Writer`] wrote; anything else is [`Garbage`], and allocates no more than was received.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Garbage> {
        let (taken, rest) =
            self.0.split_at_checked(n).ok_or_else(|| Garbage("a message is too short".to_string()))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Garbage> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Garbage> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Garbage> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Garbage> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn f32(&mut self) -> Result<f32, Garbage> {
        self.u32().map(f32::from_bits)
    }

    pub(crate) fn str(&mut self) -> Result<String, Garbage> {
        let len = self.u32()? as usize;
        let text = self.take(len)?.to_vec();
        String::from_utf8(text).map_err(|_| Garbage("a text is not UTF-8".to_string()))
    }

    /// Each item takes at least `n_bytes`, so that a length that cannot be is refused at once.
    pub(crate) fn list<T>(
        &mut self,
        n_bytes: usize,
        read: impl Fn(&mut Reader<'a>) -> Result<T, Garbage>,
    ) -> Result<Vec<T>, Garbage> {
        let len = self.u32()? as usize;
        if len.saturating_mul(n_bytes) > self.0.len() {
            return Err(Garbage("a list is longer than its message".to_string()));
        }
        (0..len).map(|_| read(self)).collect()
    }

    pub(crate) fn tokens(&mut self) -> Result<Vec<TokenId>, Garbage> {
        self.list(4, Reader::u32)
    }

    pub(crate) fn want(&mut self) -> Result<Want, Garbage> {
        let top_k = self.u32()? as usize;
        let runs = self.list(8, |reader| Ok((reader.u32()?, reader.u32()?)))?;
        let mut masked: Vec<TokenId> = Vec::new();
        for (first, len) in runs {
            let end = first.saturating_add(len);
            if end as usize > MAX_VOCABULARY || masked.last().is_some_and(|&last| last >= first) {
                return Err(Garbage("a mask is out of order".to_string()));
            }
            masked.extend(first..end);
        }
        Ok(Want { top_k, masked })
    }

    pub(crate) fn top(&mut self) -> Result<Top, Garbage> {
        let log_sum_exp = self.f32()?;
        let entries = self.list(8, |reader| Ok((reader.u32()?, reader.f32()?)))?;
        match entries.is_empty() {
            true => Err(Garbage("an answer names no token".to_string())),
            false => Ok(Top { entries, log_sum_exp }),
        }
    }

    pub(crate) fn end(self) -> Result<(), Garbage> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(Garbage("a message is too long".to_string())),
        }
    }
}
