//! A dispatch as plain data, before the device knows of it.

use inkling_kernels::Shader;

use super::weights::Slice;

/// Rows that a workgroup of `mat_mul.wgsl` multiplies.
const TILE_ROWS: usize = 64;

/// How many workgroups a dispatch takes, from the step's sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Grid {
    /// x, and a row for every token.
    Tokens(u32),
    /// By rows of weights, and a row for every `n_tokens` tokens.
    Tiles {
        /// Rows of weights.
        n_rows: u32,
        /// Tokens of a workgroup.
        n_tokens: u32,
    },
    /// x, and a row for every selected token.
    Selected(u32),
    /// By query rows of a key head, key heads and splits.
    Attention {
        /// Query heads of a key head.
        n_group: u32,
        /// Query rows of a workgroup.
        n_rows: u32,
        /// Key heads.
        n_kv_head: u32,
    },
}

/// What a step evaluates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepSizes {
    pub(crate) n_tokens: u32,
    pub(crate) n_selected: u32,
    pub(crate) n_splits: u32,
}

impl Grid {
    pub(crate) fn groups(self, step: StepSizes) -> [u32; 3] {
        match self {
            Grid::Tokens(x) => [x, step.n_tokens, 1],
            Grid::Tiles { n_rows, n_tokens } => {
                [n_rows.div_ceil(TILE_ROWS as u32), step.n_tokens.div_ceil(n_tokens), 1]
            }
            Grid::Selected(x) => [x, step.n_selected, 1],
            Grid::Attention { n_group, n_rows, n_kv_head } => {
                [(step.n_tokens * n_group).div_ceil(n_rows), n_kv_head, step.n_splits]
            }
        }
    }
}

/// A dispatch, not yet the device's.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) shader: Shader,
    pub(crate) params: Vec<u32>,
    /// What it reads, then what it writes.
    pub(crate) slices: Vec<Slice>,
    pub(crate) grid: Grid,
}

impl Call {
    /// Bytes of weights that are read, each once a token or tile of tokens.
    pub(crate) fn weight_bytes(&self) -> u64 {
        match self.shader {
            Shader::MatVec { .. } | Shader::MatMul { .. } => {
                let [quants, scales] =
                    [&self.slices[0], &self.slices[1]].map(|s| s.range.end - s.range.start);
                if self.slices[0].range == self.slices[1].range { quants } else { quants + scales }
            }
            _ => 0,
        }
    }
}
