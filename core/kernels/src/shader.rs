//! The operations as WGSL, one file each beside the naive function of the same name.

use crate::Format;

/// A function on every element, inside the feed-forward layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// `silu.wgsl`.
    Silu,
    /// `gelu.wgsl`.
    Gelu,
}

impl Activation {
    /// All of them.
    pub const ALL: [Activation; 2] = [Activation::Silu, Activation::Gelu];
}

/// What a product does with its result `y = scale · (weights · x + bias)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Store {
    /// `out = y`.
    Set,
    /// `out += y`.
    Add,
    /// `out = activation(gate) · up`, the weights being gate's rows and then up's. Products with vectors only.
    Gated(Activation),
    /// `out = activation(y)`.
    Activated(Activation),
}

impl Store {
    /// What every product can do with its result, one for each kind.
    pub const OF_ALL_PRODUCTS: [Store; 3] = [Store::Set, Store::Add, Store::Activated(Activation::Gelu)];

    /// `STORE` in WGSL.
    fn number(self) -> u32 {
        match self {
            Store::Set => 0,
            Store::Add => 1,
            Store::Gated(_) => 2,
            Store::Activated(_) => 3,
        }
    }

    fn activation(self) -> Activation {
        match self {
            Store::Gated(activation) | Store::Activated(activation) => activation,
            // Something has to stand there.
            Store::Set | Store::Add => Activation::Silu,
        }
    }
}

/// A compute shader of one operation, specialised. Group 0 binds the state, the parameters, then what it
/// reads, then what it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shader {
    /// `get_rows.wgsl`.
    GetRows {
        /// Of the table.
        format: Format,
    },
    /// `mat_vec.wgsl`: a few tokens at a time.
    MatVec {
        /// Of the weights.
        format: Format,
        /// Threads of a workgroup, a power of two.
        n_threads: u32,
        /// Whether the input is RMS-normed on the way.
        norm: bool,
        /// Whether something is added to the product.
        bias: bool,
        /// What becomes of the product.
        store: Store,
    },
    /// `mat_mul.wgsl`.
    MatMul {
        /// Of the weights.
        format: Format,
        /// Tokens at a time: 32 or 64.
        n_tokens: u32,
        /// Whether something is added to the product.
        bias: bool,
        /// What becomes of the product.
        store: Store,
    },
    /// `rms_norm.wgsl`.
    RmsNorm,
    /// `layer_norm.wgsl`.
    LayerNorm,
    /// `activate.wgsl`.
    Activate {
        /// Which.
        activation: Activation,
        /// Whether the input is a gate and what is multiplied with it.
        gated: bool,
    },
    /// `rope.wgsl`.
    Rope {
        /// Whether a bias is added first.
        bias: bool,
        /// Whether heads are RMS-normed before they are rotated.
        head_norm: bool,
    },
    /// `attention.wgsl`.
    Attention {
        /// Queries of a workgroup: 1, 2, 4 or 8.
        n_rows: u32,
        /// Elements of a head, a multiple of 4.
        d_head: u32,
    },
    /// `merge.wgsl`.
    Merge,
    /// `top_k.wgsl`.
    TopK {
        /// Whether the input is logits, not lists.
        first: bool,
    },
}

/// What of WGSL there is beyond its core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Whether sums go through subgroups.
    pub subgroups: bool,
    /// Whether subgroups have to be enabled in the text: browsers ask for it, naga refuses it.
    pub enable: bool,
}

impl Shader {
    /// All that are ever compiled, sizes aside.
    pub fn every() -> Vec<Shader> {
        let mut shaders = vec![Shader::RmsNorm, Shader::LayerNorm, Shader::Merge];
        for activation in Activation::ALL {
            shaders.extend([true, false].map(|gated| Shader::Activate { activation, gated }));
        }
        for bias in [true, false] {
            shaders.extend([true, false].map(|head_norm| Shader::Rope { bias, head_norm }));
        }
        shaders.extend([true, false].map(|first| Shader::TopK { first }));
        shaders.extend([1, 2, 4, 8].map(|n_rows| Shader::Attention { n_rows, d_head: 20 }));
        shaders.extend([64, 128, 256].map(|d_head| Shader::Attention { n_rows: 8, d_head }));
        shaders.into_iter().chain(Format::ALL.into_iter().flat_map(Shader::of_format)).collect()
    }

    fn of_format(format: Format) -> Vec<Shader> {
        let mut shaders = vec![Shader::GetRows { format }];
        for bias in [true, false] {
            let n_threads = 64;
            for store in Store::OF_ALL_PRODUCTS.into_iter().chain(Activation::ALL.map(Store::Gated)) {
                shaders.extend([true, false].map(|norm| Shader::MatVec {
                    format,
                    n_threads,
                    norm,
                    bias,
                    store,
                }));
            }
            let n_tokens = if bias { 32 } else { 64 };
            shaders.extend(Store::OF_ALL_PRODUCTS.map(|store| Shader::MatMul {
                format,
                n_tokens,
                bias,
                store,
            }));
        }
        shaders
    }

    /// The whole text.
    pub fn wgsl(self, dialect: Dialect) -> String {
        let mut parts = vec![self.constants(), include_str!("state.wgsl").to_string()];
        if let Some(format) = self.format() {
            parts.push(include_str!("block.wgsl").to_string());
            parts.extend(block(format).map(str::to_string));
        }
        if let Some(activation) = self.activation() {
            parts.push(
                match activation {
                    Activation::Silu => include_str!("silu.wgsl"),
                    Activation::Gelu => include_str!("gelu.wgsl"),
                }
                .to_string(),
            );
        }
        if self.sums() {
            let (plain, subgroups) =
                (include_str!("workgroup_sum.wgsl"), include_str!("workgroup_sum_subgroups.wgsl"));
            parts.push(if dialect.subgroups { subgroups } else { plain }.to_string());
            if dialect.subgroups && dialect.enable {
                parts.insert(0, "enable subgroups;\n".to_string());
            }
        }
        parts.push(self.source().to_string());
        parts.concat()
    }

