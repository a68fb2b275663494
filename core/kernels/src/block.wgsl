// 32 neighbouring elements of a row of weights, in the file's integers: element i is
// scale[i / 16] · q[i] + low[i / 16], and `low` is read only where HAS_LOW is true.
struct Block {
    q: array<vec4<f32>, 8>,
    scale: vec2<f32>,
    low: vec2<f32>,
}

fn f16_at(words: u32, idx: u32) -> f32 {
    let both = unpack2x16float(words);
    return select(both.x, both.y, (idx & 1u) == 1u);
}
