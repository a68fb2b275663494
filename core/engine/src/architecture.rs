use inkling_kernels::RopeStyle;

/// A family of models: what its forward pass does otherwise than Llama's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Llama 1 to 3, CodeLlama, DeepSeek-Coder and our own first model.
    Llama,
    /// Qwen2, Qwen2.5 and their Coder models.
    Qwen2,
    /// Qwen3, and our own model with normed queries and keys.
    Qwen3,
    /// StarCoder2.
    Starcoder2,
    /// Gemma and CodeGemma of the first generation.
    Gemma,
    /// Granite 3 and the Granite code models.
    Granite,
}

/// How the residual stream is normed before each half of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// By its root mean square.
    Rms,
    /// By mean and variance, with a bias.
    Layer,
}

/// The feed-forward layer between its matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedForward {
    /// `silu(gate) · up`.
    SiluMul,
    /// `gelu(gate) · up`.
    GeluMul,
    /// `gelu(up)`, without a gate.
    Gelu,
}

impl Architecture {
    /// Every architecture.
    pub const ALL: [Architecture; 6] = [
        Architecture::Llama,
        Architecture::Qwen2,
        Architecture::Qwen3,
        Architecture::Starcoder2,
        Architecture::Gemma,
        Architecture::Granite,
    ];

    /// `general.architecture`, which is also the prefix of its metadata.
    pub fn name(self) -> &'static str {
        match self {
            Architecture::Llama => "llama",
            Architecture::Qwen2 => "qwen2",
            Architecture::Qwen3 => "qwen3",
            Architecture::Starcoder2 => "starcoder2",
            Architecture::Gemma => "gemma",
            Architecture::Granite => "granite",
        }
    }

    /// The architecture of this name.
    pub fn named(name: &str) -> Option<Architecture> {
        Architecture::ALL.into_iter().find(|architecture| architecture.name() == name)
    }

    /// Which elements are rotated together: as the converters to GGUF leave the weights.
    pub fn rope_style(self) -> RopeStyle {
        match self {
            Architecture::Llama | Architecture::Granite => RopeStyle::Interleaved,
            _ => RopeStyle::Halves,
        }
    }

    /// The norms of the residual stream.
    pub fn norm(self) -> Norm {
        if self == Architecture::Starcoder2 { Norm::Layer } else { Norm::Rms }
    }

    /// The inside of the feed-forward layer.
    pub fn feed_forward(self) -> FeedForward {
        match self {
            Architecture::Gemma => FeedForward::GeluMul,
            Architecture::Starcoder2 => FeedForward::Gelu,
            _ => FeedForward::SiluMul,
        }
    }

    /// Whether each head of queries and keys is normed before it is rotated.
    pub fn has_head_norm(self) -> bool {
        self == Architecture::Qwen3
    }
}
