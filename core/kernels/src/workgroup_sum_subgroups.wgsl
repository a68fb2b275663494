// Sums over a workgroup, first within subgroups of whatever size. Every thread gets the sum.
var<workgroup> sh_sums: array<vec4<f32>, WG_SIZE>;

fn workgroup_sum(value: vec4<f32>, thread: u32) -> vec4<f32> {
    let size = subgroupAdd(1u);
    let first = subgroupMin(thread);
    let sum = subgroupAdd(value);
    workgroupBarrier(); // the last sum may still be being read
    if thread == first {
        sh_sums[first / size] = sum;
    }
    workgroupBarrier();
    var total = vec4<f32>();
    for (var i = 0u; i < WG_SIZE / size; i++) {
        total += sh_sums[i];
    }
    return total;
}
