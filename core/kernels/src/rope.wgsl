// Rotates the queries and keys of a head a workgroup, and appends keys and values to the cache.
//
// A token's row of `qkv` holds all query heads, then all key heads, then all value heads. The cache holds f16,
// [n_kv_head, n_cached, d_head / 2] pairs.
// BIAS: `bias` is added to a token's row first. HEAD_NORM: every query and key head is then RMS-normed, with
// the first d_head of `norm` for queries and the others for keys.
struct Params {
    n_head: u32,
    n_kv_head: u32,
    d_head: u32,
    n_rot: u32,      // elements of a head that are rotated
    is_halves: u32,  // 1: pairs are (i, i + n_rot / 2); 0: (2i, 2i + 1)
    n_cached: u32,   // positions of the cache
    stride: u32,     // elements from token to token in `qkv`
    epsilon: f32,
}
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> rotations: array<vec2<f32>>; // [n_context, n_rot / 2]: cosine, sine
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> norm: array<f32>;
@group(0) @binding(6) var<storage, read_write> q: array<vec2<f32>>;   // [n_tokens, n_head, d_head / 2]
@group(0) @binding(7) var<storage, read_write> keys: array<u32>;
@group(0) @binding(8) var<storage, read_write> values: array<u32>;

struct Head {
    token: u32,
    idx: u32,   // among queries, keys and values
    norm: u32,  // where its weights begin in `norm`
    scale: f32, // 1 over the root mean square, where it is normed
}

fn biased(head: Head, i: u32) -> f32 {
    let at = head.idx * params.d_head + i;
    var x = qkv[head.token * params.stride + at];
    if BIAS {
        x += bias[at];
    }
    return x;
}

fn normed(head: Head, i: u32) -> f32 {
    var x = biased(head, i);
    if HEAD_NORM {
        x *= head.scale * norm[head.norm + i];
    }
    return x;
}

fn rotated(head: Head, i: u32, position: u32) -> f32 {
    if i >= params.n_rot {
        return normed(head, i);
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
    return normed(head, i) * rotation.x + normed(head, other) * sine;
}

@compute @workgroup_size(WG_SIZE)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let first_value = params.n_head + params.n_kv_head;
    var head = Head(group.y, group.x, select(0u, params.d_head, group.x >= params.n_head), 1.0);
    if HEAD_NORM {
        var squares = 0.0;
        for (var i = thread; i < params.d_head; i += WG_SIZE) {
            let x = biased(head, i);
            squares += x * x;
        }
        head.scale = inverseSqrt(workgroup_sum(vec4(squares), thread).x / f32(params.d_head) + params.epsilon);
    }
    let position = state.first_position + group.y;
    let cached = state.first_in_cache + position;
    let n_pairs = params.d_head / 2u;
    for (var pair = thread; pair < n_pairs; pair += WG_SIZE) {
        let i = 2u * pair;
        if head.idx >= first_value {
            let row = (head.idx - first_value) * params.n_cached + cached;
            values[row * n_pairs + pair] = pack2x16float(vec2(biased(head, i), biased(head, i + 1u)));
            continue;
        }
        let both = vec2(rotated(head, i, position), rotated(head, i + 1u, position));
        if head.idx < params.n_head {
            q[(group.y * params.n_head + head.idx) * n_pairs + pair] = both;
        } else {
            keys[((head.idx - params.n_head) * params.n_cached + cached) * n_pairs + pair] = pack2x16float(both);
        }
    }
}
