//! A graphics processor, and the CPU for when it is lost.

use std::rc::Rc;

use inkling_gguf::{Gguf, Source};

use crate::choice::{ExecutorChoice, ExecutorOptions, Reload};
use crate::executor::{Cancel, Executor, ExecutorInfo, Prefilled, Reply, TokenId, Top, Want};
use crate::gpu::{Gpu, GpuExecutor, GpuOptions, Tier};
use crate::model::Layout;
use crate::self_test::self_test;
use crate::{Adapter, EngineError};

/// Loads a model onto the graphics processor; where any will not do, a software one is none.
pub(crate) async fn load_gpu(
    gguf: &Gguf,
    source: Rc<dyn Source>,
    options: &ExecutorOptions<'_>,
    reload: &Reload,
) -> Result<Box<dyn Executor>, EngineError> {
    let gpu = Gpu::open(Tier::Subgroups).await?;
    if gpu.is_software() && options.choice == ExecutorChoice::Auto {
        return Err(EngineError::NoGpu { reason: ", only one that the CPU plays".to_string() });
    }
    let ExecutorOptions { n_context, progress, cancel, pause, .. } = options;
    let (gpu, layout) = (Rc::new(gpu), Layout::new(gguf)?);
    self_test(&gpu, &layout, &*source, pause, cancel).await?;
    let gpu_options = GpuOptions { n_context: *n_context, pause: pause.clone(), progress, cancel };
    let gpu = GpuExecutor::load_layout(gpu, &layout, &*source, gpu_options).await?;
    Ok(Box::new(FallBack::new(gpu, source, reload.clone())))
}

/// A graphics processor as long as it is there, then the CPU: the conversation goes on where it was.
struct FallBack {
    executor: Box<dyn Executor>,
    source: Rc<dyn Source>,
    reload: Reload,
    info: ExecutorInfo,
    /// What the executor's cache holds.
    tokens: Vec<TokenId>,
    /// In use, each with its factor.
    adapters: Vec<(Rc<Adapter>, f32)>,
}

impl FallBack {
    fn new(gpu: GpuExecutor, source: Rc<dyn Source>, reload: Reload) -> FallBack {
        let info = gpu.info().clone();
        FallBack { executor: Box::new(gpu), source, reload, info, tokens: Vec::new(), adapters: Vec::new() }
    }

    /// Puts the CPU in the place of a lost device; any other error stays one.
    async fn take_over(&mut self, error: EngineError, cancel: &Cancel) -> Result<(), EngineError> {
        if !matches!(error, EngineError::GpuLost { .. }) {
            return Err(error);
        }
        let gguf = Gguf::read(&*self.source).await?;
        let mut cpu = self.reload.load(&gguf, &*self.source, &|_| {}, cancel).await?;
        cpu.adapt(&self.adapters).await?;
        self.info = cpu.info().clone();
        self.info.reason = Some(error.cause());
        self.executor = Box::new(cpu);
        Ok(())
    }

    async fn fill(
        &mut self,
        tokens: &[TokenId],
        want: &Want,
        cancel: &Cancel,
    ) -> Result<Prefilled, EngineError> {
        let prefilled = match self.executor.prefill(tokens, want, cancel).await {
            Ok(prefilled) => prefilled,
            Err(error) => {
                self.take_over(error, cancel).await?;
                self.executor.prefill(tokens, want, cancel).await?
            }
        };
        self.tokens = tokens.to_vec();
        Ok(prefilled)
    }
}

impl Executor for FallBack {
    fn info(&self) -> &ExecutorInfo {
        &self.info
    }