    /// The operation's name.
    pub fn name(self) -> &'static str {
        match self {
            Shader::GetRows { .. } => "get_rows",
            Shader::MatVec { .. } => "mat_vec",
            Shader::MatMul { .. } => "mat_mul",
            Shader::RmsNorm => "rms_norm",
            Shader::LayerNorm => "layer_norm",
            Shader::Activate { .. } => "activate",
            Shader::Rope { .. } => "rope",
            Shader::Attention { .. } => "attention",
            Shader::Merge => "merge",
            Shader::TopK { .. } => "top_k",
        }
    }

    /// How many buffers it reads and how many it writes, apart from state and parameters.
    pub fn n_bindings(self) -> (usize, usize) {
        match self {
            Shader::GetRows { .. } | Shader::LayerNorm => (3, 1),
            Shader::MatVec { .. } => (5, 1),
            Shader::MatMul { .. } => (4, 1),
            Shader::RmsNorm => (2, 1),
            Shader::Activate { .. } | Shader::Merge => (1, 1),
            Shader::Rope { .. } => (4, 3),
            Shader::Attention { .. } => (3, 1),
            Shader::TopK { .. } => (2, 1),
        }
    }

    fn source(self) -> &'static str {
        match self {
            Shader::GetRows { .. } => include_str!("get_rows.wgsl"),
            Shader::MatVec { .. } => include_str!("mat_vec.wgsl"),
            Shader::MatMul { .. } => include_str!("mat_mul.wgsl"),
            Shader::RmsNorm => include_str!("rms_norm.wgsl"),
            Shader::LayerNorm => include_str!("layer_norm.wgsl"),
            Shader::Activate { .. } => include_str!("activate.wgsl"),
            Shader::Rope { .. } => include_str!("rope.wgsl"),
            Shader::Attention { .. } => include_str!("attention.wgsl"),
            Shader::Merge => include_str!("merge.wgsl"),
            Shader::TopK { .. } => include_str!("top_k.wgsl"),
        }
    }

    fn format(self) -> Option<Format> {
        match self {
            Shader::GetRows { format } | Shader::MatVec { format, .. } | Shader::MatMul { format, .. } => {
                Some(format)
            }
            _ => None,
        }
    }

    fn activation(self) -> Option<Activation> {
        match self {
            Shader::MatVec { store, .. } | Shader::MatMul { store, .. } => Some(store.activation()),
            Shader::Activate { activation, .. } => Some(activation),
            _ => None,
        }
    }

    fn sums(self) -> bool {
        use Shader::{LayerNorm, MatVec, RmsNorm, Rope, TopK};
        matches!(self, MatVec { .. } | RmsNorm | LayerNorm | TopK { .. } | Rope { .. })
    }

    fn constants(self) -> String {
        match self {
            Shader::MatVec { n_threads, norm, bias, store, .. } => {
                let store = store.number();
                format!(
                    "const WG_SIZE = {n_threads}u;\nconst NORM = {norm};\nconst BIAS = {bias};\nconst STORE = {store}u;\n"
                )
            }
            Shader::MatMul { n_tokens, bias, store, .. } => {
                let store = store.number();
                format!("const TOKENS = {n_tokens}u;\nconst BIAS = {bias};\nconst STORE = {store}u;\n")
            }
            Shader::Activate { gated, .. } => format!("const GATED = {gated};\n"),
            Shader::RmsNorm | Shader::LayerNorm => "const WG_SIZE = 64u;\n".to_string(),
            Shader::Rope { bias, head_norm } => {
                format!("const WG_SIZE = 32u;\nconst BIAS = {bias};\nconst HEAD_NORM = {head_norm};\n")
            }
            Shader::Attention { n_rows, d_head } => {
                let (pairs, columns) = (d_head / 2, (d_head / 2).div_ceil(64));
                format!("const N_ROWS = {n_rows}u;\nconst PAIRS = {pairs}u;\nconst COLUMNS = {columns}u;\n")
            }
            Shader::TopK { first } => format!("const WG_SIZE = 256u;\nconst FIRST = {first};\n"),
            _ => String::new(),
        }
    }
}

/// How the weights of a format are read, 32 elements at a time: what it shares with another, then its own.
fn block(format: Format) -> [&'static str; 2] {
    let (fifth, k_scales) = (include_str!("block_fifth.wgsl"), include_str!("block_k_scales.wgsl"));
    match format {
        Format::F32 => ["", include_str!("block_f32.wgsl")],
        Format::F16 => ["", include_str!("block_f16.wgsl")],
        Format::BF16 => ["", include_str!("block_bf16.wgsl")],
        Format::Q4_0 => ["", include_str!("block_q4_0.wgsl")],
        Format::Q4_1 => ["", include_str!("block_q4_1.wgsl")],
        Format::Q5_0 => [fifth, include_str!("block_q5_0.wgsl")],
        Format::Q5_1 => [fifth, include_str!("block_q5_1.wgsl")],
        Format::Q8_0 => ["", include_str!("block_q8_0.wgsl")],
        Format::Q4K => [k_scales, include_str!("block_q4_k.wgsl")],
        Format::Q5K => [k_scales, include_str!("block_q5_k.wgsl")],
        Format::Q6K => ["", include_str!("block_q6_k.wgsl")],
    }
}
