//! Elements in the browser: of one type, whatever their tag and attributes. `view!` makes Leptos's elements, which are compiled for each tag, each
//! attribute and each kind of value that it can have; that was a twentieth of what the browser loads. The first thing that is
//! said of an element turns it into one of these. The server has Leptos's own, which write the HTML that these take over.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use leptos::__reexports::send_wrapper::SendWrapper;
use leptos::prelude::{AddAnyAttr, AnyView, Get, IntoAny, IntoRender, Memo, Mountable, Owner, Render, RenderEffect, RenderHtml};
use leptos::tachys::html::attribute::Attribute as Spread;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::html::element::{ElementType, HtmlElement};
use leptos::tachys::html::event::{EventDescriptor, Targeted};
use leptos::tachys::html::node_ref::NodeRefContainer;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::Rndr;
use leptos::tachys::renderer::types::Node;
use leptos::tachys::view::any_view::AnyViewState;
use leptos::tachys::view::{Position, PositionState};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// An element that is not yet shown.
pub struct Element {
    tag: &'static str,
    namespace: Option<&'static str>,
    /// What the server writes inside has become nothing but text, as in `<noscript>`.
    is_raw: bool,
    attributes: Vec<Attribute>,
    children: Option<AnyView>,
}

/// The same, while it is described: of which kind it is, its handlers are told.
pub struct Described<E> {
    element: Element,
    kind: PhantomData<fn() -> E>,
}

/// What is said of an element.
pub enum Attribute {
    Value(Place, Given),
    /// Whatever the handler makes belongs to the owner, where the element was described.
    Event(Cow<'static, str>, Owner, SendWrapper<Handler>),
    /// Is handed the element.
    Reference(Box<dyn FnOnce(&web_sys::Element) + Send>),
}

type Handler = Box<dyn FnMut(JsValue)>;

/// Where a value goes.
#[derive(Clone, PartialEq)]
pub enum Place {
    Attribute(&'static str),
    /// One class of several.
    Class(&'static str),
    /// What scripts see, and what a person changes: the server does not write it.
    Property(&'static str),
    /// The HTML inside.
    Inside,
}

/// A value, or what finds it out again each time that what it reads has changed.
pub enum Given {
    Fixed(Value),
    Live(Box<dyn FnMut() -> Value + Send>),
}

/// What an attribute or a property is set to.
#[derive(PartialEq)]
pub enum Value {
    /// The attribute is not there, the property is `false`.
    Off,
    /// The attribute is empty, the property is `true`.
    On,
    Text(Cow<'static, str>),
}

/// What can be read as a value.
pub trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for &'static str {
    fn into_value(self) -> Value {
        Value::Text(self.into())
    }
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        Value::Text(self.into())
    }
}

impl IntoValue for bool {
    fn into_value(self) -> Value {
        if self { Value::On } else { Value::Off }
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Off, T::into_value)
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl IntoValue for $number {
            fn into_value(self) -> Value {
                self.to_string().into_value()
            }
        })*
    };
}
numbers!(i32 i64 u32 u64 usize f64);

/// What can be given to an attribute.
pub trait Giving {
    fn given(self) -> Given;
}

macro_rules! fixed {
    ($($kind:ty)*) => {
        $(impl Giving for $kind {
            fn given(self) -> Given {
                Given::Fixed(self.into_value())
            }
        })*
    };
}
fixed!(&'static str String bool i32 i64 u32 u64 usize f64);

impl<T: IntoValue> Giving for Option<T> {
    fn given(self) -> Given {
        Given::Fixed(self.into_value())
    }
}

impl<T: IntoValue, F: FnMut() -> T + Send + 'static> Giving for F {
    fn given(mut self) -> Given {
        Given::Live(Box::new(move || self().into_value()))
    }
}

/// Whether an action is being done.
impl Giving for Memo<bool> {
    fn given(self) -> Given {
        Given::Live(Box::new(move || self.get().into_value()))
    }
}

/// What `view!` makes of a closure.
impl<T: IntoValue + 'static> Giving for Arc<Mutex<dyn FnMut() -> T + Send>> {
    fn given(self) -> Given {
        // Poisoned only where it panicked before: then the page has ended.
        Given::Live(Box::new(move || self.lock().map_or(Value::Off, |mut find| find().into_value())))
    }
}

