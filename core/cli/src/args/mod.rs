//! What can be typed after `inkling`.

mod eval;

use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use inkling_assist::engine::ExecutorChoice;
use inkling_lsp::wire::EngineChoice;

pub(crate) use eval::{Answers, Compare, Eval, Learning, Lines, ModelFile, Problems, Repo, Subject};

/// A local-first AI coding assistant.
///
/// Everything runs on this machine, and nothing is sent anywhere unless you name a server. Positions are
/// FILE:LINE:COL, both from 1, columns in characters.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Args {
    /// Print JSON in place of text for people.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Suggest what comes next at a place in a file.
    Complete(Complete),
    /// Show every stage on the way to a suggestion.
    Trace(Trace),
    /// Show what a file or a folder declares.
    Outline(Outline),
    /// Look into a model file, or run a part of it.
    #[command(subcommand)]
    Model(Model),
    /// Measure how good a model's suggestions are.
    #[command(subcommand)]
    Eval(Eval),
    /// Make training data.
    #[command(subcommand)]
    Dataset(Dataset),
    /// Say what became of suggestions; nothing of it leaves this machine.
    #[command(subcommand)]
    Metrics(Metrics),
    /// Say what this machine has for Inkling, and what is wrong.
    Doctor,
    /// Serve an editor: the Language Server Protocol on standard input and output.
    Lsp {
        /// Where the model runs [default: as configured].
        #[arg(long, value_enum)]
        engine: Option<Where>,
    },
    /// Run a model for another program: frames on standard input and output.
    Engine,
    /// Run another program where it can only read and compute.
    #[command(hide = true)]
    Sandboxed(Sandboxed),
    /// Print a shell's completion script.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[derive(Subcommand)]
pub(crate) enum Metrics {
    /// Suggestions shown and taken, by language and by day.
    Report {
        /// The last N days, today included [default: all].
        #[arg(long, value_name = "N")]
        days: Option<NonZero<u32>>,
    },
}

/// Where, and with which model.
#[derive(ClapArgs)]
pub(crate) struct At {
    /// FILE:LINE:COL; with `-` as the file, the text comes from standard input.
    #[arg(value_name = "FILE:LINE:COL", allow_hyphen_values = true)]
    pub(crate) place: String,
    /// The path that a text from standard input has in the workspace.
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
    /// The workspace [default: the nearest folder with .git].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) root: Option<PathBuf>,
    /// A GGUF file [default: the configured model, else the one inside this program].
    #[arg(long, value_name = "FILE", conflicts_with = "endpoint")]
    pub(crate) model: Option<PathBuf>,
    /// Tokens of the answer, at most; a whole member may take twice as many.
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<usize>,
    /// Threads that compute [default: all].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    #[command(flatten)]
    pub(crate) lora: Lora,
    #[command(flatten)]
    pub(crate) runs: Runs,
    #[command(flatten)]
    pub(crate) server: Server,
    /// 0 always takes the likeliest token.
    #[arg(long, value_name = "T", default_value_t = 0.0)]
    pub(crate) temperature: f32,
    /// Makes draws above temperature 0 repeatable.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
}

/// Who is asked in place of a model file.
#[derive(ClapArgs)]
pub(crate) struct Server {
    /// Ask a server, such as http://127.0.0.1:8080/v1, which then sees the code; its key, if it wants one, is
    /// read from INKLING_ENDPOINT_KEY.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// The model's name on the server, which tells how it is asked.
    #[arg(long, value_name = "NAME", requires = "endpoint")]
    pub(crate) endpoint_model: Option<String>,
    /// What the server is asked by [default: completions for models that are known by name, else suffix].
    #[arg(long, value_enum, requires = "endpoint")]
    pub(crate) api: Option<ServerApi>,
}

/// A server's interface.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ServerApi {
    /// /v1/completions with a fill-in-the-middle prompt.
    Completions,
    /// /v1/completions with `suffix`.
    Suffix,
    /// llama.cpp's /infill.
    Infill,
    /// /v1/chat/completions, for models that only talk.
    Chat,
}

#[derive(ClapArgs)]
pub(crate) struct Complete {
    #[command(flatten)]
    pub(crate) at: At,
    /// Different suggestions, at most.
    #[arg(short, long, value_name = "K", default_value_t = 1)]
    pub(crate) n: usize,
}

#[derive(ClapArgs)]
pub(crate) struct Trace {
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(ClapArgs)]
pub(crate) struct Outline {
    /// A source file; or a folder, whose files that no ignore file names are shown.
    pub(crate) path: PathBuf,
}

