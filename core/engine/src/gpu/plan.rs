//! The forward pass as the GPU runs it: operations that belong together made one.

use crate::{Buffer, EngineError, Graph, Op, WeightId};

/// A few operations of the [`Graph`] that become one or few dispatches.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Hidden = the tokens' rows of the table.
    Embed { table: WeightId },
    /// Queries, keys and values of the normed residual stream.
    Qkv { norm: WeightId, weights: Vec<WeightId> },
    /// Adds biases, norms heads, rotates, appends to the cache and attends.
    Attend {
        layer: usize,
        /// Of queries, keys and values, or none.
        biases: Vec<WeightId>,
        /// Of queries and keys, or none.
        head_norms: Vec<WeightId>,
    },
    /// Hidden += weight · x.
    Residual { weight: WeightId, x: Buffer },
    /// Gate = silu(gate · normed) · (up · normed).
    GateUp { norm: WeightId, weights: Vec<WeightId> },
    /// The logits of the selected tokens.
    Head { norm: WeightId, weight: WeightId },
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
        [Op::Embed { table, out: Hidden }, rest @ ..] => Some((Node::Embed { table: *table }, rest)),
        [Op::Select { x: Hidden }, rest @ ..] => match take(rest)? {
            head @ (Node::Head { .. }, _) => Some(head),
            _ => None,
        },
        [Op::RmsNorm { x: Hidden, weight, out: Normed }, Op::MatMul { x: Normed, products }, rest @ ..] => {
            normed(*weight, products, rest)
        }
        [Op::AddBias { x: Query, .. } | Op::HeadNorm { x: Query, .. } | Op::Rope { x: Query, .. }, ..] => {
            attend(ops)
        }
        [Op::MatMul { x, products }, Op::Add { x: Projected, out: Hidden }, rest @ ..] => {
            match products[..] {
                [(weight, Projected)] => Some((Node::Residual { weight, x: *x }, rest)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn normed<'a>(norm: WeightId, products: &[(WeightId, Buffer)], rest: &'a [Op]) -> Option<(Node, &'a [Op])> {
    use Buffer::*;
    match (products, rest) {
        (&[(q, Query), (k, Key), (v, Value)], rest) => {
            Some((Node::Qkv { norm, weights: vec![q, k, v] }, rest))
        }
        (&[(gate, Gate), (up, Up)], [Op::SiluMul, rest @ ..]) => {
            Some((Node::GateUp { norm, weights: vec![gate, up] }, rest))
        }
        (&[(weight, Logits)], rest) => Some((Node::Head { norm, weight }, rest)),
        _ => None,
    }
}

fn attend(mut ops: &[Op]) -> Option<(Node, &[Op])> {
    use Buffer::*;
    let (mut biases, mut head_norms) = (Vec::new(), Vec::new());
    if let [
        Op::AddBias { x: Query, bias: q },
        Op::AddBias { x: Key, bias: k },
        Op::AddBias { x: Value, bias: v },
        rest @ ..,
    ] = ops
    {
        (biases, ops) = (vec![*q, *k, *v], rest);
    }
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
