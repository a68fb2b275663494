use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use inkling_assist::tokenizer::Tokenizer;
use inkling_dataset::{Corpus, Document, Error, Maker, Piece, Place, language_id};
use serde::Deserialize;

use crate::args::{Dataset, Tokens};
use crate::model;

/// "INKT", so that a reader notices when it lost its place.
const MAGIC: u32 = u32::from_le_bytes(*b"INKT");

/// `inkling dataset …`.
pub(crate) fn run(command: &Dataset) -> Result<()> {
    match command {
        Dataset::Tokens(args) => tokens(args),
    }
}

fn tokens(args: &Tokens) -> Result<()> {
    let start = place(&args.start)?;
    let tokenizer = Tokenizer::from_gguf(&model::header(&args.tokenizer)?)
        .with_context(|| args.tokenizer.display().to_string())?;
    let corpus = read_corpus(&args.corpus, &args.split)?;
    let maker = Maker::new(&corpus, &tokenizer, args.seed, args.length)?;
    let pieces = maker.pieces(start)?;
    report(&corpus, &maker);
    let n_pieces = args.pieces.unwrap_or(if args.text { 1 } else { usize::MAX });
    let mut out = std::io::stdout().lock();
    for piece in pieces.take(n_pieces) {
        match args.text {
            true => out.write_all(piece.to_text(&corpus, &tokenizer).as_bytes())?,
            false => out.write_all(&frame(&piece, args.length))?,
        }
    }
    Ok(out.flush()?)
}

/// `EPOCH:PIECE`.
fn place(text: &str) -> Result<Place> {
    let numbers =
        text.split_once(':').and_then(|(epoch, piece)| Some((epoch.parse().ok()?, piece.parse().ok()?)));
    let Some((epoch, piece)) = numbers else {
        bail!("\"{text}\" is not a place to start at; write EPOCH:PIECE, such as 0:120 (both count from 0)")
    };
    Ok(Place { epoch, piece })
}

/// A line of the corpus, as far as samples need it.
#[derive(Deserialize)]
struct Line {
    package: String,
    path: String,
    language: String,
    split: String,
    text: String,
}

fn read_corpus(path: &Path, split: &str) -> Result<Corpus> {
    let file = File::open(path).with_context(|| format!("cannot open the corpus {}", path.display()))?;
    let (mut documents, mut splits) = (Vec::new(), Vec::new());
    for (idx, line) in BufReader::new(file).lines().enumerate() {
        let context = || format!("{}, line {}", path.display(), idx + 1);
        let line = line.with_context(context)?;
        let line: Line = serde_json::from_str(&line).with_context(context)?;
        if line.split == split {
            let language = language_id(&line.language).with_context(context)?;
            documents.push(Document { package: line.package, path: line.path, language, text: line.text });
        } else if !splits.contains(&line.split) {
            splits.push(line.split);
        }
    }
    let corpus = Corpus::new(documents);
    if corpus.documents().is_empty() {
        splits.sort();
        let found = if splits.is_empty() { "none".to_string() } else { splits.join(", ") };
        return Err(Error::EmptySplit { split: split.to_string(), found })
            .with_context(|| path.display().to_string());
    }
    Ok(corpus)
}

/// Says on standard error what there is to learn from.
fn report(corpus: &Corpus, maker: &Maker<'_>) {
    for (language, passes) in maker.passes() {
        let documents = || corpus.documents().iter().filter(|document| document.language == language);
        let megabytes = documents().map(|document| document.text.len()).sum::<usize>() as f64 / 1e6;
        let name = language.name();
        eprintln!("{name:<11} {:>7} documents {megabytes:>7.1} MB {passes:>5.2} passes", documents().count());
    }
}

fn frame(piece: &Piece, length: usize) -> Vec<u8> {
    let Place { epoch, piece: number } = piece.place;
    let head = [MAGIC, epoch, number, piece.rows.len() as u32, length as u32];
    let mut bytes: Vec<u8> = head.iter().flat_map(|number| number.to_le_bytes()).collect();
    for row in &piece.rows {
        bytes.extend(row.ids(length + 1).flat_map(|id| (id as u16).to_le_bytes()));
    }
    bytes
}
