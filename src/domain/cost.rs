//! What a query costs by the bytes that it reads.
//! <https://cloud.google.com/bigquery/pricing#on_demand_pricing>
//!
//! A price is an `Option<Price>` wherever something is computed with it: `None` is a warehouse that
//! is not metered, where nothing has a price, not even one of zero.

use std::ops::Add;

use serde::{Deserialize, Serialize};

/// Both are settings: prices change and differ by region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// US dollars for 2^40 bytes.
    pub usd_per_tib: f64,
    /// Bytes that a query is billed for at least, for each table that it reads.
    pub minimum_bytes: u64,
}

impl Default for Price {
    fn default() -> Self {
        Self { usd_per_tib: 6.25, minimum_bytes: 10 << 20 }
    }
}

impl Price {
    /// US dollars for a query that reads `bytes` from `tables` tables: rounded up to the next MiB,
    /// and not below the minimum. Reading nothing is free.
    pub fn of(&self, bytes: u64, tables: usize) -> f64 {
        if bytes == 0 {
            return 0.0;
        }
        let whole = bytes.div_ceil(1 << 20).saturating_mul(1 << 20);
        let billed = whole.max(self.minimum_bytes.saturating_mul(tables.max(1) as u64));
        billed as f64 / (1u64 << 40) as f64 * self.usd_per_tib
    }
}

/// What queries read, and what that cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Cost {
    /// `None` if the engine does not report them.
    pub bytes: Option<u64>,
    /// US dollars; `None` if reading is free, or the bytes read are unknown.
    pub price_usd: Option<f64>,
}

impl Cost {
    /// No query, as the start of a sum.
    pub fn nothing(price: Option<Price>) -> Self {
        Self { bytes: Some(0), price_usd: price.map(|_| 0.0) }
    }

    /// Of a query that read `bytes` from `tables` tables.
    pub fn of(bytes: Option<u64>, tables: usize, price: Option<Price>) -> Self {
        Self { bytes, price_usd: price.zip(bytes).map(|(price, bytes)| price.of(bytes, tables)) }
    }
}

impl Add for Cost {
    type Output = Self;

    /// The sum is unknown if either is.
    fn add(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.zip(other.bytes).map(|(a, b)| a.saturating_add(b)),
            price_usd: self.price_usd.zip(other.price_usd).map(|(a, b)| a + b),
        }
    }
}

/// What a query would read and cost, by a dry run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
// What the API's document has called it since analyses alone had one; the API's other estimates
// have types of their own there.
#[cfg_attr(feature = "ssr", schema(as = AnalysisEstimate, description = "Estimated bytes and cost of an analysis, without running it."))]
pub struct Estimate {
    /// `None` if the engine cannot estimate it.
    pub bytes: Option<u64>,
    /// US dollars; `None` if reading is free.
    pub price_usd: Option<f64>,
    /// The actual amount may be lower: a table is clustered, or fewer partitions are read once the
    /// reference date is resolved.
    pub upper_bound: bool,
}

impl Estimate {
    /// No query, as the start of a sum.
    pub fn nothing(price: Option<Price>) -> Self {
        Self::new(Cost::nothing(price), false)
    }

    /// Of a query that reads `bytes`, or at most so many, from `tables` tables.
    pub fn of(bytes: Option<u64>, upper_bound: bool, tables: usize, price: Option<Price>) -> Self {
        Self::new(Cost::of(bytes, tables, price), upper_bound)
    }

    fn new(Cost { bytes, price_usd }: Cost, upper_bound: bool) -> Self {
        Self { bytes, price_usd, upper_bound }
    }

    fn cost(self) -> Cost {
        Cost { bytes: self.bytes, price_usd: self.price_usd }
    }
}

impl Add for Estimate {
    type Output = Self;

    /// The sum is unknown if either is, and an upper bound if either is.
    fn add(self, other: Self) -> Self {
        Self::new(self.cost() + other.cost(), self.upper_bound || other.upper_bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price { usd_per_tib: 8.0, minimum_bytes: 0 };
    const HALF: u64 = 1 << 39;

    #[test]
    fn an_estimate_has_a_price_where_reading_is_metered_and_its_size_is_known() {
        let metered = Estimate::of(Some(HALF), true, 1, Some(PRICE));
        assert_eq!(metered, Estimate { bytes: Some(HALF), price_usd: Some(4.0), upper_bound: true });
        let free = Estimate::of(Some(HALF), false, 1, None);
        assert_eq!(free, Estimate { bytes: Some(HALF), price_usd: None, upper_bound: false });
        for price in [None, Some(PRICE)] {
            assert_eq!(Estimate::of(None, false, 1, price), Estimate::default());
        }
        // The minimum is that of each table.
        let least = Price { minimum_bytes: HALF, ..PRICE };
        assert_eq!(Estimate::of(Some(1), false, 2, Some(least)).price_usd, Some(8.0));
    }

    #[test]
    fn a_sum_is_known_only_if_all_its_parts_are() {
        let part = |bytes, price| Estimate::of(bytes, false, 1, price);
        let both = part(Some(HALF), Some(PRICE)) + Estimate::of(Some(HALF), true, 1, Some(PRICE));
        assert_eq!(both, Estimate { bytes: Some(2 * HALF), price_usd: Some(8.0), upper_bound: true });
        let free = part(Some(1), None) + part(Some(2), None);
        assert_eq!(free, Estimate { bytes: Some(3), price_usd: None, upper_bound: false });
        let unknown = both + part(None, Some(PRICE));
        assert_eq!((unknown.bytes, unknown.price_usd, unknown.upper_bound), (None, None, true));
        assert_eq!(part(Some(u64::MAX), None) + part(Some(1), None), part(Some(u64::MAX), None));
    }

    #[test]
    fn no_query_reads_nothing_and_has_a_price_only_if_reading_is_metered() {
        for price in [None, Some(PRICE)] {
            let part = Estimate::of(Some(HALF), true, 1, price);
            assert_eq!(Estimate::nothing(price) + part, part);
            assert_eq!(Estimate::nothing(price).price_usd.is_some(), price.is_some());
        }
    }

    #[test]
    fn costs_add_up_like_estimates() {
        let part = |bytes| Cost::of(bytes, 1, Some(PRICE));
        assert_eq!(Cost::nothing(Some(PRICE)) + part(Some(HALF)) + part(Some(HALF)), part(Some(2 * HALF)));
        assert_eq!(part(Some(HALF)) + part(None), Cost::default());
        assert_eq!(Cost::nothing(None) + Cost::of(Some(HALF), 1, None), Cost { bytes: Some(HALF), price_usd: None });
    }

    #[test]
    fn a_query_costs_by_what_it_reads_and_at_least_something() {
        // BigQuery's list price in the US, until somebody configures another.
        let price = Price::default();
        assert_eq!(price.of(1 << 40, 1), 6.25);
        assert_eq!(price.of(0, 3), 0.0);
        assert_eq!(price.of(1, 2), price.of(20 << 20, 2));
        assert_eq!(price.of((20 << 20) + 1, 2), price.of(21 << 20, 2));
        assert_eq!(Price { usd_per_tib: 8.0, minimum_bytes: 0 }.of(1 << 39, 1), 4.0);
    }
}
