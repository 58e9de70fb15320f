//! Joins and roles that are suggested for schemas whose truth is known: how many are found, how many are wrong, by names alone and with the data.

mod figures;
mod sets;
