//! The wizard, but for its fourth step.