#[derive(Subcommand)]
pub(crate) enum Model {
    /// Models to pull: their sizes and licences, and which of them this machine has room for.
    List,
    /// What the file says about itself.
    Info {
        /// A GGUF file, or `embedded`.
        model: PathBuf,
    },
    /// Downloads a model, or the rest of it; `--model` and others then take the same name.
    Pull {
        /// An address, or hf:OWNER/REPOSITORY/FILE.
        name: String,
        /// What the file's SHA-256 has to be, in hexadecimal.
        #[arg(long, value_name = "HEX")]
        sha256: Option<String>,
    },
    /// Token ids of the text on standard input, as a JSON array.
    Tokenize {
        /// A GGUF file, or `embedded`.
        model: PathBuf,
        /// The reverse: a JSON array of ids on standard input, text out.
        #[arg(long)]
        decode: bool,
        /// Read special tokens where the text spells them.
        #[arg(long)]
        special: bool,
    },
    /// Logits after every token, as little-endian f32 [n_tokens, n_vocab].
    Logits {
        /// A GGUF file, or `embedded`.
        model: PathBuf,
        /// Token ids, separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        ids: Vec<u32>,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        lora: Lora,
        #[command(flatten)]
        runs: Runs,
    },
    /// Writes a model again with its matrices in another type.
    Quantize {
        /// A GGUF file in F32, F16 or BF16.
        input: PathBuf,
        /// The file to write.
        output: PathBuf,
        /// F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K.
        #[arg(value_name = "TYPE")]
        dtype: String,
    },
    /// Speed on a random prompt.
    Bench {
        /// A GGUF file, or `embedded`.
        model: PathBuf,
        /// Threads that compute [default: all].
        #[arg(long, value_name = "N")]
        threads: Option<usize>,
        /// Tokens of the prompt.
        #[arg(long, value_name = "N", default_value_t = 512)]
        prompt: usize,
        /// Tokens to write.
        #[arg(long, value_name = "N", default_value_t = 64)]
        decode: usize,
        #[command(flatten)]
        lora: Lora,
        #[command(flatten)]
        runs: Runs,
    },
}

#[derive(Subcommand)]
pub(crate) enum Dataset {
    /// Training samples in the product's own prompts, as token ids on standard output.
    ///
    /// Each frame holds the samples of 64 documents, a piece of an epoch, little-endian: u32 magic
    /// 0x544B4E49 ("INKT"), u32 epoch, u32 piece, u32 number of rows, u32 length, then the rows, each of
    /// length + 1 u16 ids. A row holds whole samples, one after another, and id 0 behind the last. Three
    /// quarters of the tokens are fill-in-the-middle questions (docs/prompt-format.md) with their answers,
    /// cut anew in every epoch, a quarter are plain documents. A frame depends on corpus, tokenizer, seed,
    /// length, epoch and piece alone.
    #[command(verbatim_doc_comment)]
    Tokens(Tokens),
}

#[derive(ClapArgs)]
pub(crate) struct Tokens {
    /// JSON Lines: objects with package, path, language, split and text.
    #[arg(long, value_name = "FILE")]
    pub(crate) corpus: PathBuf,
    /// A GGUF file with the vocabulary, or `embedded`.
    #[arg(long, value_name = "FILE")]
    pub(crate) tokenizer: PathBuf,
    /// The split to take.
    #[arg(long, value_name = "NAME", default_value = "train")]
    pub(crate) split: String,
    /// Tokens of a row, without the last target.
    #[arg(long, value_name = "N", default_value_t = 512)]
    pub(crate) length: usize,
    /// The share of the tokens that are plain documents; the rest are questions and their answers.
    #[arg(long, value_name = "PERCENT", default_value_t = 25, value_parser = clap::value_parser!(u8).range(..=100))]
    pub(crate) plain: u8,
    /// Another seed gives other samples in another order.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The first piece [default: 0:0].
    #[arg(long, value_name = "EPOCH:PIECE", default_value = "0:0", hide_default_value = true)]
    pub(crate) start: String,
    /// Pieces to make [default: without end].
    #[arg(long, value_name = "N")]
    pub(crate) pieces: Option<usize>,
    /// Threads that make pieces; how many changes nothing but the speed.
    #[arg(long, value_name = "N", default_value_t = NonZero::<usize>::MIN)]
    pub(crate) threads: NonZero<usize>,
    /// Print the samples as text for people in place of ids; one piece unless told otherwise.
    #[arg(long)]
    pub(crate) text: bool,
}

#[derive(ClapArgs)]
pub(crate) struct Sandboxed {
    /// Processor time.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) seconds: u64,
    /// Address space.
    #[arg(long, value_name = "MEBIBYTES")]
    pub(crate) memory: u64,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) program: Vec<OsString>,
}

/// An adapter applied while the model runs.
#[derive(ClapArgs)]
pub(crate) struct Lora {
    /// A LoRA adapter in GGUF to apply.
    #[arg(long = "lora", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// How strongly to apply it.
    #[arg(long = "lora-scale", value_name = "FACTOR", default_value_t = 1.0, requires = "file")]
    pub(crate) scale: f32,
}

/// What runs a model, and where.
#[derive(ClapArgs, Clone, Copy, Default)]
pub(crate) struct Runs {
    /// What runs the model.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) executor: Executes,
    /// Where the model runs.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: Where,
}

impl Runs {
    /// The CPU, here: the same answer everywhere.
    pub(crate) const CPU: Runs = Runs { executor: Executes::Cpu, engine: Where::Inside };
}

/// Where a model runs.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Where {
    /// In this process.
    #[default]
    Inside,
    /// In a process of its own, which cannot take this one along when a driver crashes.
    Process,
}

impl From<Where> for EngineChoice {
    fn from(place: Where) -> EngineChoice {
        match place {
            Where::Inside => EngineChoice::Inside,
            Where::Process => EngineChoice::Process,
        }
    }
}

/// What runs a model.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Executes {
    /// The graphics processor where there is a real one that can, else the CPU.
    #[default]
    Auto,
    /// The CPU: the same answer everywhere, to the bit.
    Cpu,
    /// The graphics processor, or an error.
    Gpu,
}

impl From<Executes> for ExecutorChoice {
    fn from(executes: Executes) -> ExecutorChoice {
        match executes {
            Executes::Auto => ExecutorChoice::Auto,
            Executes::Cpu => ExecutorChoice::Cpu,
            Executes::Gpu => ExecutorChoice::Gpu,
        }
    }
}
