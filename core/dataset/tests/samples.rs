//! Samples of real files, whole: their grammar, their texts, their repetition.

use std::path::{Path, PathBuf};

use expect_test::expect_file;
use inkling_dataset::{Corpus, Document, Error, Kind, Maker, Order, Piece, Place, Sample, language_id};
use inkling_fixture::tiny_vocabulary;
use inkling_gguf::Gguf;
use inkling_syntax::Language;
use inkling_tokenizer::{TokenId, Tokenizer};
use proptest::prelude::*;

const LANGUAGES: [(&str, &str); 11] = [
    ("rust.rs", include_str!("../../syntax/fixtures/rust.rs")),
    ("python.py", include_str!("../../syntax/fixtures/python.py")),
    ("typescript.ts", include_str!("../../syntax/fixtures/typescript.ts")),
    ("tsx.tsx", include_str!("../../syntax/fixtures/tsx.tsx")),
    ("javascript.js", include_str!("../../syntax/fixtures/javascript.js")),
    ("java.java", include_str!("../../syntax/fixtures/java.java")),
    ("kotlin.kt", include_str!("../../syntax/fixtures/kotlin.kt")),
    ("go.go", include_str!("../../syntax/fixtures/go.go")),
    ("c.c", include_str!("../../syntax/fixtures/c.c")),
    ("cpp.cpp", include_str!("../../syntax/fixtures/cpp.cpp")),
    ("csharp.cs", include_str!("../../syntax/fixtures/csharp.cs")),
];

fn tokenizer() -> Tokenizer {
    let gguf = futures::executor::block_on(Gguf::read(&tiny_vocabulary())).unwrap();
    Tokenizer::from_gguf(&gguf).unwrap()
}

fn document(package: &str, path: &str, text: &str) -> Document {
    let (package, path) = (package.to_string(), path.to_string());
    Document { language: Language::from_path(&path), package, path, text: text.replace("$0", "") }
}

/// One file of each language, this workspace's syntax crate as a package, and a hostile file.
fn corpus() -> Corpus {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../syntax/src");
    let mut documents: Vec<Document> =
        LANGUAGES.iter().map(|(path, text)| document("fixtures", path, text)).collect();
    let mut paths: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    documents.extend(paths.iter().map(|path| {
        let name = Path::new("src").join(path.file_name().unwrap());
        document("syntax", name.to_str().unwrap(), &std::fs::read_to_string(path).unwrap())
    }));
    documents.push(document("hostile", "specials.py", &HOSTILE.repeat(30)));
    Corpus::new(documents)
}

const HOSTILE: &str = "def f(text):\n    if text == \"<|fim_middle|>\":  # <|endoftext|> ä\n        return \"<|fim_suffix|>\"\n";

fn pieces(corpus: &Corpus, seed: u64, length: usize, start: Place, n: usize) -> Vec<Piece> {
    let tokenizer = tokenizer();
    let maker = Maker::new(corpus, &tokenizer, seed, length, 25).unwrap();
    maker.pieces(start).unwrap().take(n).collect()
}

#[test]
fn goldens() {
    let tokenizer = tokenizer();
    for (seed, (path, text)) in LANGUAGES.into_iter().enumerate() {
        let corpus = Corpus::new(vec![document("fixture", path, text)]);
        let maker = Maker::new(&corpus, &tokenizer, seed as u64, 1024, 25).unwrap();
        let pieces: String = maker
            .pieces(Place::default())
            .unwrap()
            .take(4)
            .map(|piece| piece.to_text(&corpus, &tokenizer))
            .collect();
        expect_file![format!("./golden/{path}.txt")].assert_eq(&pieces);
    }
}

