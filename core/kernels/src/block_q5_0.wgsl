const HAS_LOW = false;

// `scales` holds three halves of a word a block: the scale and the fifth bits.
fn load_block(block: u32) -> Block {
    var out: Block;
    let at = block * 3u / 2u;
    let first = scales[at];
    let second = scales[at + 1u];
    let is_odd = (block & 1u) == 1u;
    out.q = five_bits(quants[block], select((first >> 16u) | (second << 16u), second, is_odd));
    for (var j = 0u; j < 8u; j++) {
        out.q[j] -= 16.0;
    }
    out.scale = vec2(f16_at(first, block));
    return out;
}
