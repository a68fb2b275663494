//! The way that every cursor of a fixture is completed in, in every language.

use std::path::Path;

use expect_test::expect_file;
use inkling_syntax::{Language, Source};

/// The fixture with each `$0` as the way at that place; the cursors are asked one by one.
fn ways(fixture: &str, language: Language) -> String {
    let parts: Vec<&str> = fixture.split("$0").collect();
    let source = Source::new(parts.concat(), language);
    let mut out = parts[0].to_string();
    let mut offset = 0;
    for pair in parts.windows(2) {
        offset += pair[0].len();
        out.push_str(&format!("⟨{}⟩{}", source.way_at(offset).name(), pair[1]));
    }
    out
}

#[test]
fn every_cursor_of_every_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ways");
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut n_files = 0;
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension != "golden")) {
        let fixture = std::fs::read_to_string(&path).unwrap();
        let golden = ways(&fixture, Language::from_path(path.to_str().unwrap()));
        expect_file![format!("{}.golden", path.display())].assert_eq(&golden);
        n_files += 1;
    }
    assert_eq!(n_files, 12, "eleven languages and plain text");
}
