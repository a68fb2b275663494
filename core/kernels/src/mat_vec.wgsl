// out = weights · x for one token and four rows a workgroup, a block of 32 elements a thread.
//
// NORM: x is scaled to a root mean square of 1 and multiplied by `norm` (RMS norm). The scale is the same for
// all of x, so that it can be found on the way and applied at the end.
// BIAS: `bias` is added to the product. Then it is scaled: y = scale · (weights · x + bias).
// STORE: 0 out = y; 1 out += y; 2 out = activation(y of the first half of the rows) · (y of the second half);
// 3 out = activation(y).
struct Params {
    n_rows: u32,     // of these weights; where STORE is 2, of each half
    n_blocks: u32,   // a row
    x_stride: u32,   // vec4s from token to token
    out_stride: u32, // elements
    out_at: u32,     // element of the first row in a token's output
    n_in: u32,
    epsilon: f32,
    is_selected: u32, // 1 where x begins at the first selected token
    scale: f32,
}
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> norm: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> bias: array<f32>;
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

fn dot_block(block: u32, x: array<vec4<f32>, 8>) -> f32 {
    var w = load_block(block);
    let low = dot(w.q[0], x[0]) + dot(w.q[1], x[1]) + dot(w.q[2], x[2]) + dot(w.q[3], x[3]);
    let high = dot(w.q[4], x[4]) + dot(w.q[5], x[5]) + dot(w.q[6], x[6]) + dot(w.q[7], x[7]);
    var sum = w.scale.x * low + w.scale.y * high;
    if HAS_LOW {
        let ones = vec4(1.0);
        sum += w.low.x * dot(x[0] + x[1] + x[2] + x[3], ones) + w.low.y * dot(x[4] + x[5] + x[6] + x[7], ones);
    }
    return sum;
}

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let x_at = (group.y + params.is_selected * state.selected) * params.x_stride;
    let last = params.n_rows - 1u;
    var first = group.x * 4u;
    var rows = min(vec4(first, first + 1u, first + 2u, first + 3u), vec4(last));
    if STORE == 2u {
        first = group.x * 2u;
        rows = min(vec4(first, first + 1u, first, first + 1u), vec4(last)) + vec4(0u, 0u, params.n_rows, params.n_rows);
    }
    var sums = vec4<f32>();
    var squares = 0.0;
    for (var block = thread; block < params.n_blocks; block += WG_SIZE) {
        var x_block: array<vec4<f32>, 8>;
        for (var i = 0u; i < 8u; i++) {
            var part = x[x_at + block * 8u + i];
            if NORM {
                squares += dot(part, part);
                part *= norm[block * 8u + i];
            }
            x_block[i] = part;
        }
        let at = rows * params.n_blocks + block;
        sums += vec4(
            dot_block(at.x, x_block), dot_block(at.y, x_block), dot_block(at.z, x_block), dot_block(at.w, x_block)
        );
    }
    var y = workgroup_sum(sums, thread);
    if NORM {
        y *= inverseSqrt(workgroup_sum(vec4(squares), thread).x / f32(params.n_in) + params.epsilon);
    }
    if BIAS {
        let bias_at = rows + params.out_at;
        y += vec4(bias[bias_at.x], bias[bias_at.y], bias[bias_at.z], bias[bias_at.w]);
    }
    y *= params.scale;
    let out_at = group.y * params.out_stride + params.out_at + first + thread;
    if STORE == 2u {
        if thread < 2u && first + thread <= last {
            out[out_at] = activation(select(y.x, y.y, thread == 1u)) * select(y.z, y.w, thread == 1u);
        }
    } else if thread < 4u && first + thread <= last {
        switch STORE {
            case 1u: {
                out[out_at] += y[thread];
            }
            case 3u: {
                out[out_at] = activation(y[thread]);
            }
            default: {
                out[out_at] = y[thread];
            }
        }
    }
}
