const HAS_LOW = false;

fn load_block(block: u32) -> Block {
    var out: Block;
    for (var i = 0u; i < 8u; i++) {
        out.q[i] = bitcast<vec4<f32>>(quants[block * 8u + i]);
    }
    out.scale = vec2(1.0);
    return out;
}
