//! Frozen versions, what differs, the way back.
