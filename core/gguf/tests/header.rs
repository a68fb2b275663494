//! What a well-formed file reads as, and how it is read.

use std::cell::RefCell;
use std::ops::Range;

use expect_test::{Expect, expect};
use futures::executor::block_on;
use inkling_gguf::{Array, Builder, Dtype, Gguf, ReadFuture, Source, Strings, Value};
use proptest::prelude::*;

fn read(file: Vec<u8>) -> Gguf {
    block_on(Gguf::read(&file)).expect("the file is well formed")
}

fn check(file: Builder, expected: Expect) {
    let gguf = read(file.build());
    let entries = gguf.metadata.iter().map(|(key, value)| format!("{key} = {value:?}\n"));
    let tensors = gguf.tensors.iter().map(|tensor| format!("{tensor:?}\n"));
    expected.assert_eq(&entries.chain(tensors).collect::<String>());
}

#[test]
fn metadata_and_tensors_are_read_as_written() {
    check(
        Builder::new()
            .metadata("general.architecture", "llama")
            .metadata("llama.block_count", 2u32)
            .metadata("llama.rope.freq_base", 10000.0f32)
            .metadata("tokenizer.ggml.add_bos_token", true)
            .metadata("tokenizer.ggml.tokens", Strings::from_iter(["a", "", "Ġb"]))
            .metadata("tokenizer.ggml.token_type", vec![1, 3, 1])
            .tensor("norm", &[3], Dtype::F32, &[0; 12])
            .tensor("embedding", &[32, 2], Dtype::Q4_0, &[0; 36])
            .tensor("empty", &[0], Dtype::F16, &[]),
        expect![[r#"
            general.architecture = Str("llama")
            llama.block_count = U32(2)
            llama.rope.freq_base = F32(10000.0)
            tokenizer.ggml.add_bos_token = Bool(true)
            tokenizer.ggml.token_type = Array(I32([1, 3, 1]))
            tokenizer.ggml.tokens = Array(Str(Strings { text: "aĠb", ends: [1, 1, 4] }))
            Tensor { name: "norm", shape: [3], dtype: F32, range: 448..460 }
            Tensor { name: "embedding", shape: [32, 2], dtype: Q4_0, range: 480..516 }
            Tensor { name: "empty", shape: [0], dtype: F16, range: 544..544 }
        "#]],
    );
}

#[test]
fn an_empty_file_of_the_right_kind_is_fine() {
    check(Builder::new(), expect![[""]]);
}

#[test]
fn version_2_has_the_same_layout() {
    let mut file = Builder::new().metadata("general.name", "old").build();
    file[4] = 2;
    let gguf = read(file);
    assert_eq!((gguf.version, gguf.get_str("general.name")), (2, Some("old")));
}

#[test]
fn the_alignment_is_the_files() {
    let aligned = |alignment: u32| {
        let file = Builder::new().metadata("general.alignment", alignment);
        read(file.tensor("eight by", &[1], Dtype::F32, &[0; 4]).build()).tensors[0].range.start
    };
    assert_eq!((aligned(8), aligned(32)), (104, 128));
}

#[test]
fn integers_of_any_width_read_as_u32_if_they_fit() {
    let values = [Value::U8(7), Value::I16(7), Value::U64(7), Value::I64(7), Value::I32(-7)];
    let mut file = Builder::new();
    for (idx, value) in values.into_iter().enumerate() {
        file = file.metadata(&idx.to_string(), value);
    }
    let gguf = read(file.build());
    let read = ["0", "1", "2", "3", "4", "5"].map(|key| gguf.get_u32(key));
    assert_eq!(read, [Some(7), Some(7), Some(7), Some(7), None, None]);
}

/// Remembers what was read of it.
struct Recorded {
    file: Vec<u8>,
    reads: RefCell<Vec<Range<u64>>>,
}

impl Source for Recorded {
    fn len(&self) -> u64 {
        Source::len(&self.file)
    }

    fn read(&self, range: Range<u64>) -> ReadFuture<'_> {
        self.reads.borrow_mut().push(range.clone());
        self.file.read(range)
    }
}

#[test]
fn a_long_header_is_read_in_growing_ranges_and_nothing_twice() {
    let tokens: Strings = (0..100_000).map(|token| format!("a token of some length {token}")).collect();
    let file = Builder::new()
        .metadata("tokenizer.ggml.tokens", tokens.clone())
        .tensor("weights", &[5 << 20], Dtype::F32, &vec![0; 20 << 20])
        .build();
    let source = Recorded { file, reads: RefCell::default() };
    let gguf = block_on(Gguf::read(&source)).expect("the file is well formed");
    assert_eq!(gguf.strings("tokenizer.ggml.tokens"), Ok(&tokens));
    assert_eq!(*source.reads.borrow(), [0..1 << 20, 1 << 20..4 << 20]);
}

#[test]
fn a_source_that_returns_too_little_is_an_error() {
    struct Short;
    impl Source for Short {
        fn len(&self) -> u64 {
            100
        }
        fn read(&self, _: Range<u64>) -> ReadFuture<'_> {
            Box::pin(std::future::ready(Ok(b"GGUF".to_vec())))
        }
    }
    let error = block_on(Gguf::read(&Short)).expect_err("4 of 100 bytes");
    expect![[r#"got 4 bytes where 100 were asked for"#]].assert_eq(&error.to_string());
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u8>().prop_map(Value::U8),
        any::<i8>().prop_map(Value::I8),
        any::<u16>().prop_map(Value::U16),
        any::<i16>().prop_map(Value::I16),
        any::<u32>().prop_map(Value::U32),
        any::<i32>().prop_map(Value::I32),
        any::<f32>().prop_map(Value::F32),
        any::<bool>().prop_map(Value::Bool),
        any::<String>().prop_map(Value::Str),
        any::<u64>().prop_map(Value::U64),
        any::<i64>().prop_map(Value::I64),
        any::<f64>().prop_map(Value::F64),
        array().prop_map(Value::Array),
    ]
}

fn array() -> impl Strategy<Value = Array> {
    use proptest::collection::vec;
    prop_oneof![
        vec(any::<u8>(), 0..9).prop_map(Array::U8),
        vec(any::<i8>(), 0..9).prop_map(Array::I8),
        vec(any::<u16>(), 0..9).prop_map(Array::U16),
        vec(any::<i16>(), 0..9).prop_map(Array::I16),
        vec(any::<u32>(), 0..9).prop_map(Array::U32),
        vec(any::<i32>(), 0..9).prop_map(Array::I32),
        vec(any::<f32>(), 0..9).prop_map(Array::F32),
        vec(any::<bool>(), 0..9).prop_map(Array::Bool),
        vec(any::<String>(), 0..9).prop_map(|texts| Array::Str(texts.into_iter().collect())),
        vec(any::<u64>(), 0..9).prop_map(Array::U64),
        vec(any::<i64>(), 0..9).prop_map(Array::I64),
        vec(any::<f64>(), 0..9).prop_map(Array::F64),
    ]
}

proptest! {
    #[test]
    fn whatever_is_written_is_read(
        metadata in proptest::collection::btree_map("[a-z.]{1,9}", value(), 0..9),
        rows in proptest::collection::vec(0u64..5, 0..5),
    ) {
        let mut file = Builder::new();
        for (key, value) in &metadata {
            file = file.metadata(key, value.clone());
        }
        for (idx, &rows) in rows.iter().enumerate() {
            let data = vec![idx as u8; 34 * rows as usize];
            file = file.tensor(&idx.to_string(), &[32, rows], Dtype::Q8_0, &data);
        }
        let file = file.build();
        let gguf = read(file.clone());
        prop_assert_eq!(gguf.metadata, metadata);
        for (idx, (tensor, rows)) in gguf.tensors.iter().zip(rows).enumerate() {
            prop_assert_eq!(&tensor.shape, &[32, rows]);
            let data = &file[tensor.range.start as usize..tensor.range.end as usize];
            prop_assert!(data.len() as u64 == 34 * rows && data.iter().all(|&byte| byte == idx as u8));
        }
    }
}
