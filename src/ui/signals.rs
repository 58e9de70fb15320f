//! Leptos's signals under their own names, with one type inside. Leptos compiles each of them, its locks, guards and subscriptions for every type it
//! holds and every closure it is made of; here they hold a box, and only the look into the box knows the type.
//!
//! What the methods do is what Leptos's do: reading what its owner has cleaned up panics, unless it is tried; writing there does nothing.

use std::any::Any;
use std::io;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use leptos::prelude as of;
use leptos::prelude::{Get, Read, ReadUntracked, ReadValue, Set, SetValue, Write, WriteValue};

use crate::error::Failure;
use crate::rpc::Borsh;

type Held = Box<dyn Any + Send + Sync>;

/// The look into the box.
fn cast<T: 'static>(held: &Held) -> &T {
    let Some(value) = (**held).downcast_ref() else { of_another_type() };
    value
}

fn cast_mut<T: 'static>(held: &mut Held) -> &mut T {
    let Some(value) = (**held).downcast_mut() else { of_another_type() };
    value
}

#[cold]
fn of_another_type() -> ! {
    unreachable!("each handle knows what it holds")
}

// Where a value is read is told by builds for development: in the browser's half, the places would be two hundredths of what is loaded.
#[cold]
#[cfg_attr(debug_assertions, track_caller)]
fn gone() -> ! {
    panic!("a signal is read that its owner has cleaned up")
}

/// Reading what changes.
pub trait Reading {
    type Value: 'static;

    /// What is held; whoever runs is told when it changes. `None` when its owner has cleaned it up.
    fn held(&self) -> Option<impl Deref<Target = Held>>;

    /// The same, and nobody is told.
    fn held_untracked(&self) -> Option<impl Deref<Target = Held>>;

    /// To be told when it changes, without a look at it.
    fn track(&self) {
        drop(self.held());
    }

    #[cfg_attr(debug_assertions, track_caller)]
    fn with<R>(&self, look: impl FnOnce(&Self::Value) -> R) -> R {
        let Some(held) = self.held() else { gone() };
        look(cast(&held))
    }

    #[cfg_attr(debug_assertions, track_caller)]
    fn get(&self) -> Self::Value
    where
        Self::Value: Clone,
    {
        self.with(Clone::clone)
    }

    fn try_get(&self) -> Option<Self::Value>
    where
        Self::Value: Clone,
    {
        self.held().map(|held| cast::<Self::Value>(&held).clone())
    }

    fn try_with_untracked<R>(&self, look: impl FnOnce(&Self::Value) -> R) -> Option<R> {
        let held = self.held_untracked()?;
        Some(look(cast(&held)))
    }

    #[cfg_attr(debug_assertions, track_caller)]
    fn with_untracked<R>(&self, look: impl FnOnce(&Self::Value) -> R) -> R {
        let Some(held) = self.held_untracked() else { gone() };
        look(cast(&held))
    }

    fn try_get_untracked(&self) -> Option<Self::Value>
    where
        Self::Value: Clone,
    {
        self.try_with_untracked(Clone::clone)
    }

    #[cfg_attr(debug_assertions, track_caller)]
    fn get_untracked(&self) -> Self::Value
    where
        Self::Value: Clone,
    {
        self.with_untracked(Clone::clone)
    }
}

/// A handle that is copied, whatever it leads to.
macro_rules! handle {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        pub struct $name<T> {
            of: of::$name<Held>,
            kind: PhantomData<fn() -> T>,
        }

        impl<T> Copy for $name<T> {}

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> $name<T> {
            const fn over(of: of::$name<Held>) -> Self {
                Self { of, kind: PhantomData }
            }
        }
    };
}

/// Reading, by Leptos's own guards.
macro_rules! reading {
    ($name:ident) => {
        impl<T: 'static> Reading for $name<T> {
            type Value = T;

            fn held(&self) -> Option<impl Deref<Target = Held>> {
                self.of.try_read()
            }

            fn held_untracked(&self) -> Option<impl Deref<Target = Held>> {
                self.of.try_read_untracked()
            }
        }
    };
}

handle! {
    /// A value that changes; see [`of::RwSignal`].
    RwSignal
}
reading!(RwSignal);

impl<T: Send + Sync + 'static> RwSignal<T> {
    pub fn new(value: T) -> Self {
        Self::over(of::RwSignal::<Held>::new(Box::new(value)))
    }

    pub fn set(&self, value: T) {
        self.of.set(Box::new(value));
    }

    /// The same; gives the value back when its owner has cleaned it up.
    pub fn try_set(&self, value: T) -> Option<T> {
        let back = self.of.try_set(Box::new(value))?;
        back.downcast().ok().map(|value| *value)
    }

    /// Changes the value in place.
    pub fn update(&self, change: impl FnOnce(&mut T)) {
        self.try_update(change);
    }

    /// The same, with what the change answers. `None` when its owner has cleaned it up.
    pub fn try_update<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut held = self.of.try_write()?;
        Some(change(cast_mut(&mut held)))
    }
}

