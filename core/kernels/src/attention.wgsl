// Attention from N_ROWS queries that share a key head to one part of the positions (Dao et al. 2022: the softmax
// is kept up to date tile by tile; a second kernel, merge.wgsl, joins the parts).
//
// The rows of a key head are its query heads, token after token. group: x rows / N_ROWS, y key head, z part.
// PAIRS: pairs of elements of a head, d_head / 2. COLUMNS: how many of them a thread mixes.
struct Params {
    n_head: u32,
    n_kv_head: u32,
    n_cached: u32, // positions of the cache
    scale: f32, // of scores
}
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;       // [n_tokens, n_head, d_head / 4]
@group(0) @binding(3) var<storage, read> keys: array<vec2<u32>>;    // [n_kv_head, n_cached, d_head / 4] of 4 f16
@group(0) @binding(4) var<storage, read> values: array<u32>;        // [n_kv_head, n_cached, d_head / 2] of 2 f16
@group(0) @binding(5) var<storage, read_write> parts: array<vec2<f32>>; // [n_tokens, n_head, n_splits, d_head / 2 + 1]

const TILE = 64u; // positions, and threads
const LANES = TILE / N_ROWS; // threads that share the softmax of a row
const QUADS = PAIRS / 2u;
// No infinities in WGSL: below every score, and its difference to itself is 0.
const LOWEST = -3.0e38;
var<workgroup> sh_q: array<vec4<f32>, N_ROWS * QUADS>;
var<workgroup> sh_scores: array<f32, N_ROWS * TILE>;
var<workgroup> sh_lanes: array<f32, TILE>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let n_group = params.n_head / params.n_kv_head;
    let first_row = group.x * N_ROWS;
    let n_rows = state.n_tokens * n_group;
    let cache = group.y * params.n_cached + state.first_in_cache;

    for (var i = thread; i < N_ROWS * QUADS; i += TILE) {
        let row = min(first_row + i / QUADS, n_rows - 1u);
        let head = row / n_group * params.n_head + group.y * n_group + row % n_group;
        sh_q[i] = q[head * QUADS + i % QUADS] * params.scale;
    }
    let own_row = thread / LANES;
    let lane = thread % LANES;
    var row_max = array<f32, N_ROWS>();
    for (var row = 0u; row < N_ROWS; row++) {
        row_max[row] = LOWEST;
    }
    var row_sum = 0.0; // of own_row, this lane's share
    var mixed: array<vec2<f32>, N_ROWS * COLUMNS>;

    let last_row = min(first_row + N_ROWS, n_rows) - 1u;
    let n_seen = state.first_position + last_row / n_group + 1u;
    let begin = group.z * state.split_len;
    let end = min(begin + state.split_len, n_seen);
    for (var tile = begin; tile < end; tile += TILE) {
        workgroupBarrier(); // sh_q is there; the last tile's scores have been used
        let position = tile + thread;
        let key_at = (cache + min(position, end - 1u)) * QUADS;
        var scores: array<f32, N_ROWS>;
        for (var i = 0u; i < QUADS; i++) {
            let words = keys[key_at + i];
            let key = vec4(unpack2x16float(words.x), unpack2x16float(words.y));
            for (var row = 0u; row < N_ROWS; row++) {
                scores[row] += dot(sh_q[row * QUADS + i], key);
            }
        }
        for (var row = 0u; row < N_ROWS; row++) {
            let limit = min(state.first_position + (first_row + row) / n_group + 1u, end);
            sh_scores[row * TILE + thread] = select(LOWEST, scores[row], position < limit);
        }
        workgroupBarrier();
        var lane_max = LOWEST;
        for (var i = lane; i < TILE; i += LANES) {
            lane_max = max(lane_max, sh_scores[own_row * TILE + i]);
        }
        sh_lanes[thread] = lane_max;
        workgroupBarrier();
        for (var row = 0u; row < N_ROWS; row++) {
            var new_max = row_max[row];
            for (var i = 0u; i < LANES; i++) {
                new_max = max(new_max, sh_lanes[row * LANES + i]);
            }
            let shrink = exp(row_max[row] - new_max);
            row_max[row] = new_max;
            for (var column = 0u; column < COLUMNS; column++) {
                mixed[row * COLUMNS + column] *= shrink;
            }
            if row == own_row {
                row_sum *= shrink;
                for (var i = lane; i < TILE; i += LANES) {
                    let at = row * TILE + i;
                    // A row that sees nothing of this tile has LOWEST everywhere, and exp(0) would count.
                    let weight = select(0.0, exp(sh_scores[at] - new_max), sh_scores[at] > LOWEST);
                    sh_scores[at] = weight;
                    row_sum += weight;
                }
            }
        }
        workgroupBarrier();
        for (var i = 0u; i < min(TILE, end - tile); i++) {
            for (var column = 0u; column < COLUMNS; column++) {
                let pair = thread + column * TILE;
                if pair < PAIRS {
                    let value = unpack2x16float(values[(cache + tile + i) * PAIRS + pair]);
                    for (var row = 0u; row < N_ROWS; row++) {
                        mixed[row * COLUMNS + column] += sh_scores[row * TILE + i] * value;
                    }
                }
            }
        }
    }
    workgroupBarrier();
    sh_lanes[thread] = row_sum;
    workgroupBarrier();
    for (var row = 0u; row < N_ROWS; row++) {
        if first_row + row < n_rows {
            let token = (first_row + row) / n_group;
            let head = token * params.n_head + group.y * n_group + (first_row + row) % n_group;
            let at = (head * state.n_splits + group.z) * (PAIRS + 1u);
            for (var column = 0u; column < COLUMNS; column++) {
                if thread + column * TILE < PAIRS {
                    parts[at + thread + column * TILE] = mixed[row * COLUMNS + column];
                }
            }
            if thread == 0u {
                var sum = 0.0;
                for (var i = 0u; i < LANES; i++) {
                    sum += sh_lanes[row * LANES + i];
                }
                parts[at + PAIRS] = vec2(row_max[row], sum);
            }
        }
    }
}
