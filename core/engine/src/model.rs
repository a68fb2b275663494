use inkling_gguf::{Gguf, Source, Tensor};
use inkling_kernels::Format;

use crate::graph::WeightSpec;
use crate::{Cancel, EngineError, Graph, ModelConfig};

/// Bytes asked of a source at once: enough for a network, small beside the memory of a tab.
const CHUNK_BYTES: u64 = 4 << 20;

/// One tensor as the executors see it.
#[derive(Debug)]
pub struct Weight {
    /// How `bytes` are to be read.
    pub format: Format,
    /// Elements of a row.
    pub n_in: usize,
    /// Rows; 1 for vectors.
    pub n_out: usize,
    /// Row after row, as in the file.
    pub bytes: Vec<u8>,
}

impl Weight {
    /// The elements of a small tensor as f32.
    pub fn to_f32(&self) -> Vec<f32> {
        let mut out = vec![0.0; self.n_in * self.n_out];
        self.format.dequantize(&self.bytes, &mut out);
        out
    }
}

/// How far loading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadProgress {
    /// Bytes of weights read.
    pub bytes: u64,
    /// Bytes of weights there are.
    pub total_bytes: u64,
}

/// A model in memory: what to compute and with which numbers.
#[derive(Debug)]
pub struct Model {
    /// Sizes and constants.
    pub config: ModelConfig,
    /// The forward pass.
    pub graph: Graph,
    /// In the order of [`Graph::weights`].
    pub weights: Vec<Weight>,
}

impl Model {
    /// Reads the weights that `gguf` describes from `source`, chunk by chunk.
    ///
    /// Every tensor's type and shape is checked before the first byte of weights is read. `cancel` ends it
    /// between two chunks.
    pub async fn load(
        gguf: &Gguf,
        source: &dyn Source,
        progress: &dyn Fn(LoadProgress),
        cancel: &Cancel,
    ) -> Result<Model, EngineError> {
        Model::load_layout(Layout::new(gguf)?, source, progress, cancel).await
    }

    pub(crate) async fn load_layout(
        layout: Layout<'_>,
        source: &dyn Source,
        progress: &dyn Fn(LoadProgress),
        cancel: &Cancel,
    ) -> Result<Model, EngineError> {
        let total_bytes = layout.n_bytes();
        let Layout { config, graph, tensors } = layout;
        let mut loaded = LoadProgress { bytes: 0, total_bytes };
        let mut advance = |n_bytes: u64| {
            loaded.bytes += n_bytes;
            progress(loaded);
            cancel.check()
        };
        let mut weights = Vec::with_capacity(tensors.len());
        for (tensor, format) in tensors {
            let bytes = read_tensor(tensor, source, &mut advance).await?;
            let (n_in, n_out) = (tensor.shape[0] as usize, tensor.shape.get(1).map_or(1, |&n| n as usize));
            weights.push(Weight { format, n_in, n_out, bytes });
        }
        Ok(Model { config, graph, weights })
    }
}

/// What a file says of a model: enough to load its weights from, all of it checked.
pub(crate) struct Layout<'a> {
    pub(crate) config: ModelConfig,
    pub(crate) graph: Graph,
    /// In the order of [`Graph::weights`].
    pub(crate) tensors: Vec<(&'a Tensor, Format)>,
}

impl<'a> Layout<'a> {
    pub(crate) fn new(gguf: &'a Gguf) -> Result<Layout<'a>, EngineError> {
        let config = ModelConfig::from_gguf(gguf)?;
        let graph = Graph::new(&config, &|name| gguf.find_tensor(name).is_some());
        let tensors: Vec<(&Tensor, Format)> =
            graph.weights.iter().map(|spec| checked_tensor(gguf, spec)).collect::<Result<_, _>>()?;
        Ok(Layout { config, graph, tensors })
    }

    /// Of all weights.
    pub(crate) fn n_bytes(&self) -> u64 {
        self.tensors.iter().map(|(tensor, _)| tensor.range.end - tensor.range.start).sum()
    }
}

fn checked_tensor<'a>(gguf: &'a Gguf, spec: &WeightSpec) -> Result<(&'a Tensor, Format), EngineError> {
    let tensor = gguf.tensor(&spec.name)?;
    let same = tensor.shape.iter().chain(std::iter::repeat(&1)).zip(&spec.shape).all(|(a, b)| a == b);
    if !same || tensor.shape.iter().skip(spec.shape.len()).any(|&n| n != 1) {
        let (shape, expected) = (tensor.shape.clone(), spec.shape.clone());
        return Err(EngineError::Shape { tensor: spec.name.clone(), shape, expected });
    }
    let format = Format::named(tensor.dtype.name()).expect("every storage type is a format");
    Ok((tensor, format))
}

async fn read_tensor(
    tensor: &Tensor,
    source: &dyn Source,
    advance: &mut dyn FnMut(u64) -> Result<(), EngineError>,
) -> Result<Vec<u8>, EngineError> {
    let n_bytes = tensor.range.end - tensor.range.start;
    let mut bytes = Vec::new();
    usize::try_from(n_bytes)
        .ok()
        .and_then(|n| bytes.try_reserve_exact(n).ok())
        .ok_or_else(|| EngineError::Memory { tensor: tensor.name.clone(), bytes: n_bytes })?;
    let mut start = tensor.range.start;
    while start < tensor.range.end {
        let end = tensor.range.end.min(start + CHUNK_BYTES);
        bytes.extend(source.read(start..end).await?);
        advance(end - start)?;
        start = end;
    }
    Ok(bytes)
}
