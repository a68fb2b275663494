//! WebAssembly's fixed-width SIMD.

use std::arch::wasm32::*;

use super::{Floats, N_FLOATS, Simd};

pub(crate) struct Simd128;

/// Sums of pairs of products, [a0 a1 b0 b1] and [c0 c1 d0 d1] of rows a to d.
type Pairs = (v128, v128);

#[inline(always)]
fn add_pairs(acc: Pairs, ab: v128, cd: v128, x: v128) -> Pairs {
    (i32x4_add(acc.0, i32x4_dot_i16x8(ab, x)), i32x4_add(acc.1, i32x4_dot_i16x8(cd, x)))
}

/// The four activations, as 16-bit integers, twice.
#[inline(always)]
unsafe fn splat_x(x: *const i8) -> v128 {
    unsafe { i16x8_extend_low_i8x16(v128_load32_splat(x.cast())) }
}

impl Simd for Simd128 {
    const LANES: usize = 4;
    const WIDE_OFFSET: i32 = 0;
    const TILE_TOKENS: usize = 4;
    type Bytes = v128;
    type I32 = Pairs;
    type F32 = v128;

    #[inline(always)]
    unsafe fn bytes(at: *const u8) -> v128 {
        unsafe { v128_load(at.cast()) }
    }

    #[inline(always)]
    unsafe fn bits(v: v128, shift: u32, mask: u8) -> v128 {
        v128_and(u8x16_shr(v, shift), u8x16_splat(mask))
    }

    #[inline(always)]
    unsafe fn join(low: v128, high: v128) -> v128 {
        v128_or(low, u8x16_shl(high, 4))
    }

    #[inline(always)]
    unsafe fn splat_i32(x: i32) -> Pairs {
        (i32x4(x, 0, x, 0), i32x4(x, 0, x, 0))
    }

    #[inline(always)]
    unsafe fn dot(acc: Pairs, w: v128, x: *const i8) -> Pairs {
        let x = unsafe { splat_x(x) };
        let (ab, cd) = (i16x8_extend_low_u8x16(w), i16x8_extend_high_u8x16(w));
        add_pairs(acc, ab, cd, x)
    }

    #[inline(always)]
    unsafe fn dot_wide(acc: Pairs, w: v128, x: *const i8) -> Pairs {
        let (x, w) = (unsafe { splat_x(x) }, v128_xor(w, u8x16_splat(128)));
        let (ab, cd) = (i16x8_extend_low_i8x16(w), i16x8_extend_high_i8x16(w));
        add_pairs(acc, ab, cd, x)
    }

    #[inline(always)]
    unsafe fn to_f32((ab, cd): Pairs) -> v128 {
        let (even, odd) = (i32x4_shuffle::<0, 2, 4, 6>(ab, cd), i32x4_shuffle::<1, 3, 5, 7>(ab, cd));
        f32x4_convert_i32x4(i32x4_add(even, odd))
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> v128 {
        f32x4_splat(x)
    }

    #[inline(always)]
    unsafe fn mul(a: v128, b: v128) -> v128 {
        f32x4_mul(a, b)
    }

    #[inline(always)]
    unsafe fn add(a: v128, b: v128) -> v128 {
        f32x4_add(a, b)
    }

    #[inline(always)]
    unsafe fn sub(a: v128, b: v128) -> v128 {
        f32x4_sub(a, b)
    }

    /// There is no conversion from f16: exponent and mantissa are moved into place, and a
    /// multiplication by 2^112 corrects the exponent's bias (exact, subnormals included).
    #[inline(always)]
    unsafe fn load_f16(at: *const u8) -> v128 {
        let bits = u32x4_extend_low_u16x8(unsafe { v128_load64_zero(at.cast()) });
        let magnitude = u32x4_shl(v128_and(bits, u32x4_splat(0x7fff)), 13);
        let value = f32x4_mul(magnitude, f32x4_splat(f32::from_bits(0x7780_0000)));
        v128_or(value, u32x4_shl(v128_and(bits, u32x4_splat(0x8000)), 16))
    }

    #[inline(always)]
    unsafe fn load_u8(at: *const u8) -> v128 {
        let wide = u16x8_extend_low_u8x16(unsafe { v128_load32_zero(at.cast()) });
        f32x4_convert_i32x4(u32x4_extend_low_u16x8(wide))
    }

    #[inline(always)]
    unsafe fn load_i8(at: *const u8) -> v128 {
        let wide = i16x8_extend_low_i8x16(unsafe { v128_load32_zero(at.cast()) });
        f32x4_convert_i32x4(i32x4_extend_low_i16x8(wide))
    }

    #[inline(always)]
    unsafe fn store(x: v128, at: *mut f32) {
        unsafe { v128_store(at.cast(), x) }
    }
}

impl Floats for Simd128 {
    type F32x8 = [v128; 2];

    #[inline(always)]
    unsafe fn splat8(x: f32) -> [v128; 2] {
        [f32x4_splat(x); 2]
    }

    #[inline(always)]
    unsafe fn load8(at: *const f32) -> [v128; 2] {
        unsafe { [v128_load(at.cast()), v128_load(at.add(N_FLOATS / 2).cast())] }
    }

    #[inline(always)]
    unsafe fn store8([low, high]: [v128; 2], at: *mut f32) {
        unsafe {
            v128_store(at.cast(), low);
            v128_store(at.add(N_FLOATS / 2).cast(), high);
        }
    }

    #[inline(always)]
    unsafe fn add8(a: [v128; 2], b: [v128; 2]) -> [v128; 2] {
        [f32x4_add(a[0], b[0]), f32x4_add(a[1], b[1])]
    }

    #[inline(always)]
    unsafe fn mul8(a: [v128; 2], b: [v128; 2]) -> [v128; 2] {
        [f32x4_mul(a[0], b[0]), f32x4_mul(a[1], b[1])]
    }

    #[inline(always)]
    unsafe fn sum8([low, high]: [v128; 2]) -> f32 {
        let four = f32x4_add(low, high);
        let two = f32x4_add(four, i32x4_shuffle::<2, 3, 2, 3>(four, four));
        f32x4_extract_lane::<0>(two) + f32x4_extract_lane::<1>(two)
    }
}
