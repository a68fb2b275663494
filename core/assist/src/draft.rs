//! Guesses of the tokens that come next, so that the model reads several at once: prompt lookup, verified.
//!
//! What stood behind the last tokens elsewhere is guessed to stand here too (Saxena 2023; Yang et al. 2023). The
//! model evaluates all guesses together, for much less than a step each, and an answer takes from them what it would
//! have been given one by one: they change how long it takes and nothing else.

use std::collections::VecDeque;

use inkling_engine::{TokenId, Top};

use crate::recall::Recall;

/// What the model expects behind guesses that have not come true yet, each with the guess before it.
#[derive(Default)]
pub(crate) struct Foreseen(VecDeque<(TokenId, Top)>);

impl Foreseen {
    /// `tops` may follow the guesses, in order.
    pub(crate) fn new(draft: Vec<TokenId>, tops: impl Iterator<Item = Top>) -> Foreseen {
        Foreseen(draft.into_iter().zip(tops).collect())
    }

    /// What may follow `token`, where it is what was guessed; where it is another, all guesses behind it are void.
    pub(crate) fn after(&mut self, token: TokenId) -> Option<Top> {
        match self.0.pop_front() {
            Some((guess, top)) if guess == token => Some(top),
            _ => {
                self.0.clear();
                None
            }
        }
    }
}

