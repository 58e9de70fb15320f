//! What every view is made with: Leptos's prelude, but for what Leptos compiles anew for each type and each closure it is given. Of that there is one
//! of each kind here, which is less for the browser to load.

use std::any::Any;
use std::sync::Arc;

pub use leptos::prelude::*;
use leptos::tachys::reactive_graph::SharedReactiveFunction;

// In the browser, one trait stands where Leptos has these for what is said of elements.
#[cfg(feature = "hydrate")]
pub use super::element::{
    Describe, Describe as AriaAttributes, Describe as ClassAttribute, Describe as CustomAttribute, Describe as ElementChild,
    Describe as GlobalAttributes, Describe as InnerHtmlAttribute, Describe as NodeRefAttribute, Describe as OnAttribute,
    Describe as OnTargetAttribute, Describe as PropAttribute,
};
pub use super::signals::{Action, Callback, Effect, Memo, Reading, Resource, RwSignal, Signal, StoredValue};

/// Leptos's `view!`, with one type for all views.
macro_rules! view {
    ($($tokens:tt)*) => {
        ::leptos::prelude::IntoAny::into_any(::leptos::prelude::view! { $($tokens)* }.into_inner())
    };
}
pub(crate) use view;

/// A part of a view that is made again when what it reads has changed; for one that has a name. Leptos does the same for a closure that stands in
/// the view itself.
pub fn live<T: 'static>(make: impl FnMut() -> T + Send + 'static) -> SharedReactiveFunction<T> {
    Arc::new(std::sync::Mutex::new(make))
}

/// The views of many things, each kept as long as its key is among them; see [`leptos::prelude::For`].
pub fn each<T: Send + Sync + 'static>(
    things: impl Fn() -> Vec<T> + Send + 'static,
    key: impl Fn(&T) -> String + Send + 'static,
    view: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    type Thing = (String, Box<dyn Any + Send + Sync>);
    type Things = Box<dyn Fn() -> Vec<Thing> + Send>;
    type View = Arc<dyn Fn(Thing) -> AnyView + Send + Sync>;
    fn keyed(things: Things, view: View) -> AnyView {
        let children = move |thing| view(thing);
        leptos::prelude::view! { <For each=things key=|(key, _)| key.clone() children /> }.into_any()
    }
    keyed(
        Box::new(move || {
            things().into_iter().map(|thing| (key(&thing), Box::new(thing) as Box<dyn Any + Send + Sync>)).collect()
        }),
        Arc::new(move |(_, thing)| thing.downcast().map_or_else(|_| ().into_any(), |thing| view(*thing))),
    )
}

/// A handler, one type for all of an event.
type Handler<E> = Box<dyn FnMut(E)>;

/// For `on:click`.
pub fn when_clicked(handle: impl FnMut(leptos::ev::MouseEvent) + 'static) -> Handler<leptos::ev::MouseEvent> {
    Box::new(handle)
}

/// For `on:keydown`.
pub fn when_pressed(handle: impl FnMut(leptos::ev::KeyboardEvent) + 'static) -> Handler<leptos::ev::KeyboardEvent> {
    Box::new(handle)
}

/// For the events of a pointer.
pub fn when_pointed(handle: impl FnMut(leptos::ev::PointerEvent) + 'static) -> Handler<leptos::ev::PointerEvent> {
    Box::new(handle)
}

/// For `on:submit`.
pub fn when_sent(handle: impl FnMut(leptos::ev::SubmitEvent) + 'static) -> Handler<leptos::ev::SubmitEvent> {
    Box::new(handle)
}
