//! The layout of the join diagram: where its boxes stand, and how its lines run. Pure.

use std::collections::BTreeSet;

use crate::domain::dataset::{ColumnRef, DatasetConfig, JoinType};
use crate::domain::name::{ColumnName, SourceName, fold, same};
use crate::ui::wizard::draft::Schemas;
use crate::ui::wizard::options::shown_name;
use crate::ui::wizard::suggestions::SuggestedJoin;

pub const WIDTH: f64 = 196.0;
pub const HEAD: f64 = 32.0;
pub const ROW: f64 = 24.0;
/// Between layers there is space for a line and its label.
const ACROSS: f64 = 96.0;
const DOWN: f64 = 28.0;
pub const MARGIN: f64 = 20.0;
/// Columns that a collapsed box shows.
const FEW: usize = 6;

/// A point of the diagram.
pub type Point = (f64, f64);

/// A table of the dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct TableBox {
    pub name: SourceName,
    pub title: String,
    pub is_primary: bool,
    pub rows: Vec<BoxRow>,
    /// Columns that are not shown.
    pub hidden: usize,
    /// All columns are shown, on request.
    pub is_open: bool,
}

/// A column in a box.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxRow {
    pub column: ColumnName,
    pub type_label: String,
    /// A key of some join.
    pub is_key: bool,
}

impl TableBox {
    /// The line at the bottom that shows more or fewer columns.
    pub fn has_foot(&self) -> bool {
        self.hidden > 0 || self.is_open
    }

    pub fn height(&self) -> f64 {
        HEAD + ROW * (self.rows.len() + usize::from(self.has_foot())) as f64 + 4.0
    }

    /// The middle of a column's row, from the top of the box.
    pub fn row_middle(&self, column: &ColumnName) -> f64 {
        match self.rows.iter().position(|row| same(row.column.as_str(), column.as_str())) {
            Some(i) => HEAD + ROW * (i as f64 + 0.5),
            None => HEAD / 2.0,
        }
    }
}

/// One pair of keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The joined table, and the position of the pair in its join.
    pub join: SourceName,
    pub pair: usize,
    pub left: ColumnRef,
    pub right: ColumnRef,
    pub join_type: JoinType,
    /// SVG path data.
    pub path: String,
    pub from: Point,
    pub to: Point,
    pub middle: Point,
}

/// The dataset's tables with their keys: those used by joins, those suggested, and columns named
/// like keys.
pub fn boxes(
    config: &DatasetConfig,
    schemas: &Schemas,
    suggested: &[(SourceName, SuggestedJoin)],
    open: &BTreeSet<String>,
) -> Vec<TableBox> {
    let of = |(table, column): (&SourceName, &ColumnName)| (fold(table.as_str()), fold(column.as_str()));
    let used = config
        .join_config
        .iter()
        .flat_map(|join| join.on.iter().flat_map(|key| [(&key.left.table, &key.left.column), (&join.table, &key.right)]));
    let used = used.map(of).collect::<BTreeSet<_>>();
    let proposed = suggested
        .iter()
        .flat_map(|(name, join)| join.on.iter().flat_map(move |key| [(&key.left.table, &key.left.column), (name, &key.right)]));
    let proposed = proposed.map(of).collect::<BTreeSet<_>>();
    config
        .sources()
        .into_iter()
        .enumerate()
        .map(|(i, (name, table))| {
            let is_open = open.contains(name.as_str());
            let at = |column: &ColumnName| (fold(name.as_str()), fold(column.as_str()));
            let mut all: Vec<(u8, BoxRow)> = schemas
                .get(table)
                .map(|schema| schema.columns.as_slice())
                .unwrap_or_default()
                .iter()
                .filter(|column| column.is_scalar())
                .map(|column| {
                    let is_key = used.contains(&at(&column.name));
                    let rank = match column.name.as_str() {
                        _ if is_key => 0,
                        _ if proposed.contains(&at(&column.name)) => 1,
                        name if sounds_like_key(name) => 2,
                        _ => 3,
                    };
                    (rank, BoxRow { column: column.name.clone(), type_label: column.type_label(), is_key })
                })
                .collect();
            let total = all.len();
            if !is_open {
                // The order of the table stays; the least important columns are hidden.
                let mut ranks: Vec<u8> = all.iter().map(|(rank, _)| *rank).collect();
                ranks.sort_unstable();
                let keys = ranks.iter().filter(|rank| **rank < 2).count();
                let kept =
                    if total <= FEW { total } else { ranks.iter().filter(|rank| **rank < 3).count().min(FEW).max(keys).max(1) };
                let worst = kept.checked_sub(1).and_then(|last| ranks.get(last)).copied().unwrap_or_default();
                let mut room = kept - ranks.iter().filter(|rank| **rank < worst).count().min(kept);
                all.retain(|(rank, _)| {
                    *rank < worst
                        || (*rank == worst && room > 0 && {
                            room -= 1;
                            true
                        })
                });
            }
            TableBox {
                title: shown_name(&name, table),
                is_primary: i == 0,
                hidden: total - all.len(),
                rows: all.into_iter().map(|(_, row)| row).collect(),
                is_open: is_open && total > FEW,
                name,
            }
        })
        .collect()
}

