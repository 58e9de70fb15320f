//! The families of queries over the pipeline: the dataset itself, its counts, an analysis, the
//! impact of filters; and the queries about tables as they stand, a join's statistics and a
//! profile.

pub(super) mod analysis;
pub(super) mod filter_impact;
pub(super) mod join_statistics;
mod joined;
pub mod profile;
pub(super) mod rows;
mod sections;
pub(super) mod tfx;
