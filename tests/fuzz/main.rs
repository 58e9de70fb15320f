//! Configs, their documents and the SQL of views from random bytes. Whatever the input, it is read
//! or refused, quickly and in little memory.
//!
//! `TRAINSET_FUZZ_SECONDS` sets the duration of each test. Views are only fuzzed with `--ignored`.
//! Inputs that failed once are in `tests/corpus`, as are inputs on which other programs have
//! failed; each run reads them again.

mod configs;
mod driver;
#[cfg(feature = "ssr")]
mod views;
