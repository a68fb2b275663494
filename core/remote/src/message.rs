//! What is said in frames.

use inkling_engine::{ExecutorChoice, TokenId, Top, Want};

use crate::Garbage;
use crate::bytes::{Reader, Writer};
use crate::frame::enframe;

/// Version of the messages below, which an engine says first. Both sides have to be of the same.
pub const PROTOCOL: u32 = 2;

/// Begins the first frame of an engine.
const MAGIC: u32 = u32::from_le_bytes(*b"INKE");

/// The client's name for a request, which the answer repeats.
pub type RequestId = u32;

/// What the client asks. All but `Cancel` are answered in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Load a model in place of the present one; answered by `Progress` and then `Loaded`.
    Load {
        /// A path or an address that the engine can open itself.
        uri: String,
        /// What is to run it.
        choice: ExecutorChoice,
        /// Positions of the context, at most the model's own.
        n_context: u32,
        /// Threads that compute on the CPU; 0 leaves it to the engine.
        n_threads: u32,
    },
    /// [`inkling_engine::Executor::prefill`]; answered by `Prefilled`.
    Prefill {
        /// The whole conversation.
        tokens: Vec<TokenId>,
        /// Which logits.
        want: Want,
    },
    /// [`inkling_engine::Executor::greedy`], of which `step` is the case of one; answered by `Tops`.
    Greedy {
        /// The token to append first.
        token: TokenId,
        /// Steps, at most.
        n_steps: u32,
        /// Tokens that end it.
        stops: Vec<TokenId>,
        /// Which logits.
        want: Want,
    },
    /// [`inkling_engine::Executor::logits`]; answered by `Logits`, as often as it takes, and `Done`.
    Logits {
        /// From an empty cache.
        tokens: Vec<TokenId>,
    },
    /// Stop working on the request of this name; it is answered by `Failed` then, and this is not.
    Cancel,
    /// Free the model's memory; answered by `Done`.
    Unload,
    /// Answered by `Done`.
    Ping,
}

/// What an engine says.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// The first frame, of no request.
    Hello {
        /// Its [`PROTOCOL`].
        version: u32,
    },
    /// The engine lives and works on the request.
    Working,
    /// So many bytes of so many are loaded.
    Progress {
        /// Bytes of weights read.
        bytes: u64,
        /// Bytes of weights there are.
        total_bytes: u64,
    },
    /// The model is ready.
    Loaded {
        /// The executor's name.
        name: String,
        /// Why it is this one, or nothing.
        reason: String,
        /// Threads that compute.
        n_threads: u32,
        /// Positions of the context.
        n_context: u32,
    },
    /// The prompt is evaluated.
    Prefilled {
        /// Tokens that were still in the cache.
        n_reused: u32,
        /// What may follow.
        top: Top,
    },
    /// What may follow after each step.
    Tops(Vec<Top>),
    /// The next logits, of all there are.
    Logits(Vec<f32>),
    /// The end of an answer.
    Done,
    /// There is no answer.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It was cancelled.
    Cancelled,
    /// In words for the person at the keyboard.
    Said(String),
}

impl Request {
    /// As a frame.
    pub fn frame(&self, id: RequestId) -> Vec<u8> {
        let head = |tag: u8| Writer::default().u8(tag).u32(id);
        let message = match self {
            Request::Load { uri, choice, n_context, n_threads } => {
                head(1).str(uri).u8(*choice as u8).u32(*n_context).u32(*n_threads)
            }
            Request::Prefill { tokens, want } => head(2).tokens(tokens).want(want),
            Request::Greedy { token, n_steps, stops, want } => {
                head(3).u32(*token).u32(*n_steps).tokens(stops).want(want)
            }
            Request::Logits { tokens } => head(4).tokens(tokens),
            Request::Cancel => head(5),
            Request::Unload => head(6),
            Request::Ping => head(7),
        };
        enframe(message.0)
    }

    /// Of a frame without its length.
    pub fn read(message: &[u8]) -> Result<(RequestId, Request), Garbage> {
        let mut reader = Reader(message);
        let (tag, id) = (reader.u8()?, reader.u32()?);
        let request = match tag {
            1 => Request::Load {
                uri: reader.str()?,
                choice: choice(reader.u8()?)?,
                n_context: reader.u32()?,
                n_threads: reader.u32()?,
            },
            2 => Request::Prefill { tokens: reader.tokens()?, want: reader.want()? },
            3 => Request::Greedy {
                token: reader.u32()?,
                n_steps: reader.u32()?,
                stops: reader.tokens()?,
                want: reader.want()?,
            },
            4 => Request::Logits { tokens: reader.tokens()? },
            5 => Request::Cancel,
            6 => Request::Unload,
            7 => Request::Ping,
            tag => return Err(Garbage(format!("there is no request {tag}"))),
        };
        reader.end().map(|()| (id, request))
    }
}

