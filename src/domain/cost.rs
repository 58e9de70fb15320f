//! What a query costs by the bytes that it reads. <https://cloud.google.com/bigquery/pricing#on_demand_pricing>

/// What a person pays. Both are settings: prices change and differ by region.
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
    /// US dollars of a query that reads `bytes` from `tables` tables: up to the next MiB, and not below the minimum. Reading nothing is free.
    pub fn of(&self, bytes: u64, tables: usize) -> f64 {
        if bytes == 0 {
            return 0.0;
        }
        let whole = bytes.div_ceil(1 << 20).saturating_mul(1 << 20);
        let billed = whole.max(self.minimum_bytes.saturating_mul(tables.max(1) as u64));
        billed as f64 / (1u64 << 40) as f64 * self.usd_per_tib
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_costs_by_what_it_reads_and_at_least_something() {
        // G-75
        let price = Price::default();
        assert_eq!(price.of(1 << 40, 1), 6.25);
        assert_eq!(price.of(0, 3), 0.0);
        assert_eq!(price.of(1, 2), price.of(20 << 20, 2));
        assert_eq!(price.of((20 << 20) + 1, 2), price.of(21 << 20, 2));
        assert_eq!(Price { usd_per_tib: 8.0, minimum_bytes: 0 }.of(1 << 39, 1), 4.0);
    }
}
