//! What the quantized product is made of, on each instruction set.
//!
//! Sums of products of bytes are exact integers, and what follows is one multiplication and one addition
//! a block in a fixed order, so that every instruction set gives the same bits.

/// The instruction set to compute with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimdLevel {
    /// Plain Rust, which the compiler vectorises as the target allows.
    Portable,
    /// WebAssembly's fixed-width SIMD.
    #[cfg(target_arch = "wasm32")]
    Simd128,
    /// AVX2 and F16C.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 with VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
}

impl SimdLevel {
    /// What this machine can run, best first; [`SimdLevel::Portable`] is always last.
    pub fn available() -> Vec<SimdLevel> {
        let mut levels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("f16c");
            let avx512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
            if avx2 && avx512 && is_x86_feature_detected!("avx512vnni") {
                levels.push(SimdLevel::Avx512Vnni);
            }
            if avx2 {
                levels.push(SimdLevel::Avx2);
            }
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        levels.push(SimdLevel::Simd128);
        levels.push(SimdLevel::Portable);
        levels
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            SimdLevel::Portable => "portable",
            #[cfg(target_arch = "wasm32")]
            SimdLevel::Simd128 => "WASM SIMD",
            #[cfg(target_arch = "x86_64")]
            SimdLevel::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            SimdLevel::Avx512Vnni => "AVX-512 VNNI",
        }
    }
}

/// A register's worth of rows, 4 columns at a time.
///
/// # Safety
/// Callers run on a machine that has the instruction set. Behind pointers lie as many elements as the
/// operation reads.
pub(crate) trait Simd {
    /// Rows in a register; divides 16.
    const LANES: usize;
    /// What [`Simd::dot_wide`] leaves of the 128 that is added to its weights.
    const WIDE_OFFSET: i32;
    /// Tokens that are multiplied with a register of weights before the next is loaded.
    const TILE_TOKENS: usize;
    /// 4 unsigned bytes a row.
    type Bytes: Copy;
    /// An integer a row.
    type I32: Copy;
    /// A float a row.
    type F32: Copy;

    unsafe fn bytes(at: *const u8) -> Self::Bytes;
    /// `v >> shift & mask` in every byte, `mask` having no more bits than a byte has left.
    unsafe fn bits(v: Self::Bytes, shift: u32, mask: u8) -> Self::Bytes;
    /// `low | high << 4` in every byte; `high` is at most 3.
    unsafe fn join(low: Self::Bytes, high: Self::Bytes) -> Self::Bytes;
    unsafe fn splat_i32(x: i32) -> Self::I32;
    /// `acc + w · x` with weights below 128 and the 4 activations at `x`.
    unsafe fn dot(acc: Self::I32, w: Self::Bytes, x: *const i8) -> Self::I32;
    /// `acc + (w − 128 + WIDE_OFFSET) · x`.
    unsafe fn dot_wide(acc: Self::I32, w: Self::Bytes, x: *const i8) -> Self::I32;
    unsafe fn to_f32(x: Self::I32) -> Self::F32;
    unsafe fn splat(x: f32) -> Self::F32;
    unsafe fn mul(a: Self::F32, b: Self::F32) -> Self::F32;
    unsafe fn add(a: Self::F32, b: Self::F32) -> Self::F32;
    unsafe fn sub(a: Self::F32, b: Self::F32) -> Self::F32;
    unsafe fn load_f16(at: *const u8) -> Self::F32;
    unsafe fn load_u8(at: *const u8) -> Self::F32;
    unsafe fn load_i8(at: *const u8) -> Self::F32;
    unsafe fn store(x: Self::F32, at: *mut f32);
}

/// Floats that [`Floats`] computes with at once, as many as [`inkling_kernels::dot`] has partial sums.
pub(crate) const N_FLOATS: usize = 8;

/// What attention is made of: [`N_FLOATS`] floats, in a register or two.
///
/// # Safety
/// As of [`Simd`].
pub(crate) trait Floats {
    /// The floats.
    type F32x8: Copy;

    unsafe fn splat8(x: f32) -> Self::F32x8;
    unsafe fn load8(at: *const f32) -> Self::F32x8;
    unsafe fn store8(x: Self::F32x8, at: *mut f32);
    unsafe fn add8(a: Self::F32x8, b: Self::F32x8) -> Self::F32x8;
    unsafe fn mul8(a: Self::F32x8, b: Self::F32x8) -> Self::F32x8;
    /// Halves are added to each other until one is left: ((x0 + x4) + (x2 + x6)) + ((x1 + x5) + (x3 + x7)).
    unsafe fn sum8(x: Self::F32x8) -> f32;
}

pub(crate) use portable::Portable;

mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512Vnni};

#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use wasm::Simd128;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
