//! The roles of four of the columns, and how the timestamp is read.

use leptos::prelude::*;

use super::options::{column_options, read_option};
use super::suggestions::RoleSuggestion;
use super::{FieldErrors, State};
use crate::domain::dataset::{Role, TimeZone, TimestampFormat};
use crate::domain::describe;
use crate::domain::schema::{Column, ColumnType};
use crate::domain::validate::{can_be_read, fits_role};
use crate::ui::texts::wizard as texts;

#[component]
pub fn Roles(state: State) -> impl IntoView {
    view! {
        <div class="roles">
            {Role::ALL.into_iter().map(|role| view! { <RoleSelect state role /> }).collect_view()}
            <TimeReading state />
        </div>
    }
}

/// How the timestamp is read: its format if its type does not say, and the time zone of its days if
/// it is an instant.
#[component]
fn TimeReading(state: State) -> impl IntoView {
    let mapping = Memo::new(move |_| state.draft().with(|d| d.config.column_mapping.clone()));
    let column = Memo::new(move |_| {
        let timestamp = mapping.get().timestamp?;
        state.draft().with(|draft| state.catalog().with(|catalog| catalog.column(&draft.config, &timestamp).cloned()))
    });
    let formats = move || {
        let t = column.get().filter(can_be_read)?.column_type;
        let options = TimestampFormat::ALL.into_iter().filter(|format| format.reads(t)).map(|format| {
            let selected = move || mapping.get().timestamp_format == Some(format);
            view! { <option value=format.as_str() prop:selected=selected>{describe::timestamp_format(format)}</option> }
        });
        Some(view! {
            <label class="field">
                <span>{texts::WRITTEN_AS}</span>
                <select
                    aria-label=texts::WRITTEN_AS
                    on:change:target=move |e| {
                        let word = e.target().value();
                        let format = TimestampFormat::ALL.into_iter().find(|format| format.as_str() == word);
                        state.edit(|draft| draft.config.column_mapping.timestamp_format = format);
                    }
                >
                    <option value="" prop:selected=move || mapping.get().timestamp_format.is_none()>
                        {texts::CHOOSE}
                    </option>
                    {options.collect_view()}
                </select>
                <div class="faults faults-always"><FieldErrors state path="column_mapping.timestamp_format" /></div>
            </label>
        })
    };
    let is_instant = Memo::new(move |_| match (column.get(), mapping.get().timestamp_format) {
        (Some(column), None) => column.column_type == ColumnType::Timestamp,
        (Some(_), Some(format)) => format.gives() == ColumnType::Timestamp,
        (None, _) => false,
    });
    let refused = RwSignal::new(None::<String>);
    let zone = move || {
        is_instant.get().then(|| {
            view! {
                <label class="field">
                    <span>{texts::DAYS_BEGIN_IN}</span>
                    <input
                        aria-label=texts::TIME_ZONE
                        placeholder="UTC"
                        prop:value=move || mapping.get().time_zone.map(String::from).unwrap_or_default()
                        on:change:target=move |e| {
                            let text = e.target().value();
                            let parsed = (!text.trim().is_empty()).then(|| text.trim().parse::<TimeZone>()).transpose();
                            match parsed {
                                Ok(zone) => {
                                    refused.set(None);
                                    state.edit(|draft| draft.config.column_mapping.time_zone = zone);
                                }
                                Err(reason) => refused.set(Some(reason)),
                            }
                        }
                    />
                    <div class="faults faults-always">
                        {move || refused.get().map(|reason| view! { <p class="field-error">{reason}</p> })}
                        <FieldErrors state path="column_mapping.time_zone" />
                    </div>
                </label>
            }
        })
    };
    view! {
        {formats}
        {zone}
    }
}

#[component]
fn RoleSelect(state: State, role: Role) -> impl IntoView {
    let chosen = Memo::new(move |_| state.draft().with(|d| d.config.column_mapping.get(role).cloned()));
    let fits = move |column: &Column| fits_role(role, column).is_ok() || (role == Role::Timestamp && can_be_read(column));
    let options = move || column_options(state, None, chosen.get(), fits);
    view! {
        <div class="role">
            <label class="field">
                <span>{role.as_str()}</span>
                <select
                    aria-label=role.as_str()
                    on:change:target=move |e| {
                        let column = read_option(&e.target().value());
                        state.edit(|draft| draft.map(role, column));
                    }
                >
                    <option value="" prop:selected=move || chosen.with(Option::is_none)>
                        {texts::NOT_MAPPED}
                    </option>
                    {options}
                </select>
                <div class="faults faults-always"><FieldErrors state path=format!("column_mapping.{}", role.as_str()) /></div>
            </label>
            <RoleSuggestion state role />
        </div>
    }
}