/// What is likely to follow `history`, at most `max_draft` tokens: what did in the files at hand or in itself,
/// whichever has the longer match.
pub(crate) fn guess(history: &[TokenId], recall: Option<&Recall>, max_draft: usize) -> Vec<TokenId> {
    let here = inkling_ngram::repetition(history, max_draft);
    let elsewhere = recall.map_or((0, &[][..]), |recall| recall.continuation(history, max_draft));
    let (match_len, tokens) = if here.0 >= elsewhere.0 { here } else { elsewhere };
    // Behind two tokens in common one comes four times in five; the longer the match, the more of them.
    tokens[..tokens.len().min(match_len.saturating_sub(1))].to_vec()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use futures::executor::block_on;
    use inkling_engine::{
        Cancel, CpuExecutor, Executor, ExecutorInfo, Model, Prefilled, Reply, Sampling, Want, never_pause,
    };
    use inkling_gguf::{Dtype, Gguf};
    use inkling_ngram::N_FEATURES;
    use inkling_prompt::{Part, Prompt};
    use inkling_tokenizer::Tokenizer;

    use super::*;
    use crate::{Ask, Completer, LocalModel, Remembered};

    /// The CPU, which verifies guesses or takes one token at a time, and how often it was asked.
    struct Asked {
        executor: CpuExecutor,
        guesses: bool,
        n_calls: Rc<Cell<usize>>,
    }

    impl Executor for Asked {
        fn info(&self) -> &ExecutorInfo {
            self.executor.info()
        }

        fn prefill<'a>(
            &'a mut self,
            tokens: &'a [TokenId],
            want: &'a Want,
            cancel: &'a Cancel,
        ) -> Reply<'a, Prefilled> {
            self.n_calls.set(self.n_calls.get() + 1);
            self.executor.prefill(tokens, want, cancel)
        }

        fn step<'a>(&'a mut self, token: TokenId, want: &'a Want, cancel: &'a Cancel) -> Reply<'a, Top> {
            self.n_calls.set(self.n_calls.get() + 1);
            self.executor.step(token, want, cancel)
        }

        fn max_draft(&self) -> usize {
            if self.guesses { self.executor.max_draft() } else { 0 }
        }

        fn verify<'a>(
            &'a mut self,
            tokens: &'a [TokenId],
            n_drafted: usize,
            want: &'a Want,
            cancel: &'a Cancel,
        ) -> Reply<'a, Vec<Top>> {
            self.n_calls.set(self.n_calls.get() + 1);
            self.executor.verify(tokens, n_drafted, want, cancel)
        }

        fn logits<'a>(&'a mut self, tokens: &'a [TokenId], cancel: &'a Cancel) -> Reply<'a, Vec<f32>> {
            self.executor.logits(tokens, cancel)
        }
    }

    fn model(file: &Vec<u8>, guesses: bool) -> (LocalModel, Rc<Cell<usize>>) {
        let gguf = block_on(Gguf::read(file)).unwrap();
        let cancel = Cancel::default();
        let weights = block_on(Model::load(&gguf, file, &|_| {}, &cancel)).unwrap();
        let executor = CpuExecutor::new(weights, 2048, 1, never_pause()).unwrap();
        let n_calls = Rc::new(Cell::new(0));
        let executor = Asked { executor, guesses, n_calls: Rc::clone(&n_calls) };
        let tokenizer = Tokenizer::from_gguf(&gguf).unwrap();
        (LocalModel::new(&gguf, 0, tokenizer, Box::new(executor)), n_calls)
    }

    /// What a model makes of a place in `text`, everything that it says of each token included, and how often it asked
    /// its executor.
    fn answer(
        (model, n_calls): &mut (LocalModel, Rc<Cell<usize>>),
        text: &str,
        at: usize,
        temperature: f32,
    ) -> (String, usize) {
        let (before, begun) = text.split_at(at).0.rsplit_once('\n').unwrap();
        model.remember(&[Remembered { id: 0, text: before }]);
        let parts = vec![Part::Text(format!("{before}\n"))];
        let prompt = Prompt { parts, begun: begun.to_string(), ..Prompt::default() };
        let sampling = Sampling { temperature, seed: at as u64, ..Sampling::GREEDY };
        let ask = Ask {
            prompt: &prompt,
            max_tokens: 24,
            n_completions: 2,
            sampling,
            is_complete: &|text| text.contains("\n\n"),
            cancel: &Cancel::default(),
            now_ms: &|| 0.0,
        };
        n_calls.set(0);
        let answer = block_on(model.complete(ask)).unwrap();
        (format!("{:?}", answer.completions), n_calls.get())
    }

    /// Compares answers with and without guesses at several places; executor calls of each.
    fn check(file: &Vec<u8>, belief: Option<f32>, text: &str, temperature: f32) -> (usize, usize) {
        let (mut guessing, mut plain) = (model(file, true), model(file, false));
        if let Some(belief) = belief {
            let weights = std::array::from_fn::<_, N_FEATURES, _>(|idx| if idx == 0 { belief } else { 0.0 });
            guessing.0.recall_with(weights, None);
            plain.0.recall_with(weights, None);
        }
        let (mut n_guessing, mut n_plain) = (0, 0);
        for at in (text.len() / 2..text.len()).step_by(text.len() / 6) {
            let (actual, n) = answer(&mut guessing, text, at, temperature);
            let (expected, m) = answer(&mut plain, text, at, temperature);
            assert_eq!(actual, expected, "at {at}");
            (n_guessing, n_plain) = (n_guessing + n, n_plain + m);
        }
        (n_guessing, n_plain)
    }

    #[test]
    fn guesses_change_no_answer_of_any_model() {
        let text = "let sum = a;\n  sum\n".repeat(4);
        for dtype in [Dtype::F32, Dtype::Q4_0] {
            for (belief, temperature) in [(None, 0.0), (Some(0.0), 0.0), (Some(-2.0), 0.7), (Some(20.0), 0.0)]
            {
                let file = inkling_fixture::tiny("qwen3", dtype, 7);
                let (n_guessing, n_plain) = check(&file, belief, &text, temperature);
                if belief == Some(20.0) {
                    assert!(3 * n_guessing < 2 * n_plain, "{n_guessing} and {n_plain} calls");
                }
            }
        }
    }

    #[test]
    fn guesses_change_no_answer_of_the_embedded_model() {
        let file = std::fs::read("../../models/inkling.gguf").unwrap();
        let (n_guessing, n_plain) = check(&file, None, include_str!("summary.rs"), 0.0);
        assert!(n_guessing < n_plain, "{n_guessing} and {n_plain} calls");
    }

    #[test]
    fn the_longer_match_is_guessed_from() {
        assert_eq!(guess(&[1, 2, 3, 4, 5, 6, 9, 1, 2, 3, 4], None, 8), [5, 6, 9]);
        assert_eq!(guess(&[1, 2, 3, 4, 5, 6, 9, 1, 2, 3, 4], None, 2), [5, 6]);
        assert_eq!(guess(&[2, 3, 5, 5, 7, 2, 3], None, 8), [5], "two tokens in common say little");
        assert_eq!(guess(&[1, 2, 3], None, 8), []);
    }

    #[test]
    fn what_is_foreseen_holds_as_long_as_guesses_come_true() {
        let top = |id| Top { entries: vec![(id, 0.0)], log_sum_exp: 0.0 };
        let foreseen = || Foreseen::new(vec![7, 8], [top(8), top(9)].into_iter());
        let mut right = foreseen();
        assert_eq!(right.after(7), Some(top(8)));
        assert_eq!(right.after(8), Some(top(9)));
        assert_eq!(right.after(9), None);
        let mut wrong = foreseen();
        assert_eq!(wrong.after(6), None);
        assert_eq!(wrong.after(8), None);
    }
}
