use std::fmt;

/// Elements in a block of `Q4_0`, `Q4_1`, `Q5_0`, `Q5_1` and `Q8_0`.
pub const QUANT_BLOCK_LEN: u64 = 32;

/// Elements in a superblock of the K formats.
pub const K_BLOCK_LEN: u64 = 256;

/// How a tensor's elements are stored; the layouts are those of ggml's `ggml-common.h`.
///
/// Every multi-byte number is little endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// 32-bit IEEE.
    F32,
    /// 16-bit IEEE.
    F16,
    /// The upper half of a 32-bit IEEE number.
    BF16,
    /// 32 elements: f16 scale, 16 bytes of nibbles; scale · (q − 8).
    Q4_0,
    /// 32 elements: f16 scale, f16 minimum, 16 bytes of nibbles; scale · q + minimum.
    Q4_1,
    /// 32 elements: f16 scale, 4 bytes of fifth bits, 16 bytes of nibbles; scale · (q − 16).
    Q5_0,
    /// 32 elements: f16 scale, f16 minimum, 4 bytes of fifth bits, 16 bytes of nibbles.
    Q5_1,
    /// 32 elements: f16 scale, 32 signed bytes; scale · q.
    Q8_0,
    /// 256 elements: two f16 scales, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles.
    Q4K,
    /// 256 elements: as `Q4K`, with 32 bytes of fifth bits before the nibbles.
    Q5K,
    /// 256 elements: 128 bytes of low nibbles, 64 of high bit pairs, 16 signed scales, f16 scale.
    Q6K,
}

/// The type's code in the file, its name, elements a block, bytes a block.
const TABLE: [(Dtype, u32, &str, u64, u64); 11] = [
    (Dtype::F32, 0, "F32", 1, 4),
    (Dtype::F16, 1, "F16", 1, 2),
    (Dtype::Q4_0, 2, "Q4_0", QUANT_BLOCK_LEN, 18),
    (Dtype::Q4_1, 3, "Q4_1", QUANT_BLOCK_LEN, 20),
    (Dtype::Q5_0, 6, "Q5_0", QUANT_BLOCK_LEN, 22),
    (Dtype::Q5_1, 7, "Q5_1", QUANT_BLOCK_LEN, 24),
    (Dtype::Q8_0, 8, "Q8_0", QUANT_BLOCK_LEN, 34),
    (Dtype::Q4K, 12, "Q4_K", K_BLOCK_LEN, 144),
    (Dtype::Q5K, 13, "Q5_K", K_BLOCK_LEN, 176),
    (Dtype::Q6K, 14, "Q6_K", K_BLOCK_LEN, 210),
    (Dtype::BF16, 30, "BF16", 1, 2),
];

/// Types that other programs write and this one does not read, for the error message.
const UNSUPPORTED: [(u32, &str); 22] = [
    (9, "Q8_1"),
    (10, "Q2_K"),
    (11, "Q3_K"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
    (40, "NVFP4"),
];

impl Dtype {
    /// As model files are usually named: `Q4_K`, `F16`.
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// The type of this name, in either case.
    pub fn named(name: &str) -> Option<Dtype> {
        TABLE.iter().find(|row| row.2.eq_ignore_ascii_case(name)).map(|row| row.0)
    }

    /// Elements in a block; the length of a row is a multiple of it.
    pub fn block_len(self) -> u64 {
        self.row().3
    }

    /// Bytes of a block.
    pub fn block_bytes(self) -> u64 {
        self.row().4
    }

    /// Bytes of `n_elements`, or `None` if these are no whole blocks or the size overflows.
    pub fn bytes(self, n_elements: u64) -> Option<u64> {
        if !n_elements.is_multiple_of(self.block_len()) {
            return None;
        }
        (n_elements / self.block_len()).checked_mul(self.block_bytes())
    }

    /// The type of a code in the file, or the code's name for an error message.
    pub(crate) fn from_code(code: u32) -> Result<Dtype, String> {
        if let Some(row) = TABLE.iter().find(|row| row.1 == code) {
            return Ok(row.0);
        }
        let known = UNSUPPORTED.iter().find(|row| row.0 == code);
        Err(known.map_or_else(|| format!("type {code}"), |row| row.1.to_owned()))
    }

    pub(crate) fn code(self) -> u32 {
        self.row().1
    }

    fn row(self) -> &'static (Dtype, u32, &'static str, u64, u64) {
        TABLE.iter().find(|row| row.0 == self).expect("the table lists every type")
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
