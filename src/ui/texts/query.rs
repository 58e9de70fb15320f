//! The query dialog: parts, verdict, price.
