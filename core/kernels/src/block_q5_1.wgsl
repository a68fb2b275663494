const HAS_LOW = true;

// `scales` holds two words a block: scale and minimum, and the fifth bits.
fn load_block(block: u32) -> Block {
    var out: Block;
    out.q = five_bits(quants[block], scales[block * 2u + 1u]);
    let both = unpack2x16float(scales[block * 2u]);
    out.scale = both.xx;
    out.low = both.yy;
    return out;
}
