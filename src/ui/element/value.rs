//! What the attributes of elements can be given, and what becomes of it.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use leptos::prelude::{Get, Memo};

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
