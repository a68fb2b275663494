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
mod x86 {
    use std::arch::x86_64::*;

    use super::Simd;

    /// Sums each of four registers of eight 32-bit integers, scales and adds.
    #[inline(always)]
    unsafe fn scale_sums(acc: __m128, sums: [__m256i; 4], w_scales: __m128, x_scale: f32) -> __m128 {
        unsafe {
            let pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
            let rows = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256::<1>(pairs));
            scale_rows(acc, rows, w_scales, x_scale)
        }
    }

    #[inline(always)]
    unsafe fn scale_rows(acc: __m128, rows: __m128i, w_scales: __m128, x_scale: f32) -> __m128 {
        unsafe {
            let scale = _mm_mul_ps(w_scales, _mm_set1_ps(x_scale));
            _mm_add_ps(acc, _mm_mul_ps(_mm_cvtepi32_ps(rows), scale))
        }
    }

    #[inline(always)]
    unsafe fn half_scales(blocks: [*const u8; 4]) -> __m128 {
        unsafe {
            let [a, b, c, d] = blocks.map(|block| u64::from(block.cast::<u16>().read_unaligned()));
            _mm_cvtph_ps(_mm_cvtsi64_si128((a | b << 16 | c << 32 | d << 48) as i64))
        }
    }

    /// 32 values of 0 to 15.
    #[inline(always)]
    unsafe fn nibbles(block: *const u8) -> __m256i {
        unsafe {
            let packed = _mm_loadu_si128(block.add(2).cast());
            let both = _mm256_set_m128i(_mm_srli_epi16::<4>(packed), packed);
            _mm256_and_si256(both, _mm256_set1_epi8(15))
        }
    }

    #[inline(always)]
    unsafe fn to_array(x: __m128) -> [f32; 4] {
        let mut out = [0.0; 4];
        unsafe { _mm_storeu_ps(out.as_mut_ptr(), x) };
        out
    }

    pub(crate) struct Avx2;

    impl Simd for Avx2 {
        type Block = __m256i;
        type F32x4 = __m128;

        #[inline(always)]
        unsafe fn zero() -> __m128 {
            unsafe { _mm_setzero_ps() }
        }

        #[inline(always)]
        unsafe fn from_array(x: [f32; 4]) -> __m128 {
            unsafe { _mm_loadu_ps(x.as_ptr()) }
        }

        #[inline(always)]
        unsafe fn to_array(x: __m128) -> [f32; 4] {
            unsafe { to_array(x) }
        }

        #[inline(always)]
        unsafe fn scales(blocks: [*const u8; 4]) -> __m128 {
            unsafe { half_scales(blocks) }
        }

        #[inline(always)]
        unsafe fn load_q4_0(block: *const u8) -> __m256i {
            unsafe { _mm256_sub_epi8(nibbles(block), _mm256_set1_epi8(8)) }
        }

        #[inline(always)]
        unsafe fn load_q8_0(block: *const u8) -> __m256i {
            unsafe { _mm256_loadu_si256(block.add(2).cast()) }
        }

        #[inline(always)]
        unsafe fn load_i8(w: &[i8; 32]) -> __m256i {
            unsafe { _mm256_loadu_si256(w.as_ptr().cast()) }
        }

        #[inline(always)]
        unsafe fn accumulate(
            acc: __m128,
            w: [__m256i; 4],
            w_scales: __m128,
            x: *const i8,
            x_scale: f32,
            _x_sum: i32,
        ) -> __m128 {
            unsafe {
                let x = _mm256_loadu_si256(x.cast());
                // `maddubs` multiplies unsigned by signed bytes: |w| · sign(x, w). Pairs reach at most
                // 2 · 128 · 127, which 16 bits hold.
                let ones = _mm256_set1_epi16(1);
                let sums = w.map(|w| {
                    let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
                    _mm256_madd_epi16(pairs, ones)
                });
                scale_sums(acc, sums, w_scales, x_scale)
            }
        }
    }

    /// `vpdpbusd` wants one unsigned factor: weights are kept 128 too large, and 128 · the activations'
    /// sum is taken off again.
    pub(crate) struct Avx512Vnni;

    const OFFSET: i32 = 128;

    #[inline(always)]
    unsafe fn offset(w: __m256i) -> __m256i {
        unsafe { _mm256_xor_si256(w, _mm256_set1_epi8(OFFSET as i8)) }
    }

    impl Simd for Avx512Vnni {
        type Block = __m256i;
        type F32x4 = __m128;

        #[inline(always)]
        unsafe fn zero() -> __m128 {
            unsafe { _mm_setzero_ps() }
        }

        #[inline(always)]
        unsafe fn from_array(x: [f32; 4]) -> __m128 {
            unsafe { _mm_loadu_ps(x.as_ptr()) }
        }

        #[inline(always)]
        unsafe fn to_array(x: __m128) -> [f32; 4] {
            unsafe { to_array(x) }
        }

        #[inline(always)]
        unsafe fn scales(blocks: [*const u8; 4]) -> __m128 {
            unsafe { half_scales(blocks) }
        }

        #[inline(always)]
        unsafe fn load_q4_0(block: *const u8) -> __m256i {
            unsafe { _mm256_add_epi8(nibbles(block), _mm256_set1_epi8((OFFSET - 8) as i8)) }
        }

        #[inline(always)]
        unsafe fn load_q8_0(block: *const u8) -> __m256i {
            unsafe { offset(_mm256_loadu_si256(block.add(2).cast())) }
        }

        #[inline(always)]
        unsafe fn load_i8(w: &[i8; 32]) -> __m256i {
            unsafe { offset(_mm256_loadu_si256(w.as_ptr().cast())) }
        }

        #[inline(always)]
        unsafe fn accumulate(
            acc: __m128,
            w: [__m256i; 4],
            w_scales: __m128,
            x: *const i8,
            x_scale: f32,
            x_sum: i32,
        ) -> __m128 {
            unsafe {
                let x = _mm256_loadu_si256(x.cast());
                let [a, b, c, d] = w.map(|w| _mm256_dpbusd_epi32(_mm256_setzero_si256(), w, x));
                let pairs = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
                let rows = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256::<1>(pairs));
                let rows = _mm_sub_epi32(rows, _mm_set1_epi32(OFFSET * x_sum));
                scale_rows(acc, rows, w_scales, x_scale)
            }
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) use wasm::Simd128;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm {
    use std::arch::wasm32::*;

    use super::Simd;

    pub(crate) struct Simd128;

    #[inline(always)]
    fn dot_16(w: v128, x: v128) -> v128 {
        let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(w), i16x8_extend_low_i8x16(x));
        let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(w), i16x8_extend_high_i8x16(x));
        i32x4_add(low, high)
    }

    /// The sums of the four lanes of each of four registers.
    #[inline(always)]
    fn sum_lanes([a, b, c, d]: [v128; 4]) -> v128 {
        let ab = i32x4_add(i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b));
        let cd = i32x4_add(i32x4_shuffle::<0, 4, 1, 5>(c, d), i32x4_shuffle::<2, 6, 3, 7>(c, d));
        i32x4_add(i32x4_shuffle::<0, 1, 4, 5>(ab, cd), i32x4_shuffle::<2, 3, 6, 7>(ab, cd))
    }

    impl Simd for Simd128 {
        type Block = (v128, v128);
        type F32x4 = v128;

        #[inline(always)]
        unsafe fn zero() -> v128 {
            f32x4_splat(0.0)
        }

        #[inline(always)]
        unsafe fn from_array([a, b, c, d]: [f32; 4]) -> v128 {
            f32x4(a, b, c, d)
        }

        #[inline(always)]
        unsafe fn to_array(x: v128) -> [f32; 4] {
            let lane = [f32x4_extract_lane::<0>(x), f32x4_extract_lane::<1>(x)];
            [lane[0], lane[1], f32x4_extract_lane::<2>(x), f32x4_extract_lane::<3>(x)]
        }

        /// There is no conversion from f16: exponent and mantissa are moved into place, and a
        /// multiplication by 2^112 corrects the exponent's bias (exact, subnormals included).
        #[inline(always)]
        unsafe fn scales(blocks: [*const u8; 4]) -> v128 {
            let [a, b, c, d] = blocks.map(|block| u32::from(unsafe { block.cast::<u16>().read_unaligned() }));
            let bits = u32x4(a, b, c, d);
            let magnitude = u32x4_shl(v128_and(bits, u32x4_splat(0x7fff)), 13);
            let value = f32x4_mul(magnitude, f32x4_splat(f32::from_bits(0x7780_0000)));
            v128_or(value, u32x4_shl(v128_and(bits, u32x4_splat(0x8000)), 16))
        }

        #[inline(always)]
        unsafe fn load_q4_0(block: *const u8) -> (v128, v128) {
            let packed = unsafe { v128_load(block.add(2).cast()) };
            let eight = i8x16_splat(8);
            let low = i8x16_sub(v128_and(packed, u8x16_splat(15)), eight);
            (low, i8x16_sub(u8x16_shr(packed, 4), eight))
        }

        #[inline(always)]
        unsafe fn load_q8_0(block: *const u8) -> (v128, v128) {
            unsafe { (v128_load(block.add(2).cast()), v128_load(block.add(18).cast())) }
        }

        #[inline(always)]
        unsafe fn load_i8(w: &[i8; 32]) -> (v128, v128) {
            unsafe { (v128_load(w.as_ptr().cast()), v128_load(w.as_ptr().add(16).cast())) }
        }

        #[inline(always)]
        unsafe fn accumulate(
            acc: v128,
            w: [(v128, v128); 4],
            w_scales: v128,
            x: *const i8,
            x_scale: f32,
            _x_sum: i32,
        ) -> v128 {
            let (x_low, x_high) = unsafe { (v128_load(x.cast()), v128_load(x.add(16).cast())) };
            let sums = w.map(|(low, high)| i32x4_add(dot_16(low, x_low), dot_16(high, x_high)));
            let scale = f32x4_mul(w_scales, f32x4_splat(x_scale));
            f32x4_add(acc, f32x4_mul(f32x4_convert_i32x4(sum_lanes(sums)), scale))
        }
    }
}