/// Where an element came from.
#[derive(Clone, Copy, PartialEq)]
enum Origin {
    Made,
    /// Taken over, with what the server wrote.
    Served,
}

/// An element that is shown.
pub struct Shown {
    tag: &'static str,
    node: web_sys::Element,
    attributes: Vec<Kept>,
    children: Option<AnyViewState>,
}

/// What was said of it, as long as it is shown.
enum Kept {
    Fixed(Place, Value),
    Live(Place, RenderEffect<Value>),
    Event(Cow<'static, str>, Closure<dyn FnMut(JsValue)>),
    Reference,
}

/// Sets what differs from what is there.
fn set(node: &web_sys::Element, place: &Place, value: &Value, before: Option<&Value>) {
    if matches!(place, Place::Property(_)) {
        // Whoever typed there may have changed it meanwhile.
    } else if before == Some(value) {
        return;
    }
    match (place, value) {
        (Place::Attribute(name), Value::Off) => Rndr::remove_attribute(node, name),
        (Place::Attribute(name), Value::On) => Rndr::set_attribute(node, name, ""),
        (Place::Attribute(name), Value::Text(text)) => Rndr::set_attribute(node, name, text),
        (Place::Class(name), Value::Off) => drop(node.class_list().remove_1(name)),
        (Place::Class(name), _) => drop(node.class_list().add_1(name)),
        (Place::Property(name), Value::Text(text)) => Rndr::set_property_or_value(node, name, &text.as_ref().into()),
        (Place::Property(name), flag) => Rndr::set_property_or_value(node, name, &(*flag == Value::On).into()),
        (Place::Inside, Value::Text(html)) => node.set_inner_html(html),
        (Place::Inside, _) => node.set_inner_html(""),
    }
}

/// Sets a value, and again when it changes. `before` is what is there; where that is not known, it is what the value is now.
fn follow(node: &web_sys::Element, place: Place, mut find: Box<dyn FnMut() -> Value + Send>, before: Option<Value>) -> Kept {
    let (node, to) = (node.clone(), place.clone());
    let effect = RenderEffect::new_with_value(
        move |before: Option<Value>| {
            let value = find();
            set(&node, &to, &value, before.as_ref().or(Some(&value)));
            value
        },
        before,
    );
    Kept::Live(place, effect)
}

fn listen(node: &web_sys::Element, name: &str, owner: Owner, handler: SendWrapper<Handler>) -> Closure<dyn FnMut(JsValue)> {
    let mut handler = handler.take();
    let handler = Closure::new(move |event| owner.with(|| handler(event)));
    // Fails for no name and no function.
    let _ = node.add_event_listener_with_callback(name, handler.as_ref().unchecked_ref());
    handler
}

impl Attribute {
    fn keep(self, node: &web_sys::Element, origin: Origin) -> Kept {
        match self {
            Self::Value(place, given) => {
                // Properties do not come with the page.
                let before = (origin == Origin::Made || matches!(place, Place::Property(_))).then_some(Value::Off);
                match given {
                    Given::Fixed(value) => {
                        set(node, &place, &value, before.as_ref().or(Some(&value)));
                        Kept::Fixed(place, value)
                    }
                    Given::Live(find) => follow(node, place, find, before),
                }
            }
            Self::Event(name, owner, handler) => {
                let handler = listen(node, &name, owner, handler);
                Kept::Event(name, handler)
            }
            Self::Reference(hand) => {
                hand(node);
                Kept::Reference
            }
        }
    }

    /// Whether it is said of the same part of an element.
    fn fits(&self, kept: &Kept) -> bool {
        match (self, kept) {
            (Self::Value(place, _), Kept::Fixed(known, _) | Kept::Live(known, _)) => place == known,
            (Self::Event(name, ..), Kept::Event(known, _)) => name == known,
            (Self::Reference(_), Kept::Reference) => true,
            _ => false,
        }
    }

