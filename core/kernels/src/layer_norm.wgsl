// Layer norm of a row of `x` a workgroup.
struct Params {
    n: u32,          // elements of a row
    stride: u32,     // elements from row to row, in and out
    epsilon: f32,
}
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> norm: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = group.y * params.stride;
    var sum = 0.0;
    for (var i = thread; i < params.n; i += WG_SIZE) {
        sum += x[at + i];
    }
    let mean = workgroup_sum(vec4(sum), thread).x / f32(params.n);
    var squares = 0.0;
    for (var i = thread; i < params.n; i += WG_SIZE) {
        squares += (x[at + i] - mean) * (x[at + i] - mean);
    }
    let scale = inverseSqrt(workgroup_sum(vec4(squares), thread).x / f32(params.n) + params.epsilon);
    for (var i = thread; i < params.n; i += WG_SIZE) {
        out[at + i] = (x[at + i] - mean) * scale * norm[i] + bias[i];
    }
}
