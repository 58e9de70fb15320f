//! The operators of column filters, and the types that accept them.

use super::values::scalar_text;
use crate::domain::dataset::{Operands, Predicate, PredicateKind, Scalar};
use crate::domain::schema::ColumnType;

/// The fields that an operator needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Nothing,
    OneValue,
    TwoValues,
    List,
    DayRange,
    DayCount,
}

/// How an operator is offered, its fields, and its predicate.
struct Spec {
    words: &'static str,
    input: Input,
    predicate: fn(&Before) -> Predicate,
}

/// The values that a predicate had before its operator changed.
struct Before<'a> {
    column_type: ColumnType,
    values: &'a [Scalar],
}

impl Before<'_> {
    fn first(&self) -> Scalar {
        self.values.first().cloned().unwrap_or_else(|| Family::of(self.column_type).first_value())
    }

    fn last(&self) -> Scalar {
        self.values.last().cloned().unwrap_or_else(|| Family::of(self.column_type).first_value())
    }

    fn all(&self) -> Vec<Scalar> {
        self.values.to_vec()
    }

    fn text(&self) -> String {
        self.values.first().map(scalar_text).unwrap_or_default()
    }
}

impl PredicateKind {
    const fn spec(self) -> Spec {
        use Input::*;
        const fn spec(words: &'static str, input: Input, predicate: fn(&Before) -> Predicate) -> Spec {
            Spec { words, input, predicate }
        }
        match self {
            Self::In => spec("is one of", List, |before| Predicate::In { values: before.all() }),
            Self::NotIn => spec("is none of", List, |before| Predicate::NotIn { values: before.all() }),
            Self::Equal => spec("is", OneValue, |before| Predicate::Equal { value: before.first() }),
            Self::NotEqual => spec("is not", OneValue, |before| Predicate::NotEqual { value: before.first() }),
            Self::Less => spec("is less than", OneValue, |before| Predicate::Less { value: before.first() }),
            Self::LessOrEqual => spec("is at most", OneValue, |before| Predicate::LessOrEqual { value: before.first() }),
            Self::Greater => spec("is more than", OneValue, |before| Predicate::Greater { value: before.first() }),
            Self::GreaterOrEqual => spec("is at least", OneValue, |before| Predicate::GreaterOrEqual { value: before.first() }),
            Self::Between => {
                spec("is between", TwoValues, |before| Predicate::Between { min: before.first(), max: before.last() })
            }
            Self::DateRange => spec("is in date range", DayRange, |_| Predicate::DateRange { start: None, end: None }),
            Self::LastDays => spec("is in the last N days", DayCount, |_| Predicate::LastDays { days: 90 }),
            Self::Contains => spec("contains", OneValue, |before| Predicate::Contains { text: before.text() }),
            Self::IsNull => spec("is NULL", Nothing, |_| Predicate::IsNull),
            Self::NotNull => spec("is not NULL", Nothing, |_| Predicate::NotNull),
        }
    }

    pub const fn words(self) -> &'static str {
        self.spec().words
    }

    pub const fn input(self) -> Input {
        self.spec().input
    }

    /// Whether rows with NULL may stay: the operators on NULL decide that themselves.
    pub const fn takes_nulls(self) -> bool {
        match self.input() {
            Input::Nothing => false,
            Input::OneValue | Input::TwoValues | Input::List | Input::DayRange | Input::DayCount => true,
        }
    }

    /// The predicate of a new filter; previous values stay if they fit.
    pub fn predicate(self, column_type: ColumnType, values: &[Scalar]) -> Predicate {
        (self.spec().predicate)(&Before { column_type, values })
    }

    /// The operators that a type takes; the first is what a new filter asks.
    pub const fn of_type(column_type: ColumnType) -> &'static [Self] {
        Family::of(column_type).ops()
    }
}

/// Types with the same operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Number,
    Bool,
    /// Has a calendar day.
    Day,
    /// Can only be compared with NULL.
    Opaque,
}

impl Family {
    const fn of(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::String => Self::Text,
            ColumnType::Int64 | ColumnType::Float64 | ColumnType::Numeric | ColumnType::BigNumeric => Self::Number,
            ColumnType::Bool => Self::Bool,
            ColumnType::Date | ColumnType::Datetime | ColumnType::Timestamp => Self::Day,
            ColumnType::Bytes
            | ColumnType::Time
            | ColumnType::Struct
            | ColumnType::Json
            | ColumnType::Geography
            | ColumnType::Interval
            | ColumnType::Range => Self::Opaque,
        }
    }

    const fn ops(self) -> &'static [PredicateKind] {
        use PredicateKind::*;
        match self {
            Self::Text => &[In, NotIn, Equal, NotEqual, Contains, IsNull, NotNull],
            Self::Number => &[GreaterOrEqual, Greater, LessOrEqual, Less, Between, Equal, NotEqual, In, NotIn, IsNull, NotNull],
            Self::Bool => &[Equal, IsNull, NotNull],
            Self::Day => &[DateRange, LastDays, IsNull, NotNull],
            Self::Opaque => &[NotNull, IsNull],
        }
    }

    /// The initial value of a field.
    fn first_value(self) -> Scalar {
        match self {
            Self::Bool => Scalar::Bool(true),
            Self::Number => Scalar::Int(0),
            Self::Text | Self::Day | Self::Opaque => Scalar::Text(String::new()),
        }
    }
}

