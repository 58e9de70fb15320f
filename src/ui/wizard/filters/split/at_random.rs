//! A random split: percents, what is hashed, the seed.

use leptos::prelude::*;

use super::Share;
use crate::domain::dataset::{Seed, SplitConfig, Unit};
use crate::ui::texts::filters as t;
use crate::ui::wizard::State;
use crate::ui::wizard::filters::fields::{SeedField, Select};

/// Mutable references to the fields of a random split.
struct Fields<'a> {
    train_percent: &'a mut u32,
    test_percent: &'a mut u32,
    unit: &'a mut Unit,
    seed: &'a mut Seed,
}

fn fields(split: &mut SplitConfig) -> Option<Fields<'_>> {
    let SplitConfig::Random { train_percent, test_percent, unit, seed } = split else { return None };
    Some(Fields { train_percent, test_percent, unit, seed })
}

#[component]
pub fn AtRandom(state: State) -> impl IntoView {
    let split = move || state.draft().with(|d| d.config.split_config.clone());
    let unit = Memo::new(move |_| fields(&mut split()).map(|fields| *fields.unit).unwrap_or_default());
    let seed = Memo::new(move |_| fields(&mut split()).map(|fields| fields.seed.clone()).unwrap_or_default());
    let edit = move |change: &dyn Fn(Fields)| {
        state.edit(|d| {
            if let Some(fields) = fields(&mut d.config.split_config) {
                change(fields);
            }
        });
    };
    let on_unit = Callback::new(move |unit: Unit| edit(&|fields| *fields.unit = unit));
    let on_seed = Callback::new(move |seed: Seed| edit(&|fields| fields.seed.clone_from(&seed)));
    view! {
        <Share state label=t::TRAIN_PERCENT path="split_config.train_percent" of=|split| Some(fields(split)?.train_percent) />
        <Share state label=t::TEST_PERCENT path="split_config.test_percent" of=|split| Some(fields(split)?.test_percent) />
        <Select label=t::BY chosen=unit on_choose=on_unit />
        <SeedField label=t::SEED seed on_change=on_seed />
    }
}
