//! How elements are described: what `view!` calls.
//!
//! Leptos's elements have what is said of some elements only (`type`, `value`, `href` …) themselves, so they would remain Leptos's where that comes first.
//! Children come before attributes and `class` before others; where an element has neither, as an `<input>`, what all elements have is written first:
//! `<input id=… type=… />`. What follows does not compile otherwise.

use std::marker::PhantomData;

use leptos::__reexports::send_wrapper::SendWrapper;
use leptos::prelude::{AddAnyAttr, IntoAny, IntoRender, Owner, Render, RenderHtml};
use leptos::tachys::html::attribute::Attribute as Spread;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::html::element::{ElementType, HtmlElement};
use leptos::tachys::html::event::{EventDescriptor, Targeted};
use leptos::tachys::html::node_ref::NodeRefContainer;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::view::{Position, PositionState};
use wasm_bindgen::JsValue;

use super::value::{Given, Giving, Place};
use super::{Attribute, Element, Handler, Shown};

/// An element while it is described: of which kind it is, its handlers are told.
pub struct Described<E> {
    element: Element,
    kind: PhantomData<fn() -> E>,
}

/// Nothing spreads attributes over views.
impl<E: 'static> AddAnyAttr for Described<E> {
    type Output<A: Spread> = Element;

    fn add_any_attr<A: Spread>(self, attribute: A) -> Element {
        self.element.add_any_attr(attribute)
    }
}

/// Only the element itself is ever shown.
impl<E: 'static> Render for Described<E> {
    type State = Shown;

    fn build(self) -> Shown {
        self.element.build()
    }

    fn rebuild(self, shown: &mut Shown) {
        self.element.rebuild(shown);
    }
}

impl<E: 'static> RenderHtml for Described<E> {
    type AsyncOutput = Element;
    type Owned = Element;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Element {
        self.element
    }

    fn to_html_with_buf(self, buf: &mut String, position: &mut Position, escape: bool, mark: bool, extra: Vec<AnyAttribute>) {
        self.element.to_html_with_buf(buf, position, escape, mark, extra);
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Shown {
        self.element.hydrate::<FROM_SERVER>(cursor, position)
    }

    fn into_owned(self) -> Element {
        self.element
    }
}

macro_rules! named {
    ($($method:ident $name:literal);*) => {
        $(fn $method(self, value: impl Giving) -> Described<E> {
            self.attr($name, value)
        })*
    };
}

/// What `view!` says of elements, under the names that Leptos has for it.
pub trait Describe<E: ElementType>: Sized {
    fn begin(self) -> Described<E>;

    fn with(self, attribute: Attribute) -> Described<E> {
        let mut described = self.begin();
        described.element.attributes.push(attribute);
        described
    }

    /// All that stands inside.
    fn child<C: IntoRender<Output: RenderHtml<Owned: Send> + Send>>(self, children: C) -> Described<E> {
        let mut described = self.begin();
        described.element.children = Some(children.into_render().into_any());
        described
    }

    fn attr(self, name: &'static str, value: impl Giving) -> Described<E> {
        self.with(Attribute::Value(Place::Attribute(name), value.given()))
    }

    named! {
        aria_busy "aria-busy"; aria_current "aria-current"; aria_describedby "aria-describedby"; aria_disabled "aria-disabled";
        aria_expanded "aria-expanded"; aria_hidden "aria-hidden"; aria_invalid "aria-invalid"; aria_label "aria-label"; aria_live "aria-live";
        aria_pressed "aria-pressed"; aria_selected "aria-selected"; aria_valuemax "aria-valuemax"; aria_valuemin "aria-valuemin";
        aria_valuenow "aria-valuenow"; aria_valuetext "aria-valuetext"; autocomplete "autocomplete"; autofocus "autofocus"; colspan "colspan";
        datetime "datetime"; disabled "disabled"; download "download"; hidden "hidden"; href "href"; id "id"; inputmode "inputmode"; label "label";
        lang "lang"; list "list"; maxlength "maxlength"; method "method"; min "min"; name "name"; novalidate "novalidate"; open "open";
        placeholder "placeholder"; rel "rel"; required "required"; role "role"; rows "rows"; scope "scope"; selected "selected"; step "step";
        tabindex "tabindex"; title "title"; r#type "type"; value "value"
    }

    /// One class by its name, or all of them.
    fn class(self, class: impl Classes) -> Described<E> {
        let (place, given) = class.classes();
        self.with(Attribute::Value(place, given))
    }

    fn prop(self, name: &'static str, value: impl Giving) -> Described<E> {
        self.with(Attribute::Value(Place::Property(name), value.given()))
    }

    fn inner_html(self, html: impl Giving) -> Described<E> {
        self.with(Attribute::Value(Place::Inside, html.given()))
    }

    fn on<D: EventDescriptor>(self, event: D, mut handle: impl FnMut(D::EventType) + 'static) -> Described<E>
    where
        D::EventType: From<JsValue>,
    {
        let handler: Handler = Box::new(move |event| handle(D::EventType::from(event)));
        self.with(Attribute::Event(event.name(), Owner::current().unwrap_or_default(), SendWrapper::new(handler)))
    }

    /// For handlers that look at the element.
    fn on_target<D: EventDescriptor>(
        self,
        event: D,
        mut handle: impl FnMut(Targeted<D::EventType, E::Output>) + 'static,
    ) -> Described<E>
    where
        D::EventType: From<JsValue>,
    {
        self.on(event, move |event| handle(event.into()))
    }

    fn node_ref(self, container: impl NodeRefContainer<E>) -> Described<E> {
        self.with(Attribute::Reference(Box::new(move |node| container.load(node))))
    }
}

impl<E: ElementType> Describe<E> for HtmlElement<E, (), ()> {
    fn begin(self) -> Described<E> {
        let (tag, namespace, is_raw) = (E::TAG, E::NAMESPACE, !E::ESCAPE_CHILDREN);
        let element = Element { tag, namespace, is_raw, attributes: vec![], children: None };
        Described { element, kind: PhantomData }
    }
}

impl<E: ElementType> Describe<E> for Described<E> {
    fn begin(self) -> Self {
        self
    }
}

/// What `class` can be given.
pub trait Classes {
    fn classes(self) -> (Place, Given);
}

impl<T: Giving> Classes for T {
    fn classes(self) -> (Place, Given) {
        (Place::Attribute("class"), self.given())
    }
}

impl<T: Giving> Classes for (&'static str, T) {
    fn classes(self) -> (Place, Given) {
        (Place::Class(self.0), self.1.given())
    }
}
