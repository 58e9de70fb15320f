//! Suggested joins and roles for schemas whose references are known: how many are found, how many
//! are wrong, by names alone and with the data.

mod figures;
mod row_numbers;
mod sets;
