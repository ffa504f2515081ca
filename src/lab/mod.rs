//! The lab format: schema, loading with all mistakes in one run, building a world.
//!
//! A [`LabFile`] is the text and its tree; [`LabFile::at`] gives the [`Lab`] at a seed, every `{param}` put in;
//! [`Lab::world`] builds the host of the fault or of a rival by running the lab's traffic through the model.

pub mod build;
pub mod catalogue;
pub mod check;
pub mod diagnostic;
pub mod hosts;
pub mod lessons;
pub mod load;
pub mod noise;
pub mod params;
pub mod patch;
pub mod places;
pub mod produced;
pub mod read;
pub mod schema;
pub mod template;
pub mod traffic;
pub mod tree;
pub mod values;

pub use build::Variant;
pub use diagnostic::{Diagnostic, Severity, render};
pub use load::{LabFile, json_schema};
pub use schema::Lab;
