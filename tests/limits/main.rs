//! Untrusted input: configs and requests beyond every limit, in every way in; wide tables;
//! meaningless bytes. None of it ends the program or blocks it for others.

mod awake;
mod edge;
mod engine;
mod linear;
mod stored;
mod wide;

#[path = "../support/program.rs"]
#[allow(dead_code)]
mod program;

#[path = "../support/clock.rs"]
mod clock;

use clock::thread_time;
