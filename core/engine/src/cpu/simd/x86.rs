//! AVX2 and AVX-512 VNNI.

use std::arch::x86_64::*;

use super::{Floats, Simd};

pub(crate) struct Avx2;

#[inline(always)]
unsafe fn splat_x(x: *const i8) -> __m256i {
    unsafe { _mm256_set1_epi32(x.cast::<i32>().read_unaligned()) }
}

impl Simd for Avx2 {
    const LANES: usize = 8;
    const WIDE_OFFSET: i32 = 0;
    const TILE_TOKENS: usize = 4;
    type Bytes = __m256i;
    type I32 = __m256i;
    type F32 = __m256;

    #[inline(always)]
    unsafe fn bytes(at: *const u8) -> __m256i {
        unsafe { _mm256_loadu_si256(at.cast()) }
    }

    #[inline(always)]
    unsafe fn bits(v: __m256i, shift: u32, mask: u8) -> __m256i {
        unsafe {
            let shifted = _mm256_srl_epi16(v, _mm_cvtsi32_si128(shift as i32));
            _mm256_and_si256(shifted, _mm256_set1_epi8(mask as i8))
        }
    }

    #[inline(always)]
    unsafe fn join(low: __m256i, high: __m256i) -> __m256i {
        unsafe { _mm256_or_si256(low, _mm256_slli_epi16::<4>(high)) }
    }

    #[inline(always)]
    unsafe fn splat_i32(x: i32) -> __m256i {
        unsafe { _mm256_set1_epi32(x) }
    }

    /// Pairs reach at most 2 · 127 · 127, which 16 bits hold.
    #[inline(always)]
    unsafe fn dot(acc: __m256i, w: __m256i, x: *const i8) -> __m256i {
        unsafe {
            let pairs = _mm256_maddubs_epi16(w, splat_x(x));
            _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }

    /// `maddubs` multiplies unsigned by signed bytes: |w| · sign(x, w). Pairs reach at most 2 · 128 · 127,
    /// which 16 bits hold.
    #[inline(always)]
    unsafe fn dot_wide(acc: __m256i, w: __m256i, x: *const i8) -> __m256i {
        unsafe {
            let w = _mm256_xor_si256(w, _mm256_set1_epi8(-128));
            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(splat_x(x), w));
            _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        }
    }

    #[inline(always)]
    unsafe fn to_f32(x: __m256i) -> __m256 {
        unsafe { _mm256_cvtepi32_ps(x) }
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> __m256 {
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn mul(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn add(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn sub(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn load_f16(at: *const u8) -> __m256 {
        unsafe { _mm256_cvtph_ps(_mm_loadu_si128(at.cast())) }
    }

    #[inline(always)]
    unsafe fn load_u8(at: *const u8) -> __m256 {
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(at.cast()))) }
    }

    #[inline(always)]
    unsafe fn load_i8(at: *const u8) -> __m256 {
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(at.cast()))) }
    }

    #[inline(always)]
    unsafe fn store(x: __m256, at: *mut f32) {
        unsafe { _mm256_storeu_ps(at, x) }
    }
}

impl Floats for Avx2 {
    type F32x8 = __m256;

    #[inline(always)]
    unsafe fn splat8(x: f32) -> __m256 {
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load8(at: *const f32) -> __m256 {
        unsafe { _mm256_loadu_ps(at) }
    }

    #[inline(always)]
    unsafe fn store8(x: __m256, at: *mut f32) {
        unsafe { _mm256_storeu_ps(at, x) }
    }

    #[inline(always)]
    unsafe fn add8(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn mul8(a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn sum8(x: __m256) -> f32 {
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }
}

pub(crate) struct Avx512Vnni;

impl Simd for Avx512Vnni {
    const LANES: usize = 16;
    /// `vpdpbusd` takes unsigned weights as they are.
    const WIDE_OFFSET: i32 = 128;
    const TILE_TOKENS: usize = 8;
    type Bytes = __m512i;
    type I32 = __m512i;
    type F32 = __m512;

    #[inline(always)]
    unsafe fn bytes(at: *const u8) -> __m512i {
        unsafe { _mm512_loadu_si512(at.cast()) }
    }

    #[inline(always)]
    unsafe fn bits(v: __m512i, shift: u32, mask: u8) -> __m512i {
        unsafe {
            let shifted = _mm512_srl_epi16(v, _mm_cvtsi32_si128(shift as i32));
            _mm512_and_si512(shifted, _mm512_set1_epi8(mask as i8))
        }
    }

    #[inline(always)]
    unsafe fn join(low: __m512i, high: __m512i) -> __m512i {
        unsafe { _mm512_or_si512(low, _mm512_slli_epi16::<4>(high)) }
    }

    #[inline(always)]
    unsafe fn splat_i32(x: i32) -> __m512i {
        unsafe { _mm512_set1_epi32(x) }
    }

    #[inline(always)]
    unsafe fn dot(acc: __m512i, w: __m512i, x: *const i8) -> __m512i {
        unsafe { _mm512_dpbusd_epi32(acc, w, _mm512_set1_epi32(x.cast::<i32>().read_unaligned())) }
    }

    #[inline(always)]
    unsafe fn dot_wide(acc: __m512i, w: __m512i, x: *const i8) -> __m512i {
        unsafe { Self::dot(acc, w, x) }
    }

    #[inline(always)]
    unsafe fn to_f32(x: __m512i) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(x) }
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> __m512 {
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn sub(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    unsafe fn load_f16(at: *const u8) -> __m512 {
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(at.cast())) }
    }

    #[inline(always)]
    unsafe fn load_u8(at: *const u8) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(at.cast()))) }
    }

    #[inline(always)]
    unsafe fn load_i8(at: *const u8) -> __m512 {
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(at.cast()))) }
    }

    #[inline(always)]
    unsafe fn store(x: __m512, at: *mut f32) {
        unsafe { _mm512_storeu_ps(at, x) }
    }
}
