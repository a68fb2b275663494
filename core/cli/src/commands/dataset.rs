use std::io::Write;
use std::path::Path;
use std::sync::mpsc::sync_channel;

use anyhow::{Context, Result, bail};
use inkling_assist::tokenizer::Tokenizer;
use inkling_dataset::{Corpus, Document, Error, Maker, Piece, Place, Plan, language_id};
use serde::Deserialize;

use crate::args::{Dataset, Tokens};
use crate::{corpus, model};

/// "INKT", so that a reader notices when it lost its place.
const MAGIC: u32 = u32::from_le_bytes(*b"INKT");

/// Pieces that a thread makes before they are taken.
const MADE_AHEAD: usize = 2;

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
    let maker = Maker::new(&corpus, &tokenizer, args.seed, args.length, args.plain)?;
    let n_pieces = args.pieces.unwrap_or(if args.text { 1 } else { usize::MAX });
    let n_threads = args.threads.get();
    let plans = |nth| Ok(maker.plans(start)?.take(n_pieces).skip(nth).step_by(n_threads));
    let plans = (0..n_threads).map(plans).collect::<Result<Vec<_>>>()?;
    let bytes = |plan: Plan| match args.text {
        true => maker.piece(&plan).to_text(&corpus, &tokenizer).into_bytes(),
        false => frame(&maker.piece(&plan), args.length),
    };
    report(&corpus, &maker);
    write_side_by_side(plans, bytes, std::io::stdout().lock())
}

/// Writes what `make` makes of the items of all threads, one of each in turn.
fn write_side_by_side<T>(
    threads: Vec<impl Iterator<Item = T> + Send>,
    make: impl Fn(T) -> Vec<u8> + Sync,
    mut out: impl Write,
) -> Result<()> {
    std::thread::scope(|scope| {
        let make = &make;
        let start = |items| {
            let (made, taken) = sync_channel(MADE_AHEAD);
            // The channel closes on a reader that has enough.
            scope.spawn(move || Iterator::map(items, make).try_for_each(|bytes| made.send(bytes)));
            taken
        };
        let threads: Vec<_> = threads.into_iter().map(start).collect();
        for taken in threads.iter().cycle() {
            let Ok(bytes) = taken.recv() else { break };
            out.write_all(&bytes)?;
        }
        Ok(out.flush()?)
    })
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
    let (mut documents, mut splits) = (Vec::new(), Vec::new());
    corpus::read(path, |line: Line| {
        if line.split == split {
            let language = language_id(&line.language)?;
            documents.push(Document { package: line.package, path: line.path, language, text: line.text });
        } else if !splits.contains(&line.split) {
            splits.push(line.split);
        }
        Ok(())
    })?;
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
