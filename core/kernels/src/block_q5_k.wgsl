const HAS_LOW = true;

// 256 elements: 2 words of four of fifth bits and 8 of nibbles in `quants`, 4 words in `scales`.
fn load_block(block: u32) -> Block {
    var out: Block;
    let whole = block / 8u;
    let chunk = block % 8u;
    let at = whole * 10u;
    for (var i = 0u; i < 2u; i++) {
        let low = (quants[at + 2u + chunk / 2u * 2u + i] >> vec4(chunk % 2u * 4u)) & vec4(0x0f0f0f0fu);
        let fifth = (quants[at + i] >> vec4(chunk)) & vec4(0x01010101u);
        let words = low | (fifth << vec4(4u));
        for (var j = 0u; j < 4u; j++) {
            out.q[4u * i + j] = vec4<f32>(unpack4xU8(words[j]));
        }
    }
    let both = k_scales(whole, chunk);
    out.scale = both.xx;
    out.low = both.yy;
    return out;
}
