//! The server from the outside: every route by contract, over a real store and a scripted
//! warehouse.

mod analysis;
mod config_save;
mod contract;
mod datasets;
mod detection;
mod document;
mod documentation;
mod errors;
mod examples;
mod helpers;
mod impact;
mod listener;
mod middleware;
mod models;
mod profiles;
mod program;
mod queries;
mod status;
mod transfer;
mod undelete;
mod versions;