    fn prefill<'a>(
        &'a mut self,
        tokens: &'a [TokenId],
        want: &'a Want,
        cancel: &'a Cancel,
    ) -> Reply<'a, Prefilled> {
        Box::pin(self.fill(tokens, want, cancel))
    }

    fn step<'a>(&'a mut self, token: TokenId, want: &'a Want, cancel: &'a Cancel) -> Reply<'a, Top> {
        Box::pin(async move {
            match self.executor.step(token, want, cancel).await {
                Ok(top) => {
                    self.tokens.push(token);
                    Ok(top)
                }
                Err(error) => {
                    self.take_over(error, cancel).await?;
                    let tokens = [&self.tokens[..], &[token]].concat();
                    Ok(self.fill(&tokens, want, cancel).await?.top)
                }
            }
        })
    }

    fn greedy<'a>(
        &'a mut self,
        token: TokenId,
        n_steps: usize,
        stops: &'a [TokenId],
        want: &'a Want,
        cancel: &'a Cancel,
    ) -> Reply<'a, Vec<Top>> {
        Box::pin(async move {
            let tops = match self.executor.greedy(token, n_steps, stops, want, cancel).await {
                Ok(tops) => tops,
                Err(error) => {
                    self.take_over(error, cancel).await?;
                    if !self.tokens.is_empty() {
                        self.executor.prefill(&self.tokens, want, cancel).await?;
                    }
                    self.executor.greedy(token, n_steps, stops, want, cancel).await?
                }
            };
            let chosen = tops.iter().filter_map(|top| top.entries.first());
            self.tokens.extend([token].into_iter().chain(chosen.map(|(id, _)| *id)).take(tops.len()));
            Ok(tops)
        })
    }

    fn adapt<'a>(&'a mut self, adapters: &'a [(Rc<Adapter>, f32)]) -> Reply<'a, ()> {
        Box::pin(async move {
            if let Err(error) = self.executor.adapt(adapters).await {
                self.take_over(error, &Cancel::default()).await?;
                self.executor.adapt(adapters).await?;
            }
            self.adapters = adapters.to_vec();
            self.tokens.clear();
            Ok(())
        })
    }

    fn logits<'a>(&'a mut self, tokens: &'a [TokenId], cancel: &'a Cancel) -> Reply<'a, Vec<f32>> {
        Box::pin(async move {
            let logits = match self.executor.logits(tokens, cancel).await {
                Ok(logits) => logits,
                Err(error) => {
                    self.take_over(error, cancel).await?;
                    self.executor.logits(tokens, cancel).await?
                }
            };
            self.tokens = tokens.to_vec();
            Ok(logits)
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use inkling_gguf::Dtype;

    use super::*;
    use crate::executor::never_pause;

    #[test]
    fn the_cpu_goes_on_with_the_answer_of_a_lost_device() {
        [2, 3].into_iter().for_each(check_loss_at);
    }

    fn check_loss_at(lost_at: usize) {
        let file = inkling_fixture::tiny_llama(Dtype::F32, 3);
        let gguf = block_on(Gguf::read(&file)).unwrap();
        let gpu = match block_on(Gpu::open(Tier::Portable)) {
            Ok(gpu) => gpu,
            Err(error) => return println!("skipped: {error}"),
        };
        let (want, cancel) = (Want { top_k: 4, masked: vec![] }, Cancel::default());
        let device = gpu.device.clone();
        let options = GpuOptions { n_context: 64, pause: never_pause(), progress: &|_| {}, cancel: &cancel };
        let gpu = block_on(GpuExecutor::load(gpu, &gguf, &file, options)).unwrap();
        let reload = Reload { n_context: 64, n_threads: 1, pause: never_pause() };
        let mut cpu = block_on(reload.load(&gguf, &file, &|_| {}, &cancel)).unwrap();
        let adapter = inkling_fixture::adapter_of_all(&gguf, 1);
        let adapter = block_on(async { Adapter::load(&Gguf::read(&adapter).await?, &adapter).await });
        let adapters = [(Rc::new(adapter.unwrap()), 1.0)];
        let mut both = FallBack::new(gpu, Rc::new(file), reload);
        block_on(cpu.adapt(&adapters)).unwrap();
        block_on(both.adapt(&adapters)).unwrap();
        let mut token = 7;
        block_on(cpu.prefill(&[1, 2, 3], &want, &cancel)).unwrap();
        block_on(both.prefill(&[1, 2, 3], &want, &cancel)).unwrap();
        for step in 0..6 {
            if step == lost_at {
                assert!(both.info().name.starts_with("GPU"));
                device.destroy();
            }
            let n_steps = if step % 2 == 1 { 3 } else { 1 };
            let expected = block_on(cpu.greedy(token, n_steps, &[], &want, &cancel)).unwrap();
            let actual = if n_steps == 1 {
                vec![block_on(both.step(token, &want, &cancel)).unwrap()]
            } else {
                block_on(both.greedy(token, n_steps, &[], &want, &cancel)).unwrap()
            };
            for (expected, actual) in expected.iter().zip(&actual) {
                assert_eq!(expected.entries[0].0, actual.entries[0].0, "step {step}");
                assert!((expected.log_sum_exp - actual.log_sum_exp).abs() < 1e-3, "step {step}");
            }
            token = actual[n_steps - 1].entries[0].0;
        }
        let ExecutorInfo { name, reason, .. } = both.info();
        assert!(name.starts_with("CPU"), "{name}");
        assert!(reason.as_ref().unwrap().starts_with("the graphics processor "), "{reason:?}");
    }
}
