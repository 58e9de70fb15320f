//! The compiler held against a plain computation of what configs mean, on the embedded engine.

mod engine;
mod oracle;
mod properties;
mod tables;