    /// Takes the place of what was said before, which it fits.
    fn replace(self, node: &web_sys::Element, kept: &mut Kept) {
        *kept = match (self, &*kept) {
            (Self::Value(place, given), Kept::Fixed(..) | Kept::Live(..)) => {
                let mut before = match std::mem::replace(kept, Kept::Reference) {
                    Kept::Fixed(_, value) => Some(value),
                    Kept::Live(_, effect) => effect.take_value(),
                    _ => None,
                };
                if let (Place::Class(_), Some(known)) = (&place, &mut before) {
                    // It went where all classes were set anew.
                    set(node, &place, &Value::Off, Some(known));
                    *known = Value::Off;
                }
                match given {
                    Given::Fixed(value) => {
                        set(node, &place, &value, before.as_ref());
                        Kept::Fixed(place, value)
                    }
                    Given::Live(find) => follow(node, place, find, before),
                }
            }
            (attribute, before) => {
                if let Kept::Event(name, handler) = before {
                    let _ = node.remove_event_listener_with_callback(name, handler.as_ref().unchecked_ref());
                }
                attribute.keep(node, Origin::Made)
            }
        };
    }
}

impl Element {
    /// Whether it can become what is shown by what is said of it.
    fn fits(&self, shown: &Shown) -> bool {
        self.tag == shown.tag
            && (self.is_raw || self.children.is_some() == shown.children.is_some())
            && self.attributes.len() == shown.attributes.len()
            && self.attributes.iter().zip(&shown.attributes).all(|(attribute, kept)| attribute.fits(kept))
    }
}

impl Render for Element {
    type State = Shown;

    fn build(self) -> Shown {
        let node = Rndr::create_element(self.tag, self.namespace);
        let attributes = self.attributes.into_iter().map(|attribute| attribute.keep(&node, Origin::Made)).collect();
        let children = self.children.map(|children| {
            let mut children = children.build();
            children.mount(&node, None);
            children
        });
        Shown { tag: self.tag, node, attributes, children }
    }

    fn rebuild(self, shown: &mut Shown) {
        if !self.fits(shown) {
            let mut new = self.build();
            shown.insert_before_this(&mut new);
            shown.unmount();
            *shown = new;
            return;
        }
        for (attribute, kept) in self.attributes.into_iter().zip(&mut shown.attributes) {
            attribute.replace(&shown.node, kept);
        }
        if let (Some(children), Some(state)) = (self.children, &mut shown.children) {
            children.rebuild(state);
        }
    }
}

impl RenderHtml for Element {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {
        unreachable!("the server writes HTML")
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Shown {
        match position.get() {
            Position::FirstChild => cursor.child(),
            Position::Current => {}
            _ => cursor.sibling(),
        }
        let node = cursor.current();
        let Ok(node) = node.dyn_into::<web_sys::Element>() else { unreachable!("the server wrote no {} here", self.tag) };
        let attributes = self.attributes.into_iter().map(|attribute| attribute.keep(&node, Origin::Served)).collect();
        let children = self.children.filter(|_| !self.is_raw).map(|children| {
            position.set(Position::FirstChild);
            children.hydrate::<true>(cursor, position)
        });
        let here: &Node = &node;
        cursor.set(here.clone());
        position.set(Position::NextChild);
        Shown { tag: self.tag, node, attributes, children }
    }

    async fn hydrate_async(self, cursor: &Cursor, position: &PositionState) -> Shown {
        self.hydrate::<true>(cursor, position)
    }

    fn into_owned(self) -> Self {
        self
    }
}

impl Mountable for Shown {
    fn unmount(&mut self) {
        self.node.remove();
    }

    fn mount(&mut self, parent: &web_sys::Element, before: Option<&Node>) {
        Rndr::insert_node(parent, &self.node, before);
    }

    fn try_mount(&mut self, parent: &web_sys::Element, before: Option<&Node>) -> bool {
        Rndr::try_insert_node(parent, &self.node, before)
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let parent = self.node.parent_element();
        if let Some(parent) = &parent {
            child.mount(parent, Some(&self.node));
        }
        parent.is_some()
    }

    fn elements(&self) -> Vec<web_sys::Element> {
        vec![self.node.clone()]
    }
}

/// Nothing spreads attributes over views.
impl AddAnyAttr for Element {
    type Output<A: Spread> = Self;

    fn add_any_attr<A: Spread>(self, _: A) -> Self {
        unreachable!("attributes are written where the element is")
    }
}

/// The same.
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
