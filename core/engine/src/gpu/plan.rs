//! The forward pass as the GPU runs it: operations that belong together made one.

use crate::{Buffer, EngineError, Graph, Op, WeightId};

/// A few operations of the [`Graph`] that become one or few dispatches.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Hidden = the tokens' rows of the table.
    Embed { table: WeightId },
    /// Queries, keys and values of the normed residual stream.
    Qkv { norm: WeightId, weights: Vec<WeightId> },
    /// Rotates, appends to the cache and attends.
    Attend { layer: usize },
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
        [Op::Rope { x: Query, .. }, Op::Rope { x: Key, .. }, Op::Attend { layer }, rest @ ..] => {
            Some((Node::Attend { layer: *layer }, rest))
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
