//! Datasets side by side.
