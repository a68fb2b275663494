//! What a cursor is told of other files: one small project and one golden a language.
//!
//! A fixture holds several files, each under a line `//- PATH`; `$0` is the cursor. `UPDATE_EXPECT=1` rewrites
//! the goldens.

use std::path::Path;

use expect_test::expect_file;
use inkling_context::{Config, File, Limits, RecentEdits, Workspace, gather};
use inkling_syntax::{Language, Source};

/// A project and a place in one of its files.
struct Project {
    workspace: Workspace,
    path: String,
    source: Source,
    offset: usize,
}

fn project(fixture: &str) -> Project {
    let mut workspace = Workspace::new(Limits::STANDARD);
    let mut cursor = None;
    for part in fixture.split("//- ").skip(1) {
        let (path, text) = part.split_once('\n').expect("a path, then the file");
        match text.find("$0") {
            Some(offset) => {
                let source = Source::new(text.replacen("$0", "", 1), Language::from_path(path));
                cursor = Some((path.to_string(), source, offset));
            }
            None => workspace.insert(File::new(path, text.as_bytes().to_vec()).unwrap()).unwrap(),
        }
    }
    let (path, source, offset) = cursor.expect("a cursor");
    Project { workspace, path, source, offset }
}

/// The snippets, the most relevant first.
fn snippets(project: &Project) -> String {
    let Project { workspace, path, source, offset } = project;
    let context = gather(source, path, *offset, workspace, &RecentEdits::default(), &Config::STANDARD);
    let shown = context.snippets.iter().rev().map(|snippet| {
        let text: String = snippet.text.lines().map(|line| format!("    {line}\n")).collect();
        format!("{} ({} {:.2})\n{text}", snippet.path, snippet.reason.name(), snippet.score)
    });
    shown.collect()
}

#[test]
fn every_project() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut fixtures: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    fixtures.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    fixtures.sort();
    assert!(fixtures.len() >= 11, "one a language");
    for path in fixtures {
        let mut project = project(&std::fs::read_to_string(&path).unwrap());
        let by_lines = snippets(&project);
        for path in project.workspace.unparsed_near(&project.path) {
            assert!(project.workspace.parse(&path));
        }
        let by_tree = snippets(&project);
        let golden = format!("== by lines\n{by_lines}\n== by tree\n{by_tree}");
        expect_file![path.with_extension("golden")].assert_eq(&golden);
    }
}
