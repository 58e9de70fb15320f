//! Where a person has put the boxes: stored in the browser for each dataset. The content is
//! untrusted: only numbers are read.

use std::collections::BTreeMap;

use serde_json::Value;

use super::layout::Point;
use crate::ui::wizard::saved_draft::storage;

/// Nobody drags a box farther away.
const FAR: f64 = 4000.0;
const MOST: usize = 100;

pub type Places = BTreeMap<String, Point>;

fn key(model_id: i64, dataset: Option<i64>) -> String {
    format!("trainset.picture.{model_id}.{}", dataset.map_or("new".to_owned(), |id| id.to_string()))
}

/// The boxes that a person has moved.
pub fn load(model_id: i64, dataset: Option<i64>) -> Places {
    let text = storage().and_then(|storage| storage.get_item(&key(model_id, dataset)).ok().flatten());
    text.map(|text| read(&text)).unwrap_or_default()
}

fn read(text: &str) -> Places {
    let Ok(Value::Object(places)) = serde_json::from_str(text) else { return Places::new() };
    let inside = |n: &Value| n.as_f64().filter(|n| (0.0..=FAR).contains(n));
    let point = |place: &Value| match place.as_array()?.as_slice() {
        [x, y] => Some((inside(x)?, inside(y)?)),
        _ => None,
    };
    places.into_iter().filter_map(|(name, place)| Some((name, point(&place)?))).take(MOST).collect()
}

pub fn save(model_id: i64, dataset: Option<i64>, places: &Places) {
    let Some(storage) = storage() else { return };
    // A browser without storage only arranges the boxes again.
    if places.is_empty() {
        let _ = storage.remove_item(&key(model_id, dataset));
    } else if let Ok(text) = serde_json::to_string(places) {
        let _ = storage.set_item(&key(model_id, dataset), &text);
    }
}

/// The layout of a new dataset becomes that of the saved one.
pub fn move_to(model_id: i64, dataset: i64) {
    save(model_id, Some(dataset), &load(model_id, None));
    save(model_id, None, &Places::new());
}

/// A point within the limits for storing.
pub fn within(point: Point) -> Point {
    (point.0.clamp(0.0, FAR), point.1.clamp(0.0, FAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_positions_are_read() {
        assert_eq!(
            read(r#"{"orders":[10,20.5],"far":[-1,5],"b":[1,99999]}"#),
            Places::from([("orders".to_owned(), (10.0, 20.5))])
        );
        for bad in ["", "[]", "{\"a\":1}", "{\"a\":[1]}", "{\"a\":[\"x\",2]}", "nonsense"] {
            assert!(read(bad).is_empty(), "{bad}");
        }
    }
}
