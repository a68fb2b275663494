// out = activation(x); where GATED, x is a row's first half, and out = activation(x) · second half.
struct Params {
    n: u32,          // elements of `out`
    stride: u32,     // elements from token to token in `x`
    out_stride: u32,
}
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let i = group.x * 64u + thread;
    if i < params.n {
        let at = group.y * params.stride + i;
        var y = activation(x[at]);
        if GATED {
            y *= x[at + params.n];
        }
        out[group.y * params.out_stride + i] = y;
    }
}
