//! The last typed word is written again by the model, under the constraint that it comes out as typed.

use std::rc::Rc;

use futures::executor::block_on;
use inkling_assist::{Answer, Ask, Completer, LoadOptions, LocalModel};
use inkling_engine::{Cancel, ExecutorChoice, Sampling, never_pause};
use inkling_fixture::tiny_llama;
use inkling_gguf::Dtype;
use inkling_prompt::{Part, Prompt};

fn model() -> LocalModel {
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

/// The answer to `given` with `begun` typed already, two completions of at most five tokens.
fn answer(model: &mut LocalModel, begun: &str) -> Answer {
    let parts = vec![Part::Text("fn main() {\n".to_string())];
    let prompt = Prompt { parts, begun: begun.to_string(), ..Prompt::default() };
    let ask = Ask {
        prompt: &prompt,
        max_tokens: 5,
        n_completions: 2,
        sampling: Sampling::GREEDY,
        is_complete: &|_| false,
        cancel: &Cancel::default(),
        now_ms: &|| 0.0,
    };
    block_on(model.complete(ask)).unwrap()
}

/// The prompt's text, and for each completion all that was written and the part of it that is new.
fn check(begun: &str, given: &str, required: &str) {
    let answer = answer(&mut model(), begun);
    let prompt: String = answer.prompt.iter().map(|token| token.text.as_str()).collect();
    assert_eq!(prompt, format!("fn main() {{\n{given}"));
    assert_eq!(answer.completions.len(), 2);
    for completion in &answer.completions {
        let written: String = completion.steps.iter().map(|step| step.text.as_str()).collect();
        assert_eq!(written, format!("{required}{}", completion.text), "{begun:?}");
        let n_new: usize = completion.steps.iter().map(|step| step.n_bytes).sum();
        assert_eq!(n_new, completion.text.len(), "{begun:?}");
        assert_eq!(completion.text.len(), 5, "the required bytes are not counted against the limit");
    }
}

#[test]
fn the_last_word_is_required_of_the_answer() {
    check("", "", "");
    check("    ", "", "    ");
    check("    let numb", "    let", " numb");
    check("    let x = ", "    let x =", " ");
    check("foo.", "foo", ".");
}

#[test]
fn a_word_of_many_bytes_is_given() {
    let long = "x".repeat(65);
    check(&long, &long, "");
}

/// The fixture has "er" as one token and all letters as their own: both ways to write a word agree with it.
#[test]
fn a_token_may_reach_beyond_what_is_required() {
    let answer = answer(&mut model(), "late");
    let first: String = answer.completions[0].steps.iter().map(|step| step.text.as_str()).collect();
    assert!(first.starts_with("late"), "{first}");
}
