//! Files rewritten in other formats.

use futures::executor::block_on;
use inkling_engine::{Cancel, Model, Quantization, quantize};
use inkling_fixture::tiny;
use inkling_gguf::{Dtype, Gguf};

const TYPES: [Dtype; 11] = [
    Dtype::F32,
    Dtype::F16,
    Dtype::BF16,
    Dtype::Q4_0,
    Dtype::Q4_1,
    Dtype::Q5_0,
    Dtype::Q5_1,
    Dtype::Q8_0,
    Dtype::Q4K,
    Dtype::Q5K,
    Dtype::Q6K,
];

fn quantized(file: &Vec<u8>, dtype: Dtype) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut write = |bytes: &[u8]| {
        out.extend(bytes);
        Ok(())
    };
    block_on(async {
        let gguf = Gguf::read(file).await.unwrap();
        quantize(&gguf, file, dtype, &mut write).await.map_err(|error| error.to_string())
    })?;
    Ok(out)
}

#[test]
fn the_result_is_the_model_with_every_matrix_in_the_new_type() {
    let file = tiny("qwen2", Dtype::F32, 1);
    for dtype in TYPES {
        let out = quantized(&file, dtype).unwrap();
        let (before, after) = (block_on(Gguf::read(&file)).unwrap(), block_on(Gguf::read(&out)).unwrap());
        assert_eq!(before.str("general.name"), after.str("general.name"));
        let exceptions: Vec<_> = Quantization::new(&before, dtype).exceptions().collect();
        for (old, new) in before.tensors.iter().zip(&after.tensors) {
            let exception = exceptions.iter().find(|(name, _)| *name == new.name).map(|(_, dtype)| *dtype);
            let expected = if old.shape.len() == 2 { exception.unwrap_or(dtype) } else { Dtype::F32 };
            assert_eq!((&old.name, &old.shape, new.dtype), (&new.name, &new.shape, expected));
        }
        // Rows of 64 and 96 are no blocks of 256.
        assert_eq!(exceptions.is_empty(), dtype.block_len() < 256, "{dtype}");
        block_on(Model::load(&after, &out, &|_| {}, &Cancel::default())).unwrap();
    }
}

#[test]
fn what_a_fixture_is_made_with_comes_out() {
    // No tensor of the same name and shape differs: the file goes through the same quantizer.
    let (file, expected) = (tiny("llama", Dtype::F32, 3), tiny("llama", Dtype::Q4_0, 3));
    let out = quantized(&file, Dtype::Q4_0).unwrap();
    let (a, b) = (block_on(Gguf::read(&out)).unwrap(), block_on(Gguf::read(&expected)).unwrap());
    for (a, b) in a.tensors.iter().zip(&b.tensors) {
        let bytes = |file: &[u8], range: &std::ops::Range<u64>| {
            file[range.start as usize..range.end as usize].to_vec()
        };
        assert_eq!(bytes(&out, &a.range), bytes(&expected, &b.range), "{}", a.name);
    }
}

#[test]
fn quantized_files_are_refused() {
    assert_eq!(
        quantized(&tiny("llama", Dtype::Q8_0, 1), Dtype::Q4_0).unwrap_err(),
        "tensor token_embd.weight is already quantized, as Q8_0; quantize the model's file in F16, BF16 or F32 instead"
    );
}
