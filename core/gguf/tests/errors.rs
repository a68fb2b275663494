//! Malformed files and the message that each gives.

use expect_test::{Expect, expect};
use futures::executor::block_on;
use inkling_gguf::{Builder, Dtype, Gguf, Strings, Value};

fn check<const N: usize>(files: [(&str, Vec<u8>); N], expected: Expect) {
    let messages = files.map(|(name, file)| {
        let error = block_on(Gguf::read(&file)).expect_err(name);
        format!("{name}: {error}\n")
    });
    expected.assert_eq(&messages.concat());
}

/// A file of version 3 whose counts are followed by `body`.
fn header(n_tensors: u64, n_entries: u64, body: &[&[u8]]) -> Vec<u8> {
    let counts = [n_tensors.to_le_bytes(), n_entries.to_le_bytes()];
    [b"GGUF\x03\0\0\0", counts.as_flattened(), &body.concat()].concat()
}

fn str(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

fn tensor(name: &str, shape: &[u64], dtype: u32, offset: u64) -> Vec<u8> {
    let shape_bytes: Vec<u8> = shape.iter().flat_map(|n| n.to_le_bytes()).collect();
    let n_dims = (shape.len() as u32).to_le_bytes();
    [&str(name)[..], &n_dims, &shape_bytes, &dtype.to_le_bytes(), &offset.to_le_bytes()].concat()
}

/// A file of `tensors` with 128 bytes of data.
fn file(tensors: &[Vec<u8>]) -> Vec<u8> {
    let mut file = header(tensors.len() as u64, 0, &[&tensors.concat()]);
    file.resize(file.len().next_multiple_of(32) + 128, 0);
    file
}

const F32: u32 = 0;
const Q8_0: u32 = 8;
const Q2_K: u32 = 10;

const U32: [u8; 4] = 4u32.to_le_bytes();
const BOOL: [u8; 4] = 7u32.to_le_bytes();
const STR: [u8; 4] = 8u32.to_le_bytes();
const ARRAY: [u8; 4] = 9u32.to_le_bytes();

#[test]
fn other_files() {
    check(
        [
            ("a page", b"<!DOCTYPE html><html>".to_vec()),
            ("an image", b"\x89PNG\r\n\x1a\n".to_vec()),
            ("big-endian", b"GGUF\0\0\0\x03".to_vec()),
            ("too old", b"GGUF\x01\0\0\0".to_vec()),
            ("too new", b"GGUF\x04\0\0\0".to_vec()),
        ],
        expect![[r#"
            a page: not a GGUF file: it begins with "<!DOCTYPE html><"; download the model's .gguf file itself, not the page that links to it
            an image: not a GGUF file: it begins with "\x89PNG\r\n\x1a\n"; download the model's .gguf file itself, not the page that links to it
            big-endian: this GGUF file is big-endian, which is not supported; download the little-endian file
            too old: GGUF version 1 is not supported, only 2 and 3; download a newer conversion of the model, or update Inkling
            too new: GGUF version 4 is not supported, only 2 and 3; download a newer conversion of the model, or update Inkling
        "#]],
    );
}

#[test]
fn truncated_headers() {
    let array_of = |code: [u8; 4], len: u64| header(0, 1, &[&str("k"), &ARRAY, &code, &len.to_le_bytes()]);
    check(
        [
            ("an empty file", Vec::new()),
            ("half the magic", b"GG".to_vec()),
            ("no tensor", header(1, 0, &[])),
            ("a key of 2^60 bytes", header(0, 1, &[&(1u64 << 60).to_le_bytes()])),
            ("an array of 2^64 - 1 numbers", array_of(U32, u64::MAX)),
            ("an array of 2^40 strings", array_of(STR, 1 << 40)),
        ],
        expect![[r#"
            an empty file: truncated: the header needs 4 bytes at byte 0 but the file has 0 bytes: download it again
            half the magic: truncated: the header needs 4 bytes at byte 0 but the file has 2 bytes: download it again
            no tensor: truncated: the header needs 8 bytes at byte 24 but the file has 24 bytes: download it again
            a key of 2^60 bytes: truncated: the header needs 1152921504606846976 bytes at byte 32 but the file has 32 bytes: download it again
            an array of 2^64 - 1 numbers: truncated: the header needs 18446744073709551615 bytes at byte 49 but the file has 49 bytes: download it again
            an array of 2^40 strings: truncated: the header needs 8796093022208 bytes at byte 49 but the file has 49 bytes: download it again
        "#]],
    );
}

#[test]
fn absurd_counts() {
    check(
        [
            ("2^40 tensors", header(1 << 40, 0, &[])),
            ("2^64 - 1 entries", header(0, u64::MAX, &[])),
            ("2^31 dimensions", header(1, 0, &[&str("w"), &(1u32 << 31).to_le_bytes()])),
            (
                "a value of 65 MiB",
                header(0, 1, &[&str("k"), &STR, &(65u64 << 20).to_le_bytes(), &vec![0; 65 << 20]]),
            ),
        ],
        expect![[r#"
            2^40 tensors: the header claims 1099511627776 tensors, more than any model has (65536); download the file again
            2^64 - 1 entries: the header claims 18446744073709551615 metadata entries, more than any model has (65536); download the file again
            2^31 dimensions: the header is broken: tensor w has 2147483648 dimensions, at most 4 are possible; download the file again
            a value of 65 MiB: the header is longer than 67108864 bytes, more than any model's; download the file again
        "#]],
    );
}

#[test]
fn metadata() {
    check(
        [
            ("a key that is not text", header(0, 1, &[&1u64.to_le_bytes(), &[0xff]])),
            ("an unknown type", header(0, 1, &[&str("k"), &13u32.to_le_bytes()])),
            ("a bool of 2", header(0, 1, &[&str("k"), &BOOL, &[2]])),
            ("arrays", header(0, 1, &[&str("k"), &ARRAY, &ARRAY, &1u64.to_le_bytes()])),
            ("a key twice", Builder::new().metadata("k", 1u32).metadata("k", 2u32).build()),
            ("alignment", Builder::new().metadata("general.alignment", 24u32).build()),
        ],
        expect![[r#"
            a key that is not text: the header is broken: the text at byte 32 is not UTF-8; download the file again
            an unknown type: the header is broken: metadata k has type 13, which GGUF does not define; download the file again
            a bool of 2: the header is broken: metadata k is the truth value 2; download the file again
            arrays: metadata k is an array of arrays, which is not supported; convert the model again without this entry
            a key twice: the header is broken: metadata k appears twice; download the file again
            alignment: the header is broken: general.alignment is 24, not a power of two; download the file again
        "#]],
    );
}

#[test]
fn tensors() {
    check(
        [
            ("a type that is not read", file(&[tensor("w", &[256], Q2_K, 0)])),
            ("a type that is not known", file(&[tensor("w", &[256], 99, 0)])),
            ("a size that overflows", file(&[tensor("w", &[1 << 40, 1 << 40], F32, 0)])),
            ("an end that overflows", file(&[tensor("w", &[8], F32, u64::MAX - 31)])),
            ("rows of broken blocks", file(&[tensor("w", &[33, 32], Q8_0, 0)])),
            ("misaligned", file(&[tensor("w", &[8], F32, 16)])),
            ("beyond the end", file(&[tensor("w", &[8], F32, 128)])),
            ("a name twice", file(&[tensor("w", &[8], F32, 0), tensor("w", &[8], F32, 32)])),
            ("an overlap", file(&[tensor("b", &[8], F32, 32), tensor("a", &[9], F32, 0)])),
        ],
        expect![[r#"
            a type that is not read: tensor w is stored as Q2_K, which is not supported; use a file in F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K
            a type that is not known: tensor w is stored as type 99, which is not supported; use a file in F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K or Q6_K
            a size that overflows: the header is broken: tensor w cannot have shape [1099511627776, 1099511627776] as F32; download the file again
            an end that overflows: truncated: the header says tensor w ends at byte 18446744073709551615 but the file has 192 bytes: download it again
            rows of broken blocks: the header is broken: tensor w cannot have shape [33, 32] as Q8_0; download the file again
            misaligned: the header is broken: tensor w is at offset 16, not a multiple of 32; download the file again
            beyond the end: truncated: the header says tensor w ends at byte 224 but the file has 192 bytes: download it again
            a name twice: the header is broken: tensor w appears twice; download the file again
            an overlap: the header is broken: tensors a and b overlap; download the file again
        "#]],
    );
}

#[test]
fn a_download_that_stopped() {
    let mut file = Builder::new().tensor("w", &[64], Dtype::F16, &[0; 128]).build();
    file.truncate(file.len() - 1);
    check(
        [("one byte short", file)],
        expect![[r#"
        one byte short: truncated: the header says tensor w ends at byte 192 but the file has 191 bytes: download it again
    "#]],
    );
}

#[test]
fn what_a_caller_misses() {
    let file = Builder::new().metadata("name", "x").metadata("ids", Strings::from_iter(["a"]));
    let file = file.metadata("n", Value::I32(-1)).build();
    let gguf = block_on(Gguf::read(&file)).expect("the file is well formed");
    let results = [
        gguf.str("title").map(drop),
        gguf.u32("name").map(drop),
        gguf.u32("n").map(drop),
        gguf.i32s("ids").map(drop),
        gguf.tensor("w").map(drop),
    ];
    let messages = results.map(|result| result.expect_err("absent or of another type").to_string());
    expect![[r#"
        the model file has no metadata title; convert the model again with a newer tool
        metadata name has type string, not integer of 32 bits; convert the model again with a newer tool
        metadata n has type i32, not integer of 32 bits; convert the model again with a newer tool
        metadata ids has type array of string, not array of i32; convert the model again with a newer tool
        the model file has no tensor w; it is incomplete or of another architecture"#]]
    .assert_eq(&messages.join("\n"));
}
