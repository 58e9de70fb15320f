//! Dates and JSON in the binary form that pages get answers in (see [`crate::rpc`]): borsh knows neither. For fields with
//! `#[borsh(serialize_with = "wire::put", deserialize_with = "wire::take")]`.

use borsh::io::{Error, ErrorKind, Read, Result, Write};
use borsh::{BorshDeserialize, BorshSerialize};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};

/// What travels as something that borsh knows.
pub trait Wired: Sized {
    type Form: BorshSerialize + BorshDeserialize;

    fn form(&self) -> Self::Form;

    /// `None` where nothing has this form.
    fn of(form: Self::Form) -> Option<Self>;
}

/// The day's number, 1 January of the year 1 being the first.
impl Wired for NaiveDate {
    type Form = i32;

    fn form(&self) -> i32 {
        self.num_days_from_ce()
    }

    fn of(days: i32) -> Option<Self> {
        Self::from_num_days_from_ce_opt(days)
    }
}

/// Seconds since 1970, and nanoseconds.
impl Wired for DateTime<Utc> {
    type Form = (i64, u32);

    fn form(&self) -> (i64, u32) {
        (self.timestamp(), self.timestamp_subsec_nanos())
    }

    fn of((seconds, nanoseconds): (i64, u32)) -> Option<Self> {
        Self::from_timestamp(seconds, nanoseconds)
    }
}

/// As if it were UTC.
impl Wired for NaiveDateTime {
    type Form = (i64, u32);

    fn form(&self) -> (i64, u32) {
        self.and_utc().form()
    }

    fn of(form: (i64, u32)) -> Option<Self> {
        DateTime::of(form).map(|at| at.naive_utc())
    }
}

impl<T: Wired> Wired for Option<T> {
    type Form = Option<T::Form>;

    fn form(&self) -> Option<T::Form> {
        self.as_ref().map(T::form)
    }

    fn of(form: Option<T::Form>) -> Option<Self> {
        match form {
            Some(form) => T::of(form).map(Some),
            None => Some(None),
        }
    }
}

impl<T: Wired> Wired for Vec<T> {
    type Form = Vec<T::Form>;

    fn form(&self) -> Vec<T::Form> {
        self.iter().map(T::form).collect()
    }

    fn of(form: Vec<T::Form>) -> Option<Self> {
        form.into_iter().map(T::of).collect()
    }
}

/// Its text.
impl Wired for serde_json::Value {
    type Form = String;

    fn form(&self) -> String {
        self.to_string()
    }

    fn of(text: String) -> Option<Self> {
        serde_json::from_str(&text).ok()
    }
}

pub fn put<T: Wired, W: Write>(value: &T, to: &mut W) -> Result<()> {
    value.form().serialize(to)
}

pub fn take<T: Wired, R: Read>(from: &mut R) -> Result<T> {
    T::of(T::Form::deserialize_reader(from)?).ok_or_else(|| Error::from(ErrorKind::InvalidData))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn back<T: Wired>(value: &T) -> T {
        let mut bytes = vec![];
        put(value, &mut bytes).unwrap();
        take(&mut bytes.as_slice()).unwrap()
    }

    #[test]
    fn dates_come_back_as_they_were() {
        for day in [NaiveDate::MIN, NaiveDate::from_ymd_opt(1969, 12, 31).unwrap(), NaiveDate::MAX] {
            assert_eq!(back(&day), day);
            assert_eq!(back(&Some(day)), Some(day));
        }
        for at in ["1969-12-31T23:59:59.999999Z", "2017-03-01T12:00:00Z", "9999-12-31T23:59:59.999999999Z"] {
            let at: DateTime<Utc> = at.parse().unwrap();
            assert_eq!(back(&at), at);
            assert_eq!(back(&at.naive_utc()), at.naive_utc());
        }
        assert_eq!(back(&None::<NaiveDate>), None);
    }

    #[test]
    fn json_comes_back_as_it_was() {
        let values = vec![None, Some(json!(null)), Some(json!({"b": [1, 0.1, "\u{0}é"], "a": {}}))];
        assert_eq!(back(&values), values);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        assert!(take::<NaiveDate, _>(&mut i32::MAX.to_le_bytes().as_slice()).is_err());
        assert!(take::<NaiveDate, _>(&mut [1u8].as_slice()).is_err());
    }
}
