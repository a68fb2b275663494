//! A stream of bytes cut into frames.

/// No message needs more; longer ones are not ours. Logits of many tokens come in several frames.
pub const MAX_FRAME_BYTES: usize = 16 << 20;

/// Bytes that are no message of this protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it does not speak the engine's protocol ({0})")]
pub struct Garbage(pub String);

/// `message` behind its length.
pub(crate) fn enframe(message: Vec<u8>) -> Vec<u8> {
    debug_assert!(message.len() <= MAX_FRAME_BYTES);
    let mut frame = (message.len() as u32).to_le_bytes().to_vec();
    frame.extend(message);
    frame
}

/// Puts frames together from pieces of any size.
#[derive(Debug, Default)]
pub struct Deframer {
    bytes: Vec<u8>,
    /// Where the first frame that was not taken begins.
    at: usize,
}

impl Deframer {
    /// Takes the next piece of the stream.
    pub fn push(&mut self, piece: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(piece);
    }

    /// The next whole message, if it is there.
    ///
    /// # Errors
    /// When the stream cannot be this protocol's; it has no next frame then.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, Garbage> {
        let Some((header, rest)) = self.bytes[self.at..].split_first_chunk::<4>() else { return Ok(None) };
        let len = u32::from_le_bytes(*header) as usize;
        if len > MAX_FRAME_BYTES {
            let start = &self.bytes[self.at..self.bytes.len().min(self.at + 32)];
            return Err(Garbage(format!("it says \"{}\"", start.escape_ascii())));
        }
        if rest.len() < len {
            return Ok(None);
        }
        let start = self.at + header.len();
        self.at = start + len;
        Ok(Some(&self.bytes[start..self.at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_whole_whatever_the_pieces() {
        let messages: [&[u8]; 4] = [b"one", b"", b"three", &[7; 300]];
        let stream: Vec<u8> = messages.iter().flat_map(|message| enframe(message.to_vec())).collect();
        for n in [1, 2, 3, 5, 64, stream.len()] {
            let (mut deframer, mut found) = (Deframer::default(), Vec::new());
            for piece in stream.chunks(n) {
                deframer.push(piece);
                while let Some(frame) = deframer.next_frame().unwrap() {
                    found.push(frame.to_vec());
                }
            }
            assert_eq!(found, messages, "pieces of {n} bytes");
        }
    }

    #[test]
    fn text_is_no_frame() {
        let mut deframer = Deframer::default();
        deframer.push(b"Usage: engine [options]\n");
        let message = deframer.next_frame().unwrap_err().to_string();
        assert_eq!(
            message,
            r#"it does not speak the engine's protocol (it says "Usage: engine [options]\n")"#
        );
    }
}
