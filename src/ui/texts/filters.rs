//! The wizard's fourth step: filters and split.
