//! The joins as a diagram: a box for each table, a line for each pair of keys. Boxes are dragged,
//! columns connected, lines changed or removed, by pointer and keyboard alike; the form beside it
//! does the same, and a list has the same content for screen readers. Drawn by our own code: the
//! libraries for that are JavaScript, a second program in the page.

use std::collections::BTreeSet;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use self::layout::{Line, Point, ROW, TableBox, WIDTH};
use self::places::Places;
use super::State;
use super::draft::Draft;
use super::suggestions::SuggestedJoin;
use crate::domain::dataset::{ColumnRef, DatasetConfig, JoinType};
use crate::domain::name::SourceName;
use crate::ui::texts::wizard as texts;

mod bar;
mod layout;
pub mod places;
mod shapes;

/// Shared by the parts of the diagram.
#[derive(Clone, Copy)]
struct Picture {
    state: State,
    boxes: Memo<Vec<TableBox>>,
    /// Their positions.
    points: Memo<Vec<Point>>,
    lines: Memo<Vec<Line>>,
    /// Boxes that a person has moved.
    places: RwSignal<Places>,
    /// Boxes that show all their columns.
    open: RwSignal<BTreeSet<String>>,
    /// The selected line: the joined table, and which of its pairs.
    chosen: RwSignal<Option<(SourceName, usize)>>,
    /// The column that a line is being drawn from.
    from: RwSignal<Option<ColumnRef>>,
    /// What the pointer is doing.
    hand: RwSignal<Hand>,
    /// Units of the diagram per pixel of the screen.
    scale: StoredValue<f64>,
    /// The last event, for screen readers.
    announcement: RwSignal<String>,
    /// The draft before a table was removed, and after.
    undo: RwSignal<Option<(Draft, Draft)>>,
}

/// What the pointer is doing.
#[derive(Clone, PartialEq, Default)]
enum Hand {
    #[default]
    Free,
    /// Drags a box: which, its position, and where the pointer was.
    Box { name: SourceName, from: Point, start: Point },
    /// Draws a line from a column: its start, where the pointer was, where it is.
    Line { from: Point, start: Point, now: Point },
}

/// Shorter moves are clicks.
const STILL: f64 = 4.0;

impl Picture {
    fn dataset(self) -> Option<i64> {
        self.state.target().map(|target| target.id)
    }

    fn place(self, name: &SourceName) -> Option<usize> {
        self.boxes.with(|boxes| boxes.iter().position(|b| b.name.same_as(name)))
    }

    fn point(self, name: &SourceName) -> Point {
        let place = self.place(name);
        self.points.with(|points| place.and_then(|i| points.get(i)).copied().unwrap_or_default())
    }

    fn put(self, name: &SourceName, point: Point) {
        self.places.update(|places| {
            places.insert(name.to_string(), places::within(point));
        });
    }

    fn keep_places(self) {
        self.places.with_untracked(|places| places::save(self.state.model_id, self.dataset(), places));
    }

    /// Selects a column: the first of two, or the second.
    fn touch(self, column: ColumnRef) {
        match self.from.get_untracked() {
            None => {
                self.announcement.set(texts::connecting(&column.to_string()));
                self.from.set(Some(column));
            }
            Some(first) if first == column => self.stop(),
            Some(first) => self.connect(&first, &column),
        }
    }

    fn stop(self) {
        self.from.set(None);
        self.announcement.set(String::new());
    }

    fn connect(self, first: &ColumnRef, second: &ColumnRef) {
        self.from.set(None);
        if first.table.same_as(&second.table) {
            return self.announcement.set(texts::SAME_TABLE.into());
        }
        let mut joined = None;
        self.state.edit(|draft| joined = draft.connect(first, second));
        let Some(name) = joined else { return };
        self.announcement.set(texts::connected(&first.to_string(), &second.to_string()));
        let pair = self.state.draft().with_untracked(|draft| {
            let right = if first.table.same_as(&name) { &first.column } else { &second.column };
            draft.config.join_of(&name).and_then(|join| join.on.iter().position(|key| key.right == *right))
        });
        self.chosen.set(pair.map(|pair| (name, pair)));
    }

    fn remove_line(self, name: &SourceName, pair: usize) {
        self.chosen.set(None);
        self.announcement.set(texts::LINE_REMOVED.into());
        self.state.edit(|draft| {
            draft.edit_join(name, |join| {
                if pair < join.on.len() {
                    join.on.remove(pair);
                }
            });
        });
    }

