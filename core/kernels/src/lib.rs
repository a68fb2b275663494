//! One operation, one naive CPU function: the executable specification of the model's arithmetic.
//!
//! Every function takes flat slices with their shapes in the documentation, does the plain loop, and
//! is never optimised. Executors are compared with these on odd sizes. Nothing here calls the
//! platform's mathematics library, so that the same inputs give the same bits natively and in WASM.

mod add;
mod attention;
mod format;
mod gelu;
mod get_rows;
mod head_norm;
mod layer_norm;
mod mat_mul;
mod math;
mod rms_norm;
mod rope;
mod shader;
mod silu_mul;

pub use add::{add, add_bias, scale};
pub use attention::{AttentionShape, attention};
pub use format::{BLOCK_LEN, Chunk, Format, SUPER_LEN, k_scales};
pub use gelu::{gelu, gelu_mul};
pub use get_rows::get_rows;
pub use head_norm::head_norm;
pub use layer_norm::layer_norm;
pub use mat_mul::mat_mul;
pub use math::{dot, exp};
pub use rms_norm::rms_norm;
pub use rope::{RopeStyle, RopeTable, rope};
pub use shader::{Activation, Dialect, Shader, Store};
pub use silu_mul::silu_mul;
