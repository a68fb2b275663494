//! WebAssembly's fixed-width SIMD.

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
