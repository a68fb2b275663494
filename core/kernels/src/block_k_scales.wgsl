// Scale and minimum of a block of 32 of the 256 that `whole` counts, in four words: d and dmin as f16, then 12 bytes
// of 6-bit scales and minima (`k_scales` in format/chunk.rs).
fn k_scales(whole: u32, chunk: u32) -> vec2<f32> {
    let at = whole * 4u;
    let shift = chunk % 4u * 8u;
    let scale = scales[at + 1u] >> shift;
    let low = scales[at + 2u] >> shift;
    var both = vec2(scale & 63u, low & 63u);
    if chunk >= 4u {
        let nibbles = scales[at + 3u] >> shift;
        both = vec2((nibbles & 15u) | ((scale >> 2u) & 48u), ((nibbles >> 4u) & 15u) | ((low >> 2u) & 48u));
    }
    return unpack2x16float(scales[at]) * vec2<f32>(both) * vec2(1.0, -1.0);
}
