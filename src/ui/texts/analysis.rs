//! The analysis of a dataset.
