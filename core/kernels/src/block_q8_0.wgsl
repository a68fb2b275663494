const HAS_LOW = false;

fn load_block(block: u32) -> Block {
    var out: Block;
    for (var i = 0u; i < 2u; i++) {
        let words = quants[block * 2u + i];
        for (var j = 0u; j < 4u; j++) {
            out.q[4u * i + j] = vec4<f32>(unpack4xI8(words[j]));
        }
    }
    out.scale = vec2(f16_at(scales[block / 2u], block));
    return out;
}
