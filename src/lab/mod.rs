//! The lab format: schema, loading, building a world.

pub mod hosts;