impl<T: Default + Send + Sync + 'static> Default for RwSignal<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

handle! {
    /// A value that follows from others; see [`of::Memo`].
    Memo
}
reading!(Memo);

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    pub fn new(compute: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        fn changed<T: PartialEq + 'static>(before: Option<&Held>, now: Option<&Held>) -> bool {
            before.map(cast::<T>) != now.map(cast::<T>)
        }
        type Compute = Box<dyn Fn(Option<&Held>) -> Held + Send + Sync>;
        let compute: Compute = Box::new(move |before| Box::new(compute(before.map(cast))));
        Self::over(of::Memo::new_with_compare(compute, changed::<T>))
    }
}

handle! {
    /// Whatever can be read: a signal, a memo, a computation that is made anew each time, or a value that never changes. See [`of::Signal`].
    Signal
}
reading!(Signal);

impl<T: Send + Sync + 'static> Signal<T> {
    pub fn derive(compute: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let compute: Box<dyn Fn() -> Held + Send + Sync> = Box::new(move || Box::new(compute()));
        Self::over(of::Signal::derive(compute))
    }

    pub fn stored(value: T) -> Self {
        Self::over(of::Signal::<Held>::stored(Box::new(value)))
    }
}

impl<T> From<RwSignal<T>> for Signal<T> {
    fn from(signal: RwSignal<T>) -> Self {
        Self::over(of::Signal::from(signal.of))
    }
}

impl<T> From<Memo<T>> for Signal<T> {
    fn from(memo: Memo<T>) -> Self {
        Self::over(of::Signal::from(memo.of))
    }
}

/// Whether an action is being done.
impl From<of::Memo<bool>> for Signal<bool> {
    fn from(memo: of::Memo<bool>) -> Self {
        Self::derive(move || memo.get())
    }
}

impl<T: Send + Sync + 'static> From<T> for Signal<T> {
    fn from(value: T) -> Self {
        Self::stored(value)
    }
}

impl From<&str> for Signal<String> {
    fn from(value: &str) -> Self {
        Self::stored(value.to_owned())
    }
}

impl<T: Default + Send + Sync + 'static> Default for Signal<T> {
    fn default() -> Self {
        Self::stored(T::default())
    }
}

handle! {
    /// A value that nobody watches; see [`of::StoredValue`].
    StoredValue
}

impl<T: Send + Sync + 'static> StoredValue<T> {
    pub fn new(value: T) -> Self {
        Self::over(of::StoredValue::<Held>::new(Box::new(value)))
    }

    pub fn set_value(&self, value: T) {
        self.of.set_value(Box::new(value));
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub fn with_value<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        let Some(held) = self.of.try_read_value() else { gone() };
        look(cast(&held))
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub fn get_value(&self) -> T
    where
        T: Clone,
    {
        self.with_value(T::clone)
    }

    pub fn try_get_value(&self) -> Option<T>
    where
        T: Clone,
    {
        self.of.try_read_value().map(|held| cast::<T>(&held).clone())
    }

    pub fn try_update_value<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut held = self.of.try_write_value()?;
        Some(change(cast_mut(&mut held)))
    }

    pub fn update_value(&self, change: impl FnOnce(&mut T)) {
        self.try_update_value(change);
    }
}

/// What runs in the browser, and again when what it read has changed; see [`of::Effect`].
pub struct Effect;

impl Effect {
    /// `run` is given what it gave the time before.
    #[expect(clippy::new_ret_no_self, reason = "called as Leptos's is; nobody keeps one")]
    pub fn new<T: 'static>(mut run: impl FnMut(Option<T>) -> T + 'static) {
        let mut last = None;
        let run: Box<dyn FnMut()> = Box::new(move || last = Some(run(last.take())));
        of::Effect::new(run);
    }
}

/// A function that is handed down; see [`of::Callback`].
pub struct Callback<In: 'static, Out: 'static = ()> {
    of: StoredValue<Arc<dyn Fn(In) -> Out + Send + Sync>>,
}

impl<In, Out> Copy for Callback<In, Out> {}

