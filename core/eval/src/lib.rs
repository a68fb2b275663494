//! How good suggestions are: lines are cut out of files, asked for through the product's own pipeline, and
//! compared with what stood there.
//!
//! Nothing here reads files or the time: the door gives documents and a clock, and writes what comes out.

mod case;
mod measure;
mod report;
mod result;
mod summary;

pub use case::{Case, Document, Kind, draw};
pub use measure::{Measured, measure};
pub use report::html;
pub use result::CaseResult;
pub use summary::{Group, Summary, summarize};
