//! The list of a model with 10,000 datasets: one query per page, with any search.

use serde_json::json;
use tempfile::TempDir;

#[path = "support/many.rs"]
mod many;
#[path = "support/program.rs"]
#[allow(dead_code)]
mod program;

use program::{Program, write_events};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_10_000_datasets_is_one_query() {
    let folder = TempDir::new().unwrap();
    write_events(folder.path());
    // The program's log has each query of its database on a line.
    let mut program =
        Program::start_with(folder.path(), |command| command.args(["--log", "sqlx::query=debug", "--log-format", "json"]));
    let client = program.client();
    many::fill(&client, folder.path()).await;
    let of_try_3 = (2..=many::DATASETS).filter(|i| i % 7 == 3).count();
    for (params, total) in [
        ("", many::DATASETS as usize),
        ("?search=dataset%2077", 111),
        ("?search=TRY%203&status=active&page=2", (2..=many::DATASETS).filter(|i| i % 7 == 3 && i % 3 == 0).count()),
        ("?search=try%203&per_page=50", of_try_3),
        ("?search=100%25", 0),
        ("?page=1000", many::DATASETS as usize),
    ] {
        let before = program.log().matches("sqlx::query").count();
        let body = client.get(&format!("/api/models/1/datasets/{params}")).await.unwrap().body;
        assert_eq!(body["pagination"]["total"], json!(total), "{params}: {body}");
        // The pool's threads write their lines asynchronously.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let log = program.log();
        assert_eq!(log.matches("sqlx::query").count() - before, 1, "{params}: {log}");
    }
    assert_eq!(program.stop(), Some(0));
}
