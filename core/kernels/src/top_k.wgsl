// The 64 largest of every 1,024 candidates, in order, with what is needed for the log-sum-exp; repeated on its own
// output until one list is left. Of equal logits the smaller id goes first.
//
// FIRST: the candidates are logits; else lists that an earlier pass left behind. A list is 66 pairs: the
// 64 entries (logit bits, id), then (bits of the largest logit, bits of the sum of exp(logit - largest)), then
// (the number of logits that are not finite, 0).
struct Params {
    n: u32,      // candidates (FIRST) or lists
    stride: u32, // candidates from row to row of logits
}
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> logits: array<u32>;
@group(0) @binding(3) var<storage, read> mask: array<u32>; // a bit a token
@group(0) @binding(4) var<storage, read_write> out: array<vec2<u32>>;

const N = 1024u;
const N_TOP = 64u;
const LIST = 66u;
const LISTS = N / N_TOP;
const NO_ID = 0xffffffffu;
const LOWEST = -3.0e38;
var<workgroup> sh_keys: array<u32, N>;
var<workgroup> sh_ids: array<u32, N>;

// Unsigned integers in the order of the floats.
fn key_of(bits: u32) -> u32 {
    return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn bits_of(key: u32) -> u32 {
    return select(~key, key & 0x7fffffffu, (key & 0x80000000u) != 0u);
}

fn is_finite(bits: u32) -> bool {
    return (bits & 0x7f800000u) != 0x7f800000u;
}

fn is_masked(id: u32) -> bool {
    return state.is_masked == 1u && ((mask[id / 32u] >> (id % 32u)) & 1u) == 1u;
}

fn goes_before(a: u32, b: u32) -> bool {
    return sh_keys[a] > sh_keys[b] || (sh_keys[a] == sh_keys[b] && sh_ids[a] < sh_ids[b]);
}

// Bitonic sort (Batcher 1968), the largest first.
fn sort(thread: u32) {
    for (var size = 2u; size <= N; size *= 2u) {
        for (var step = size / 2u; step > 0u; step /= 2u) {
            workgroupBarrier();
            for (var i = thread; i < N / 2u; i += 256u) {
                let a = i / step * 2u * step + i % step;
                let b = a + step;
                let is_forward = (a & size) == 0u;
                if goes_before(select(a, b, is_forward), select(b, a, is_forward)) {
                    let key = sh_keys[a];
                    let id = sh_ids[a];
                    sh_keys[a] = sh_keys[b];
                    sh_ids[a] = sh_ids[b];
                    sh_keys[b] = key;
                    sh_ids[b] = id;
                }
            }
        }
    }
    workgroupBarrier();
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    var sum = 0.0;
    var n_broken = 0u;
    let first_list = group.x * LISTS;
    for (var i = thread; i < N; i += 256u) {
        sh_keys[i] = 0u;
        sh_ids[i] = NO_ID;
        if FIRST {
            let id = group.x * N + i;
            if id < params.n {
                let bits = logits[group.y * params.stride + id];
                n_broken += u32(!is_finite(bits));
                if !is_masked(id) {
                    sh_keys[i] = key_of(bits);
                    sh_ids[i] = id;
                }
            }
        } else {
            let list = first_list + i / N_TOP;
            if list < params.n {
                let at = 2u * ((group.y * params.stride + list) * LIST + i % N_TOP);
                sh_ids[i] = logits[at + 1u];
                if sh_ids[i] != NO_ID {
                    sh_keys[i] = key_of(logits[at]);
                }
            }
        }
    }
    sort(thread);
    var largest = LOWEST;
    if sh_ids[0] != NO_ID {
        largest = bitcast<f32>(bits_of(sh_keys[0]));
    }
    if FIRST {
        for (var i = thread; i < N; i += 256u) {
            if sh_ids[i] != NO_ID {
                sum += exp(bitcast<f32>(bits_of(sh_keys[i])) - largest);
            }
        }
    } else if thread < LISTS && first_list + thread < params.n {
        let at = 2u * ((group.y * params.stride + first_list + thread) * LIST + N_TOP);
        sum = bitcast<f32>(logits[at + 1u]) * exp(bitcast<f32>(logits[at]) - largest);
        n_broken = logits[at + 2u];
    }
    let list = (group.y * groups.x + group.x) * LIST;
    if thread < N_TOP {
        out[list + thread] = vec2(bits_of(sh_keys[thread]), sh_ids[thread]);
    }
    let total = workgroup_sum(vec4(sum, f32(n_broken), 0.0, 0.0), thread);
    if thread == 0u {
        out[list + N_TOP] = vec2(bitcast<u32>(largest), bitcast<u32>(total.x));
        out[list + N_TOP + 1u] = vec2(u32(total.y), 0u);
    }
}
