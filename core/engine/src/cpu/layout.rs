//! How the products take packed matrices apart, a type a format.

use inkling_kernels::Format;

use super::packed::{GROUP_ROWS, PackedSizes, VECTOR_BYTES};
use super::simd::Simd;

/// A format whose parts are read register by register.
///
/// # Safety
/// As [`Simd`]; pointers are to a chunk (and its superblock) of [`super::packed::Packed`], moved on by the
/// lanes before the register's.
pub(crate) trait Layout {
    const SIZES: PackedSizes;

    /// Columns `4 · vector_idx` and the three after it.
    unsafe fn weights<S: Simd>(quants: *const u8, vector_idx: usize) -> S::Bytes;
    /// Of the chunk's part `part_idx`, of one or two.
    unsafe fn scale<S: Simd>(at: ScalesAt, part_idx: usize) -> S::F32;
    /// Of formats that have one.
    unsafe fn minimum<S: Simd>(at: ScalesAt) -> S::F32;
}

/// Where a chunk's scales begin, and the lane of the first row to read.
#[derive(Clone, Copy)]
pub(crate) struct ScalesAt {
    pub(crate) scales: *const u8,
    pub(crate) supers: *const u8,
    pub(crate) lane: usize,
}

impl ScalesAt {
    #[inline(always)]
    unsafe fn f16<S: Simd>(self, plane: usize) -> S::F32 {
        unsafe { S::load_f16(self.scales.add((plane * GROUP_ROWS + self.lane) * 2)) }
    }

    #[inline(always)]
    unsafe fn super_f16<S: Simd>(self, plane: usize) -> S::F32 {
        unsafe { S::load_f16(self.supers.add((plane * GROUP_ROWS + self.lane) * 2)) }
    }

    #[inline(always)]
    unsafe fn byte(self, plane: usize) -> *const u8 {
        unsafe { self.scales.add(plane * GROUP_ROWS + self.lane) }
    }
}

#[inline(always)]
unsafe fn nibbles<S: Simd>(quants: *const u8, vector_idx: usize) -> S::Bytes {
    unsafe { S::bits(S::bytes(quants.add(vector_idx % 4 * VECTOR_BYTES)), (vector_idx / 4 * 4) as u32, 15) }
}

#[inline(always)]
unsafe fn five_bits<S: Simd>(quants: *const u8, vector_idx: usize) -> S::Bytes {
    unsafe {
        let high = S::bits(S::bytes(quants.add(4 * VECTOR_BYTES)), vector_idx as u32, 1);
        S::join(nibbles::<S>(quants, vector_idx), high)
    }
}

#[inline(always)]
unsafe fn six_bits<S: Simd>(quants: *const u8, vector_idx: usize) -> S::Bytes {
    unsafe {
        let plane = S::bytes(quants.add((4 + vector_idx / 4) * VECTOR_BYTES));
        let high = S::bits(plane, (vector_idx % 4 * 2) as u32, 3);
        S::join(nibbles::<S>(quants, vector_idx), high)
    }
}

#[inline(always)]
unsafe fn whole_bytes<S: Simd>(quants: *const u8, vector_idx: usize) -> S::Bytes {
    unsafe { S::bytes(quants.add(vector_idx * VECTOR_BYTES)) }
}

#[inline(always)]
unsafe fn f16_scale<S: Simd>(at: ScalesAt, _: usize) -> S::F32 {
    unsafe { at.f16::<S>(0) }
}

#[inline(always)]
unsafe fn k_scale<S: Simd>(at: ScalesAt, _: usize) -> S::F32 {
    unsafe { S::mul(at.super_f16::<S>(0), S::load_u8(at.byte(0))) }
}

#[inline(always)]
unsafe fn signed_scale<S: Simd>(at: ScalesAt, part_idx: usize) -> S::F32 {
    unsafe { S::mul(at.super_f16::<S>(0), S::load_i8(at.byte(part_idx))) }
}

#[inline(always)]
unsafe fn no_minimum<S: Simd>(_: ScalesAt) -> S::F32 {
    unsafe { S::splat(0.0) }
}

#[inline(always)]
unsafe fn f16_minimum<S: Simd>(at: ScalesAt) -> S::F32 {
    unsafe { at.f16::<S>(1) }
}

#[inline(always)]
unsafe fn k_minimum<S: Simd>(at: ScalesAt) -> S::F32 {
    unsafe { S::sub(S::splat(0.0), S::mul(at.super_f16::<S>(1), S::load_u8(at.byte(1)))) }
}

macro_rules! layouts {
    ($($name:ident: $weights:ident, $scale:ident, $minimum:ident;)*) => {$(
        pub(crate) struct $name;
        impl Layout for $name {
            const SIZES: PackedSizes = PackedSizes::of(Format::$name);
            #[inline(always)]
            unsafe fn weights<S: Simd>(quants: *const u8, vector_idx: usize) -> S::Bytes {
                unsafe { $weights::<S>(quants, vector_idx) }
            }
            #[inline(always)]
            unsafe fn scale<S: Simd>(at: ScalesAt, part_idx: usize) -> S::F32 {
                unsafe { $scale::<S>(at, part_idx) }
            }
            #[inline(always)]
            unsafe fn minimum<S: Simd>(at: ScalesAt) -> S::F32 {
                unsafe { $minimum::<S>(at) }
            }
        }
    )*};
}

layouts! {
    Q4_0: nibbles, f16_scale, no_minimum;
    Q4_1: nibbles, f16_scale, f16_minimum;
    Q5_0: five_bits, f16_scale, no_minimum;
    Q5_1: five_bits, f16_scale, f16_minimum;
    Q8_0: whole_bytes, f16_scale, no_minimum;
    Q4K: nibbles, k_scale, k_minimum;
    Q5K: five_bits, k_scale, k_minimum;
    Q6K: six_bits, signed_scale, no_minimum;
}
