//! The datasets of a model: cards, search, pages, what to do where there are none.
