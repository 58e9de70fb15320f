//! The one resolver of output column names.
