//! The forward pass as the GPU runs it: operations that belong together made one.

use inkling_kernels::Activation;

use crate::{Buffer, EngineError, Graph, Op, WeightId};

/// A few operations of the [`Graph`] that become one or few dispatches.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Hidden = factor · the tokens' rows of the table.
    Embed { table: WeightId, factor: f32 },
    /// Queries, keys and values of the normed residual stream.
    Qkv { norm: Norm, weights: Vec<WeightId> },
    /// Adds biases, norms heads, rotates, appends to the cache and attends.
    Attend {
        layer: usize,
        /// Of queries, keys and values, or none.
        biases: Vec<WeightId>,
        /// Of queries and keys, or none.
        head_norms: Vec<WeightId>,
    },
    /// Hidden += factor · (weight · x + bias).
    Residual { weight: WeightId, bias: Vec<WeightId>, x: Buffer, factor: f32 },
    /// Gate = activation(gate · normed) · (up · normed), or activation(up · normed) where that is the only weight.
    FeedForward {
        norm: Norm,
        weights: Vec<WeightId>,
        /// One a weight, or none.
        biases: Vec<WeightId>,
        activation: Activation,
    },
    /// The logits of the selected tokens, factor · (weight · normed).
    Head { norm: Norm, weight: WeightId, factor: f32 },
}

/// A norm of the residual stream: by its root mean square, or with a bias by mean and variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Norm {
    pub(crate) weight: WeightId,
    pub(crate) bias: Option<WeightId>,
}

/// The graph in order, all of it.
///
/// # Errors
/// When it holds a run of operations that no node stands for.
pub(crate) fn plan(graph: &Graph) -> Result<Vec<Node>, EngineError> {
    let mut nodes = Vec::new();
    let mut ops = &graph.ops[..];
    while let Some(first) = ops.first() {
        let Some((node, rest)) = take(ops) else {
            let op = format!("{first:?}");
            return Err(EngineError::GpuUnsupported {
                what: op.split([' ', '{']).next().unwrap_or("").into(),
            });
        };
        nodes.push(node);
        ops = rest;
    }
    Ok(nodes)
}

/// The node that the operations begin with, and the operations after it.
fn take(ops: &[Op]) -> Option<(Node, &[Op])> {
    use Buffer::*;
    match ops {
        [Op::Embed { table, out: Hidden }, rest @ ..] => {
            let (factor, rest) = factor(rest, Hidden);
            Some((Node::Embed { table: *table, factor }, rest))
        }
        [Op::Select { x: Hidden }, rest @ ..] => match take(rest)? {
            head @ (Node::Head { .. }, _) => Some(head),
            _ => None,
        },
        [Op::RmsNorm { x: Hidden, weight, out: Normed }, Op::MatMul { x: Normed, products }, rest @ ..] => {
            normed(Norm { weight: *weight, bias: None }, products, rest)
        }
        [
            Op::LayerNorm { x: Hidden, weight, bias, out: Normed },
            Op::MatMul { x: Normed, products },
            rest @ ..,
        ] => normed(Norm { weight: *weight, bias: Some(*bias) }, products, rest),
        [Op::AddBias { x: Query, .. } | Op::HeadNorm { x: Query, .. } | Op::Rope { x: Query, .. }, ..] => {
            attend(ops)
        }
        [Op::MatMul { x, products }, rest @ ..] => residual(*x, products, rest),
        _ => None,
    }
}

fn normed<'a>(norm: Norm, products: &[(WeightId, Buffer)], rest: &'a [Op]) -> Option<(Node, &'a [Op])> {
    use Buffer::*;
    match *products {
        [(q, Query), (k, Key), (v, Value)] => Some((Node::Qkv { norm, weights: vec![q, k, v] }, rest)),
        [(gate, Gate), (up, Up)] => {
            let (biases, rest) = biases(rest, &[Gate, Up]);
            let (activation, rest) = match rest {
                [Op::SiluMul, rest @ ..] => (Activation::Silu, rest),
                [Op::GeluMul, rest @ ..] => (Activation::Gelu, rest),
                _ => return None,
            };
            Some((Node::FeedForward { norm, weights: vec![gate, up], biases, activation }, rest))
        }
        [(up, Up)] => {
            let (biases, rest) = biases(rest, &[Up]);
            let [Op::Gelu, rest @ ..] = rest else { return None };
            Some((Node::FeedForward { norm, weights: vec![up], biases, activation: Activation::Gelu }, rest))
        }
        [(weight, Logits)] => {
            let (factor, rest) = factor(rest, Logits);
            Some((Node::Head { norm, weight, factor }, rest))
        }
        _ => None,
    }
}

fn attend(ops: &[Op]) -> Option<(Node, &[Op])> {
    use Buffer::*;
    let (biases, mut ops) = biases(ops, &[Query, Key, Value]);
    let mut head_norms = Vec::new();
    for x in [Query, Key] {
        if let [Op::HeadNorm { x: normed, weight }, rest @ ..] = ops
            && *normed == x
        {
            head_norms.push(*weight);
            ops = rest;
        }
        match ops {
            [Op::Rope { x: rotated, .. }, rest @ ..] if *rotated == x => ops = rest,
            _ => return None,
        }
    }
    match ops {
        [Op::Attend { layer }, rest @ ..] if head_norms.len() != 1 => {
            Some((Node::Attend { layer: *layer, biases, head_norms }, rest))
        }
        _ => None,
    }
}

fn residual<'a>(x: Buffer, products: &[(WeightId, Buffer)], rest: &'a [Op]) -> Option<(Node, &'a [Op])> {
    use Buffer::*;
    let &[(weight, Projected)] = products else { return None };
    let (bias, rest) = biases(rest, &[Projected]);
    let (factor, rest) = factor(rest, Projected);
    match rest {
        [Op::Add { x: Projected, out: Hidden }, rest @ ..] => {
            Some((Node::Residual { weight, bias, x, factor }, rest))
        }
        _ => None,
    }
}

/// The biases of all of `xs`, or none where the operations do not begin with theirs.
fn biases<'a>(ops: &'a [Op], xs: &[Buffer]) -> (Vec<WeightId>, &'a [Op]) {
    let bias = |(op, x): (&Op, &Buffer)| match op {
        Op::AddBias { x: biased, bias } if biased == x => Some(*bias),
        _ => None,
    };
    let found: Vec<WeightId> = ops.iter().zip(xs).map_while(bias).collect();
    if found.len() == xs.len() { (found, &ops[xs.len()..]) } else { (Vec::new(), ops) }
}

/// The factor on `x` that the operations begin with, or 1.
fn factor(ops: &[Op], x: Buffer) -> (f32, &[Op]) {
    match ops {
        [Op::Scale { x: scaled, factor }, rest @ ..] if *scaled == x => (*factor, rest),
        _ => (1.0, ops),
    }
}
