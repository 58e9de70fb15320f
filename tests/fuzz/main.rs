//! Configs, their documents and the SQL of views from random bytes. Whatever the input, it is read
//! or refused, quickly and in little memory.
//!
//! `TRAINSET_FUZZ_SECONDS` sets how long each search takes. What was found once is kept in
//! `tests/corpus`, as is what others' programs have fallen over; each run reads it again.

mod configs;
mod driver;
#[cfg(feature = "ssr")]
mod views;
