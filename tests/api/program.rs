//! The program itself: its messages, its exit statuses, and that it leaves alone what is not its
//! own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use trainset::domain::dto::{DatasetInput, ListQuery};
use trainset::store::StoreError;
use trainset::store::sqlite::SqliteStore;

fn trainset(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainset"));
    command.env("XDG_DATA_HOME", folder.join("data"));
    for name in ["TRAINSET_ADDR", "TRAINSET_DATABASE", "TRAINSET_WAREHOUSE", "TRAINSET_DATASET", "TRAINSET_HOST", "TRAINSET_LOG"]
    {
        command.env_remove(name);
    }
    command
}

/// Runs `serve` to its end, with an empty folder as the warehouse unless the arguments name one.
fn serve(folder: &Path, args: &[&str]) -> Output {
    let tables = folder.join("tables");
    fs::create_dir_all(&tables).unwrap();
    let mut command = trainset(folder);
    command.env("TRAINSET_WAREHOUSE", &tables).arg("serve").args(args).output().unwrap()
}

#[track_caller]
fn refused(output: &Output, words: &str) {
    let output_text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{output_text}");
    let error = output_text.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    assert!(error.contains(words), "{output_text}");
    assert!(output.stdout.is_empty());
}

#[test]
fn usage_errors_exit_with_2() {
    let folder = TempDir::new().unwrap();
    let output = trainset(folder.path()).arg("--nonsense").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let help = trainset(folder.path()).arg("--help").output().unwrap();
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    for name in ["TRAINSET_ADDR", "TRAINSET_DATABASE", "TRAINSET_WAREHOUSE"] {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn a_table_is_profiled_on_the_command_line() {
    let folder = TempDir::new().unwrap();
    let shop = folder.path().join("shop");
    trainset::warehouse::demo::write(&shop, 1).unwrap();
    let profile = |args: &[&str]| {
        let output = trainset(folder.path()).arg("profile").args(args).arg("--warehouse").arg(&shop).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text, _) = profile(&["raw_data.products"]);
    assert!(code == Some(0) && text.starts_with("raw_data.products: 1200 rows\n") && text.contains("1200 distinct"), "{text}");
    let (code, text, _) = profile(&["orders", "--columns", "ID", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &json["columns"][0]["name"]), (Some(0), &serde_json::json!("id")));
    for (args, output_text) in
        [(["nowhere"].as_slice(), "not found"), (&["orders", "--columns", "id,x"], "no column"), (&["a.b.c"], "a.b.c")]
    {
        let (code, text, error) = profile(args);
        assert!(code == Some(1) && text.is_empty() && error.contains(output_text), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_whole_while_others_write() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("trainset.db");
    let store = SqliteStore::open(&file).await.unwrap();
    let input = |n: usize| DatasetInput { name: format!("Dataset {n}"), ..DatasetInput::default() };
    for n in 0..50 {
        store.insert_dataset(1, &input(n)).await.unwrap();
    }
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for n in 50..400 {
            writer.insert_dataset(1, &input(n)).await.unwrap();
        }
    });
    let copy = folder.path().join("copy.db");
    let backup = |to: &Path| trainset(folder.path()).arg("backup").arg(to).arg("--database").arg(&file).output().unwrap();
    let output = tokio::task::block_in_place(|| backup(&copy));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!writing.is_finished() || store.datasets(1, &ListQuery::default()).await.unwrap().1 == 400);
    writing.await.unwrap();
    // The copy has what existed when it began, in the order of writing and without a gap.
    let restored = SqliteStore::open(&copy).await.unwrap();
    let (_, total) = restored.datasets(1, &ListQuery::default()).await.unwrap();
    assert!((50..=400).contains(&total), "{total}");
    for n in 0..total as usize {
        assert!(restored.name_is_taken(1, &format!("Dataset {n}"), None).await.unwrap(), "{n} of {total}");
    }
    assert_eq!(store.datasets(1, &ListQuery::default()).await.unwrap().1, 400);

    refused(&backup(&copy), "never overwrites");
    refused(&backup(&folder.path().join("nowhere").join("copy.db")), "nowhere");
    let missing =
        trainset(folder.path()).arg("backup").arg(folder.path().join("b.db")).arg("--database").arg("/nothing/x.db").output();
    refused(&missing.unwrap(), "not found");
    let foreign = folder.path().join("foreign.db");
    fs::write(&foreign, "not a database, but long enough to be looked at as one").unwrap();
    let output = trainset(folder.path()).arg("backup").arg(folder.path().join("b.db")).arg("--database").arg(&foreign).output();
    refused(&output.unwrap(), "not a database");
    assert!(!folder.path().join("b.db").exists() && !folder.path().join("b.db.unfinished").exists());
}

#[test]
fn a_missing_warehouse_is_named() {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("trainset.db");
    let database = database.to_str().unwrap();
    let missing = folder.path().join("nowhere");
    let args = ["--addr", "127.0.0.1:0", "--database", database, "--warehouse"];
    refused(&serve(folder.path(), &[&args[..], &[missing.to_str().unwrap()]].concat()), "nowhere");
}

#[test]
fn tables_that_cannot_be_read_are_named_and_all_else_is_served() {
    let folder = TempDir::new().unwrap();
    let tables = folder.path().join("shop");
    trainset::warehouse::demo::write(&tables, 1).unwrap();
    let broken = tables.join("orders.parquet");
    let half = fs::read(&broken).unwrap()[..1000].to_vec();
    fs::write(&broken, &half).unwrap();
    fs::write(tables.join("empty.csv"), "").unwrap();
    fs::write(tables.join("no_function.sql"), "SELECT NO_SUCH(1) AS x").unwrap();
    let mut child = trainset(folder.path())
        .args(["--addr", "127.0.0.1:0", "--database"])
        .arg(folder.path().join("trainset.db"))
        .arg("--warehouse")
        .arg(&tables)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addr = line.trim().strip_prefix("listening on http://").map(str::to_owned);
    let listed = addr.map(|addr| {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(&addr).unwrap();
        write!(stream, "GET /api/models/1/bq-tables/ HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let output_text = String::from_utf8_lossy(&output.stderr);
    let warned: Vec<&str> = output_text.lines().filter(|line| line.starts_with("warning: ")).collect();
    let listed = listed.unwrap_or_else(|| panic!("it did not start: {output_text}"));
    for name in ["raw_data.orders", "raw_data.empty", "raw_data.no_function"] {
        assert!(warned.iter().any(|line| line.contains(name)), "{output_text}");
        assert!(listed.contains(&format!("{name}\"")), "{listed}");
    }
    assert!(
        listed.contains("raw_data.products") && !warned.iter().any(|line| line.contains("raw_data.products ")),
        "{output_text}"
    );
    assert_eq!(fs::read(&broken).unwrap(), half, "left as it is");
}

#[test]
fn a_port_in_use_is_named() {
    let folder = TempDir::new().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let database = folder.path().join("trainset.db");
    refused(&serve(folder.path(), &["--addr", &addr, "--database", database.to_str().unwrap()]), &addr);
    assert!(!database.exists());
    refused(&serve(folder.path(), &["--addr", "nowhere"]), "host:port");
}

#[test]
fn a_foreign_database_is_not_changed() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notes.txt");
    let args = |file: &Path| ["--addr".to_owned(), "127.0.0.1:0".into(), "--database".into(), file.display().to_string()];
    let run = |file: &Path| {
        let args = args(file);
        serve(folder.path(), &args.each_ref().map(String::as_str))
    };
    fs::write(&file, "Dear diary, this is no database at all.\n".repeat(50)).unwrap();
    let before = fs::read(&file).unwrap();
    refused(&run(&file), "not a database");
    assert_eq!(fs::read(&file).unwrap(), before);
    refused(&run(folder.path()), "is a folder");
    refused(&run(&folder.path().join("missing/trainset.db")), "no folder");
}

#[test]
fn the_server_starts_prints_its_address_and_stops() {
    let folder = TempDir::new().unwrap();
    let tables = folder.path().join("tables");
    fs::create_dir_all(&tables).unwrap();
    let database = folder.path().join("trainset.db");
    let mut child = trainset(folder.path())
        .args(["--addr", "127.0.0.1:0", "--database"])
        .arg(&database)
        .arg("--warehouse")
        .arg(&tables)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addr = line.trim().strip_prefix("listening on http://").expect("the address");
    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    use std::io::{Read, Write};
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    // Its stdout is closed by now: that is no reason to stop, nor to fail at the end.
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(database.exists());
}

async fn open(file: &Path) -> Result<SqliteStore, String> {
    SqliteStore::open(file).await.map_err(|error| match error {
        StoreError::Open(message) => message,
        other => panic!("{other}"),
    })
}

#[tokio::test]
async fn damaged_foreign_and_newer_databases_have_their_own_errors_and_stay_unchanged() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("trainset.db");
    let store = open(&file).await.unwrap();
    store.close().await;
    let good = fs::read(&file).unwrap();

    // Damaged in the middle.
    let mut bytes = good.clone();
    bytes[4096..8192].fill(0xA5);
    fs::write(&file, &bytes).unwrap();
    let message = open(&file).await.unwrap_err();
    assert!(message.contains("damaged") || message.contains("cannot be opened"), "{message}");
    assert_eq!(fs::read(&file).unwrap(), bytes);

    // Cut short.
    fs::write(&file, &good[..good.len() / 2]).unwrap();
    assert!(open(&file).await.is_err());

    // Another program's.
    let foreign = folder.path().join("foreign.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&foreign).create_if_missing(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::raw_sql("CREATE TABLE songs (title TEXT)").execute(&pool).await.unwrap();
    pool.close().await;
    let before = fs::read(&foreign).unwrap();
    let message = open(&foreign).await.unwrap_err();
    assert!(message.contains("another program"), "{message}");
    assert_eq!(fs::read(&foreign).unwrap(), before);

    // Of a newer Trainset.
    fs::write(&file, &good).unwrap();
    let pool = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&file)).await.unwrap();
    sqlx::raw_sql("INSERT INTO _sqlx_migrations VALUES (999, 'later', CURRENT_TIMESTAMP, TRUE, X'00', 1)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let message = open(&file).await.unwrap_err();
    assert!(message.contains("newer Trainset"), "{message}");

    // A good file opens again, with its content.
    fs::write(&file, &good).unwrap();
    assert_eq!(open(&file).await.unwrap().models().await.unwrap().len(), 1);
}

#[test]
fn the_demo_shop_overwrites_nothing() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("shop");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("mine.txt"), "mine").unwrap();
    let output = trainset(folder.path()).arg("demo").arg(&target).output().unwrap();
    refused(&output, "is not empty");
    assert_eq!(fs::read_to_string(target.join("mine.txt")).unwrap(), "mine");
}

