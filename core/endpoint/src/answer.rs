use serde_json::Value;

use crate::{Endpoint, EndpointError};

/// Bytes of one event; a completion's are a few hundred.
const MAX_EVENT: usize = 1 << 20;

/// Reads an answer as it arrives: server-sent events, or one JSON document of a server that does not stream.
pub(crate) struct Reader<'a> {
    endpoint: &'a Endpoint,
    url: &'a str,
    /// What no whole line has come of yet, or the document so far.
    pending: Vec<u8>,
    /// What the body begins with: an event's field, or the brace of a document.
    first: Option<u8>,
    /// Something was understood.
    is_answer: bool,
    is_done: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(endpoint: &'a Endpoint, url: &'a str) -> Reader<'a> {
        Reader { endpoint, url, pending: Vec::new(), first: None, is_answer: false, is_done: false }
    }

    /// The server has said that nothing follows.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Takes what has arrived and answers with the text in it.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<String, EndpointError> {
        self.first = self.first.or_else(|| bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace()));
        let mut text = String::new();
        // A document has lines, too, and none of an event's fields.
        let lines_end = bytes.iter().rposition(|&byte| byte == b'\n').filter(|_| !self.is_document());
        let (ended, begun) = bytes.split_at(lines_end.map_or(0, |end| end + 1));
        if !ended.is_empty() {
            let mut lines = std::mem::take(&mut self.pending);
            lines.extend_from_slice(ended);
            for line in lines.split(|&byte| byte == b'\n') {
                text.push_str(&self.line(line)?);
            }
        }
        self.pending.extend_from_slice(begun);
        if self.pending.len() > MAX_EVENT {
            return Err(self.no_answer("it has no end"));
        }
        Ok(text)
    }

    /// The text in what is left when the body has ended.
    pub(crate) fn end(&mut self) -> Result<String, EndpointError> {
        let rest = std::mem::take(&mut self.pending);
        let text = if self.is_document() {
            let document =
                serde_json::from_slice(&rest).map_err(|error| self.no_answer(&error.to_string()))?;
            self.text(&document)?
        } else {
            self.line(&rest)?
        };
        if self.is_answer { Ok(text) } else { Err(self.no_answer("it is empty, or no JSON")) }
    }

    fn is_document(&self) -> bool {
        self.first == Some(b'{')
    }

    /// One line of an event; other fields than `data` and comments say nothing here.
    fn line(&mut self, line: &[u8]) -> Result<String, EndpointError> {
        let line = String::from_utf8_lossy(line);
        // llama.cpp sends errors in a field of their own.
        let data = line.strip_prefix("data:").or_else(|| line.strip_prefix("error:"));
        match data.map(str::trim) {
            None | Some("") => Ok(String::new()),
            Some("[DONE]") => {
                (self.is_answer, self.is_done) = (true, true);
                Ok(String::new())
            }
            Some(data) => {
                let event = serde_json::from_str(data).map_err(|error| self.no_answer(&error.to_string()))?;
                self.text(&event)
            }
        }
    }

    /// The places where text stands: completions, chat in pieces, chat as a whole, `/infill`.
    fn text(&mut self, value: &Value) -> Result<String, EndpointError> {
        if !value["error"].is_null() {
            return Err(EndpointError::within(self.endpoint, self.url, &value["error"]));
        }
        let choice = &value["choices"][0];
        let places =
            [&choice["text"], &choice["delta"]["content"], &choice["message"]["content"], &value["content"]];
        let text = places.iter().find_map(|place| place.as_str());
        self.is_answer |= text.is_some() || value["choices"].is_array();
        self.is_done |= value["stop"] == true;
        Ok(text.unwrap_or_default().to_string())
    }

    fn no_answer(&self, problem: &str) -> EndpointError {
        EndpointError::NoAnswer { url: self.url.to_string(), problem: problem.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of `body`, the same however it is cut into pieces.
    fn read(body: &str) -> Result<String, String> {
        let endpoint = Endpoint::example();
        let read = |n_bytes: usize| {
            let mut reader = Reader::new(&endpoint, "URL");
            let mut text = String::new();
            for piece in body.as_bytes().chunks(n_bytes) {
                text.push_str(&reader.push(piece).map_err(|error| error.to_string())?);
                if reader.is_done() {
                    return Ok(text);
                }
            }
            Ok(text + &reader.end().map_err(|error| error.to_string())?)
        };
        let whole = read(body.len().max(1));
        for n_bytes in [1, 2, 3, 7] {
            assert_eq!(read(n_bytes), whole, "in pieces of {n_bytes}");
        }
        whole
    }

    #[test]
    fn answers_of_all_servers_are_understood() {
        let events = "data: {\"choices\":[{\"text\":\"a ü\"}]}\r\n\r\n: comment\n\nevent: x\ndata: {\"choices\":[{\"text\":\"b\",\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{}}\n\ndata: [DONE]\n\n";
        assert_eq!(read(events).unwrap(), "a üb");
        let chat = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\ndata:{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
        assert_eq!(read(chat).unwrap(), "x");
        let infill = "data: {\"content\":\"1\",\"stop\":false}\n\ndata: {\"content\":\"\",\"stop\":true}\n\n";
        assert_eq!(read(infill).unwrap(), "1");
        assert_eq!(read("{\n \"choices\": [\n {\"text\": \"whole\"}]\n}\n").unwrap(), "whole");
        assert_eq!(read("{\"choices\":[{\"message\":{\"content\":\"talk\"}}]}").unwrap(), "talk");
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        let errors = [
            (
                "",
                "URL answers something else than a completion: it is empty, or no JSON; check the address and `api`",
            ),
            (
                "<html>hello</html>",
                "URL answers something else than a completion: it is empty, or no JSON; check the address and `api`",
            ),
            (
                "{}",
                "URL answers something else than a completion: it is empty, or no JSON; check the address and `api`",
            ),
            (
                "data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n",
                "URL answers with an error (500): out of memory",
            ),
            ("data: {\"error\":\"odd\"}\n\n", "URL answers with an error (200): odd"),
        ];
        for (body, expected) in errors {
            assert_eq!(read(body).unwrap_err(), expected, "{body:?}");
        }
        assert!(read("data: {\"choices\":\n\n").unwrap_err().contains("EOF"));
        assert!(read(&format!("data: {}", "x".repeat(MAX_EVENT))).unwrap_err().contains("no end"));
    }
}
