//! Every shader beside the naive function of the same name, on odd sizes and in every tier of the device at hand.
// tidy: long because it holds one check for each of the shaders.

use std::rc::Rc;

use futures::executor::block_on;
use inkling_kernels as kernels;
use inkling_kernels::{Activation, AttentionShape, Dialect, Format, RopeStyle, RopeTable, Shader, Store};
use wgpu::BufferUsages;
use wgpu::naga;

use super::call::{Call, Grid, StepSizes};
use super::commands::Compiler;
use super::device::{Gpu, Tier};
use super::memory::LIST_BYTES;
use super::pack::pack;
use super::run::{bytes_of, top_of};
use super::weights::Slice;
use crate::{EngineError, Top, Want};

#[test]
fn every_shader_is_valid() {
    let flags = naga::valid::ValidationFlags::all();
    let mut validator = naga::valid::Validator::new(
        flags,
        naga::valid::Capabilities::SUBGROUP | naga::valid::Capabilities::SHADER_FLOAT16_IN_FLOAT32,
    );
    for shader in Shader::every() {
        for subgroups in [false, true] {
            let source = shader.wgsl(Dialect { subgroups, enable: false });
            let module = naga::front::wgsl::parse_str(&source)
                .unwrap_or_else(|error| panic!("{shader:?}: {}", error.emit_to_string(&source)));
            validator
                .validate(&module)
                .unwrap_or_else(|error| panic!("{shader:?}: {}", error.emit_to_string(&source)));
            let bindings = module.global_variables.iter().filter(|(_, variable)| variable.binding.is_some());
            let (n_reads, n_writes) = shader.n_bindings();
            assert_eq!(bindings.count(), 2 + n_reads + n_writes, "{shader:?}");
            let browser = shader.wgsl(Dialect { subgroups, enable: true });
            assert!(browser == source || browser == format!("enable subgroups;\n{source}"));
        }
    }
}

/// One dispatch with its inputs, and how much it writes.
struct Run<'a> {
    shader: Shader,
    params: &'a [u32],
    /// What changes from step to step, as `state.wgsl` has it.
    state: [u32; 6],
    reads: &'a [&'a [u8]],
    /// What the buffers that are written hold before.
    writes: &'a [&'a [u8]],
    grid: Grid,
}

fn gpus() -> Vec<Rc<Gpu>> {
    let open = |tier| match block_on(Gpu::open(tier)) {
        Ok(gpu) => Some(Rc::new(gpu)),
        Err(EngineError::NoGpu { reason }) => {
            println!("skipped: no graphics processor{reason}");
            None
        }
        Err(error) => panic!("{error}"),
    };
    Tier::ALL.into_iter().filter_map(open).collect()
}

/// What each of `run.writes` holds afterwards.
fn run(gpu: &Rc<Gpu>, run: &Run<'_>) -> Vec<Vec<u8>> {
    let slice = |bytes: &[u8]| {
        let buffer = gpu.storage("test", bytes.len() as u64);
        let mut padded = bytes.to_vec();
        padded.resize(bytes.len().next_multiple_of(4), 0);
        gpu.queue.write_buffer(&buffer, 0, &padded);
        Slice::whole(&buffer)
    };
    let state = slice(&bytes_of(&run.state));
    let slices: Vec<Slice> = run.reads.iter().chain(run.writes).map(|bytes| slice(bytes)).collect();
    let call =
        Call { shader: run.shader, params: run.params.to_vec(), slices: slices.clone(), grid: run.grid };
    let commands = block_on(gpu.checked("test", 0, || Compiler::new(gpu, &state).compile(&[call]))).unwrap();
    let mut encoder = gpu.device.create_command_encoder(&Default::default());
    let step = StepSizes { n_tokens: run.state[1], n_selected: 1, n_splits: run.state[3] };
    let mut pass = encoder.begin_compute_pass(&Default::default());
    commands.encode(&mut pass, step, &mut Default::default());
    drop(pass);
    let written = slices[run.reads.len()..].iter().zip(run.writes);
    let readbacks: Vec<_> = written
        .map(|(slice, bytes)| {
            let n_bytes = (bytes.len() as u64).next_multiple_of(4);
            let readback = gpu.buffer("test", n_bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST);
            encoder.copy_buffer_to_buffer(&slice.buffer, 0, &readback, 0, n_bytes);
            (readback, n_bytes)
        })
        .collect();
    gpu.queue.submit([encoder.finish()]);
    readbacks.iter().map(|(readback, n_bytes)| block_on(gpu.read(readback, *n_bytes)).unwrap()).collect()
}