#[test]
fn joins_are_printed_with_their_reasons() {
    let folder = TempDir::new().unwrap();
    let shop = folder.path().join("shop");
    trainset::warehouse::demo::write(&shop, 1).unwrap();
    let joins = |args: &[&str]| {
        let output = trainset(folder.path()).env("TRAINSET_WAREHOUSE", &shop).arg("joins").args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, text, _) = joins(&["order_lines", "raw_data.orders", "products", "--verify"]);
    assert_eq!(status, Some(0));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines.iter().all(|line| line.starts_with("* ")), "{text}");
    assert!(text.contains("order_lines.order = orders.id") && text.contains("order_lines.sku = products.product_code"), "{text}");
    assert!(text.contains("Each key is unique in orders."), "{text}");

    let (status, text, _) = joins(&["orders", "customers", "--json"]);
    assert_eq!(status, Some(0));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["joins"][0]["on"], serde_json::json!([{"left": "buyer_id", "right": "id"}]));
    // Nothing joins them: the result is negative.
    assert_eq!(joins(&["product_prices", "customers"]).0, Some(1));
    for (args, word) in [(["orders", "nowhere"], "nowhere"), (["orders", "raw_data.orders"], "twice"), (["a`b", "orders"], "a`b")]
    {
        let (status, text, error) = joins(&args);
        assert_eq!((status, text.as_str()), (Some(1), ""));
        assert!(error.contains(word), "{error}");
    }
    assert_eq!(joins(&[]).0, Some(2));
}
