//! Plain Rust: the specification of the others.

use std::array::from_fn;

use half::f16;

use super::{Floats, N_FLOATS, Simd};

pub(crate) struct Portable;

const LANES: usize = 8;

impl Simd for Portable {
    const LANES: usize = LANES;
    const WIDE_OFFSET: i32 = 0;
    const TILE_TOKENS: usize = 4;
    type Bytes = [[u8; 4]; LANES];
    type I32 = [i32; LANES];
    type F32 = [f32; LANES];

    #[inline(always)]
    unsafe fn bytes(at: *const u8) -> Self::Bytes {
        unsafe { at.cast::<Self::Bytes>().read() }
    }

    #[inline(always)]
    unsafe fn bits(v: Self::Bytes, shift: u32, mask: u8) -> Self::Bytes {
        v.map(|row| row.map(|byte| byte >> shift & mask))
    }

    #[inline(always)]
    unsafe fn join(low: Self::Bytes, high: Self::Bytes) -> Self::Bytes {
        from_fn(|row| from_fn(|i| low[row][i] | high[row][i] << 4))
    }

    #[inline(always)]
    unsafe fn splat_i32(x: i32) -> Self::I32 {
        [x; LANES]
    }

    #[inline(always)]
    unsafe fn dot(acc: Self::I32, w: Self::Bytes, x: *const i8) -> Self::I32 {
        let x = unsafe { x.cast::<[i8; 4]>().read() }.map(i32::from);
        from_fn(|row| {
            let w = w[row].map(i32::from);
            acc[row] + w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3]
        })
    }

    #[inline(always)]
    unsafe fn dot_wide(acc: Self::I32, w: Self::Bytes, x: *const i8) -> Self::I32 {
        let x = unsafe { x.cast::<[i8; 4]>().read() }.map(i32::from);
        from_fn(|row| {
            let w = w[row].map(|w| i32::from(w) - 128);
            acc[row] + w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3]
        })
    }

    #[inline(always)]
    unsafe fn to_f32(x: Self::I32) -> Self::F32 {
        x.map(|x| x as f32)
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::F32 {
        [x; LANES]
    }

    #[inline(always)]
    unsafe fn mul(a: Self::F32, b: Self::F32) -> Self::F32 {
        from_fn(|row| a[row] * b[row])
    }

    #[inline(always)]
    unsafe fn add(a: Self::F32, b: Self::F32) -> Self::F32 {
        from_fn(|row| a[row] + b[row])
    }

    #[inline(always)]
    unsafe fn sub(a: Self::F32, b: Self::F32) -> Self::F32 {
        from_fn(|row| a[row] - b[row])
    }

    #[inline(always)]
    unsafe fn load_f16(at: *const u8) -> Self::F32 {
        unsafe { at.cast::<[[u8; 2]; LANES]>().read() }.map(|bytes| f16::from_le_bytes(bytes).to_f32())
    }

    #[inline(always)]
    unsafe fn load_u8(at: *const u8) -> Self::F32 {
        unsafe { at.cast::<[u8; LANES]>().read() }.map(f32::from)
    }

    #[inline(always)]
    unsafe fn load_i8(at: *const u8) -> Self::F32 {
        unsafe { at.cast::<[i8; LANES]>().read() }.map(f32::from)
    }

    #[inline(always)]
    unsafe fn store(x: Self::F32, at: *mut f32) {
        unsafe { at.cast::<[f32; LANES]>().write_unaligned(x) };
    }
}

impl Floats for Portable {
    type F32x8 = [f32; N_FLOATS];

    #[inline(always)]
    unsafe fn splat8(x: f32) -> Self::F32x8 {
        [x; N_FLOATS]
    }

    #[inline(always)]
    unsafe fn load8(at: *const f32) -> Self::F32x8 {
        unsafe { at.cast::<Self::F32x8>().read() }
    }

    #[inline(always)]
    unsafe fn store8(x: Self::F32x8, at: *mut f32) {
        unsafe { at.cast::<Self::F32x8>().write(x) }
    }

    #[inline(always)]
    unsafe fn add8(a: Self::F32x8, b: Self::F32x8) -> Self::F32x8 {
        from_fn(|i| a[i] + b[i])
    }

    #[inline(always)]
    unsafe fn mul8(a: Self::F32x8, b: Self::F32x8) -> Self::F32x8 {
        from_fn(|i| a[i] * b[i])
    }

    #[inline(always)]
    unsafe fn sum8([a, b, c, d, e, f, g, h]: Self::F32x8) -> f32 {
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}
