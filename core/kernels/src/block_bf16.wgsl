const HAS_LOW = false;

fn load_block(block: u32) -> Block {
    var out: Block;
    for (var i = 0u; i < 4u; i++) {
        let words = quants[block * 4u + i];
        let first = bitcast<vec4<f32>>(words << vec4(16u));
        let second = bitcast<vec4<f32>>(words & vec4(0xffff0000u));
        out.q[2u * i] = vec4(first.x, second.x, first.y, second.y);
        out.q[2u * i + 1u] = vec4(first.z, second.z, first.w, second.w);
    }
    out.scale = vec2(1.0);
    return out;
}
