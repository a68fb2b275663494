// Sums over a workgroup, by halves. Every thread gets the sum.
var<workgroup> sh_sums: array<vec4<f32>, WG_SIZE>;

fn workgroup_sum(value: vec4<f32>, thread: u32) -> vec4<f32> {
    workgroupBarrier(); // the last sum may still be being read
    sh_sums[thread] = value;
    for (var half = WG_SIZE / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if thread < half {
            sh_sums[thread] += sh_sums[thread + half];
        }
    }
    workgroupBarrier();
    return sh_sums[0];
}
