// Rotates queries and keys, and appends keys and values to the cache: two neighbouring elements a thread.
//
// A token's row of `qkv` holds all query heads, then all key heads, then all value heads. The cache holds f16,
// [n_kv_head, n_context, d_head / 2] pairs.
struct Params {
    n_head: u32,
    n_kv_head: u32,
    d_head: u32,
    n_rot: u32,      // elements of a head that are rotated
    is_halves: u32,  // 1: pairs are (i, i + n_rot / 2); 0: (2i, 2i + 1)
    n_context: u32,
    stride: u32,     // elements from token to token in `qkv`
}
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> rotations: array<vec2<f32>>; // [n_context, n_rot / 2]: cosine, sine
@group(0) @binding(4) var<storage, read_write> q: array<vec2<f32>>;   // [n_tokens, n_head, d_head / 2]
@group(0) @binding(5) var<storage, read_write> keys: array<u32>;
@group(0) @binding(6) var<storage, read_write> values: array<u32>;

// Element i of the head that begins at `at`, rotated for `position`.
fn rotated(at: u32, i: u32, position: u32) -> f32 {
    if i >= params.n_rot {
        return qkv[at + i];
    }
    let n_pairs = params.n_rot / 2u;
    var pair = i / 2u;
    var other = i ^ 1u;
    var is_second = (i & 1u) == 1u;
    if params.is_halves == 1u {
        pair = i % n_pairs;
        is_second = i >= n_pairs;
        other = select(i + n_pairs, pair, is_second);
    }
    let rotation = rotations[position * n_pairs + pair];
    let sine = select(-rotation.y, rotation.y, is_second);
    return qkv[at + i] * rotation.x + qkv[at + other] * sine;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let pairs = params.d_head / 2u;
    let idx = group.x * 64u + thread;
    let head = idx / pairs;
    let pair = idx % pairs;
    if head >= params.n_head + 2u * params.n_kv_head {
        return;
    }
    let position = state.first_position + group.y;
    let at = group.y * params.stride + head * params.d_head;
    let i = 2u * pair;
    if head < params.n_head {
        q[(group.y * params.n_head + head) * pairs + pair] = vec2(rotated(at, i, position), rotated(at, i + 1u, position));
    } else if head < params.n_head + params.n_kv_head {
        let row = (head - params.n_head) * params.n_context + position;
        keys[row * pairs + pair] = pack2x16float(vec2(rotated(at, i, position), rotated(at, i + 1u, position)));
    } else {
        let row = (head - params.n_head - params.n_kv_head) * params.n_context + position;
        values[row * pairs + pair] = pack2x16float(vec2(qkv[at + i], qkv[at + i + 1u]));
    }
}
