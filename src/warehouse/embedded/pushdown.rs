//! Pushes filters down physical plans only where column names are unique.
//!
//! DataFusion 55.2 finds the columns of a filter that it pushes down by their names. Two joined
//! tables may have columns of one name: the filter of one is then applied to the other, and rows
//! are lost without an error (apache/datafusion#21246; fixed on its main by #25259, which is in no
//! release yet). Logical plans, in which most filters are pushed, are not affected.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::{ExecutionPlan, replace_children_if_necessary};

use super::planning::InTime;

type Rule = Arc<dyn PhysicalOptimizerRule + Send + Sync>;

/// DataFusion's rules, with those that push filters restricted to where they are correct.
pub(super) fn rules() -> Vec<Rule> {
    let careful = |rule: Rule| match rule.name().starts_with("FilterPushdown") {
        true => Arc::new(WhereNamesAreUnique(rule)) as Rule,
        false => rule,
    };
    PhysicalOptimizer::new().rules.into_iter().map(careful).map(|rule| Arc::new(InTime(rule)) as Rule).collect()
}

/// Applies a rule to each part of a plan in which no node has two columns of one name.
#[derive(Debug)]
struct WhereNamesAreUnique(Rule);

impl PhysicalOptimizerRule for WhereNamesAreUnique {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        if names_are_unique(plan.as_ref()) {
            return self.0.optimize(plan, config);
        }
        let children = plan.children().into_iter().map(|child| self.optimize(Arc::clone(child), config));
        let children = children.collect::<Result<Vec<_>>>()?;
        replace_children_if_necessary(plan, children)
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

fn names_are_unique(plan: &dyn ExecutionPlan) -> bool {
    let mut seen = HashSet::new();
    plan.schema().fields().iter().all(|field| seen.insert(field.name().clone()))
        && plan.children().into_iter().all(|child| names_are_unique(child.as_ref()))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::execution::session_state::SessionStateBuilder;
    use datafusion::prelude::SessionContext;

    use super::*;

    /// `big` is joined to `small`, which has a column of the same name; being smaller, `small` is
    /// read first, so the join's sides are swapped. It has a filter of its own, and so accepts a
    /// filter that is not its own.
    async fn rows_without_a_name(rules: Vec<Rule>) -> String {
        let state = SessionStateBuilder::new().with_default_features().with_physical_optimizer_rules(rules).build();
        let context = SessionContext::new_with_state(state);
        for table in [
            "CREATE TABLE big AS VALUES (NULL, 1, 'x'), ('n', 2, 'x'), (NULL, 3, 'y'), ('n', 4, 'z')",
            "CREATE TABLE small AS VALUES ('x')",
        ] {
            context.sql(table).await.unwrap().collect().await.unwrap();
        }
        let sql = "WITH one AS (SELECT column1 FROM (SELECT column1, ROW_NUMBER() OVER (PARTITION BY column1) AS r FROM small) WHERE r = 1)
            SELECT big.column2 AS n FROM big RIGHT JOIN one ON big.column3 = one.column1 WHERE big.column1 IS NULL";
        pretty_format_batches(&context.sql(sql).await.unwrap().collect().await.unwrap()).unwrap().to_string()
    }

    #[tokio::test]
    async fn a_filter_stays_with_its_column() {
        let right = "+---+\n| n |\n+---+\n| 1 |\n+---+";
        assert_eq!(rows_without_a_name(rules()).await, right);
        // Once DataFusion is fixed, this fails and this file can be deleted.
        assert_ne!(rows_without_a_name(PhysicalOptimizer::new().rules).await, right);
    }
}