impl Response {
    /// As a frame that answers the request of this name.
    pub fn frame(&self, id: RequestId) -> Vec<u8> {
        let head = |tag: u8| Writer::default().u8(tag).u32(id);
        let message = match self {
            Response::Hello { version } => head(0).u32(MAGIC).u32(*version),
            Response::Working => head(1),
            Response::Progress { bytes, total_bytes } => head(2).u64(*bytes).u64(*total_bytes),
            Response::Loaded { name, reason, n_threads, n_context } => {
                head(3).str(name).str(reason).u32(*n_threads).u32(*n_context)
            }
            Response::Prefilled { n_reused, top } => head(4).u32(*n_reused).top(top),
            Response::Tops(tops) => head(5).list(tops, Writer::top),
            Response::Logits(logits) => head(6).list(logits, |writer, &logit| writer.f32(logit)),
            Response::Done => head(7),
            Response::Failed(Failure::Cancelled) => head(8),
            Response::Failed(Failure::Said(message)) => head(9).str(message),
        };
        enframe(message.0)
    }

    /// Of a frame without its length.
    pub fn read(message: &[u8]) -> Result<(RequestId, Response), Garbage> {
        let mut reader = Reader(message);
        let (tag, id) = (reader.u8()?, reader.u32()?);
        let response = match tag {
            0 => match reader.u32()? {
                MAGIC => Response::Hello { version: reader.u32()? },
                _ => return Err(Garbage("its greeting is another".to_string())),
            },
            1 => Response::Working,
            2 => Response::Progress { bytes: reader.u64()?, total_bytes: reader.u64()? },
            3 => Response::Loaded {
                name: reader.str()?,
                reason: reader.str()?,
                n_threads: reader.u32()?,
                n_context: reader.u32()?,
            },
            4 => Response::Prefilled { n_reused: reader.u32()?, top: reader.top()? },
            // A top is its log-sum-exp, a length and an entry at least.
            5 => Response::Tops(reader.list(16, Reader::top)?),
            6 => Response::Logits(reader.list(4, Reader::f32)?),
            7 => Response::Done,
            8 => Response::Failed(Failure::Cancelled),
            9 => Response::Failed(Failure::Said(reader.str()?)),
            tag => return Err(Garbage(format!("there is no answer {tag}"))),
        };
        reader.end().map(|()| (id, response))
    }
}

fn choice(code: u8) -> Result<ExecutorChoice, Garbage> {
    [ExecutorChoice::Auto, ExecutorChoice::Cpu, ExecutorChoice::Gpu]
        .into_iter()
        .find(|choice| *choice as u8 == code)
        .ok_or_else(|| Garbage(format!("there is no executor {code}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests() -> Vec<Request> {
        let want = Want { top_k: 64, masked: vec![0, 1, 2, 7, 9, 10] };
        vec![
            Request::Load {
                uri: "/models/é.gguf".to_string(),
                choice: ExecutorChoice::Gpu,
                n_context: 4096,
                n_threads: 2,
            },
            Request::Prefill { tokens: vec![1, 2, 3], want: want.clone() },
            Request::Greedy { token: 5, n_steps: 8, stops: vec![0, 9], want },
            Request::Logits { tokens: vec![] },
            Request::Cancel,
            Request::Unload,
            Request::Ping,
        ]
    }

    fn responses() -> Vec<Response> {
        let top = Top { entries: vec![(3, 1.5), (1, -2.0)], log_sum_exp: 1.75 };
        vec![
            Response::Hello { version: PROTOCOL },
            Response::Working,
            Response::Progress { bytes: 1 << 40, total_bytes: 1 << 41 },
            Response::Loaded {
                name: "CPU".to_string(),
                reason: "the graphics processor is gone".to_string(),
                n_threads: 2,
                n_context: 512,
            },
            Response::Prefilled { n_reused: 4, top: top.clone() },
            Response::Tops(vec![top.clone(), top]),
            Response::Logits(vec![0.5, -1.0]),
            Response::Done,
            Response::Failed(Failure::Cancelled),
            Response::Failed(Failure::Said("no".to_string())),
        ]
    }

    #[test]
    fn messages_come_back_as_they_were() {
        for (id, request) in (7..).zip(requests()) {
            assert_eq!(Request::read(&request.frame(id)[4..]), Ok((id, request)));
        }
        for (id, response) in (7..).zip(responses()) {
            assert_eq!(Response::read(&response.frame(id)[4..]), Ok((id, response)));
        }
    }

    /// Whatever comes is read or refused: cut short, with other bytes in it, and never with a panic or an
    /// allocation that its length does not account for.
    #[test]
    fn spoilt_messages_are_refused_or_read() {
        let mut random = fastrand::Rng::with_seed(1);
        let frames = requests().into_iter().map(|request| request.frame(1));
        let frames: Vec<Vec<u8>> =
            frames.chain(responses().into_iter().map(|response| response.frame(1))).collect();
        let mut n_refused = 0;
        for _ in 0..200_000 {
            let mut message = random.choice(&frames).unwrap()[4..].to_vec();
            for _ in 0..random.usize(0..4) {
                let idx = random.usize(0..message.len());
                message[idx] = random.u8(..);
            }
            message.truncate(random.usize(0..=message.len()));
            n_refused += usize::from(Request::read(&message).is_err() || Response::read(&message).is_err());
        }
        assert!(n_refused > 100_000, "{n_refused}");
    }
}
