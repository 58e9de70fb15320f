#!/usr/bin/env bash
# rustc for our own crate, with clippy's lints on and every warning an error: cargo calls it as
# `clippy-rustc.sh rustc ARGS…` if RUSTC_WORKSPACE_WRAPPER names it.
exec clippy-driver "$@" -D warnings
