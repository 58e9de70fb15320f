//! The documents as pages.

pub const TITLE: &str = "Documentation";
pub const ALL: &str = "All documents";
pub const CONTENTS: &str = "On this page";
