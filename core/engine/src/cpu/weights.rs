use super::mat_mul::Matrix;
use crate::{Model, WeightId};

/// The weights of a model as the CPU wants them, by id.
pub(super) struct Weights(Vec<Prepared>);

enum Prepared {
    Vector(Vec<f32>),
    Matrix(Matrix),
}

impl Weights {
    /// Takes `model`'s weights; each is dropped as soon as it is rearranged.
    pub(super) fn of(model: &mut Model) -> Weights {
        let weights = std::mem::take(&mut model.weights).into_iter();
        let prepare = |(weight, spec): (crate::Weight, &crate::graph::WeightSpec)| match spec.shape.len() {
            1 => Prepared::Vector(weight.to_f32()),
            _ => Prepared::Matrix(Matrix::new(weight)),
        };
        Weights(weights.zip(&model.graph.weights).map(prepare).collect())
    }

    pub(super) fn vector(&self, id: WeightId) -> &[f32] {
        match &self.0[id] {
            Prepared::Vector(vector) => vector,
            Prepared::Matrix(_) => unreachable!("the graph asks for a vector where its shape is one's"),
        }
    }

    pub(super) fn matrix(&self, id: WeightId) -> &Matrix {
        match &self.0[id] {
            Prepared::Matrix(matrix) => matrix,
            Prepared::Vector(_) => unreachable!("the graph asks for a matrix where its shape is one's"),
        }
    }
}