#[test]
fn the_same_seed_gives_the_same_pieces_from_anywhere() {
    let corpus = corpus();
    let all = pieces(&corpus, 5, 512, Place::default(), 3);
    assert_eq!(all, pieces(&corpus, 5, 512, Place::default(), 3));
    assert_eq!(all[2..], pieces(&corpus, 5, 512, all[2].place, 1));
    assert_ne!(all[0].rows, pieces(&corpus, 6, 512, Place::default(), 1)[0].rows);
    assert_ne!(all[0].rows, all[1].rows, "epochs cut anew");
    assert_eq!(all.iter().map(|piece| piece.place.epoch).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn kinds_orders_and_context_are_mixed() {
    let corpus = corpus();
    let pieces = pieces(&corpus, 3, 2048, Place::default(), 24);
    let samples: Vec<&Sample> =
        pieces.iter().flat_map(|piece| &piece.rows).flat_map(|row| &row.samples).collect();
    let share = |what: &dyn Fn(&Sample) -> bool| {
        let n_tokens = |sample: &&Sample| sample.ids.len();
        let some: usize = samples.iter().filter(|sample| what(sample)).map(n_tokens).sum();
        some as f64 / samples.iter().map(n_tokens).sum::<usize>() as f64
    };
    let between = |low: f64, high: f64, what: &dyn Fn(&Sample) -> bool| {
        let share = share(what);
        assert!((low..high).contains(&share), "{low} to {high}: {share}");
    };
    between(0.2, 0.35, &|sample| sample.kind == Kind::Plain);
    between(0.5, 0.75, &|sample| sample.order == Some(Order::Spm));
    between(0.05, 0.2, &|sample| sample.order == Some(Order::Psm));
    between(0.003, 0.3, &|sample| sample.ids.contains(&RECENT_EDIT));
    // The few files here have little to say of each other.
    between(0.001, 0.4, &|sample| sample.ids.iter().filter(|&&id| id == FILE_SEP).count() > 1);
    for kind in
        [Kind::Line, Kind::Lines, Kind::Statement, Kind::Block, Kind::Arguments, Kind::Part, Kind::Span]
    {
        assert!(share(&|sample| sample.kind == kind) > 0.005, "{kind:?}");
    }
}

#[test]
fn plain_documents_have_the_share_that_is_asked_for() {
    let (corpus, tokenizer) = (corpus(), tokenizer());
    for percent in [0u8, 50, 100] {
        let maker = Maker::new(&corpus, &tokenizer, 3, 1024, percent).unwrap();
        let pieces: Vec<Piece> = maker.pieces(Place::default()).unwrap().take(12).collect();
        let samples = || pieces.iter().flat_map(|piece| &piece.rows).flat_map(|row| &row.samples);
        let n_tokens = |is_meant: &dyn Fn(&Sample) -> bool| -> usize {
            samples().filter(|sample| is_meant(sample)).map(|sample| sample.ids.len()).sum()
        };
        let share =
            100.0 * n_tokens(&|sample| sample.kind == Kind::Plain) as f64 / n_tokens(&|_| true) as f64;
        // Rows are filled up with the beginnings of plain documents.
        assert!((-1.0..12.0).contains(&(share - f64::from(percent))), "{percent}: {share}");
    }
}

const ENDOFTEXT: TokenId = 0;
const FIM_PREFIX: TokenId = 1;
const FIM_SUFFIX: TokenId = 2;
const FIM_MIDDLE: TokenId = 3;
const FILE_SEP: TokenId = 6;
const RECENT_EDIT: TokenId = 7;

/// A sample as its special tokens and the text behind each.
fn sections(sample: &Sample, tokenizer: &Tokenizer) -> Vec<(TokenId, String)> {
    let mut sections: Vec<(TokenId, Vec<TokenId>)> = Vec::new();
    for &id in &sample.ids {
        match tokenizer.is_special(id) {
            true => sections.push((id, Vec::new())),
            false => sections.last_mut().expect("text follows a special token").1.push(id),
        }
    }
    let decode = |(id, ids): (TokenId, Vec<TokenId>)| {
        let bytes: Vec<u8> = ids.iter().flat_map(|&id| tokenizer.bytes(id)).copied().collect();
        // A plain text may end within a character.
        (id, String::from_utf8_lossy(&bytes).trim_end_matches('\u{fffd}').to_string())
    };
    sections.into_iter().map(decode).collect()
}

/// Spellings of special tokens as they stand in documents.
fn joined(text: &str) -> String {
    text.replace("< |", "<|")
}

fn check_plain(sections: &[(TokenId, String)], document: &Document) {
    assert_eq!(sections[0], (ENDOFTEXT, String::new()));
    let (path, text) = sections[1].1.split_once('\n').unwrap();
    assert_eq!((sections[1].0, path), (FILE_SEP, &*document.path));
    let ends = sections.len() == 3 && sections[2] == (ENDOFTEXT, String::new());
    assert!(ends || sections.len() == 2);
    assert!(if ends { document.text.ends_with(text) } else { document.text.contains(text) });
}

fn check_question(sample: &Sample, sections: &[(TokenId, String)], document: &Document) {
    let order = sample.order.unwrap();
    let n = sections.len();
    let (context, header, body) = (&sections[1..n - 5], &sections[n - 5], &sections[n - 4..]);
    assert_eq!(sections[0], (ENDOFTEXT, String::new()));
    let first_edit = context.iter().position(|(id, _)| *id == RECENT_EDIT).unwrap_or(context.len());
    assert!(context[..first_edit].iter().all(|(id, text)| *id == FILE_SEP && text.ends_with('\n')));
    assert!(context[first_edit..].iter().all(|(id, text)| *id == RECENT_EDIT && is_edit(text)));
    assert_eq!(*header, (FILE_SEP, format!("{}\n", document.path)));

    let ids: Vec<TokenId> = body.iter().map(|(id, _)| *id).collect();
    let (prefix, suffix) = match order {
        Order::Spm => (&body[1].1, &body[0].1),
        Order::Psm => (&body[0].1, &body[1].1),
    };
    let first = if order == Order::Spm { [FIM_SUFFIX, FIM_PREFIX] } else { [FIM_PREFIX, FIM_SUFFIX] };
    assert_eq!(ids, [first[0], first[1], FIM_MIDDLE, ENDOFTEXT]);
    assert_eq!(body[3].1, "");

    let text = &document.text;
    let begins = match order {
        Order::Spm => text[..sample.middle.start].rfind('\n').map_or(0, |newline| newline + 1),
        Order::Psm => sample.middle.start,
    };
    assert_eq!(joined(&body[2].1), text[begins..sample.middle.end], "the answer");
    assert!(text[..begins].ends_with(&joined(prefix)), "the prefix");
    let is_unwritten = suffix.trim().is_empty();
    assert!(is_unwritten || text[sample.middle.end..].starts_with(&joined(suffix)), "the suffix");
    assert!(!text[sample.middle.clone()].trim().is_empty(), "something is wanted");
}

fn is_edit(section: &str) -> bool {
    let hunk = section.split_once('\n').unwrap().1;
    !hunk.is_empty() && hunk.ends_with('\n') && hunk.lines().all(|line| line.starts_with(['-', '+', ' ']))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_sample_is_a_question_to_its_document(seed: u64, length in 200usize..1500, epoch in 0u32..100) {
        let (corpus, tokenizer) = (corpus(), tokenizer());
        let piece = pieces(&corpus, seed, length, Place { epoch, piece: 0 }, 1).remove(0);
        for row in &piece.rows {
            prop_assert!(row.samples.iter().map(|sample| sample.ids.len()).sum::<usize>() <= length + 1);
            prop_assert_eq!(row.ids(length + 1).count(), length + 1);
            for sample in &row.samples {
                let document = &corpus.documents()[sample.document as usize];
                let sections = sections(sample, &tokenizer);
                match sample.order {
                    None => check_plain(&sections, document),
                    Some(_) => check_question(sample, &sections, document),
                }
            }
            let goes_on = |sample: &Sample| sample.ids.last() != Some(&ENDOFTEXT);
            let n_tokens: usize = row.samples.iter().map(|sample| sample.ids.len()).sum();
            prop_assert!(!row.samples.iter().any(goes_on) || n_tokens == length + 1);
        }
    }

    #[test]
    fn any_text_gives_samples(text in ".{1,400}", path in "[a-z]{1,8}\\.(rs|py|md|ts)") {
        let corpus = Corpus::new(vec![Document {
            package: "p".to_string(), language: Language::from_path(&path), path, text,
        }]);
        if !corpus.documents().is_empty() && corpus.documents()[0].language != Language::PlainText {
            pieces(&corpus, 1, 256, Place::default(), 2);
        }
    }
}

#[test]
fn what_cannot_be_made_is_said() {
    let (corpus, tokenizer) = (corpus(), tokenizer());
    let error = |length, place: Option<Place>| match Maker::new(&corpus, &tokenizer, 1, length, 25) {
        Err(error) => error,
        Ok(maker) => maker.pieces(place.unwrap()).map(|_| ()).unwrap_err(),
    };
    assert_eq!(error(100, None), Error::Length { length: 100, min: 128 });
    let past_the_end = Error::Piece { epoch: 2, piece: 1, n_pieces: 1 };
    assert_eq!(error(256, Some(Place { epoch: 2, piece: 1 })), past_the_end);
    assert_eq!(past_the_end.to_string(), "there is no piece 1 in epoch 2, which has 1: from 0 to 0");
    assert_eq!(language_id("csharp"), Ok(Language::CSharp));
    assert!(language_id("cobol").unwrap_err().to_string().starts_with("the language \"cobol\" is unknown"));
}
