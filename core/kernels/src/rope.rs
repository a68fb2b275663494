//! Rotary position embedding (Su et al. 2021).

/// Which two elements of a head form a pair that is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RopeStyle {
    /// Neighbours, `(2i, 2i + 1)`: Llama as stored in GGUF.
    Interleaved,
    /// Halves, `(i, i + n_rot / 2)`: GPT-NeoX, Qwen, StarCoder2.
    Halves,
}

/// Cosines and sines for every position and pair, made once a model.
#[derive(Clone, Debug)]
pub struct RopeTable {
    /// Rotated elements of each head; the rest pass unchanged.
    pub n_rot: usize,
    /// `[n_positions, n_rot / 2]` of (cosine, sine).
    pub rotations: Vec<(f32, f32)>,
}

impl RopeTable {
    /// `theta_i = base^(-2i / n_rot)`; positions are multiplied by `position_scale` (1 unless the model
    /// was stretched by linear scaling). `divisors` [n_rot / 2], or empty for ones, divide the thetas
    /// (Llama 3.1's way to stretch).
    pub fn new(
        n_positions: usize,
        n_rot: usize,
        base: f32,
        position_scale: f32,
        divisors: &[f32],
    ) -> RopeTable {
        let theta = |i: usize| libm::pow(f64::from(base), -2.0 * i as f64 / n_rot as f64);
        let divisor = |i: usize| f64::from(divisors.get(i).copied().unwrap_or(1.0));
        let thetas: Vec<f64> = (0..n_rot / 2).map(|i| theta(i) / divisor(i)).collect();
        let rotations = (0..n_positions)
            .flat_map(|position| {
                let position = position as f64 * f64::from(position_scale);
                thetas.iter().map(move |theta| {
                    let (sin, cos) = libm::sincos(position * theta);
                    (cos as f32, sin as f32)
                })
            })
            .collect();
        RopeTable { n_rot, rotations }
    }

    /// The rotations of one position, `[n_rot / 2]`.
    pub fn at(&self, position: usize) -> &[(f32, f32)] {
        let n_pairs = self.n_rot / 2;
        &self.rotations[position * n_pairs..(position + 1) * n_pairs]
    }
}

/// Rotates every head of `x` [n_tokens, n_head, d_head]; token `t` stands at `first_position + t`.
pub fn rope(
    x: &mut [f32],
    n_head: usize,
    d_head: usize,
    first_position: usize,
    table: &RopeTable,
    style: RopeStyle,
) {
    for (token_idx, token) in x.chunks_exact_mut(n_head * d_head).enumerate() {
        let rotations = table.at(first_position + token_idx);
        for head in token.chunks_exact_mut(d_head) {
            for (i, &(cos, sin)) in rotations.iter().enumerate() {
                let (a, b) = match style {
                    RopeStyle::Interleaved => (2 * i, 2 * i + 1),
                    RopeStyle::Halves => (i, i + table.n_rot / 2),
                };
                (head[a], head[b]) = (head[a] * cos - head[b] * sin, head[a] * sin + head[b] * cos);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_and_divisors_slow_the_rotation() {
        let plain = RopeTable::new(4, 4, 10000.0, 1.0, &[]);
        assert_eq!(RopeTable::new(8, 4, 10000.0, 0.5, &[]).at(6), plain.at(3));
        let divided = RopeTable::new(8, 4, 10000.0, 1.0, &[1.0, 2.0]);
        assert_eq!((divided.at(2)[0], divided.at(6)[1]), (plain.at(2)[0], plain.at(3)[1]));
    }

    #[test]
    fn position_zero_is_the_identity_and_rotation_keeps_length() {
        let table = RopeTable::new(8, 4, 10000.0, 1.0, &[]);
        for style in [RopeStyle::Interleaved, RopeStyle::Halves] {
            let mut x = [1.0, 2.0, 3.0, 4.0, 5.0];
            rope(&mut x, 1, 5, 0, &table, style);
            assert_eq!(x, [1.0, 2.0, 3.0, 4.0, 5.0]);
            rope(&mut x, 1, 5, 7, &table, style);
            assert_eq!(x[4], 5.0, "elements past n_rot are untouched");
            let length: f32 = x[..4].iter().map(|x| x * x).sum();
            assert!((length - 30.0).abs() < 1e-4);
        }
    }
}