/// Named like a key: only for what a box shows first, since a join can use any column.
fn sounds_like_key(name: &str) -> bool {
    let name = fold(name);
    name == "id" || ["_id", "_key", "_code", "_sk", "sku", "id"].iter().any(|end| name.ends_with(end))
}

/// Positions of all boxes: layers from the primary, each table beside the tables it is joined to.
pub fn arrange(config: &DatasetConfig, boxes: &[TableBox]) -> Vec<Point> {
    let place = |name: &SourceName| boxes.iter().position(|b| b.name.same_as(name));
    let parents: Vec<Vec<usize>> = boxes
        .iter()
        .map(|b| config.join_of(&b.name).into_iter().flat_map(|join| &join.on).filter_map(|key| place(&key.left.table)).collect())
        .collect();
    let mut layers = vec![0usize; boxes.len()];
    for i in 1..boxes.len() {
        // Tables stand after those they are joined to; one that is not joined yet stands beside the
        // primary.
        layers[i] = 1 + parents[i].iter().filter(|parent| **parent < i).map(|parent| layers[*parent]).max().unwrap_or_default();
    }
    let mut points = vec![(MARGIN, MARGIN); boxes.len()];
    let last = layers.iter().copied().max().unwrap_or_default();
    let mut tallest = 0.0f64;
    for layer in 0..=last {
        let members = (0..boxes.len()).filter(|i| layers[*i] == layer);
        // Sorted by where the lines come from, so that few of them cross.
        let height = |i: &usize| {
            let from: Vec<f64> = parents[*i]
                .iter()
                .map(|parent| {
                    let key = config.join_of(&boxes[*i].name).and_then(|join| join.on.first());
                    points[*parent].1 + key.map(|key| boxes[*parent].row_middle(&key.left.column)).unwrap_or_default()
                })
                .collect();
            if from.is_empty() { f64::MAX } else { from.iter().sum::<f64>() / from.len() as f64 }
        };
        let mut members: Vec<(usize, f64)> = members.map(|i| (i, height(&i))).collect();
        members.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        let mut y = MARGIN;
        for (i, _) in members {
            points[i] = (MARGIN + layer as f64 * (WIDTH + ACROSS), y);
            y += boxes[i].height() + DOWN;
        }
        tallest = tallest.max(y - DOWN);
    }
    // A layer that is lower than the highest is centred.
    for layer in 0..=last {
        let members: Vec<usize> = (0..boxes.len()).filter(|i| layers[*i] == layer).collect();
        let bottom = members.iter().map(|i| points[*i].1 + boxes[*i].height()).fold(0.0, f64::max);
        let shift = ((tallest - bottom) / 2.0).floor();
        members.into_iter().for_each(|i| points[i].1 += shift);
    }
    points
}

/// The lines between boxes that stand at these points.
pub fn lines(config: &DatasetConfig, boxes: &[TableBox], points: &[Point]) -> Vec<Line> {
    let place = |name: &SourceName| boxes.iter().position(|b| b.name.same_as(name));
    let mut lines = vec![];
    for join in &config.join_config {
        for (pair, key) in join.on.iter().enumerate() {
            let (Some(l), Some(r)) = (place(&key.left.table), place(&join.table)) else { continue };
            let y = |i: usize, column: &ColumnName| points[i].1 + boxes[i].row_middle(column);
            let ends = ((points[l].0, y(l, &key.left.column)), (points[r].0, y(r, &key.right)));
            let (path, from, to, middle) = curve(ends.0, ends.1);
            lines.push(Line {
                join: join.table.clone(),
                pair,
                left: key.left.clone(),
                right: ColumnRef { table: join.table.clone(), column: key.right.clone() },
                join_type: join.join_type,
                path,
                from,
                to,
                middle,
            });
        }
    }
    lines
}

/// A line between two rows, given by the left edges of their boxes: it leaves from the sides that
/// face each other.
pub fn curve(left: Point, right: Point) -> (String, Point, Point, Point) {
    let (from, to, out, into) = if right.0 >= left.0 + WIDTH {
        ((left.0 + WIDTH, left.1), right, 1.0, -1.0)
    } else if right.0 + WIDTH <= left.0 {
        (left, (right.0 + WIDTH, right.1), -1.0, 1.0)
    } else {
        // One above the other: around the right side.
        ((left.0 + WIDTH, left.1), (right.0 + WIDTH, right.1), 1.0, 1.0)
    };
    let reach = ((to.0 - from.0).abs() / 2.0).max(36.0);
    let (a, b) = ((from.0 + out * reach, from.1), (to.0 + into * reach, to.1));
    let middle = ((from.0 + 3.0 * a.0 + 3.0 * b.0 + to.0) / 8.0, (from.1 + 3.0 * a.1 + 3.0 * b.1 + to.1) / 8.0);
    let path = format!("M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}", from.0, from.1, a.0, a.1, b.0, b.1, to.0, to.1);
    (path, from, to, middle)
}