/// The values of a predicate, in the order of their fields.
pub fn values_of(predicate: &Predicate) -> Vec<Scalar> {
    match predicate.operands() {
        Operands::List(values) => values.to_vec(),
        Operands::Value(value) => vec![value.clone()],
        Operands::Range { min, max } => vec![min.clone(), max.clone()],
        Operands::Text(text) => vec![Scalar::Text(text.into())],
        Operands::Days { .. } | Operands::LastDays(_) | Operands::Nothing => vec![],
    }
}

/// Changes the values of a predicate, if it has fields or a list of values. Without any, a field
/// gets its initial value.
pub fn edit_values(predicate: &mut Predicate, column_type: ColumnType, change: impl FnOnce(&mut Vec<Scalar>)) {
    let op = PredicateKind::from(&*predicate);
    match op.input() {
        Input::OneValue | Input::TwoValues | Input::List => {
            let mut values = values_of(predicate);
            change(&mut values);
            *predicate = op.predicate(column_type, &values);
        }
        Input::Nothing | Input::DayRange | Input::DayCount => {}
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn every_operator_makes_its_own_predicate_of_every_type() {
        for column_type in ColumnType::ALL {
            for op in PredicateKind::VARIANTS.iter().copied() {
                let mut predicate = op.predicate(column_type, &[]);
                assert_eq!(PredicateKind::from(&predicate), op, "{op:?} of {column_type}");
                let fields = match op.input() {
                    Input::Nothing | Input::DayRange | Input::DayCount | Input::List => 0,
                    Input::OneValue => 1,
                    Input::TwoValues => 2,
                };
                assert_eq!(values_of(&predicate).len(), fields, "{op:?} of {column_type}");
                for field in 0..fields {
                    let new = Scalar::Text(format!("value {field}"));
                    edit_values(&mut predicate, column_type, |values| values[field] = new.clone());
                    assert_eq!(values_of(&predicate)[field], new, "{op:?} of {column_type}");
                    assert_eq!((PredicateKind::from(&predicate), values_of(&predicate).len()), (op, fields));
                }
                let before = predicate.clone();
                edit_values(&mut predicate, column_type, |values| values.push(Scalar::Int(1)));
                match op.input() {
                    Input::List => assert_eq!(values_of(&predicate), [Scalar::Int(1)], "{op:?} of {column_type}"),
                    Input::Nothing | Input::DayRange | Input::DayCount => assert_eq!(predicate, before),
                    Input::OneValue | Input::TwoValues => {}
                }
            }
        }
    }

    #[test]
    fn every_type_takes_the_operators_of_its_family() {
        let taken = |column_type| {
            PredicateKind::VARIANTS
                .iter()
                .copied()
                .filter(|op| PredicateKind::of_type(column_type).contains(op))
                .collect::<Vec<_>>()
        };
        let compared = [
            PredicateKind::Less,
            PredicateKind::LessOrEqual,
            PredicateKind::Greater,
            PredicateKind::GreaterOrEqual,
            PredicateKind::Between,
        ];
        for column_type in ColumnType::ALL {
            let ops = taken(column_type);
            assert_eq!(ops.len(), PredicateKind::of_type(column_type).len(), "{column_type}: one of them twice");
            let has = |op| ops.contains(&op);
            // Any column can be NULL.
            assert!(has(PredicateKind::IsNull) && has(PredicateKind::NotNull), "{column_type}");
            let numeric = column_type.is_numeric();
            assert!(compared.into_iter().all(|op| has(op) == numeric), "{column_type}");
            let text = column_type == ColumnType::String;
            assert_eq!(has(PredicateKind::Contains), text, "{column_type}");
            assert!(
                [PredicateKind::In, PredicateKind::NotIn, PredicateKind::NotEqual]
                    .into_iter()
                    .all(|op| has(op) == (numeric || text)),
                "{column_type}"
            );
            assert_eq!(has(PredicateKind::Equal), numeric || text || column_type == ColumnType::Bool, "{column_type}");
            let days = column_type.is_temporal();
            assert!(has(PredicateKind::DateRange) == days && has(PredicateKind::LastDays) == days, "{column_type}");
        }
    }

    #[test]
    fn another_operator_keeps_the_values_that_fit() {
        let values = [Scalar::Text("a".into()), Scalar::Text("b".into())];
        let equal = PredicateKind::Equal.predicate(ColumnType::String, &values);
        assert_eq!(equal, Predicate::Equal { value: values[0].clone() });
        let back = PredicateKind::In.predicate(ColumnType::String, &values_of(&equal));
        assert_eq!(back, Predicate::In { values: vec![values[0].clone()] });
        let ends = [Scalar::Int(1), Scalar::Int(5)];
        let between = PredicateKind::Between.predicate(ColumnType::Int64, &ends);
        assert_eq!(values_of(&between), ends);
        assert_eq!(
            PredicateKind::Less.predicate(ColumnType::Int64, &values_of(&between)),
            Predicate::Less { value: ends[0].clone() }
        );
        // Days are no values.
        let days = PredicateKind::DateRange.predicate(ColumnType::Date, &values);
        assert_eq!(days, Predicate::DateRange { start: None, end: None });
    }

    #[test]
    fn only_operators_on_null_decide_about_rows_with_null() {
        let without = PredicateKind::VARIANTS.iter().copied().filter(|op| !op.takes_nulls()).collect::<Vec<_>>();
        assert_eq!(without, [PredicateKind::IsNull, PredicateKind::NotNull]);
    }
}
