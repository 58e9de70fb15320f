//! Explanations of the field's terms, opened where the interface uses them.

pub const READ_MORE: &str = "Read more";

/// A term with its short explanation and the section of the documents that has the long one.
pub struct Term {
    /// Of its element; a view explains a term once.
    pub id: &'static str,
    pub question: &'static str,
    pub answer: &'static str,
    pub address: &'static str,
}

pub static REFERENCE_DATE: Term = Term {
    id: "help-reference-date",
    question: "What is a reference date?",
    answer: "The day from which relative dates count back, such as the last 3 months or 14 eval days. By default it is the day of the latest event.",
    address: "/docs/config/#reference-date",
};

pub static K_CORE: Term = Term {
    id: "help-k-core",
    question: "What is a k-core?",
    answer: "Only users and products with a minimum number of rows are kept. Removing one can push others below the minimum, so the filter repeats for the set number of rounds.",
    address: "/docs/config/#min_interactions",
};

pub static COLD_START: Term = Term {
    id: "help-cold-start",
    question: "What is a cold start?",
    answer: "A user or product in eval or test without rows in train. A model that learns only from ids cannot rank for it.",
    address: "/docs/config/#cold-start",
};

pub static FAN_OUT: Term = Term {
    id: "help-fan-out",
    question: "What is fan-out?",
    answer: "How many rows one row becomes in a join. Above 1, the key is not unique: interactions repeat and counts are too high.",
    address: "/docs/config/#fan-out",
};

pub static ALL: [&Term; 4] = [&REFERENCE_DATE, &K_CORE, &COLD_START, &FAN_OUT];
