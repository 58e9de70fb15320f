//! Config as code from the command line: beside a running server, with exit statuses that scripts
//! can rely on.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

#[path = "support/program.rs"]
#[allow(dead_code)]
mod program;

use program::{Program, command, events_config, write_events};

const MODEL: &str = "my FIRST model";

struct Finished {
    code: Option<i32>,
    out: String,
    err: String,
}

fn finished(output: Output) -> Finished {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Finished { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn run(folder: &Path, args: &[&str]) -> Finished {
    let mut command = command(folder);
    command.env("TRAINSET_DATABASE", folder.join("trainset.db")).env("TRAINSET_WAREHOUSE", folder.join("tables"));
    finished(command.args(args).output().unwrap())
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn yaml(eval_days: u32) -> String {
    format!(
        "# Which events count.\nname: Events\ndescription: As code\nconfig:\n  primary_table: raw_data.events\n  selected_columns:\n    \
         - {{table: events, column: user_id}}\n    - {{table: events, column: item}}\n  column_mapping:\n    \
         timestamp: {{table: events, column: seen_on}}\n  split_config: {{type: time_based, eval_days: {eval_days}}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_applied_beside_a_running_server() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_events(folder);
    let program = Program::start(folder);
    let client = program.client();
    let file = write(folder, "events.yaml", &yaml(7));
    let apply = |more: &[&str]| run(folder, &[&["apply", &file, "--model", MODEL], more].concat());

    let dry = apply(&["--dry-run"]);
    assert_eq!((dry.code, dry.err.as_str()), (Some(0), ""));
    assert!(dry.out.starts_with("would create Events\n+ name: \"Events\"\n"), "{}", dry.out);
    assert_eq!(apply(&["--dry-run", "--exit-code"]).code, Some(1));
    assert_eq!(client.get("/api/models/1/datasets/").await.unwrap().body["datasets"], json!([]));

    let made = apply(&[]);
    assert_eq!((made.code, made.out.as_str()), (Some(0), "created: dataset 1 (Events), revision 1\n"), "{}", made.err);
    let dataset = client.get("/api/datasets/1/").await.unwrap().body["dataset"].clone();
    assert_eq!((&dataset["description"], &dataset["config"]["split_config"]["eval_days"]), (&json!("As code"), &json!(7)));
    // Applying the same again is no change.
    assert_eq!(apply(&[]).out, "unchanged: dataset 1 (Events), revision 1\n");
    let dry = apply(&["--dry-run", "--exit-code"]);
    assert_eq!((dry.code, dry.out.as_str()), (Some(0), "unchanged: dataset 1 (Events)\n"));

    write(folder, "events.yaml", &yaml(3).replace("As code", "Code"));
    let dry = apply(&["--dry-run"]);
    let expected =
        "would update dataset 1 (Events)\n~ description: \"As code\" -> \"Code\"\n~ config.split_config.eval_days: 7 -> 3\n";
    assert_eq!((dry.code, dry.out.as_str()), (Some(0), expected));
    assert_eq!(apply(&[]).out, "updated: dataset 1 (Events), revision 2\n");
    assert_eq!(client.get("/api/datasets/1/").await.unwrap().body["dataset"]["config"]["split_config"]["eval_days"], 3);

    // An export equals what was applied.
    let out = run(folder, &["export", "events", "--model", MODEL]);
    assert_eq!((out.code, out.err.as_str()), (Some(0), ""));
    assert_eq!(run(folder, &["export", "1", "--model", MODEL]).out, out.out);
    let again = write(folder, "again.yml", &out.out);
    assert_eq!(run(folder, &["apply", &again, "--model", MODEL]).out, "unchanged: dataset 1 (Events), revision 2\n");
    let as_json = run(folder, &["export", "Events", "--model", MODEL, "--format", "json"]);
    let read: Value = serde_json::from_str(&as_json.out).unwrap();
    assert_eq!(read["config"]["split_config"]["eval_days"], 3);
    let again = write(folder, "again.json", &as_json.out);
    assert_eq!(run(folder, &["apply", &again, "--model", MODEL]).code, Some(0));
    // The server's export is the same text.
    assert_eq!(client.get("/api/datasets/1/export/").await.unwrap().text, out.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_files_are_refused_by_line_and_change_nothing() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_events(folder);
    let file = write(folder, "events.yaml", &yaml(7));
    // Without a database there is no model.
    let none = run(folder, &["apply", &file, "--model", MODEL]);
    assert_eq!((none.code, none.out.as_str()), (Some(1), ""));
    assert!(none.err.contains("not found"), "{}", none.err);
    assert!(!folder.join("trainset.db").exists());
    Program::start(folder).stop();

    let wrong = write(folder, "wrong.yaml", &yaml(7).replace("column: item", "column: nope"));
    for more in [&[][..], &["--dry-run"]] {
        let done = run(folder, &[&["apply", &wrong, "--model", MODEL], more].concat());
        assert_eq!((done.code, done.err.as_str()), (Some(1), ""));
        assert!(done.out.starts_with("selected_columns[1].column: ") && done.out.contains("(line 8, column 23)"), "{}", done.out);
    }
    for (text, words) in [("name: x\n  y: 1\n", "line 2"), ("nmae: x\n", "nmae"), ("config: {}\n", "name"), ("- 1\n", "config")] {
        let file = write(folder, "bad.yaml", text);
        let done = run(folder, &["apply", &file, "--model", MODEL]);
        assert_eq!(done.code, Some(1), "{text}");
        assert!(format!("{}{}", done.out, done.err).contains(words), "{text}: {} {}", done.out, done.err);
    }
    let unknown = run(folder, &["apply", &file, "--model", "Nobody's"]);
    assert!(unknown.code == Some(1) && unknown.err.contains("\"My first model\""), "{}", unknown.err);
    let missing = run(folder, &["apply", "nowhere.yaml", "--model", MODEL]);
    assert!(missing.code == Some(1) && missing.err.contains("nowhere.yaml"), "{}", missing.err);
    let no_dataset = run(folder, &["export", "77", "--model", MODEL]);
    assert!(no_dataset.code == Some(1) && no_dataset.out.is_empty() && no_dataset.err.contains("77"), "{}", no_dataset.err);
    // Usage.
    for args in
        [&["apply", file.as_str()][..], &["export", "x"], &["apply", &file, "--model", "x", "--exit-code"], &["--log", "a=b=c"]]
    {
        assert_eq!(run(folder, args).code, Some(2), "{args:?}");
    }
}

#[test]
fn every_command_on_a_file_reads_both_forms() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_events(folder);
    let config = serde_json::to_string_pretty(&events_config(7)).unwrap();
    let forms = [
        write(folder, "whole.yaml", &yaml(7)),
        write(folder, "whole.json", &json!({"name": "Events", "config": events_config(7)}).to_string()),
        write(folder, "alone.json", &config),
        // Without a known extension it is YAML, which JSON is too.
        write(folder, "alone", &config),
    ];
    let mut texts: Vec<Vec<String>> = vec![];
    for file in &forms {
        let validated = run(folder, &["validate", file]);
        assert_eq!((validated.code, validated.out.as_str()), (Some(0), ""), "{file}: {}", validated.err);
        let mut of_file = vec![];
        for args in [&["sql", file, "--split", "train"][..], &["tfx", file, "--as-of", "2024-02-01"], &["analyze", file]] {
            let done = run(folder, args);
            assert!(!done.out.is_empty(), "{args:?}: {}", done.err);
            of_file.push(done.out);
        }
        texts.push(of_file);
    }
    assert_eq!(texts[1], texts[2]);
    assert_eq!(texts[2], texts[3]);
    assert!(texts[0][0].contains("FROM") && texts[0][1].contains("input_config"), "{texts:?}");

    let wrong = write(folder, "wrong.yaml", &yaml(7).replace("seen_on", "nope"));
    for name in ["validate", "sql", "tfx", "analyze"] {
        let done = run(folder, &[name, &wrong]);
        assert!(done.code == Some(1) && done.out.contains("(line 10, column"), "{name}: {} {}", done.out, done.err);
    }
    // From stdin, as YAML.
    let mut child = command(folder)
        .env("TRAINSET_WAREHOUSE", folder.join("tables"))
        .args(["validate", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(yaml(7).as_bytes()).unwrap();
    assert_eq!(finished(child.wait_with_output().unwrap()).code, Some(0));
}

/// A database as the program wrote it before its newest migration.
async fn write_older(file: &Path) {
    let migrator = Migrator::new(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))).await.unwrap();
    let newest = migrator.iter().map(|step| step.version).max().unwrap();
    let mut database = SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    migrator.run_to(newest - 1, &mut database).await.unwrap();
    let model = "INSERT INTO models (name, name_key, description, created_at, updated_at) VALUES ('My first model', 'my first model', '', $1, $1)";
    sqlx::query(model).bind("2024-01-01T00:00:00.000000Z").execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

/// The newest migration of a file.
async fn newest_step(file: &Path) -> i64 {
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let newest = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&mut database).await.unwrap();
    database.close().await.unwrap();
    newest
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_migrates_an_older_database() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_events(folder);
    let (file, copy) = (folder.join("trainset.db"), folder.join("copy.db"));
    write_older(&file).await;
    let before = fs::read(&file).unwrap();
    let step = newest_step(&file).await;
    let dataset = write(folder, "events.yaml", &yaml(7));
    let export = ["export", "Events", "--model", MODEL];
    let apply = ["apply", dataset.as_str(), "--model", MODEL];
    for args in [&export[..], &apply, &[&apply[..], &["--dry-run"]].concat()] {
        let done = run(folder, args);
        assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{}", done.err);
        assert!(done.err.contains("older Trainset") && done.err.contains("Start this version's server"), "{}", done.err);
    }
    // A backup copies the file as it is.
    assert_eq!(run(folder, &["backup", copy.to_str().unwrap()]).code, Some(0));
    assert_eq!((fs::read(&file).unwrap() == before, newest_step(&file).await, newest_step(&copy).await), (true, step, step));

    Program::start(folder).stop();
    assert_eq!(newest_step(&file).await, step + 1);
    assert_eq!(run(folder, &apply).code, Some(0));
    assert_eq!(run(folder, &export).code, Some(0));

    let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let later = "INSERT INTO _sqlx_migrations VALUES (999, 'later', CURRENT_TIMESTAMP, TRUE, X'00', 1)";
    sqlx::query(later).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    let before = fs::read(&file).unwrap();
    let another = folder.join("another.db");
    for args in [&export[..], &apply, &["backup", another.to_str().unwrap()], &["serve", "--addr", "127.0.0.1:0"]] {
        let done = run(folder, args);
        assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{}", done.err);
        assert!(done.err.contains("newer Trainset"), "{}", done.err);
    }
    assert_eq!((fs::read(&file).unwrap() == before, another.exists()), (true, false));
}

/// Unusable values are refused before anything is created, on the command line and in the
/// environment.
#[test]
fn values_that_cannot_be_used_are_refused_in_a_sentence() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_events(folder);
    for (flag, values) in [
        ("--usd-per-tib", &["NaN", "inf", "-inf", "-1", "1e300", ""][..]),
        ("--dataset", &["", " ", "raw-data", "raw.data", "a`b", "größe"]),
        ("--grace", &["18446744073709551615", "3601", "-1", "1.5"]),
        ("--scans", &["0", "18446744073709551615", "many"]),
        ("--queue", &["18446744073709551615", "-1"]),
        ("--max-bytes-billed", &["0", "1", "18446744073709551615", "NaN"]),
        ("--minimum-bytes-billed", &["18446744073709551615", "-1"]),
        ("--host", &["", "http://train.example", "train.example:80", "a,,b", "*"]),
        ("--author", &["", "  ", "a\nb"]),
        ("--database", &[""]),
        ("--warehouse", &[""]),
        ("--bigquery-endpoint", &["", "bigquery.example", "file:///etc/passwd", "ftp://x/"]),
        ("--bigquery-credentials", &[""]),
        ("--log-format", &["", "xml"]),
        ("--log", &["a=b=c"]),
    ] {
        let variable = format!("TRAINSET_{}", flag.trim_start_matches("--").replace('-', "_").to_uppercase());
        for value in values {
            let by_flag =
                finished(command(folder).args(["serve", "--addr", "127.0.0.1:0", &format!("{flag}={value}")]).output().unwrap());
            let by_variable =
                finished(command(folder).args(["serve", "--addr", "nowhere"]).env(&variable, value).output().unwrap());
            for done in [by_flag, by_variable] {
                assert_eq!(done.code, Some(2), "{flag} {value:?}: {}", done.err);
                assert!(done.err.starts_with("error: ") && done.out.is_empty(), "{flag} {value:?}: {}", done.err);
            }
        }
    }
    assert!(!folder.join("data").exists() && !folder.join("trainset.db").exists());
}

#[test]
fn query_memory_is_set_by_a_flag_and_the_log_names_what_held_it() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let tables = write_events(folder);
    let rows: String = (0..50_000u64).map(|i| format!("{i},{}\n", i * 7_919)).collect();
    fs::write(tables.join("many.csv"), format!("id,number\n{rows}")).unwrap();
    let enough = run(folder, &["profile", "many"]);
    assert_eq!((enough.code, enough.err.as_str()), (Some(0), ""));
    // Two MiB.
    let little = run(folder, &["profile", "many", "--memory", "2097152"]);
    assert_eq!((little.code, little.out.as_str()), (Some(1), ""));
    let message = "error: The query needs more than the 2 MiB of memory that queries may use here.";
    assert!(little.err.lines().any(|line| line.starts_with(message)), "{}", little.err);
    let logged = little.err.lines().find(|line| line.contains("memory or disk for a query gave out")).expect(&little.err);
    assert!(logged.contains("AggregateStream"), "{logged}");
}
