//! A crash at any moment: after the next start every acknowledged write is there, and an
//! unacknowledged one is there completely or not at all.
//!
//! Four writers create, change, activate and delete datasets while the program is killed, 200
//! times. `TRAINSET_CRASH_ROUNDS` and `TRAINSET_CRASH_SEED` choose others.

use std::time::{Duration, Instant};

use tempfile::TempDir;

#[path = "support/program.rs"]
#[allow(dead_code)]
mod program;
#[path = "support/writer.rs"]
#[allow(dead_code)]
mod writer;

use program::{Dice, Program, number, write_events};
use writer::{Writer, check_file};

const WRITERS: u64 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn no_crash_loses_an_acknowledged_change() {
    let (rounds, seed) = (number("TRAINSET_CRASH_ROUNDS", 200), number("TRAINSET_CRASH_SEED", 1));
    let folder = TempDir::new().unwrap();
    write_events(folder.path());
    let mut moments = Dice(seed);
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(number, seed)).collect();
    let (start, mut starting, mut cut) = (Instant::now(), Duration::ZERO, 0);
    for round in 0..=rounds {
        let begun = Instant::now();
        let mut program = Program::start(folder.path());
        starting += begun.elapsed();
        let client = program.client();
        for writer in &mut writers {
            writer.check(&client).await;
        }
        if round == rounds {
            break;
        }
        let life = Duration::from_micros(1000 * moments.roll(120) + moments.roll(1000));
        let writing = writers.into_iter().map(|mut writer| {
            let client = client.clone();
            tokio::spawn(async move {
                writer.write(&client).await;
                writer
            })
        });
        let writing: Vec<_> = writing.collect();
        tokio::time::sleep(life).await;
        program.kill();
        writers = vec![];
        for writer in writing {
            writers.push(writer.await.unwrap());
        }
        cut += writers.iter().filter(|writer| writer.is_cut()).count();
        check_file(&folder.path().join("trainset.db")).await;
    }
    let (answered, refused) =
        writers.iter().fold((0, 0), |(answered, refused), writer| (answered + writer.answered, refused + writer.refused));
    println!(
        "{rounds} crashes in {:.1} s: {answered} writes answered, {cut} cut, {:.0} ms a start",
        start.elapsed().as_secs_f64(),
        starting.as_secs_f64() * 1000.0 / (rounds + 1) as f64
    );
    assert_eq!(refused, 0, "nothing is wrong with the disk");
    // The test is only meaningful if crashes hit writes.
    assert!(answered >= rounds * 2 && cut as u64 >= rounds / 2, "{answered} answered, {cut} cut");
}
