//! What the files at hand say is mixed with what the model expects.

use std::rc::Rc;

use futures::executor::block_on;
use inkling_assist::ngram::N_FEATURES;
use inkling_assist::{Ask, Completer, LoadOptions, LocalModel, Remembered};
use inkling_engine::{Cancel, ExecutorChoice, Sampling, never_pause};
use inkling_fixture::tiny_llama;
use inkling_gguf::Dtype;
use inkling_prompt::{Part, Prompt};

/// How a random model goes on from `begun` when `texts` are at hand and the cache's logit is `belief`.
fn answer(texts: &[&str], begun: &str, belief: f32) -> String {
    let options = LoadOptions {
        executor: ExecutorChoice::Cpu,
        remote: None,
        n_threads: 1,
        pause: never_pause(),
        progress: &|_| (),
        cancel: &Cancel::default(),
    };
    let mut model = block_on(LocalModel::load(Rc::new(tiny_llama(Dtype::F32, 7)), options)).unwrap();
    let mut weights = [0.0; N_FEATURES];
    weights[0] = belief;
    model.recall_with(weights);
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
    assert!(answer.completions[0].steps.iter().all(|step| (0.0..=1.0).contains(&step.probability)));
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
    let options = LoadOptions {
        executor: ExecutorChoice::Cpu,
        remote: None,
        n_threads: 1,
        pause: never_pause(),
        progress: &|_| (),
        cancel: &Cancel::default(),
    };
    let mut model = block_on(LocalModel::load(Rc::new(tiny_llama(Dtype::F32, 7)), options)).unwrap();
    model.recall_with([0.0; N_FEATURES]);
    let shares = |model: &mut LocalModel, text: &str| {
        model.remember(&[Remembered { id: 0, text }]);
        let prompt = Prompt {
            parts: vec![Part::Text("x\n".to_string())],
            begun: "abc".to_string(),
            ..Prompt::default()
        };
        let seen = block_on(model.observe(&prompt, "d")).unwrap();
        seen.last().unwrap().share
    };
    assert_eq!(shares(&mut model, "xabcd\n"), Some(1.0));
    assert_eq!(shares(&mut model, "xabce\n"), Some(0.0));
    assert_eq!(shares(&mut model, "x\n"), None);
}
