//! The pictures: funnel, histogram, days.
