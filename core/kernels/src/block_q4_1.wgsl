const HAS_LOW = true;

fn load_block(block: u32) -> Block {
    var out: Block;
    let words = quants[block];
    for (var j = 0u; j < 4u; j++) {
        out.q[j] = vec4<f32>(unpack4xU8(words[j] & 0x0f0f0f0fu));
        out.q[j + 4u] = vec4<f32>(unpack4xU8((words[j] >> 4u) & 0x0f0f0f0fu));
    }
    let both = unpack2x16float(scales[block]);
    out.scale = both.xx;
    out.low = both.yy;
    return out;
}
