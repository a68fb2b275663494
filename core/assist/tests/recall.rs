//! What the files at hand say is mixed with what the model expects.

use std::cell::RefCell;
use std::rc::Rc;

use futures::executor::block_on;
use inkling_assist::context::{File, Limits, RecentEdits, Sources, Workspace};
use inkling_assist::ngram::N_FEATURES;
use inkling_assist::syntax::{Language, Source};
use inkling_assist::{Ask, Completer, LoadOptions, LocalModel, Options, Remembered, Request, question};
use inkling_engine::{Cancel, ExecutorChoice, Sampling, never_pause};
use inkling_fixture::tiny_llama;
use inkling_gguf::Dtype;
use inkling_prompt::{Part, Prompt};

fn random_model() -> LocalModel {
    let options = LoadOptions {
        executor: ExecutorChoice::Cpu,
        remote: None,
        n_threads: 1,
        pause: never_pause(),
        progress: &|_| (),
        cancel: &Cancel::default(),
    };
    block_on(LocalModel::load(Rc::new(tiny_llama(Dtype::F32, 7)), options)).unwrap()
}

/// How a random model goes on from `begun` when `texts` are at hand and the cache's logit is `belief`.
fn answer(texts: &[&str], begun: &str, belief: f32) -> String {
    let mut model = random_model();
    let mut weights = [0.0; N_FEATURES];
    weights[0] = belief;
    model.recall_with(weights, None);
    let texts: Vec<Remembered<'_>> =
        texts.iter().enumerate().map(|(id, text)| Remembered { id: id as u64, text }).collect();
    model.remember(&texts);
    let prompt = Prompt {
        parts: vec![Part::Text("fn f() {\n".to_string())],
        begun: begun.to_string(),
        ..Prompt::default()
    };
    let ask = Ask {
        prompt: &prompt,
        max_tokens: 16,
        n_completions: 1,
        sampling: Sampling::GREEDY,
        is_complete: &|text| text.contains(';'),
        cancel: &Cancel::default(),
        now_ms: &|| 0.0,
    };
    let answer = block_on(model.complete(ask)).unwrap();
    let steps = || answer.completions[0].steps.iter();
    assert!(steps().all(|step| (0.0..=1.0).contains(&step.probability)));
    let follows = answer.completions[0].text.contains("price");
    assert!(!follows || steps().all(|step| step.recalled > 0.0), "whoever follows the files knows it");
    answer.completions[0].text.clone()
}

#[test]
fn a_line_at_hand_is_gone_on_with_as_far_as_the_cache_is_believed() {
    let texts = ["    let total = price * n;\n", "    let other = 1;\n"];
    assert_eq!(answer(&texts, "    let tot", 20.0), "al = price * n;");
    assert_ne!(answer(&texts, "    let tot", -20.0), "al = price * n;");
}

#[test]
fn the_required_word_holds_for_the_cache_too() {
    let texts = ["    let total = price * n;\n"];
    assert!(!answer(&texts, "    let tax", 20.0).starts_with("al"));
}

#[test]
fn a_text_that_changed_replaces_what_it_was() {
    let mut model = random_model();
    model.recall_with([0.0; N_FEATURES], None);
    let shares = |model: &mut LocalModel, text: &str| {
        model.remember(&[Remembered { id: 0, text }]);
        let prompt = Prompt {
            parts: vec![Part::Text("x\n".to_string())],
            begun: "abc".to_string(),
            ..Prompt::default()
        };
        let seen = block_on(model.observe(&prompt, "d")).unwrap();
        seen.last().unwrap().mixtures[0].share
    };
    assert_eq!(shares(&mut model, "xabcd\n"), Some(1.0));
    assert_eq!(shares(&mut model, "xabce\n"), Some(0.0));
    assert_eq!(shares(&mut model, "x\n"), None);
}

/// Which share of what the workspace's files say `d` has behind `abc` in `a.rs`; all of them are read, as
/// `sources` has it.
fn share_of_others(model: &mut LocalModel, workspace: &RefCell<Workspace>, sources: Sources) -> Option<f32> {
    let source = Source::new("abc".to_string(), Language::Rust);
    while model.study(&workspace.borrow(), "a.rs", Language::Rust, 1) {}
    let options = Options { sources, ..Options::DEFAULT };
    let edits = RecentEdits::default();
    let (source, edits, path) = (&source, &edits, "a.rs");
    let request = Request { source, path, offset: 3, workspace, edits, n_rejected: 0, options };
    let prompt = question(request, model, &|| 0.0).prompt;
    let seen = block_on(model.observe(&prompt, "d")).unwrap();
    seen.last().unwrap().mixtures[1].share
}

#[test]
fn the_workspaces_other_files_are_read_and_followed() {
    let mut model = random_model();
    model.recall_with([0.0; N_FEATURES], Some([0.0; N_FEATURES]));
    let workspace = RefCell::new(Workspace::new(Limits::STANDARD));
    let mut share = |sources| share_of_others(&mut model, &workspace, sources);
    let insert = |path: &str, text: &str| {
        workspace.borrow_mut().insert(File::new(path, text.as_bytes().to_vec()).unwrap()).unwrap();
    };
    assert_eq!(share(Sources::ALL), None);
    insert("a.rs", "abcd\n");
    assert_eq!(share(Sources::ALL), None, "an older text of the file itself says nothing");
    insert("b.rs", "abcd\n");
    insert("c.py", "abce\n");
    assert_eq!(share(Sources::ALL), Some(1.0), "a file of another language says nothing");
    assert_eq!(share(Sources { recalled: false, ..Sources::ALL }), None);
    insert("b.rs", "abce\n");
    assert_eq!(share(Sources::ALL), Some(0.0));
    insert("c.rs", "abcd\n");
    assert_eq!(share(Sources::ALL), Some(0.5));
    workspace.borrow_mut().remove("b.rs");
    assert_eq!(share(Sources::ALL), Some(1.0));
}

#[test]
fn a_secret_of_another_file_is_not_suggested() {
    let mut model = random_model();
    model.recall_with([0.0; N_FEATURES], Some([0.0; N_FEATURES]));
    let workspace = RefCell::new(Workspace::new(Limits::STANDARD));
    let text = "let password = \"abcdTq8-x\";\nlet other = 1;\n";
    workspace.borrow_mut().insert(File::new("b.rs", text.as_bytes().to_vec()).unwrap()).unwrap();
    assert_eq!(share_of_others(&mut model, &workspace, Sources::ALL), None);
}
