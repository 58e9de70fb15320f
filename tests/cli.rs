//! Config as code from the command line: beside a running server, with exit statuses that a script can stand on.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "support/program.rs"]
#[allow(dead_code)]
mod program;

use program::{Program, command, events_config, write_events};

const MODEL: &str = "my FIRST model";

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn run(folder: &Path, args: &[&str]) -> Said {
    let mut command = command(folder);
    command.env("TRAINSET_DATABASE", folder.join("trainset.db")).env("TRAINSET_WAREHOUSE", folder.join("tables"));
    said(command.args(args).output().unwrap())
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
    // The same again is no change.
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

    // What is taken out is what is put in.
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
async fn what_does_not_fit_is_refused_by_line_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    write_events(folder);
    let file = write(folder, "events.yaml", &yaml(7));
    // Without a database there is no model.
    let none = run(folder, &["apply", &file, "--model", MODEL]);
    assert_eq!((none.code, none.out.as_str()), (Some(1), ""));
    assert!(none.err.contains("no database"), "{}", none.err);
    assert!(!folder.join("trainset.db").exists());
    Program::start(folder).stop();

    let wrong = write(folder, "wrong.yaml", &yaml(7).replace("column: item", "column: nope"));
    for more in [&[][..], &["--dry-run"]] {
        let said = run(folder, &[&["apply", &wrong, "--model", MODEL], more].concat());
        assert_eq!((said.code, said.err.as_str()), (Some(1), ""));
        assert!(said.out.starts_with("selected_columns[1].column: ") && said.out.contains("(line 8, column 23)"), "{}", said.out);
    }
    for (text, words) in [("name: x\n  y: 1\n", "line 2"), ("nmae: x\n", "nmae"), ("config: {}\n", "name"), ("- 1\n", "config")] {
        let file = write(folder, "bad.yaml", text);
        let said = run(folder, &["apply", &file, "--model", MODEL]);
        assert_eq!(said.code, Some(1), "{text}");
        assert!(format!("{}{}", said.out, said.err).contains(words), "{text}: {} {}", said.out, said.err);
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
        // What a name does not tell is YAML, which JSON is too.
        write(folder, "alone", &config),
    ];
    let mut texts: Vec<Vec<String>> = vec![];
    for file in &forms {
        let validated = run(folder, &["validate", file]);
        assert_eq!((validated.code, validated.out.as_str()), (Some(0), ""), "{file}: {}", validated.err);
        let mut of_file = vec![];
        for args in [&["sql", file, "--split", "train"][..], &["tfx", file, "--as-of", "2024-02-01"], &["analyze", file]] {
            let said = run(folder, args);
            assert!(!said.out.is_empty(), "{args:?}: {}", said.err);
            of_file.push(said.out);
        }
        texts.push(of_file);
    }
    assert_eq!(texts[1], texts[2]);
    assert_eq!(texts[2], texts[3]);
    assert!(texts[0][0].contains("FROM") && texts[0][1].contains("input_config"), "{texts:?}");

    let wrong = write(folder, "wrong.yaml", &yaml(7).replace("seen_on", "nope"));
    for name in ["validate", "sql", "tfx", "analyze"] {
        let said = run(folder, &[name, &wrong]);
        assert!(said.code == Some(1) && said.out.contains("(line 10, column"), "{name}: {} {}", said.out, said.err);
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
    assert_eq!(said(child.wait_with_output().unwrap()).code, Some(0));
}

#[test]
fn the_memory_for_queries_is_set_by_a_flag_and_the_log_says_what_held_it() {
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
    let told = "error: The query needs more than the 2 MiB of memory that queries may use here.";
    assert!(little.err.lines().any(|line| line.starts_with(told)), "{}", little.err);
    let logged = little.err.lines().find(|line| line.contains("memory or disk for a query gave out")).expect(&little.err);
    assert!(logged.contains("AggregateStream"), "{logged}");
}