    fn remove_table(self, name: &SourceName) {
        let before = self.state.draft().get_untracked();
        self.chosen.set(None);
        self.stop();
        self.announcement.set(texts::table_removed(name.as_str()));
        self.state.edit(|draft| draft.remove_secondary(name));
        self.undo.set(Some((before, self.state.draft().get_untracked())));
    }

    /// The pointer moved.
    fn drag(self, at: Point) {
        match self.hand.get_untracked() {
            Hand::Free => {}
            Hand::Box { name, from, start } => {
                let by = (at.0 - start.0, at.1 - start.1);
                let moved = self.places.with_untracked(|places| places.contains_key(name.as_str()));
                let scale = self.scale.get_value();
                if moved || by.0.abs() + by.1.abs() > STILL {
                    self.put(&name, (from.0 + by.0 * scale, from.1 + by.1 * scale));
                }
            }
            Hand::Line { from, start, .. } => self.hand.set(Hand::Line { from, start, now: at }),
        }
    }

    /// The pointer was released, perhaps over a column.
    fn drop_at(self, at: Point, over: Option<ColumnRef>) {
        let hand = self.hand.get_untracked();
        self.hand.set(Hand::Free);
        match hand {
            Hand::Free => {}
            Hand::Box { .. } => self.keep_places(),
            Hand::Line { start, .. } => {
                let moved = (at.0 - start.0).abs() + (at.1 - start.1).abs() > STILL;
                let first = self.from.get_untracked();
                match (moved, first, over) {
                    // A click: the column stays the first of two.
                    (false, ..) => {}
                    (true, Some(first), Some(second)) if first != second => self.connect(&first, &second),
                    (true, ..) => self.stop(),
                }
            }
        }
    }
}

/// The pointer's position in the window.
fn pointer(event: &ev::PointerEvent) -> Point {
    (event.client_x().into(), event.client_y().into())
}

/// The column at a point of the window.
fn column_at(at: Point) -> Option<ColumnRef> {
    let element = document().element_from_point(at.0 as f32, at.1 as f32)?;
    let row = element.closest("[data-column]").ok().flatten()?;
    super::options::read_option(&row.get_attribute("data-column")?)
}

