use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Runs, Server};

#[derive(Subcommand)]
pub(crate) enum Eval {
    /// Ask for lines of files that were never trained on, and compare with what stood there.
    Lines(Lines),
    /// Ask for holes in Python functions, and run the functions' tests.
    ///
    /// DATA holds the rows of HumanEval's infilling variants: single lines, several lines or random spans.
    Infill(Problems),
    /// Ask for bodies of Python functions, and run the functions' tests.
    ///
    /// DATA holds the rows of HumanEval.
    Humaneval(Problems),
    /// Ask for parts of a repository's own files, with the rest of it at hand, and compare with what stood there.
    ///
    /// Rests of lines, statements and what blocks hold are taken out one at a time.
    Repo(Repo),
    /// Ask several models for the same parts of repositories: how good, how fast and how large each is.
    Compare(Compare),
    /// Learn how much to believe what the files at hand say, for the model's `inkling.cache.*`.
    Mixing(Learning),
    /// Learn which suggestions are right, for the model's `inkling.confidence`.
    Confidence(Learning),
}

/// Whoever is measured.
#[derive(Args)]
pub(crate) struct Subject {
    #[command(flatten)]
    pub(crate) file: ModelFile,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// Which model is measured.
#[derive(Args)]
pub(crate) struct ModelFile {
    /// A GGUF file [default: the configured model, else the one inside this program].
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// Threads that compute [default: all].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
}

#[derive(Args)]
pub(crate) struct Lines {
    /// Documents as JSON lines with package, path, split and text.
    #[arg(long, value_name = "FILE")]
    pub(crate) corpus: PathBuf,
    /// Which of them.
    #[arg(long, value_name = "NAME", default_value = "held_out")]
    pub(crate) split: String,
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// Folder for every case's result, the figures and a report; a stopped run goes on from it.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Lines of each language.
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(crate) limit: usize,
    /// Another seed draws other lines.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Type every line with the model's help and count the keys, which takes ten times as long.
    #[arg(long)]
    pub(crate) keystrokes: bool,
}

/// Which parts of repositories, and where their results go.
#[derive(Args)]
pub(crate) struct Parts {
    /// Folder for every case's result, the figures and a report; a stopped run goes on from it.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Parts of each repository's files of each language.
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(crate) limit: usize,
    /// Another seed draws other parts.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Args)]
pub(crate) struct Repo {
    /// Folders, each a repository of its own.
    #[arg(required = true, value_name = "FOLDER")]
    pub(crate) folders: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) subject: Subject,
    #[command(flatten)]
    pub(crate) parts: Parts,
    /// Ask for everything without other files too, and with similar or related code alone.
    #[arg(long)]
    pub(crate) ablation: bool,
    /// Type every part with the model's help and count the keys, which takes ten times as long.
    #[arg(long)]
    pub(crate) keystrokes: bool,
}

#[derive(Args)]
pub(crate) struct Compare {
    /// GGUF files, names of pulled models, or `embedded`.
    #[arg(required_unless_present = "endpoint", value_name = "MODEL")]
    pub(crate) models: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) server: Server,
    /// A folder with code; more than one where given again.
    #[arg(long = "repo", required = true, value_name = "FOLDER")]
    pub(crate) folders: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) parts: Parts,
    /// Threads that compute [default: all].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    #[command(flatten)]
    pub(crate) runs: Runs,
}

#[derive(Args)]
pub(crate) struct Problems {
    /// JSON lines with task_id, entry_point, prompt, suffix, canonical_solution and test, plain or in gzip.
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// Folder for every case's result, the figures and a report; a stopped run goes on from it.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Problems, drawn from all [default: all].
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Another seed draws other problems, and other answers above temperature 0.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Answers to each problem.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) samples: u16,
    /// 0 always takes the likeliest token, and allows one answer.
    #[arg(long, value_name = "T", default_value_t = 0.0)]
    pub(crate) temperature: f32,
    /// Tokens of an answer, at most [default: 64 for a line, 256 for more].
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<usize>,
    /// Who answers.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) answers: Answers,
    /// Processor time of a program, after which it has failed.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// Memory of a program.
    #[arg(long, value_name = "MEBIBYTES", default_value_t = 512)]
    pub(crate) memory: u64,
    /// What runs the programs.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    pub(crate) python: String,
}

/// Who answers problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Answers {
    /// The model.
    #[default]
    Model,
    /// Nobody: what passes all the same is no merit of a model.
    Nobody,
    /// The author of the problem: what fails all the same is no fault of a model.
    Author,
}

#[derive(Args)]
pub(crate) struct Learning {
    /// Documents as JSON lines with package, path, split and text.
    #[arg(long, value_name = "FILE")]
    pub(crate) corpus: PathBuf,
    /// Which of them; half of their packages to learn on, half to measure on.
    #[arg(long, value_name = "NAME", default_value = "held_out")]
    pub(crate) split: String,
    /// A package to leave out, because it is measured elsewhere; may be given several times.
    #[arg(long, value_name = "PACKAGE")]
    pub(crate) except: Vec<String>,
    #[command(flatten)]
    pub(crate) file: ModelFile,
    /// Lines of each language.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
    /// Another seed draws other lines.
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) seed: u64,
    /// Write the model with what was learned to a new file.
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
}
