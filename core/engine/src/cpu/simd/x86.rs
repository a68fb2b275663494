//! AVX2 and AVX-512 VNNI.

use std::arch::x86_64::*;

use super::Simd;

/// Sums each of four registers of eight 32-bit integers, scales and adds.
#[inline(always)]
unsafe fn scale_sums(acc: __m128, sums: [__m256i; 4], w_scales: __m128, x_scale: f32) -> __m128 {
    unsafe {
        let pairs =
            _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
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
