const HAS_LOW = false;

// 256 elements: 12 words of four in `quants`, 4 of signed scales and 1 with the scale of the scales in `scales`.
fn load_block(block: u32) -> Block {
    var out: Block;
    let whole = block / 8u;
    let chunk = block % 8u;
    let quarter = chunk % 4u;
    let low_at = whole * 12u + chunk / 4u * 4u + quarter % 2u * 2u;
    let high_at = whole * 12u + 8u + chunk / 4u * 2u;
    for (var i = 0u; i < 2u; i++) {
        let low = (quants[low_at + i] >> vec4(quarter / 2u * 4u)) & vec4(0x0f0f0f0fu);
        let high = (quants[high_at + i] >> vec4(quarter * 2u)) & vec4(0x03030303u);
        let words = low | (high << vec4(4u));
        for (var j = 0u; j < 4u; j++) {
            out.q[4u * i + j] = vec4<f32>(unpack4xU8(words[j])) - 32.0;
        }
    }
    let both = unpack4xI8(scales[whole * 5u + chunk / 2u] >> (chunk % 2u * 16u));
    out.scale = unpack2x16float(scales[whole * 5u + 4u]).x * vec2<f32>(both.xy);
    return out;
}