fn bytes(x: &[f32]) -> Vec<u8> {
    x.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Rows [n_rows, n] with a stride of whole blocks, the rest zero.
fn padded(x: &[f32], n: usize) -> Vec<u8> {
    x.chunks_exact(n)
        .flat_map(|row| {
            let mut row = row.to_vec();
            row.resize(n.next_multiple_of(32), 0.0);
            bytes(&row)
        })
        .collect()
}

#[track_caller]
fn close(what: &str, expected: &[f32], actual: &[f32], bound: f32) {
    assert_eq!(expected.len(), actual.len(), "{what}");
    let error: f32 = expected.iter().zip(actual).map(|(a, b)| (a - b) * (a - b)).sum();
    let nmse = error / expected.iter().map(|a| a * a).sum::<f32>().max(1e-30);
    assert!(nmse <= bound, "{what}: NMSE {nmse:e} is over {bound:e}");
}

fn random(random: &mut fastrand::Rng, n: usize) -> Vec<f32> {
    (0..n).map(|_| random.f32() * 2.0 - 1.0).collect()
}

/// Random rows as a file holds them; the third row is thirty thousand times as large where that is a float.
fn weights(rng: &mut fastrand::Rng, format: Format, n_in: usize, n_out: usize) -> Vec<u8> {
    if !format.is_quantized() {
        let mut x = random(rng, n_in * n_out);
        if n_out > 2 {
            x[2 * n_in..3 * n_in].iter_mut().for_each(|x| *x *= 3e4);
        }
        return format.quantize(&x);
    }
    let scales_at: &[usize] = match format {
        Format::Q6K => &[208],
        Format::Q4_1 | Format::Q5_1 | Format::Q4K | Format::Q5K => &[0, 2],
        _ => &[0],
    };
    let mut bytes: Vec<u8> = (0..format.bytes(n_in * n_out)).map(|_| rng.u8(..)).collect();
    for block in bytes.chunks_exact_mut(format.block_bytes()) {
        for &at in scales_at {
            block[at..at + 2].copy_from_slice(&half::f16::from_f32(0.02 * rng.f32() - 0.01).to_le_bytes());
        }
    }
    bytes
}

/// Sizes [n_in, n_out, n_tokens] that no tile divides.
fn sizes(format: Format) -> [[usize; 3]; 3] {
    match format.block_len() {
        1 => [[50, 5, 1], [7, 67, 35], [320, 34, 3]],
        32 => [[32, 5, 1], [96, 67, 35], [320, 34, 3]],
        _ => [[256, 5, 1], [768, 67, 35], [512, 34, 3]],
    }
}

/// The weights, their packing and the inputs of a product, and the product itself.
struct Case {
    quants: Vec<u8>,
    scales: Vec<u8>,
    x: Vec<f32>,
    y: Vec<f32>,
    /// [n_out].
    bias: Vec<f32>,
}

impl Case {
    fn new(format: Format, [n_in, n_out, n_tokens]: [usize; 3]) -> Case {
        let mut rng = fastrand::Rng::with_seed((n_in * n_out) as u64);
        let rows = weights(&mut rng, format, n_in, n_out);
        let (mut quants, mut scales) = (Vec::new(), Vec::new());
        pack(format, n_in, &rows, &mut quants, &mut scales);
        let x = random(&mut rng, n_in * n_tokens);
        let mut y = vec![0.0; n_out * n_tokens];
        kernels::mat_mul(format, &rows, n_in, &x, &mut y);
        Case { quants, scales, x, y, bias: random(&mut rng, n_out) }
    }

    /// What becomes of `base` in every element.
    fn stored(&self, store: Store, bias: bool, scale: f32, base: f32) -> Vec<f32> {
        let mut y = self.y.clone();
        if bias {
            kernels::add_bias(&mut y, &self.bias);
        }
        kernels::scale(&mut y, scale);
        match store {
            Store::Add => y.iter_mut().for_each(|y| *y += base),
            Store::Activated(_) => kernels::gelu(&mut y),
            _ => {}
        }
        y
    }
}

/// With and without bias, and scaled or not.
const AFFINE: [(bool, f32); 3] = [(false, 1.0), (true, 1.0), (true, 0.22)];

#[test]
fn mat_vec_agrees() {
    for gpu in gpus() {
        for format in Format::ALL {
            for size in sizes(format) {
                let [n_in, n_out, n_tokens] = size;
                let case = Case::new(format, size);
                let (x, bias_bytes) = (padded(&case.x, n_in), bytes(&case.bias));
                let base = bytes(&vec![0.5; n_out * n_tokens]);
                for (store, (bias, scale)) in Store::OF_ALL_PRODUCTS.into_iter().zip(AFFINE) {
                    let n_blocks = n_in.div_ceil(32);
                    let sizes = [n_out, n_blocks, n_blocks * 8, n_out, 0, n_in, 0, 0];
                    let mut params = sizes.map(|value| value as u32).to_vec();
                    params.push(scale.to_bits());
                    let out = run(
                        &gpu,
                        &Run {
                            shader: Shader::MatVec { format, n_threads: 32, norm: false, bias, store },
                            params: &params,
                            state: [0, n_tokens as u32, 0, 1, 0, 0],
                            reads: &[&case.quants, &case.scales, &x, &x, &bias_bytes],
                            writes: &[&base],
                            grid: Grid::Tokens(n_out.div_ceil(4) as u32),
                        },
                    );
                    let expected = case.stored(store, bias, scale, 0.5);
                    close(&format!("{format:?} {size:?} {store:?}"), &expected, &floats(&out[0]), 1e-10);
                }
            }
        }
    }
}

#[test]
fn mat_vec_norms_and_gates_on_the_way() {
    for gpu in gpus() {
        let cases = [(Format::F32, 50), (Format::Q8_0, 96), (Format::Q5_0, 96), (Format::Q4K, 768)];
        for ((format, n_in), activation) in cases.into_iter().zip(Activation::ALL.into_iter().cycle()) {
            let (n_ff, n_tokens, epsilon) = (13, 2, 1e-5);
            let mut rng = fastrand::Rng::with_seed(9);
            let rows = weights(&mut rng, format, n_in, 2 * n_ff);
            let (mut quants, mut scales) = (Vec::new(), Vec::new());
            pack(format, n_in, &rows, &mut quants, &mut scales);
            let (x, norm) = (random(&mut rng, n_in * n_tokens), random(&mut rng, n_in));
            let bias = random(&mut rng, 2 * n_ff);
            let (mut normed, mut y) = (vec![0.0; x.len()], vec![0.0; 2 * n_ff * n_tokens]);
            kernels::rms_norm(&x, &norm, epsilon, &mut normed);
            kernels::mat_mul(format, &rows, n_in, &normed, &mut y);
            kernels::add_bias(&mut y, &bias);
            let expected = gated(activation, &y, n_ff);
            let n_blocks = n_in.div_ceil(32);
            let mut params = [n_ff, n_blocks, n_blocks * 8, n_ff, 0, n_in].map(|value| value as u32).to_vec();
            params.extend([f32::to_bits(epsilon), 0, f32::to_bits(1.0)]);
            let store = Store::Gated(activation);
            let out = run(
                &gpu,
                &Run {
                    shader: Shader::MatVec { format, n_threads: 64, norm: true, bias: true, store },
                    params: &params,
                    state: [0, n_tokens as u32, 0, 1, 0, 0],
                    reads: &[&quants, &scales, &padded(&x, n_in), &padded(&norm, n_in), &bytes(&bias)],
                    writes: &[&bytes(&vec![0.0; n_ff * n_tokens])],
                    grid: Grid::Tokens(n_ff.div_ceil(2) as u32),
                },
            );
            close(&format!("{format:?}"), &expected, &floats(&out[0]), 1e-9);
        }
    }
}

/// `activation(gate) · up` of rows that hold both.
fn gated(activation: Activation, gate_up: &[f32], n: usize) -> Vec<f32> {
    let row = |both: &[f32]| {
        let mut gate = both[..n].to_vec();
        match activation {
            Activation::Silu => kernels::silu_mul(&mut gate, &both[n..]),
            Activation::Gelu => kernels::gelu_mul(&mut gate, &both[n..]),
        }
        gate
    };
    gate_up.chunks_exact(2 * n).flat_map(row).collect()
}

#[test]
fn mat_mul_agrees() {
    for gpu in gpus() {
        for format in Format::ALL {
            for (size, (store, (bias, scale))) in
                sizes(format).into_iter().zip(Store::OF_ALL_PRODUCTS.into_iter().zip(AFFINE))
            {
                let [n_in, n_out, n_tokens] = size;
                let case = Case::new(format, size);
                let n_blocks = n_in.div_ceil(32);
                let mut params = [n_out, n_blocks, n_blocks * 8, n_out, 0].map(|value| value as u32).to_vec();
                params.push(scale.to_bits());
                for tile_tokens in [32, 64] {
                    let out = run(
                        &gpu,
                        &Run {
                            shader: Shader::MatMul { format, n_tokens: tile_tokens, bias, store },
                            params: &params,
                            state: [0, n_tokens as u32, 0, 1, 0, 0],
                            reads: &[&case.quants, &case.scales, &padded(&case.x, n_in), &bytes(&case.bias)],
                            writes: &[&bytes(&vec![-0.25; n_out * n_tokens])],
                            grid: Grid::Tiles { n_rows: n_out as u32, n_tokens: tile_tokens },
                        },
                    );
                    let expected = case.stored(store, bias, scale, -0.25);
                    close(&format!("{format:?} {size:?} {store:?}"), &expected, &floats(&out[0]), 1e-10);
                }
            }
        }
    }
}

#[test]
fn get_rows_is_exact() {
    for gpu in gpus() {
        for format in Format::ALL {
            let [n_in, n_out, _] = sizes(format)[1];
            let mut rng = fastrand::Rng::with_seed(3);
            let table = weights(&mut rng, format, n_in, n_out);
            let (mut quants, mut scales) = (Vec::new(), Vec::new());
            pack(format, n_in, &table, &mut quants, &mut scales);
            let tokens = [66, 0, 2, 41];
            let mut expected = vec![0.0; tokens.len() * n_in];
            kernels::get_rows(format, &table, n_in, &tokens, &mut expected);
            kernels::scale(&mut expected, 8.0);
            let n_blocks = n_in.div_ceil(32);
            let out = run(
                &gpu,
                &Run {
                    shader: Shader::GetRows { format },
                    params: &[0, n_out as u32, n_blocks as u32, f32::to_bits(8.0)],
                    state: [0, 4, 0, 1, 0, 0],
                    reads: &[&quants, &scales, &bytes_of(&tokens)],
                    writes: &[&vec![0; 4 * n_blocks * 128]],
                    grid: Grid::Tokens(1),
                },
            );
            close(&format!("{format:?}"), &floats(&padded(&expected, n_in)), &floats(&out[0]), 0.0);
        }
    }
}

#[test]
fn norms_agree() {
    for gpu in gpus() {
        let mut rng = fastrand::Rng::with_seed(4);
        let (n, n_tokens) = (75, 3);
        // A mean that is large beside the deviations.
        let x: Vec<f32> = random(&mut rng, n * n_tokens).iter().map(|x| x + 30.0).collect();
        let (norm, bias) = (random(&mut rng, n), random(&mut rng, n));
        let (mut rms, mut layer) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        kernels::rms_norm(&x, &norm, 1e-6, &mut rms);
        kernels::layer_norm(&x, &norm, &bias, 1e-6, &mut layer);
        let reads = [bytes(&x), bytes(&norm), bytes(&bias)];
        let [x, norm, bias] = [0, 1, 2].map(|idx| &reads[idx][..]);
        let layer = (Shader::LayerNorm, &[x, norm, bias][..], &layer);
        for (shader, reads, expected) in [(Shader::RmsNorm, &[x, norm][..], &rms), layer] {
            let writes = [&bytes(&vec![0.0; n * n_tokens])[..]];
            let params = [n as u32, n as u32, f32::to_bits(1e-6)];
            let (state, grid) = ([0, n_tokens as u32, 0, 1, 0, 0], Grid::Tokens(1));
            let out = run(&gpu, &Run { shader, params: &params, state, reads, writes: &writes, grid });
            close(shader.name(), expected, &floats(&out[0]), 1e-10);
        }
    }
}

#[test]
fn activations_agree() {
    for gpu in gpus() {
        for (activation, gated) in Activation::ALL.into_iter().flat_map(|a| [(a, true), (a, false)]) {
            let (n, n_tokens) = (75, 3);
            let mut rng = fastrand::Rng::with_seed(4);
            let mut x: Vec<f32> = random(&mut rng, 2 * n * n_tokens).iter().map(|x| 20.0 * x).collect();
            x[..2].copy_from_slice(&[1e4, -1e4]);
            if !gated {
                x.chunks_exact_mut(2 * n).for_each(|both| both[n..].fill(1.0));
            }
            let expected = self::gated(activation, &x, n);
            let out = run(
                &gpu,
                &Run {
                    shader: Shader::Activate { activation, gated },
                    params: &[n as u32, 2 * n as u32, n as u32],
                    state: [0, n_tokens as u32, 0, 1, 0, 0],
                    reads: &[&bytes(&x)],
                    writes: &[&bytes(&vec![0.0; n * n_tokens])],
                    grid: Grid::Tokens(2),
                },
            );
            for part in [0..2, 2..n * n_tokens] {
                let (expected, actual) = (&expected[part.clone()], &floats(&out[0])[part]);
                close(&format!("{activation:?}, {gated}"), expected, actual, 1e-10);
            }
        }
    }
}

/// f16 pairs to f32.
fn halves(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<2>().0.iter().map(|bytes| half::f16::from_le_bytes(*bytes).to_f32()).collect()
}

#[test]
fn rope_rotates_and_fills_the_cache() {
    let (n_head, n_kv_head, d_head, n_context, n_tokens, first) = (3, 1, 12, 9, 4, 5);
    let n_heads = n_head + 2 * n_kv_head;
    for gpu in gpus() {
        for (style, n_rot) in [(RopeStyle::Interleaved, 12), (RopeStyle::Halves, 12), (RopeStyle::Halves, 6)]
        {
            let is_odd = n_rot != d_head;
            let mut rng = fastrand::Rng::with_seed(5);
            let qkv = random(&mut rng, n_heads * d_head * n_tokens);
            let (bias, norm) = (random(&mut rng, n_heads * d_head), random(&mut rng, 2 * d_head));
            let mut biased = qkv.clone();
            if is_odd {
                kernels::add_bias(&mut biased, &bias);
            }
            let mut rotated = biased.clone();
            for (idx, head) in rotated.chunks_exact_mut(d_head).enumerate().filter(|_| is_odd) {
                let is_key = idx % n_heads >= n_head;
                kernels::head_norm(head, &norm[usize::from(is_key) * d_head..][..d_head], 1e-5);
            }
            let table = RopeTable::new(n_context, n_rot, 10_000.0, 1.0, &[]);
            kernels::rope(&mut rotated, n_heads, d_head, first, &table, style);
            let rotations: Vec<f32> = table.rotations.iter().flat_map(|&(cos, sin)| [cos, sin]).collect();
            let is_halves = u32::from(style == RopeStyle::Halves);
            let sizes = [n_head, n_kv_head, d_head, n_rot].map(|value| value as u32);
            let more = [is_halves, n_context as u32, (n_heads * d_head) as u32, f32::to_bits(1e-5)];
            let cache = vec![0; 2 * n_kv_head * n_context * d_head];
            let out = run(
                &gpu,
                &Run {
                    shader: Shader::Rope { bias: is_odd, head_norm: is_odd },
                    params: &[sizes, more].concat(),
                    state: [first as u32, n_tokens as u32, 0, 1, 0, 0],
                    reads: &[&bytes(&qkv), &bytes(&rotations), &bytes(&bias), &bytes(&norm)],
                    writes: &[&bytes(&vec![0.0; n_head * d_head * n_tokens]), &cache, &cache],
                    grid: Grid::Tokens(n_heads as u32),
                },
            );
            let [mut q, mut k, mut v] = [vec![], vec![0.0; first * d_head], vec![0.0; first * d_head]];
            for (rotated, biased) in
                rotated.chunks_exact(n_heads * d_head).zip(biased.chunks_exact(n_heads * d_head))
            {
                q.extend_from_slice(&rotated[..n_head * d_head]);
                k.extend_from_slice(&rotated[n_head * d_head..][..d_head]);
                v.extend_from_slice(&biased[(n_head + n_kv_head) * d_head..]);
            }
            close("queries", &q, &floats(&out[0]), 1e-12);
            close("keys", &k, &halves(&out[1]), 1e-6);
            close("values", &v, &halves(&out[2]), 1e-6);
        }
    }
}

#[test]
fn attention_agrees_in_one_part_and_in_several() {
    for gpu in gpus() {
        for (n_head, n_kv_head, d_head) in [(2, 2, 20), (7, 1, 64), (6, 2, 132)] {
            for (first, n_tokens, n_rows, split_len) in
                [(0, 1, 1, 64), (150, 1, 8, 64), (70, 11, 8, 128), (3, 5, 2, 64)]
            {
                let n_context = 200;
                let mut rng = fastrand::Rng::with_seed(6);
                let q: Vec<f32> =
                    random(&mut rng, n_tokens * n_head * d_head).iter().map(|x| 4.0 * x).collect();
                let mut cache = || {
                    let x = random(&mut rng, n_kv_head * n_context * d_head);
                    x.iter().flat_map(|&x| half::f16::from_f32(x).to_le_bytes()).collect::<Vec<u8>>()
                };
                let (keys, values) = (cache(), cache());
                let mut expected = vec![0.0; q.len()];
                let shape = AttentionShape {
                    n_head,
                    n_kv_head,
                    d_head,
                    n_context,
                    scale: 1.0 / (d_head as f32).sqrt(),
                };
                kernels::attention(&q, &halves(&keys), &halves(&values), first, shape, &mut expected);
                let n_splits = (first + n_tokens).div_ceil(split_len);
                let state = [first, n_tokens, 0, n_splits, split_len, 0].map(|value| value as u32);
                let scale = (1.0 / (d_head as f32).sqrt()).to_bits();
                let parts = vec![0; 8 * n_tokens * n_head * n_splits * (d_head / 2 + 1)];
                let params = [n_head as u32, n_kv_head as u32, n_context as u32, scale];
                let (n_group, n_kv_head) = ((n_head / n_kv_head) as u32, n_kv_head as u32);
                let out = run(
                    &gpu,
                    &Run {
                        shader: Shader::Attention { n_rows, d_head: d_head as u32 },
                        params: &params,
                        state,
                        reads: &[&bytes(&q), &keys, &values],
                        writes: &[&parts],
                        grid: Grid::Attention { n_group, n_rows, n_kv_head },
                    },
                );
                let pairs = n_head * d_head / 2;
                let merged = run(
                    &gpu,
                    &Run {
                        shader: Shader::Merge,
                        params: &[n_head as u32, d_head as u32 / 2, pairs as u32],
                        state,
                        reads: &[&out[0]],
                        writes: &[&bytes(&vec![0.0; q.len()])],
                        grid: Grid::Tokens(pairs.div_ceil(64) as u32),
                    },
                );
                let what = format!("{n_head} heads, {n_kv_head} shared, {first} before {n_tokens}");
                close(&what, &expected, &floats(&merged[0]), 1e-9);
            }
        }
    }
}

#[test]
fn top_k_agrees_with_ties_masks_and_broken_logits() {
    for gpu in gpus() {
        let n = 2500;
        let mut rng = fastrand::Rng::with_seed(8);
        // Few different values, so that many are equal.
        let mut logits: Vec<f32> = (0..n).map(|_| rng.i32(-40..40) as f32 * 0.5).collect();
        let masked: Vec<u32> = (0..n as u32).filter(|id| id % 3 == 0).collect();
        for (masked, is_broken) in [(vec![], false), (masked, false), (vec![], true)] {
            if is_broken {
                logits[1700] = f32::NAN;
            }
            let want = Want { top_k: 64, masked };
            let actual = top_k(&gpu, &logits, &want);
            match (Top::of(&logits, &want), actual) {
                (Ok(expected), Ok(actual)) => {
                    assert_eq!(expected.entries, actual.entries);
                    assert!((expected.log_sum_exp - actual.log_sum_exp).abs() < 1e-5);
                }
                (Err(EngineError::NotFinite), Err(EngineError::NotFinite)) => assert!(is_broken),
                (expected, actual) => panic!("{expected:?} is not {actual:?}"),
            }
        }
    }
}

fn top_k(gpu: &Rc<Gpu>, logits: &[f32], want: &Want) -> Result<Top, EngineError> {
    let mut mask = vec![0u32; logits.len().div_ceil(32)];
    want.masked.iter().for_each(|&id| mask[id as usize / 32] |= 1 << (id % 32));
    let n_lists = logits.len().div_ceil(1024) as u32;
    let state = [0, 1, 0, 1, 0, u32::from(!want.masked.is_empty())];
    let pass = |first, n: u32, input: &[u8], n_lists: u32| {
        let shader = Shader::TopK { first };
        let (reads, writes) = ([input, &bytes_of(&mask)], vec![0; n_lists as usize * LIST_BYTES as usize]);
        let grid = Grid::Selected(n_lists);
        run(gpu, &Run { shader, params: &[n, n], state, reads: &reads, writes: &[&writes], grid }).remove(0)
    };
    let lists = pass(true, logits.len() as u32, &bytes(logits), n_lists);
    top_of(&pass(false, n_lists, &lists, 1), want)
}

#[test]
fn an_error_that_nobody_expects_ends_the_device_and_not_the_program() {
    for gpu in gpus() {
        assert!(gpu.check().is_ok());
        // Larger than any buffer can be.
        gpu.storage("test", 1 << 40);
        assert!(matches!(gpu.check(), Err(EngineError::GpuLost { .. })));
    }
}
