//! Models that fill in the middle of code and that this program can run, for whoever looks for a larger one.

use inkling_engine::MemoryNeeds;

/// The catalogue, the smallest first. Sizes and shapes are those of the files and of the models' configurations.
pub const CATALOGUE: &[CatalogueModel] = &[
    CatalogueModel {
        name: "Qwen2.5-Coder 0.5B",
        path: "ggml-org/Qwen2.5-Coder-0.5B-Q8_0-GGUF/qwen2.5-coder-0.5b-q8_0.gguf",
        licence: "Apache-2.0",
        n_bytes: 531_000_000,
        shape: Shape { n_layer: 24, d_kv: 128, n_context: 32_768 },
    },
    CatalogueModel {
        name: "DeepSeek-Coder 1.3B",
        path: "TheBloke/deepseek-coder-1.3b-base-GGUF/deepseek-coder-1.3b-base.Q4_K_M.gguf",
        licence: "DeepSeek Model License",
        n_bytes: 874_000_000,
        shape: Shape { n_layer: 24, d_kv: 2048, n_context: 16_384 },
    },
    CatalogueModel {
        name: "Qwen2.5-Coder 1.5B",
        path: "ggml-org/Qwen2.5-Coder-1.5B-Q8_0-GGUF/qwen2.5-coder-1.5b-q8_0.gguf",
        licence: "Apache-2.0",
        n_bytes: 1_647_000_000,
        shape: Shape { n_layer: 28, d_kv: 256, n_context: 32_768 },
    },
    CatalogueModel {
        name: "StarCoder2 3B",
        path: "QuantFactory/starcoder2-3b-GGUF/starcoder2-3b.Q4_K_M.gguf",
        licence: "BigCode OpenRAIL-M",
        n_bytes: 1_890_000_000,
        shape: Shape { n_layer: 30, d_kv: 256, n_context: 16_384 },
    },
    CatalogueModel {
        name: "Granite 3B Code",
        path: "ibm-granite/granite-3b-code-base-2k-GGUF/granite-3b-code-base.Q4_K_M.gguf",
        licence: "Apache-2.0",
        n_bytes: 2_130_000_000,
        shape: Shape { n_layer: 32, d_kv: 2560, n_context: 2048 },
    },
    CatalogueModel {
        name: "Qwen2.5-Coder 3B",
        path: "ggml-org/Qwen2.5-Coder-3B-Q8_0-GGUF/qwen2.5-coder-3b-q8_0.gguf",
        licence: "Qwen Research, not for commercial use",
        n_bytes: 3_285_000_000,
        shape: Shape { n_layer: 36, d_kv: 256, n_context: 32_768 },
    },
];

/// Where Hugging Face keeps files.
pub const HUB: &str = "https://huggingface.co";

/// Positions that memory is planned for, where the model has as many.
const N_CONTEXT: u64 = 4096;

/// More than the activations of any of these take on either executor.
const SCRATCH_BYTES: u64 = 200_000_000;

/// A model file on Hugging Face.
pub struct CatalogueModel {
    /// As people call it; the prompt's format follows from it.
    pub name: &'static str,
    /// OWNER/REPOSITORY/FILE.
    path: &'static str,
    /// The licence of the weights.
    pub licence: &'static str,
    /// The file's size, to the megabyte.
    pub n_bytes: u64,
    shape: Shape,
}

/// What keys and values depend on.
struct Shape {
    n_layer: u64,
    /// Elements of a position's keys in a layer, all heads together.
    d_kv: u64,
    n_context: u64,
}

impl CatalogueModel {
    /// What `inkling model pull` and `--model` take.
    pub fn hub_name(&self) -> String {
        format!("hf:{}", self.path)
    }

    /// The address of the file.
    pub fn url(&self) -> String {
        let mut parts = self.path.splitn(3, '/').map(str::to_string);
        let [owner, repository, file] = std::array::from_fn(|_| parts.next().unwrap_or_default());
        format!("{HUB}/{owner}/{repository}/resolve/main/{file}")
    }

    /// What it takes on the CPU, with keys and values in 32 bits.
    pub fn on_cpu(&self) -> MemoryNeeds {
        self.needs(4)
    }

    /// What it takes on a graphics processor, with keys and values in 16 bits.
    pub fn on_gpu(&self) -> MemoryNeeds {
        self.needs(2)
    }

    /// Whether the CPU can run it beside an editor and what else is open, on a machine with so much memory in all.
    pub fn fits(&self, memory_bytes: u64) -> bool {
        self.on_cpu().total() <= memory_bytes / 2
    }

    fn needs(&self, element_bytes: u64) -> MemoryNeeds {
        MemoryNeeds {
            weights: self.n_bytes,
            cache: self.shape.cache_bytes(N_CONTEXT, element_bytes),
            scratch: SCRATCH_BYTES,
        }
    }
}

impl Shape {
    /// Keys and values of a conversation.
    fn cache_bytes(&self, n_context: u64, element_bytes: u64) -> u64 {
        2 * element_bytes * self.n_layer * self.d_kv * n_context.min(self.n_context)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use inkling_engine::MemoryPlan;
    use inkling_fixture::tiny_llama;
    use inkling_gguf::{Dtype, Gguf};
    use inkling_prompt::Family;

    use super::*;

    #[test]
    fn every_model_has_an_address_and_a_prompt() {
        for model in CATALOGUE {
            assert!(model.path.matches('/').count() == 2 && model.path.ends_with(".gguf"), "{}", model.path);
            assert!(Family::of_model(model.name).is_some(), "{}", model.name);
        }
        assert_eq!(
            CATALOGUE[2].url(),
            "https://huggingface.co/ggml-org/Qwen2.5-Coder-1.5B-Q8_0-GGUF/resolve/main/qwen2.5-coder-1.5b-q8_0.gguf"
        );
    }

    #[test]
    fn keys_and_values_are_counted_as_the_plan_of_a_file_counts_them() {
        let bytes = tiny_llama(Dtype::F32, 0);
        let gguf = block_on(Gguf::read(&bytes)).unwrap();
        let number = |key: &str| gguf.get_u32(&format!("llama.{key}")).unwrap() as u64;
        let d_head = number("embedding_length") / number("attention.head_count");
        let shape = Shape {
            n_layer: number("block_count"),
            d_kv: number("attention.head_count_kv") * d_head,
            n_context: number("context_length"),
        };
        let plan = MemoryPlan::new(&gguf).unwrap();
        for n_context in [16, 1 << 20] {
            assert_eq!(shape.cache_bytes(n_context, 4), plan.on_cpu(n_context as usize).cache);
            assert_eq!(shape.cache_bytes(n_context, 2), plan.on_gpu(n_context as usize).unwrap().cache);
        }
    }

    #[test]
    fn half_of_the_memory_is_left_to_others() {
        let fitting = |gb: u64| CATALOGUE.iter().filter(|model| model.fits(gb << 30)).count();
        assert_eq!([1, 4, 6, 32].map(fitting), [0, 2, 4, 6]);
    }
}
