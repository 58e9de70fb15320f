//! Sorting and finding, for what the browser runs too. The standard library's sort is compiled for
//! each type and each comparison that it is given, two pages of machine code each time, and so is a
//! map that is collected, since it sorts first. Here there is one sort, of places; maps and sets are
//! filled one by one.

use std::cmp::Ordering;
use std::collections::hash_map::{Entry, HashMap};
use std::collections::{BTreeMap, BTreeSet};

/// Sorts; what is equal stays in its order.
pub fn sort_by<T>(things: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let places = sorted(things.len(), &|a, b| compare(&things[a], &things[b]));
    let mut from: Vec<Option<T>> = std::mem::take(things).into_iter().map(Some).collect();
    things.extend(places.into_iter().filter_map(|place| from[place].take()));
}

/// Sorts by what the things are.
pub fn sort<T: Ord>(things: &mut Vec<T>) {
    sort_by(things, T::cmp);
}

fn sorted(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|a, b| compare(*a, *b));
    places
}

pub fn map<K: Ord, V>(entries: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(entries);
    map
}

pub fn set<T: Ord>(things: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(things);
    set
}

/// Texts and a number for each: where it stands, or what is to be remembered of it. One map for all
/// uses, for the reason that there is one sort.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places(HashMap<String, usize>);

impl Places {
    pub fn with_capacity(count: usize) -> Self {
        Self(HashMap::with_capacity(count))
    }

    /// The first place of a text stays; `false` where it has one already.
    pub fn add(&mut self, text: String, place: usize) -> bool {
        match self.0.entry(text) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(place);
                true
            }
        }
    }

    pub fn get(&self, text: &str) -> Option<usize> {
        self.0.get(text).copied()
    }

    pub fn get_mut(&mut self, text: &str) -> Option<&mut usize> {
        self.0.get_mut(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(mut things: Vec<(u8, u16)>) {
            let mut wanted = things.clone();
            wanted.sort_by_key(|(first, _)| *first);
            sort_by(&mut things, |a, b| a.0.cmp(&b.0));
            prop_assert_eq!(&things, &wanted);
            wanted.sort();
            sort(&mut things);
            prop_assert_eq!(&things, &wanted);
            prop_assert_eq!(map(things.clone()), things.iter().copied().collect());
            prop_assert_eq!(set(things.clone()), things.into_iter().collect());
        }
    }
}
