// The embedding look-up: a block of 32 elements a thread, a token each group.y.
struct Params {
    first_row: u32, // of these weights in the table
    n_rows: u32,
    n_blocks: u32,  // a row
    scale: f32,
}
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read> tokens: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let block = group.x * 64u + thread;
    let row = tokens[group.y] - params.first_row; // wraps to a large number below the first row
    if block >= params.n_blocks || row >= params.n_rows {
        return;
    }
    var w = load_block(row * params.n_blocks + block);
    for (var i = 0u; i < 8u; i++) {
        var part = w.q[i] * w.scale[i / 4u];
        if HAS_LOW {
            part += w.low[i / 4u];
        }
        out[(group.y * params.n_blocks + block) * 8u + i] = part * params.scale;
    }
}