impl<In, Out> Clone for Callback<In, Out> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<In, Out> Callback<In, Out> {
    pub fn new(function: impl Fn(In) -> Out + Send + Sync + 'static) -> Self {
        Self { of: StoredValue::new(Arc::new(function)) }
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub fn run(&self, input: In) -> Out {
        (self.of.get_value())(input)
    }

    /// `None` when its owner has cleaned it up.
    pub fn try_run(&self, input: In) -> Option<Out> {
        self.of.try_get_value().map(|function| function(input))
    }
}

/// Something that is done when it is asked for; see [`of::Action`]. What comes of it, it tells itself.
pub struct Action<In: 'static> {
    of: of::Action<Held, ()>,
    kind: PhantomData<fn(In)>,
}

impl<In> Copy for Action<In> {}

impl<In> Clone for Action<In> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<In: Send + Sync + 'static> Action<In> {
    pub fn new<F: Future<Output = ()> + Send + 'static>(act: impl Fn(&In) -> F + Send + Sync + 'static) -> Self {
        type Act = Box<dyn Fn(&Held) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;
        let act: Act = Box::new(move |input| Box::pin(act(cast(input))));
        Self { of: of::Action::new(act), kind: PhantomData }
    }

    pub fn dispatch(&self, input: In) -> of::ActionAbortHandle {
        self.of.dispatch(Box::new(input))
    }

    /// Whether it is being done.
    pub fn pending(&self) -> of::Memo<bool> {
        self.of.pending()
    }
}

/// What the server knows, for a page: fetched there first, later by the browser; see [`of::Resource`].
pub struct Resource<T> {
    of: of::Resource<Fetched, Borsh>,
    kind: PhantomData<fn() -> T>,
}

#[derive(Clone)]
enum Fetched {
    /// What the server found, on its way to the browser.
    Written(Vec<u8>),
    /// What the browser fetched itself.
    Here(Arc<dyn Any + Send + Sync>),
}

impl BorshSerialize for Fetched {
    fn serialize<W: io::Write>(&self, to: &mut W) -> io::Result<()> {
        match self {
            Self::Written(bytes) => to.write_all(bytes),
            Self::Here(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl BorshDeserialize for Fetched {
    fn deserialize_reader<R: io::Read>(from: &mut R) -> io::Result<Self> {
        let mut bytes = vec![];
        from.read_to_end(&mut bytes)?;
        Ok(Self::Written(bytes))
    }
}

impl Fetched {
    fn new<T: BorshSerialize + Send + Sync + 'static>(answer: Result<T, Failure>) -> Self {
        if cfg!(feature = "ssr") {
            Self::Written(borsh::to_vec(&answer).unwrap_or_default())
        } else {
            Self::Here(Arc::new(answer))
        }
    }

    fn read<T: Clone + BorshDeserialize + 'static>(&self) -> Result<T, Failure> {
        match self {
            Self::Written(bytes) => borsh::from_slice(bytes).unwrap_or_else(|_| Err(Failure::outdated())),
            Self::Here(answer) => answer.downcast_ref().cloned().unwrap_or_else(|| Err(Failure::outdated())),
        }
    }
}

impl<T> Copy for Resource<T> {}

impl<T> Clone for Resource<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Clone + BorshSerialize + BorshDeserialize + Send + Sync + 'static> Resource<T> {
    /// Is fetched again when `source` gives another value.
    pub fn new<S, F>(source: impl Fn() -> S + Send + Sync + 'static, fetch: impl Fn(S) -> F + Send + Sync + 'static) -> Self
    where
        S: PartialEq + Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        Self::with_options(source, fetch, false)
    }

    /// The same; the server sends nothing of the page before it is there.
    pub fn new_blocking<S, F>(
        source: impl Fn() -> S + Send + Sync + 'static,
        fetch: impl Fn(S) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: PartialEq + Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        Self::with_options(source, fetch, true)
    }

    fn with_options<S, F>(
        source: impl Fn() -> S + Send + Sync + 'static,
        fetch: impl Fn(S) -> F + Send + Sync + 'static,
        blocking: bool,
    ) -> Self
    where
        S: PartialEq + Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let source = Memo::new(move |_| source());
        // How often it has changed: one type for all sources.
        let changes = of::Memo::new(move |before: Option<&u32>| {
            source.track();
            before.map_or(0, |before| before + 1)
        });
        type Fetching = Pin<Box<dyn Future<Output = Fetched> + Send>>;
        let fetch: Box<dyn Fn(u32) -> Fetching + Send + Sync> = Box::new(move |_| {
            let fetching = fetch(source.get_untracked());
            Box::pin(async move { Fetched::new(fetching.await) })
        });
        Self { of: of::Resource::new_with_options(move || changes.get(), fetch, blocking), kind: PhantomData }
    }

    pub fn refetch(&self) {
        self.of.refetch();
    }
}

impl<T: Clone + BorshDeserialize + 'static> IntoFuture for Resource<T> {
    type Output = Result<T, Failure>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let answer = self.of.into_future();
        Box::pin(async move { answer.await.read() })
    }
}
