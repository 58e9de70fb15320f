//! A disk that fails under the program, and files that are removed from it: operations that cannot
//! be done get 503 with a reason, everything else continues, and once the disk works again so does
//! the program, without a restart and without losing an acknowledged write.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

#[path = "support/faulty_disk.rs"]
#[allow(dead_code)]
mod faulty_disk;
#[path = "support/program.rs"]
#[allow(dead_code)]
mod program;

use faulty_disk::{Fault, FaultyDisk};
use program::{Client, Program, Reply, command, events_config, write_events};

/// A folder with tables, and the disk under its database.
fn installation() -> (TempDir, FaultyDisk) {
    let folder = TempDir::new().unwrap();
    write_events(folder.path());
    let disk = FaultyDisk::under(folder.path().join("trainset.db").to_str().unwrap());
    (folder, disk)
}

fn start(folder: &TempDir, disk: &FaultyDisk) -> Program {
    Program::start_with(folder.path(), |command| command.envs(disk.environment()))
}

async fn create(client: &Client, name: &str) -> Reply {
    client.post("/api/models/1/datasets/create/", json!({"name": name, "config": events_config(7)})).await.unwrap()
}

#[track_caller]
fn refused(reply: &Reply, code: &str) {
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!(code)), "{}", reply.text);
    for internal in ["code:", "sqlx", "SQLite", "transaction", "trainset.db", "os error"] {
        assert!(!reply.text.contains(internal), "{}", reply.text);
    }
}

async fn not_ready(client: &Client, words: &str) {
    let reply = client.get("/readyz").await.unwrap();
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("not_ready")), "{}", reply.text);
    assert!(reply.body["errors"]["database"].as_str().is_some_and(|reason| reason.contains(words)), "{words}: {}", reply.text);
    assert_eq!(client.get("/healthz").await.unwrap().status, 200);
}

async fn ready(client: &Client) {
    let reply = client.get("/readyz").await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
}

async fn names(client: &Client) -> Vec<String> {
    let reply = client.get("/api/models/1/datasets/names/").await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body["datasets"].as_array().unwrap().iter().map(|dataset| dataset["name"].as_str().unwrap().to_owned()).collect()
}

