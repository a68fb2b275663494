//! How good suggestions are: lines, statements and blocks are cut out of files, asked for through the product's
//! own pipeline, and compared with what stood there; programs are completed and tested.
//!
//! Nothing here reads files or the time or runs programs: the door gives documents, a clock and outcomes, and
//! writes what comes out.

mod attempt;
mod case;
mod confidence;
mod fit;
mod hole;
mod measure;
mod pass;
mod problem;
mod report;
mod result;
mod summary;

pub use attempt::{Attempt, Effort, Outcome, attempt};
pub use case::{Case, Document, Kind, draw};
pub use confidence::{Point, curve, fit_confidence, point};
pub use fit::fit_mixer;
pub use hole::Cut;
pub use measure::{Asking, Measured, measure, measure_typing_on, observe};
pub use pass::{ProblemFigures, ProblemResult, Sample, pass_at_k, sampling, summarize_problems};
pub use problem::{Format, PASSED_STATUS, Problem};
pub use report::{comparison_report, fraction, holes_report, megabytes, problems_report};
pub use result::CaseResult;
pub use summary::{Contestant, Group, Summary, bits_per_byte, summarize};
