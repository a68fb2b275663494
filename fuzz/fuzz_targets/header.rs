//! Any bytes are a header or an error.
#![no_main]

use futures::executor::block_on;
use inkling_gguf::Gguf;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    drop(block_on(Gguf::read(&file.to_vec())));
});
