// The lowest four of `bits` as the fifth bits of four neighbouring integers.
fn fifth_bits(bits: u32) -> u32 {
    return ((bits & 1u) << 4u) | ((bits & 2u) << 11u) | ((bits & 4u) << 18u) | ((bits & 8u) << 25u);
}

// 32 integers of five bits each, unsigned: a vec4 of nibbles and a word of fifth bits.
fn five_bits(words: vec4<u32>, fifth: u32) -> array<vec4<f32>, 8> {
    var out: array<vec4<f32>, 8>;
    for (var j = 0u; j < 4u; j++) {
        let low = words[j] & 0x0f0f0f0fu;
        let high = (words[j] >> 4u) & 0x0f0f0f0fu;
        out[j] = vec4<f32>(unpack4xU8(low | fifth_bits(fifth >> (4u * j))));
        out[j + 4u] = vec4<f32>(unpack4xU8(high | fifth_bits(fifth >> (4u * j + 16u))));
    }
    return out;
}
