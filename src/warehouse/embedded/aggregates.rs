//! The aggregate functions of GoogleSQL that DataFusion lacks.

use std::sync::Arc;

use datafusion::logical_expr::AggregateUDF;

/// All of them.
pub(super) fn all() -> Vec<Arc<AggregateUDF>> {
    vec![]
}
