// As in gelu.rs; past 80 the exponential would not be finite, and the quotient is 0 long before.
fn activation(x: f32) -> f32 {
    return x / (1.0 + exp(min(-1.595769 * (x + 0.044715 * x * x * x), 80.0)));
}
