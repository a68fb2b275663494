//! Four rows of quantized weights times one block of activations, on each instruction set.
//!
//! Sums of products of bytes are exact integers, and what follows is one multiplication and one addition
//! a block in a fixed order, so that every instruction set gives the same bits.

use half::f16;

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
    /// AVX-512 with VNNI on 256-bit registers.
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
            if avx2 && is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512vl") {
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

/// The operations that a tile of the quantized product is made of.
///
/// # Safety
/// Callers run on a machine that has the instruction set. Pointers to rows have a whole block behind
/// them (18 or 34 bytes), pointers to activations 32 bytes.
pub(crate) trait Simd {
    /// 32 weights of one row.
    type Block: Copy;
    /// Four 32-bit floats, one a row.
    type F32x4: Copy;

    unsafe fn zero() -> Self::F32x4;
    unsafe fn from_array(x: [f32; 4]) -> Self::F32x4;
    unsafe fn to_array(x: Self::F32x4) -> [f32; 4];
    /// The f16 scales at the beginnings of four blocks.
    unsafe fn scales(blocks: [*const u8; 4]) -> Self::F32x4;
    unsafe fn load_q4_0(block: *const u8) -> Self::Block;
    unsafe fn load_q8_0(block: *const u8) -> Self::Block;
    unsafe fn load_i8(w: &[i8; 32]) -> Self::Block;
    /// `acc + dot(w[row], x) · (w_scales[row] · x_scale)`; `x_sum` is the sum of the 32 activations.
    unsafe fn accumulate(
        acc: Self::F32x4,
        w: [Self::Block; 4],
        w_scales: Self::F32x4,
        x: *const i8,
        x_scale: f32,
        x_sum: i32,
    ) -> Self::F32x4;
}

/// The specification of the others.
pub(crate) struct Portable;

impl Simd for Portable {
    type Block = [i8; 32];
    type F32x4 = [f32; 4];

    #[inline(always)]
    unsafe fn zero() -> [f32; 4] {
        [0.0; 4]
    }

    #[inline(always)]
    unsafe fn from_array(x: [f32; 4]) -> [f32; 4] {
        x
    }

    #[inline(always)]
    unsafe fn to_array(x: [f32; 4]) -> [f32; 4] {
        x
    }

    #[inline(always)]
    unsafe fn scales(blocks: [*const u8; 4]) -> [f32; 4] {
        blocks.map(|block| f16::from_bits(unsafe { block.cast::<u16>().read_unaligned() }).to_f32())
    }

    #[inline(always)]
    unsafe fn load_q4_0(block: *const u8) -> [i8; 32] {
        let packed = unsafe { block.add(2).cast::<[u8; 16]>().read() };
        let mut w = [0; 32];
        for i in 0..16 {
            w[i] = (packed[i] & 15) as i8 - 8;
            w[i + 16] = (packed[i] >> 4) as i8 - 8;
        }
        w
    }

    #[inline(always)]
    unsafe fn load_q8_0(block: *const u8) -> [i8; 32] {
        unsafe { block.add(2).cast::<[i8; 32]>().read() }
    }

    #[inline(always)]
    unsafe fn load_i8(w: &[i8; 32]) -> [i8; 32] {
        *w
    }

    #[inline(always)]
    unsafe fn accumulate(
        mut acc: [f32; 4],
        w: [[i8; 32]; 4],
        w_scales: [f32; 4],
        x: *const i8,
        x_scale: f32,
        _x_sum: i32,
    ) -> [f32; 4] {
        let x = unsafe { x.cast::<[i8; 32]>().read() };
        for row in 0..4 {
            let sum: i32 = (0..32).map(|i| i32::from(w[row][i]) * i32::from(x[i])).sum();
            acc[row] += sum as f32 * (w_scales[row] * x_scale);
        }
        acc
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512Vnni};

#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use wasm::Simd128;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
