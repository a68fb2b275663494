// out = x · weightsᵀ for 32 tokens and 32 rows a workgroup, 4 by 4 of them a thread.
//
// BIAS, STORE: as in mat_vec.wgsl, without 2.
struct Params {
    n_rows: u32,
    n_blocks: u32,   // a row
    x_stride: u32,   // vec4s from token to token
    out_stride: u32, // elements
    out_at: u32,     // element of the first row in a token's output
    scale: f32,
}
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;

const TILE = 32u;
// A row of a tile is 8 vec4s; the ninth keeps neighbouring rows in different banks.
const PITCH = 9u;
var<workgroup> sh_w: array<vec4<f32>, 288>;
var<workgroup> sh_x: array<vec4<f32>, 288>;

fn load_weights(row: u32, block: u32) {
    var w = load_block(min(row, params.n_rows - 1u) * params.n_blocks + block);
    let at = row % TILE * PITCH;
    for (var i = 0u; i < 8u; i++) {
        let half = i / 4u;
        var part = w.q[i] * w.scale[half];
        if HAS_LOW {
            part += w.low[half];
        }
        sh_w[at + i] = part;
    }
}

fn load_x(token: u32, block: u32) {
    let x_at = min(token, state.n_tokens - 1u) * params.x_stride + block * 8u;
    let at = token % TILE * PITCH;
    for (var i = 0u; i < 8u; i++) {
        sh_x[at + i] = x[x_at + i];
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let first_row = group.x * TILE;
    let first_token = group.y * TILE;
    let row = thread % 8u;
    let token = thread / 8u;
    var sums: array<vec4<f32>, 4>; // [token], a vec4 of rows
    for (var block = 0u; block < params.n_blocks; block++) {
        if thread < TILE {
            load_weights(first_row + thread, block);
        } else {
            load_x(first_token + thread - TILE, block);
        }
        workgroupBarrier();
        for (var i = 0u; i < 8u; i++) {
            let w0 = sh_w[row * PITCH + i];
            let w1 = sh_w[(row + 8u) * PITCH + i];
            let w2 = sh_w[(row + 16u) * PITCH + i];
            let w3 = sh_w[(row + 24u) * PITCH + i];
            for (var j = 0u; j < 4u; j++) {
                let part = sh_x[(token + 8u * j) * PITCH + i];
                sums[j] += vec4(dot(w0, part), dot(w1, part), dot(w2, part), dot(w3, part));
            }
        }
        workgroupBarrier();
    }
    for (var j = 0u; j < 4u; j++) {
        let out_token = first_token + token + 8u * j;
        for (var i = 0u; i < 4u; i++) {
            let out_row = first_row + row + 8u * i;
            if out_token < state.n_tokens && out_row < params.n_rows {
                store(out_token * params.out_stride, params.out_at + out_row, sums[j][i]);
            }
        }
    }
}

fn store(token_at: u32, row: u32, sum: f32) {
    var y = sum;
    if BIAS {
        y += bias[row];
    }
    y *= params.scale;
    switch STORE {
        case 1u: {
            out[token_at + row] += y;
        }
        case 3u: {
            out[token_at + row] = activation(y);
        }
        default: {
            out[token_at + row] = y;
        }
    }
}
