//! Elements in the browser: of one type, whatever their tag and attributes. `view!` makes Leptos's elements, which are compiled for each tag, each
//! attribute and each kind of value that it can have; that was a twentieth of what the browser loads. The first thing that is
//! said of an element turns it into one of these. The server has Leptos's own, which write the HTML that these take over.

use std::borrow::Cow;

use leptos::__reexports::send_wrapper::SendWrapper;
use leptos::prelude::{AddAnyAttr, AnyView, Mountable, Owner, Render, RenderEffect, RenderHtml};
use leptos::tachys::html::attribute::Attribute as Spread;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::Rndr;
use leptos::tachys::renderer::types::Node;
use leptos::tachys::view::any_view::AnyViewState;
use leptos::tachys::view::{Position, PositionState};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

mod describe;
mod value;

pub use describe::Describe;
use value::{Given, Place, Value};

/// An element that is not yet shown.
pub struct Element {
    tag: &'static str,
    namespace: Option<&'static str>,
    /// What the server writes inside has become nothing but text, as in `<noscript>`.
    is_raw: bool,
    attributes: Vec<Attribute>,
    children: Option<AnyView>,
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
