// Joins what attention found in each part of the positions: a pair of elements a thread, group.y the token.
struct Params {
    n_head: u32,
    n_pairs: u32, // of elements of a head
    stride: u32,  // pairs from token to token in `out`
}
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> parts: array<vec2<f32>>; // [n_tokens, n_head, n_splits, n_pairs + 1]
@group(0) @binding(3) var<storage, read_write> out: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let idx = group.x * 64u + thread;
    let head = idx / params.n_pairs;
    let pair = idx % params.n_pairs;
    if head >= params.n_head {
        return;
    }
    let part_len = params.n_pairs + 1u;
    let first = (group.y * params.n_head + head) * state.n_splits * part_len;
    var largest = parts[first + params.n_pairs].x;
    for (var split = 1u; split < state.n_splits; split++) {
        largest = max(largest, parts[first + split * part_len + params.n_pairs].x);
    }
    var sum = 0.0;
    var mixed = vec2<f32>();
    for (var split = 0u; split < state.n_splits; split++) {
        let at = first + split * part_len;
        let weight = exp(parts[at + params.n_pairs].x - largest);
        sum += weight * parts[at + params.n_pairs].y;
        mixed += weight * parts[at + pair];
    }
    out[group.y * params.stride + idx] = mixed / sum;
}