#[component]
pub fn JoinPicture(state: State, suggested: Memo<Vec<(SourceName, SuggestedJoin)>>, large: RwSignal<bool>) -> impl IntoView {
    let open = RwSignal::new(BTreeSet::new());
    let places = RwSignal::new(places::load(state.model_id, state.target().map(|target| target.id)));
    // Only what the diagram shows: changes of filters and names do not redraw it.
    let joins = Memo::new(move |_| {
        state.draft().with(|draft| DatasetConfig {
            primary_table: draft.config.primary_table.clone(),
            secondary_tables: draft.config.secondary_tables.clone(),
            join_config: draft.config.join_config.clone(),
            ..DatasetConfig::default()
        })
    });
    let boxes = Memo::new(move |_| {
        joins.with(|config| {
            state
                .schemas()
                .with(|schemas| suggested.with(|suggested| open.with(|open| layout::boxes(config, schemas, suggested, open))))
        })
    });
    let arranged = Memo::new(move |_| joins.with(|config| boxes.with(|boxes| layout::arrange(config, boxes))));
    let points = Memo::new(move |_| {
        boxes.with(|boxes| {
            let of = |(b, point): (&TableBox, Point)| places.with(|places| places.get(b.name.as_str()).copied().unwrap_or(point));
            boxes.iter().zip(arranged.get()).map(of).collect::<Vec<_>>()
        })
    });
    let lines =
        Memo::new(move |_| joins.with(|config| boxes.with(|boxes| points.with(|points| layout::lines(config, boxes, points)))));
    let picture = Picture {
        state,
        boxes,
        points,
        lines,
        places,
        open,
        chosen: RwSignal::new(None),
        from: RwSignal::new(None),
        hand: RwSignal::new(Hand::Free),
        scale: StoredValue::new(1.0),
        announcement: RwSignal::new(String::new()),
        undo: RwSignal::new(None),
    };
    // While a box is dragged the diagram keeps its size, and with it its scale, so that nothing
    // jumps.
    let extent = Memo::new(move |before: Option<&Point>| match before {
        Some(before) if picture.hand.with(|hand| *hand != Hand::Free) => *before,
        _ => boxes.with(|boxes| points.with(|points| layout::extent(boxes, points))),
    });
    let canvas = NodeRef::<leptos::svg::Svg>::new();
    // A wide diagram is scaled down: the pointer moves farther in it than on the screen.
    let on_screen = move |event: &ev::PointerEvent| {
        let shown = canvas.get_untracked().map(|canvas| f64::from(canvas.client_width())).filter(|width| *width > 0.0);
        picture.scale.set_value(shown.map_or(1.0, |shown| extent.get_untracked().0 / shown));
        pointer(event)
    };
    let width = move || format!("{:.0}", extent.get().0);
    let height = move || format!("{:.0}", extent.get().1);
    let names = Memo::new(move |_| boxes.with(|boxes| boxes.iter().map(|b| b.name.clone()).collect::<Vec<_>>()));
    let line_keys = Memo::new(move |_| lines.with(|lines| lines.iter().map(|l| (l.join.clone(), l.pair)).collect::<Vec<_>>()));
    let on_move = move |event: ev::PointerEvent| {
        if picture.hand.with_untracked(|hand| *hand != Hand::Free) {
            picture.drag(on_screen(&event));
        }
    };
    let on_up = move |event: ev::PointerEvent| {
        let at = pointer(&event);
        picture.drop_at(at, column_at(at));
    };
    let on_escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && picture.from.with_untracked(Option::is_some) {
            // Escape cancels the line, not the wizard.
            event.prevent_default();
            event.stop_propagation();
            picture.stop();
        }
    };
    let drawn = move || match picture.hand.get() {
        Hand::Line { from, start, now } => {
            let scale = picture.scale.get_value();
            let to = (from.0 + (now.0 - start.0) * scale, from.1 + (now.1 - start.1) * scale);
            let path = format!("M{:.1} {:.1}L{:.1} {:.1}", from.0, from.1, to.0, to.1);
            Some(view! { <path class="join-drawn" d=path /> })
        }
        _ => None,
    };
    view! {
        <div class="join-picture" class:join-picture-large=move || large.get() on:keydown=on_escape>
            <div class="join-scroll">
                <svg
                    node_ref=canvas
                    class="join-canvas"
                    width=width
                    height=height
                    viewBox=move || format!("0 0 {} {}", width(), height())
                    role="group"
                    aria-label=texts::JOIN_PICTURE
                    aria-describedby="join-picture-keys"
                    on:pointermove=on_move
                    on:pointerup=on_up
                    on:pointercancel=move |_| picture.hand.set(Hand::Free)
                >
                    <For each=move || line_keys.get() key=|line| line.clone() let((name, pair))>
                        <shapes::JoinLine picture name pair />
                    </For>
                    <For each=move || names.get() key=|name| name.clone() let:name>
                        <shapes::JoinBox picture name />
                    </For>
                    {drawn}
                </svg>
            </div>
            <bar::PictureBar picture />
            <p class="for-readers" id="join-picture-keys">{texts::PICTURE_KEYS}</p>
            <InWords lines names />
        </div>
    }
}

/// The diagram for screen readers.
#[component]
fn InWords(lines: Memo<Vec<Line>>, names: Memo<Vec<SourceName>>) -> impl IntoView {
    let sentences = move || {
        let all = names.get();
        let primary = all.first().map(|name| texts::is_primary(name.as_str()));
        let joined = |name: &SourceName| {
            lines.with(|lines| {
                let own: Vec<&Line> = lines.iter().filter(|line| line.join.same_as(name)).collect();
                let pairs: Vec<String> = own.iter().map(|line| format!("{} = {}", line.left, line.right)).collect();
                match own.first() {
                    Some(line) => texts::is_joined(name.as_str(), line.join_type, &pairs.join(texts::AND)),
                    None => texts::is_not_joined(name.as_str()),
                }
            })
        };
        let words: Vec<String> = primary.into_iter().chain(all.iter().skip(1).map(joined)).collect();
        words.into_iter().map(|line| view! { <li>{line}</li> }).collect_view().into_any()
    };
    view! { <ul class="for-readers" aria-label=texts::JOINS_IN_WORDS>{sentences}</ul> }
}
