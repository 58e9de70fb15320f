//! Running analyses: their progress, and a way to cancel them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use super::ServiceError;
use crate::domain::dto::Progress;

/// What an analysis does, in its order.
const STEPS: [&str; 4] =
    ["Reading the tables", "Resolving the reference date", "Counting rows, users and products", "Saving the result"];

/// The runs by dataset. Concurrent requests for one dataset share one run.
#[derive(Default)]
pub(super) struct Running(Mutex<HashMap<i64, Arc<Run>>>);

pub(super) struct Run {
    since: Instant,
    /// From 0.
    step: Mutex<usize>,
    stop: watch::Sender<bool>,
}

impl Running {
    /// The dataset's run, which exists as long as someone holds it.
    pub fn join(&self, id: i64) -> Arc<Run> {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.retain(|_, run| Arc::strong_count(run) > 1);
        let new = || Arc::new(Run { since: Instant::now(), step: Mutex::new(0), stop: watch::Sender::new(false) });
        runs.entry(id).or_insert_with(new).clone()
    }

    pub fn progress(&self, id: i64) -> Option<Progress> {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let run = runs.get(&id).filter(|run| Arc::strong_count(run) > 1)?;
        let step = *run.step.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Progress {
            step: step as u32 + 1,
            steps: STEPS.len() as u32,
            what: STEPS[step].into(),
            seconds: run.since.elapsed().as_secs_f64(),
        })
    }

    /// Stops the dataset's run, if there is one. Later requests start another.
    pub fn stop(&self, id: i64) -> bool {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let run = runs.remove(&id).filter(|run| Arc::strong_count(run) > 1);
        if let Some(run) = &run {
            run.stop.send_replace(true);
        }
        run.is_some()
    }
}

impl Run {
    /// Sets the current step.
    pub fn at(&self, step: usize) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step.min(STEPS.len() - 1);
    }

    /// Does the work, or drops it if someone stops the run; dropping it cancels what the warehouse
    /// does.
    pub async fn or_stopped<T>(&self, work: impl Future<Output = Result<T, ServiceError>>) -> Result<T, ServiceError> {
        let mut stopped = self.stop.subscribe();
        tokio::select! {
            done = work => done,
            _ = stopped.wait_for(|stop| *stop) => Err(ServiceError::Cancelled),
        }
    }
}
