//! The elements of the join diagram: boxes with their columns, and lines. Each can be focused and
//! used by keyboard.

use leptos::ev;
use leptos::prelude::*;

use super::layout::{BoxRow, HEAD, Line};
use super::*;

/// How far an arrow key moves a box; with shift, farther.
const STEP: f64 = 10.0;
const LEAP: f64 = 50.0;

/// Captures the pointer, wherever it moves.
fn capture(event: &ev::PointerEvent) {
    if let Some(element) = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) {
        // Fails only if the pointer no longer exists.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

#[component]
pub fn JoinBox(picture: Picture, name: SourceName) -> impl IntoView {
    let name = StoredValue::new(name);
    let own = Memo::new(move |_| {
        picture.boxes.with(|boxes| name.with_value(|name| boxes.iter().find(|b| b.name.same_as(name)).cloned()))
    });
    let at = Memo::new(move |_| name.with_value(|name| picture.point(name)));
    let place = move || {
        let (x, y) = at.get();
        format!("translate({x:.1} {y:.1})")
    };
    let height = move || format!("{:.0}", own.with(|own| own.as_ref().map(TableBox::height).unwrap_or_default()));
    let is_primary = move || own.with(|own| own.as_ref().is_some_and(|own| own.is_primary));
    let title = move || own.with(|own| own.as_ref().map(|own| own.title.clone()).unwrap_or_default());
    let label = move || texts::box_label(&title(), is_primary());
    let grab = move |event: ev::PointerEvent| {
        if event.button() == 0 {
            let hand =
                name.with_value(|name| Hand::Box { name: name.clone(), from: picture.point(name), start: pointer(&event) });
            capture(&event);
            picture.hand.set(hand);
        }
    };
    let on_keydown = move |event: ev::KeyboardEvent| {
        // Key events of the columns belong to the columns.
        if event.target() != event.current_target() {
            return;
        }
        let by = if event.shift_key() { LEAP } else { STEP };
        let (x, y) = match event.key().as_str() {
            "ArrowLeft" => (-by, 0.0),
            "ArrowRight" => (by, 0.0),
            "ArrowUp" => (0.0, -by),
            "ArrowDown" => (0.0, by),
            "Delete" | "Backspace" if !is_primary() => {
                event.prevent_default();
                return name.with_value(|name| picture.remove_table(name));
            }
            _ => return,
        };
        event.prevent_default();
        let (left, top) = at.get_untracked();
        name.with_value(|name| picture.put(name, (left + x, top + y)));
        picture.keep_places();
    };
    let rows = move || {
        let rows = own.with(|own| own.as_ref().map(|own| own.rows.clone()).unwrap_or_default());
        let row = |(i, row): (usize, BoxRow)| view! { <JoinRow picture name=name.get_value() row i /> };
        rows.into_iter().enumerate().map(row).collect_view().into_any()
    };
    let foot = move || {
        own.with(|own| own.as_ref().filter(|own| own.has_foot()).map(|own| (own.rows.len(), own.hidden, own.is_open))).map(
            |(rows, hidden, is_open)| {
                let text = if is_open { texts::FEWER_COLUMNS.to_owned() } else { texts::more_columns(hidden) };
                let label = format!("{}: {text}", name.get_value());
                let toggle = move || {
                    picture.open.update(|open| {
                        let name = name.get_value().to_string();
                        if !open.remove(&name) {
                            open.insert(name);
                        }
                    });
                };
                view! {
                    <g
                        class="join-foot"
                        tabindex="0"
                        role="button"
                        aria-label=label
                        transform=format!("translate(0 {:.0})", HEAD + ROW * rows as f64)
                        on:click=move |_| toggle()
                        on:keydown=move |event: ev::KeyboardEvent| {
                            if matches!(event.key().as_str(), "Enter" | " ") {
                                event.prevent_default();
                                toggle();
                            }
                        }
                    >
                        <rect class="join-row-ground" x="1" width=WIDTH - 2.0 height=ROW />
                        <text x="10" y="16">{text}</text>
                    </g>
                }
            },
        )
    };
    view! {
        <g
            class="join-box"
            class:join-box-primary=is_primary
            transform=place
            tabindex="0"
            role="group"
            aria-label=label
            on:keydown=on_keydown
        >
            <rect class="join-frame" width=WIDTH height=height rx="8" />
            <g class="join-head" on:pointerdown=grab>
                <rect class="join-head-ground" width=WIDTH height=HEAD rx="8" />
                <text class="join-name" x="10" y="21">{move || cut(&title(), if is_primary() { 15 } else { 24 })}</text>
                {move || is_primary().then(|| view! { <text class="join-chip" x=WIDTH - 10.0 y="20" text-anchor="end">{texts::PRIMARY_CHIP}</text> })}
                <title>{title}</title>
            </g>
            {rows}
            {foot}
        </g>
    }
}

/// A text that fits, with an ellipsis if it is truncated.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

/// A column, which a line can be drawn from and to.
#[component]
fn JoinRow(picture: Picture, name: SourceName, row: BoxRow, i: usize) -> impl IntoView {
    let reference = StoredValue::new(ColumnRef { table: name, column: row.column.clone() });
    let y = HEAD + ROW * i as f64;
    let is_from = move || picture.from.with(|from| reference.with_value(|own| from.as_ref() == Some(own)));
    let value = reference.with_value(|own| format!("{}\u{1f}{}", own.table, own.column));
    let on_down = move |event: ev::PointerEvent| {
        if event.button() != 0 {
            return;
        }
        // No capture here: the column under the released pointer has to receive the event.
        event.prevent_default();
        let (x, top) = reference.with_value(|own| picture.point(&own.table));
        let own = reference.get_value();
        let was_connecting = picture.from.get_untracked().is_some_and(|from| from != own);
        picture.touch(own);
        if !was_connecting && picture.from.with_untracked(Option::is_some) {
            let at = pointer(&event);
            picture.hand.set(Hand::Line { from: (x + WIDTH / 2.0, top + y + ROW / 2.0), start: at, now: at });
        }
    };
    let label = reference.with_value(|own| format!("{}: {} {}", own.table, own.column, row.type_label));
    view! {
        <g
            class="join-row"
            class:join-row-key=row.is_key
            class:join-row-from=is_from
            transform=format!("translate(0 {y:.0})")
            data-column=value
            tabindex="0"
            role="button"
            aria-label=label
            aria-pressed=move || is_from().to_string()
            on:pointerdown=on_down
            on:keydown=move |event: ev::KeyboardEvent| {
                if matches!(event.key().as_str(), "Enter" | " ") {
                    event.prevent_default();
                    picture.touch(reference.get_value());
                }
            }
        >
            <rect class="join-row-ground" x="1" width=WIDTH - 2.0 height=ROW />
            <circle class="join-port" cx="10" cy=ROW / 2.0 r="3" />
            <text class="join-column" x="20" y="16">{cut(row.column.as_str(), 15)}</text>
            // Two words and not one, where the text is compared with the name.
            {" "}
            <text class="join-type" x=WIDTH - 10.0 y="16" text-anchor="end">{row.type_label.clone()}</text>
            <title>{reference.with_value(|own| format!("{own} ({})", row.type_label))}</title>
        </g>
    }
}

/// A pair of keys as a line: its dashes and label show the type, its ends which side keeps rows
/// without a partner.
#[component]
pub fn JoinLine(picture: Picture, name: SourceName, pair: usize) -> impl IntoView {
    let key = StoredValue::new((name, pair));
    let line = Memo::new(move |_| {
        picture
            .lines
            .with(|lines| key.with_value(|(name, pair)| lines.iter().find(|l| l.pair == *pair && l.join.same_as(name)).cloned()))
    });
    let is_chosen = move || picture.chosen.with(|chosen| key.with_value(|key| chosen.as_ref() == Some(key)));
    let is_faulty = Memo::new(move |_| {
        let place = picture
            .state
            .draft()
            .with(|draft| key.with_value(|(name, _)| draft.config.join_config.iter().position(|join| join.table.same_as(name))));
        place.is_some_and(|place| {
            let path = format!("join_config[{place}].on[{pair}]");
            picture.state.errors().with(|errors| super::super::draft::at(errors, &path).next().is_some())
        })
    });
    let choose = move || picture.chosen.set(Some(key.get_value()));
    let drawn = move || {
        let Line { left, right, join_type, path, from, to, middle, .. } = line.get()?;
        let (left_kept, right_kept) = match join_type {
            JoinType::Inner => (false, false),
            JoinType::Left => (true, false),
            JoinType::Right => (false, true),
            JoinType::Full => (true, true),
        };
        let word = join_type.as_str().to_ascii_uppercase();
        let width = 14.0 + 7.0 * word.len() as f64;
        let end = |(x, y): Point, kept: bool| view! { <circle class="join-end" class:join-end-kept=kept cx=x cy=y r="4.5" /> };
        Some(view! {
            <g
                class=format!("join-line join-line-{}", join_type.as_str())
                class:join-line-chosen=is_chosen
                class:join-line-faulty=move || is_faulty.get()
                tabindex="0"
                role="button"
                aria-label=texts::line_label(join_type, &left.to_string(), &right.to_string())
                aria-pressed=move || is_chosen().to_string()
                on:click=move |_| choose()
                on:keydown=move |event: ev::KeyboardEvent| {
                    match event.key().as_str() {
                        "Enter" | " " => choose(),
                        "Delete" | "Backspace" => key.with_value(|(name, pair)| picture.remove_line(name, *pair)),
                        _ => return,
                    }
                    event.prevent_default();
                }
            >
                <path class="join-reach" d=path.clone() />
                <path class="join-stroke" d=path />
                {end(from, left_kept)}
                {end(to, right_kept)}
                {(pair == 0)
                    .then(|| {
                        view! {
                            <rect class="join-word-ground" x=middle.0 - width / 2.0 y=middle.1 - 10.0 width=width height="20" rx="10" />
                            <text class="join-word" x=middle.0 y=middle.1 + 4.0 text-anchor="middle">{word}</text>
                        }
                    })}
            </g>
        })
    };
    drawn.into_any()
}
