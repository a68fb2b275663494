// out = x · weightsᵀ for TOKENS tokens and 64 rows a workgroup, TOKENS / 8 by 4 of them a thread.
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

const ROWS = 64u;
const WG_SIZE = 128u;
// Tokens of a thread.
const N_SUMS = TOKENS / 8u;
var<workgroup> sh_w: array<vec4<f32>, ROWS * 8u>;
var<workgroup> sh_x: array<vec4<f32>, TOKENS * 8u>;

// Where part i of a row's block lies: the parts of neighbouring rows in different banks, without room between rows,
// for which WebGPU's 16 KiB leave none.
fn at(row: u32, i: u32) -> u32 {
    return row * 8u + (i ^ (row % 8u));
}

fn load_weights(row: u32, first: u32, block: u32) {
    var w = load_block(min(first + row, params.n_rows - 1u) * params.n_blocks + block);
    for (var i = 0u; i < 8u; i++) {
        let half = i / 4u;
        var part = w.q[i] * w.scale[half];
        if HAS_LOW {
            part += w.low[half];
        }
        sh_w[at(row, i)] = part;
    }
}

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let first_row = group.x * ROWS;
    let first_token = group.y * TOKENS;
    let row = thread % 16u;
    let token = thread / 16u;
    var sums: array<vec4<f32>, N_SUMS>; // [token], a vec4 of rows
    for (var block = 0u; block < params.n_blocks; block++) {
        if thread < ROWS {
            load_weights(thread, first_row, block);
        } else {
            // Neighbouring threads read neighbouring addresses.
            for (var i = thread - ROWS; i < TOKENS * 8u; i += WG_SIZE - ROWS) {
                let source = min(first_token + i / 8u, state.n_tokens - 1u);
                sh_x[at(i / 8u, i % 8u)] = x[source * params.x_stride + block * 8u + i % 8u];
            }
        }
        workgroupBarrier();
        for (var i = 0u; i < 8u; i++) {
            let w0 = sh_w[at(row, i)];
            let w1 = sh_w[at(row + 16u, i)];
            let w2 = sh_w[at(row + 32u, i)];
            let w3 = sh_w[at(row + 48u, i)];
            for (var j = 0u; j < N_SUMS; j++) {
                let part = sh_x[at(token + 8u * j, i)];
                sums[j] += vec4(dot(w0, part), dot(w1, part), dot(w2, part), dot(w3, part));
            }
        }
        workgroupBarrier();
    }
    for (var j = 0u; j < N_SUMS; j++) {
        let out_token = first_token + token + 8u * j;
        for (var i = 0u; i < 4u; i++) {
            let out_row = first_row + row + 16u * i;
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
