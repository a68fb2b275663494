const HAS_LOW = false;

fn load_block(block: u32) -> Block {
    var out: Block;
    for (var i = 0u; i < 4u; i++) {
        let words = quants[block * 4u + i];
        out.q[2u * i] = vec4(unpack2x16float(words.x), unpack2x16float(words.y));
        out.q[2u * i + 1u] = vec4(unpack2x16float(words.z), unpack2x16float(words.w));
    }
    out.scale = vec2(1.0);
    return out;
}