/// After a kill and a start on a working disk, every acknowledged write is there, and the file is
/// intact.
async fn nothing_is_lost(folder: &TempDir, mut program: Program, answered: &[String]) {
    program.kill();
    let program = Program::start(folder.path());
    let there = names(&program.client()).await;
    let lost: Vec<&String> = answered.iter().filter(|name| !there.contains(name)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    drop(program);
    assert_eq!(integrity(&folder.path().join("trainset.db")).await, "ok");
}

async fn integrity(file: &Path) -> String {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_fail_with_a_reason_while_the_disk_fails_and_then_work() {
    let (folder, disk) = installation();
    let program = start(&folder, &disk);
    let client = program.client();
    let mut answered = vec![];
    let faults = [
        (Fault::Full, "database_disk_full", "full"),
        (Fault::Short, "database_disk_full", "full"),
        (Fault::Quota, "database_disk_failing", "errors"),
        (Fault::Broken, "database_disk_failing", "errors"),
        (Fault::NoSync, "database_disk_failing", "errors"),
        (Fault::ReadOnly, "database_read_only", "read-only"),
    ];
    for (fault, code, words) in faults {
        for round in 0..3 {
            let before = format!("{fault:?} {round} before");
            assert_eq!(create(&client, &before).await.status, 200);
            answered.push(before);
            disk.fail(fault);
            // Several at once, as they come.
            let tries: Vec<String> = (0..4).map(|n| format!("{fault:?} {round} {n}")).collect();
            let replies = futures::future::join_all(tries.iter().map(|name| create(&client, name))).await;
            replies.iter().for_each(|reply| refused(reply, code));
            refused(&client.post("/api/datasets/1/update/", json!({"description": "lost"})).await.unwrap(), code);
            not_ready(&client, words).await;
            // Readers are served.
            let there = names(&client).await;
            assert!(answered.iter().all(|name| there.contains(name)) && there.len() == answered.len(), "{there:?}");
            assert_eq!(client.get("/api/datasets/1/").await.unwrap().body["dataset"]["description"], "");
            disk.heal();
            let after = format!("{fault:?} {round} after");
            let reply = create(&client, &after).await;
            assert_eq!(reply.status, 200, "{fault:?}: {}", reply.text);
            answered.push(after);
            ready(&client).await;
        }
    }
    nothing_is_lost(&folder, program, &answered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_failure_at_any_system_call_leaves_the_program_usable() {
    let (folder, disk) = installation();
    let program = start(&folder, &disk);
    let client = program.client();
    let mut answered = vec![];
    for fault in [Fault::Full, Fault::Broken, Fault::Short, Fault::NoSync, Fault::ReadOnly] {
        let mut failed = 0;
        for calls in 0..24 {
            disk.fail_after(fault, calls);
            for n in 0..4 {
                let name = format!("{fault:?} {calls} {n}");
                let reply = create(&client, &name).await;
                match reply.status {
                    200 => answered.push(name),
                    503 => failed += 1,
                    _ => panic!("{}", reply.text),
                }
            }
            disk.heal();
            let name = format!("{fault:?} {calls} healed");
            let reply = create(&client, &name).await;
            assert_eq!(reply.status, 200, "{fault:?} after {calls}: {}", reply.text);
            answered.push(name);
        }
        assert!(failed >= 10, "{fault:?}: {failed} failed");
        ready(&client).await;
    }
    let there = names(&client).await;
    assert!(answered.iter().all(|name| there.contains(name)));
    nothing_is_lost(&folder, program, &answered).await;
}

/// While a disk is read-only, SQLite opens files read-only without an error.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_opened_on_a_read_only_disk_is_not_reused() {
    let (folder, disk) = installation();
    let program = start(&folder, &disk);
    let client = program.client();
    for calls in 0..24 {
        // The connection is closed, and the next change opens one.
        disk.fail(Fault::Broken);
        refused(&create(&client, &format!("{calls} broken")).await, "database_disk_failing");
        disk.fail_after(Fault::ReadOnly, calls);
        let (writer, name) = (client.clone(), format!("{calls} read-only"));
        let writing = tokio::spawn(async move { create(&writer, &name).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        disk.heal();
        let reply = writing.await.unwrap();
        assert!(matches!(reply.status, 200 | 503), "{}", reply.text);
        let reply = create(&client, &format!("{calls} healed")).await;
        assert_eq!(reply.status, 200, "{calls}: {}", reply.text);
        ready(&client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_changes_work_again_and_results_are_returned_even_if_not_cached() {
    let (folder, disk) = installation();
    let program = start(&folder, &disk);
    let client = program.client();
    for name in ["One", "Two"] {
        assert_eq!(create(&client, name).await.status, 200);
    }
    let changes = [
        ("models/create", json!({"name": "Model"})),
        ("models/1/update", json!({"name": "Models"})),
        ("datasets/1/update", json!({"description": "Changed"})),
        ("datasets/1/clone", json!({})),
        ("datasets/1/activate", json!({})),
        ("datasets/1/deactivate", json!({})),
        ("datasets/2/delete", json!({"force": true})),
        ("datasets/2/undelete", json!({})),
        ("models/1/datasets/import", json!({"name": "File", "config": events_config(3)})),
        ("datasets/1/analyze", json!({"refresh": true})),
        ("models/2/delete", json!({})),
    ];
    for (path, body) in changes {
        let path = format!("/api/{path}/");
        disk.fail(Fault::Full);
        refused(&client.post(&path, body.clone()).await.unwrap(), "database_disk_full");
        disk.heal();
        let reply = client.post(&path, body).await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    }
    // Cached results about tables are no change: they are returned, and computed again.
    disk.fail(Fault::Full);
    for path in ["/api/models/1/bq-tables/events/stats/", "/api/models/1/bq-tables/events/columns/item/samples/"] {
        for _ in 0..2 {
            let reply = client.get(path).await.unwrap();
            assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        }
    }
    let counted = client.post("/api/datasets/1/count/", json!({})).await.unwrap();
    assert_eq!(counted.status, 200, "{}", counted.text);
    disk.heal();
    ready(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_change_loses_no_connection() {
    let (folder, disk) = installation();
    let program = start(&folder, &disk);
    let client = program.client();
    let mut answered = vec![];
    for round in 0..60_u64 {
        match round % 3 {
            0 => disk.fail(Fault::Full),
            1 => disk.fail_after(Fault::NoSync, 1),
            _ => disk.heal(),
        }
        let name = format!("Gone {round}");
        let gone = (0..4).map(|n| {
            let (client, name) = (client.clone(), format!("{name} {n}"));
            tokio::time::timeout(Duration::from_micros(300 * (round + n)), async move { create(&client, &name).await })
        });
        for (n, reply) in futures::future::join_all(gone).await.into_iter().enumerate() {
            if matches!(reply, Ok(reply) if reply.status == 200) {
                answered.push(format!("{name} {n}"));
            }
        }
    }
    disk.heal();
    for n in 0..3 {
        let name = format!("After {n}");
        let reply = create(&client, &name).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        answered.push(name);
    }
    ready(&client).await;
    nothing_is_lost(&folder, program, &answered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_disk_loses_no_connection() {
    let (folder, disk) = installation();
    let program = start(&folder, &disk);
    let client = program.client();
    assert_eq!(create(&client, "One").await.status, 200);
    for round in 0..5 {
        // Another program changes the file, so that it is read again.
        let mut other =
            SqliteConnection::connect(&format!("sqlite://{}", folder.path().join("trainset.db").display())).await.unwrap();
        let change = "UPDATE datasets SET search_text = $1; PRAGMA wal_checkpoint";
        sqlx::query(change).bind(format!("{round}")).execute(&mut other).await.unwrap();
        disk.fail(Fault::Unreadable);
        let mut statuses = vec![];
        for _ in 0..12 {
            let reply = client.get("/api/datasets/1/").await.unwrap();
            if reply.status != 200 {
                refused(&reply, "database_damaged");
                assert!(reply.text.contains("its disk cannot be read"), "{}", reply.text);
            }
            statuses.push(reply.status);
        }
        assert!(statuses.contains(&503), "{statuses:?}");
        disk.heal();
        for _ in 0..12 {
            let reply = client.get("/api/datasets/1/").await.unwrap();
            assert_eq!(reply.status, 200, "{}", reply.text);
        }
        assert_eq!(create(&client, &format!("Round {round}")).await.status, 200);
        // No connection sees an old state.
        for _ in 0..12 {
            assert!(names(&client).await.contains(&format!("Round {round}")));
        }
        ready(&client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_or_replaced_database_is_noticed_and_not_recreated() {
    for replaced in [false, true] {
        let (folder, disk) = installation();
        let mut program = start(&folder, &disk);
        let client = program.client();
        assert_eq!(create(&client, "Kept").await.status, 200);
        ready(&client).await;
        // The next change needs a new connection.
        disk.fail(Fault::Full);
        refused(&create(&client, "Lost").await, "database_disk_full");
        disk.heal();
        let (file, aside) = (folder.path().join("trainset.db"), folder.path().join("aside"));
        fs::rename(&file, &aside).unwrap();
        let (code, words) = if replaced { ("database_replaced", "replaced") } else { ("database_missing", "deleted or moved") };
        if replaced {
            fs::copy(&aside, &file).unwrap();
        }
        let replacement = fs::read(&file).ok();
        for n in 0..3 {
            refused(&create(&client, &format!("Lost {n}")).await, code);
            not_ready(&client, words).await;
        }
        // Saved datasets can still be exported.
        assert!(client.get("/api/datasets/1/export/").await.unwrap().text.contains("Kept"));
        assert_eq!(fs::read(&file).ok(), replacement, "it was written to");
        // Moved back, it is ours again.
        fs::rename(&aside, &file).unwrap();
        assert_eq!(create(&client, "Back").await.status, 200);
        ready(&client).await;
        fs::remove_file(&file).unwrap();
        refused(&create(&client, "Lost").await, "database_missing");
        program.stop();
        assert!(!file.exists());
    }
}

/// In place, as `cp` does it: the file is the same, its content is not.
#[tokio::test(flavor = "multi_thread")]
async fn an_overwritten_database_is_noticed() {
    let overwritten: [fn(&Path, &Path); 3] = [
        |_, file| fs::write(file, "").unwrap(),
        |_, file| fs::write(file, "no database, but as long as one".repeat(4096)).unwrap(),
        |backup, file| assert_ne!(fs::copy(backup, file).unwrap(), 0),
    ];
    for overwrite in overwritten {
        let (folder, disk) = installation();
        let program = start(&folder, &disk);
        let client = program.client();
        assert_eq!(create(&client, "Kept").await.status, 200);
        let backup = folder.path().join("backup.db");
        assert_eq!(run(folder.path(), &["backup", backup.to_str().unwrap()]).status.code(), Some(0));
        ready(&client).await;
        overwrite(&backup, &folder.path().join("trainset.db"));
        for n in 0..3 {
            refused(&create(&client, &format!("Lost {n}")).await, "database_replaced");
            not_ready(&client, "overwritten").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_write_ahead_log_is_noticed_and_loses_nothing() {
    for ending in ["-wal", "-shm"] {
        let (folder, disk) = installation();
        let program = start(&folder, &disk);
        let client = program.client();
        let mut answered = vec![];
        for n in 0..3 {
            let name = format!("Saved {n}");
            assert_eq!(create(&client, &name).await.status, 200);
            answered.push(name);
        }
        let file = folder.path().join(format!("trainset.db{ending}"));
        fs::remove_file(&file).unwrap();
        refused(&create(&client, "Lost").await, "database_log_missing");
        not_ready(&client, ending).await;
        assert!(names(&client).await.contains(&answered[0]));
        nothing_is_lost(&folder, program, &answered).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_reported_and_works_once_unlocked() {
    let (folder, disk) = installation();
    let mut program = start(&folder, &disk);
    let client = program.client();
    assert_eq!(create(&client, "One").await.status, 200);
    let url = format!("sqlite://{}", folder.path().join("trainset.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    refused(&create(&client, "Two").await, "database_locked");
    not_ready(&client, "locked").await;
    assert_eq!(names(&client).await, ["One"]);
    // Commands beside the server report the same, and read-only ones work.
    let export = run(folder.path(), &["export", "One", "--model", "My first model"]);
    assert_eq!(export.status.code(), Some(0), "{}", text(&export.stderr));
    let file = folder.path().join("one.yaml");
    fs::write(&file, text(&export.stdout).replace("eval_days: 7", "eval_days: 3")).unwrap();
    let apply = run(folder.path(), &["apply", file.to_str().unwrap(), "--model", "My first model"]);
    fails_with(&apply, "locked");
    program.stop();
    let start = run(folder.path(), &["serve", "--addr", "127.0.0.1:0"]);
    fails_with(&start, "in use by another program");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    let program = Program::start(folder.path());
    assert_eq!(create(&program.client(), "Two").await.status, 200);
}

fn run(folder: &Path, args: &[&str]) -> Output {
    run_on(folder, args, None)
}

/// The program's command, on a failing disk if one is given.
fn run_on(folder: &Path, args: &[&str], disk: Option<&FaultyDisk>) -> Output {
    let mut command = command(folder);
    command.env("TRAINSET_DATABASE", folder.join("trainset.db")).env("TRAINSET_WAREHOUSE", folder.join("tables"));
    if let Some(disk) = disk {
        command.envs(disk.environment());
    }
    command.args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A refusal with a message.
#[track_caller]
fn fails_with(output: &Output, words: &str) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains(words), "{words}: {error}");
    for internal in ["code:", "sqlx", "returned from database"] {
        assert!(!error.contains(internal), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_reports_a_read_only_or_failing_disk() {
    let (folder, disk) = installation();
    let mut program = start(&folder, &disk);
    assert_eq!(create(&program.client(), "One").await.status, 200);
    assert_eq!(program.stop(), Some(0));
    let folder = folder.path();
    let export = ["export", "One", "--model", "My first model"];
    let file = folder.join("one.yaml");
    let exported = text(&run(folder, &export).stdout);
    fs::write(&file, exported.replace("eval_days: 7", "eval_days: 3")).unwrap();
    let apply = ["apply", file.to_str().unwrap(), "--model", "My first model"];
    let serve = ["serve", "--addr", "127.0.0.1:0"];
    let before = fs::read(folder.join("trainset.db")).unwrap();

    disk.fail(Fault::ReadOnly);
    fails_with(&run_on(folder, &serve, Some(&disk)), "read-only");
    fails_with(&run_on(folder, &apply, Some(&disk)), "read-only");
    // Read-only commands need nothing more.
    let read = run_on(folder, &export, Some(&disk));
    assert_eq!((read.status.code(), text(&read.stdout)), (Some(0), exported.clone()), "{}", text(&read.stderr));
    let copy = folder.join("copy of it");
    let copied = run_on(folder, &["backup", copy.to_str().unwrap()], Some(&disk));
    assert_eq!(copied.status.code(), Some(0), "{}", text(&copied.stderr));
    assert_eq!(integrity(&copy).await, "ok");

    disk.fail(Fault::Full);
    fails_with(&run_on(folder, &serve, Some(&disk)), "the disk is full");
    fails_with(&run_on(folder, &apply, Some(&disk)), "full");
    disk.fail(Fault::Broken);
    fails_with(&run_on(folder, &serve, Some(&disk)), "disk");
    disk.fail(Fault::Unreadable);
    let another = folder.join("another copy");
    for args in [&serve[..], &apply, &export, &["backup", another.to_str().unwrap()]] {
        fails_with(&run_on(folder, args, Some(&disk)), "reports errors");
    }
    assert_eq!(fs::read(folder.join("trainset.db")).unwrap(), before);
    disk.heal();
    let program = Program::start(folder);
    assert_eq!(names(&program.client()).await, ["One"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_fails_leaves_nothing() {
    let (folder, _) = installation();
    let mut program = Program::start(folder.path());
    for n in 0..20 {
        assert_eq!(create(&program.client(), &format!("Dataset {n}")).await.status, 200);
    }
    program.stop();
    let copies = folder.path().join("copies");
    fs::create_dir(&copies).unwrap();
    let copy = copies.join("copy.db");
    let disk = FaultyDisk::under(copies.to_str().unwrap());
    let backup = || run_on(folder.path(), &["backup", copy.to_str().unwrap()], Some(&disk));
    let left = || fs::read_dir(&copies).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    let mut failed = 0;
    for fault in [Fault::Full, Fault::Short, Fault::Quota, Fault::Broken, Fault::ReadOnly] {
        for calls in [0, 1, 2, 3, 5, 8, 13, 21] {
            disk.fail_after(fault, calls);
            let output = backup();
            if output.status.code() == Some(0) {
                fs::remove_file(&copy).unwrap();
                continue;
            }
            failed += 1;
            fails_with(&output, "copy.db");
            assert!(!text(&output.stderr).contains("unfinished"), "{}", text(&output.stderr));
            assert_eq!(left(), Vec::<std::ffi::OsString>::new(), "{fault:?} after {calls}");
        }
    }
    assert!(failed > 20, "{failed} failed");
    disk.heal();
    assert_eq!(backup().status.code(), Some(0));
    assert_eq!(left(), ["copy.db"]);
    assert_eq!(integrity(&copy).await, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_concurrently_on_a_new_database_all_start() {
    for _ in 0..3 {
        let folder = TempDir::new().unwrap();
        write_events(folder.path());
        let starting: Vec<_> = (0..5)
            .map(|_| {
                let folder = folder.path().to_owned();
                std::thread::spawn(move || Program::start(&folder))
            })
            .collect();
        let programs: Vec<Program> = starting.into_iter().map(|starting| starting.join().unwrap()).collect();
        for (n, program) in programs.iter().enumerate() {
            let client = program.client();
            let models: Value = client.get("/api/models/").await.unwrap().body["models"].clone();
            assert_eq!(models.as_array().unwrap().len(), 1, "{models}");
            assert_eq!(create(&client, &format!("By {n}")).await.status, 200);
            ready(&client).await;
        }
        assert_eq!(names(&programs[0].client()).await.len(), programs.len());
    }
}
