use inkling_kernels::BLOCK_LEN;

/// Activations of [n_tokens, n_in] rounded to bytes in blocks of 32 with a scale each, as llama.cpp's.
#[derive(Default)]
pub(crate) struct Activations {
    pub(crate) n_tokens: usize,
    pub(crate) n_in: usize,
    pub(crate) values: Vec<i8>,
    /// One a block, as the next two.
    pub(crate) scales: Vec<f32>,
    /// Of the integers of the block's halves.
    pub(crate) sums: Vec<[i32; 2]>,
    /// Scale times the sum: what a weight of 1 in the whole block gives.
    pub(crate) totals: Vec<f32>,
}

impl Activations {
    /// Rounds `x` [n_tokens, n_in]; `n_in` is a multiple of 32.
    #[inline(always)]
    pub(crate) fn quantize(&mut self, x: &[f32], n_in: usize) {
        self.n_in = n_in;
        self.n_tokens = x.len() / n_in;
        self.values.resize(x.len(), 0);
        self.scales.clear();
        self.sums.clear();
        self.totals.clear();
        for (x, values) in x.as_chunks::<BLOCK_LEN>().0.iter().zip(self.values.as_chunks_mut::<BLOCK_LEN>().0)
        {
            let scale = x.iter().fold(0.0f32, |max, x| if x.abs() > max { x.abs() } else { max }) / 127.0;
            let inverse = if scale < f32::MIN_POSITIVE { 0.0 } else { 1.0 / scale };
            for (x, value) in x.iter().zip(values.iter_mut()) {
                *value = (x * inverse).round_ties_even() as i32 as i8;
            }
            let sum = |half: &[i8]| half.iter().map(|&value| i32::from(value)).sum::<i32>();
            let sums = [sum(&values[..16]), sum(&values[16..])];
            self.scales.push(scale);
            self.sums.push(sums);
            self.totals.push(scale * (sums[0] + sums[1]) as f32);
        }
    }
}
