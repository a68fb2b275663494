//! How good suggestions are: lines are cut out of files, asked for through the product's own pipeline, and
//! compared with what stood there.
//!
//! Nothing here reads files or the time: the door gives documents and a clock, and writes what comes out.

mod case;
mod fit;
mod measure;
mod report;
mod result;
mod summary;

pub use case::{Case, Document, Kind, draw};
pub use fit::{bits_per_byte, fit_mixer};
pub use measure::{Measured, measure, observe};
pub use report::html;
pub use result::CaseResult;
pub use summary::{Group, Summary, summarize};