/// The size that fits all boxes and the lines around them.
pub fn extent(boxes: &[TableBox], points: &[Point]) -> Point {
    let right = points.iter().map(|(x, _)| x + WIDTH).fold(0.0, f64::max) + MARGIN + 40.0;
    let bottom = points.iter().zip(boxes).map(|((_, y), b)| y + b.height()).fold(0.0, f64::max) + MARGIN;
    (right, bottom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::wizard::draft::Draft;
    use serde_json::json;

    fn shop() -> (Draft, Schemas) {
        let mut draft = Draft::default();
        draft.set_primary("raw_data.lines".parse().unwrap());
        for table in ["orders", "products", "users"] {
            draft.add_secondary(format!("raw_data.{table}").parse().unwrap());
        }
        let column = |text: &str| -> ColumnRef {
            let (table, column) = text.split_once('.').unwrap();
            ColumnRef { table: table.parse().unwrap(), column: column.parse().unwrap() }
        };
        for (a, b) in [("lines.order", "orders.id"), ("lines.sku", "products.code"), ("orders.buyer", "users.id")] {
            draft.connect(&column(a), &column(b));
        }
        let schemas = [
            ("lines", vec!["order", "sku", "amount"]),
            ("orders", vec!["id", "buyer", "at"]),
            ("products", vec!["title", "a", "b", "c", "d", "e", "f", "code"]),
            ("users", vec!["id"]),
        ];
        let schema = |(table, columns): (&str, Vec<&str>)| {
            let columns: Vec<_> = columns.into_iter().map(|name| json!({"name": name, "type": "INT64"})).collect();
            let schema: crate::domain::schema::TableSchema =
                serde_json::from_value(json!({"table": format!("raw_data.{table}"), "columns": columns})).unwrap();
            (schema.table.clone(), schema)
        };
        (draft, schemas.into_iter().map(schema).collect())
    }

    #[test]
    fn tables_stand_in_layers_from_the_primary_and_do_not_overlap() {
        let (draft, schemas) = shop();
        let boxes = boxes(&draft.config, &schemas, &[], &BTreeSet::new());
        let points = arrange(&draft.config, &boxes);
        let x: Vec<f64> = points.iter().map(|point| point.0).collect();
        assert!(x[0] < x[1] && x[1] == x[2] && x[2] < x[3], "{x:?}");
        for a in 0..boxes.len() {
            for b in 0..a {
                let apart = (x[a] - x[b]).abs() >= WIDTH
                    || points[a].1 + boxes[a].height() <= points[b].1
                    || points[b].1 + boxes[b].height() <= points[a].1;
                assert!(apart, "{} and {}", boxes[a].title, boxes[b].title);
            }
        }
        let (width, height) = extent(&boxes, &points);
        assert!(
            points.iter().zip(&boxes).all(|((x, y), b)| *x >= 0.0 && x + WIDTH <= width && *y >= 0.0 && y + b.height() <= height)
        );
    }

    #[test]
    fn a_box_shows_its_keys_or_all_columns() {
        let (draft, schemas) = shop();
        let closed = boxes(&draft.config, &schemas, &[], &BTreeSet::new());
        let names = |b: &TableBox| b.rows.iter().map(|row| row.column.to_string()).collect::<Vec<_>>();
        assert_eq!((names(&closed[2]), closed[2].hidden), (vec!["code".to_owned()], 7));
        assert_eq!(names(&closed[0]).len(), 3, "few columns are all shown");
        let open = boxes(&draft.config, &schemas, &[], &BTreeSet::from(["products".to_owned()]));
        assert_eq!((open[2].rows.len(), open[2].hidden, open[2].has_foot()), (8, 0, true));
    }

    #[test]
    fn a_line_runs_between_the_rows_of_its_columns() {
        let (draft, schemas) = shop();
        let boxes = boxes(&draft.config, &schemas, &[], &BTreeSet::new());
        let points = arrange(&draft.config, &boxes);
        let lines = lines(&draft.config, &boxes, &points);
        assert_eq!(lines.len(), 3);
        let first = &lines[0];
        assert_eq!((first.left.to_string(), first.right.to_string()), ("lines.order".into(), "orders.id".into()));
        assert_eq!(first.from, (points[0].0 + WIDTH, points[0].1 + HEAD + ROW / 2.0));
        assert_eq!(first.to.0, points[1].0);
        // Dragged to the other side, its line leaves from the other side.
        let (_, from, to, _) = curve((400.0, 10.0), (0.0, 30.0));
        assert_eq!((from, to), ((400.0, 10.0), (WIDTH, 30.0)));
    }
}
