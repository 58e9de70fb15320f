//! The products of the demo shop, their categories and their prices over time.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Zipf};

use super::super::columns::{Columns, boolean, cents, date, int, text, texts};
use super::{FIRST_DAY, PRODUCTS, one_of};

pub(super) struct Products {
    pub codes: Vec<String>,
    /// In cents.
    pub prices: Vec<i64>,
    /// The best-selling first: of all, and per category.
    ranks: Vec<usize>,
    shelves: Vec<Vec<usize>>,
    popularity: Zipf<f64>,
    on_a_shelf: Zipf<f64>,
}

impl Products {
    pub fn new(random: &mut ChaCha8Rng) -> Self {
        // In range: most cost about 15, a few several hundred.
        let price = LogNormal::new(2.7, 0.8).expect("a finite deviation");
        let prices = (0..PRODUCTS).map(|_| (price.sample(random) as i64).clamp(1, 499) * 100 + one_of(random, &[0, 49, 95, 99]));
        let prices = prices.collect();
        let mut ranks: Vec<usize> = (0..PRODUCTS).collect();
        ranks.shuffle(random);
        let mut shelves = vec![vec![]; CATEGORIES.len()];
        for product in &ranks {
            shelves[Self::category(*product)].push(*product);
        }
        Self {
            codes: (1..=PRODUCTS).map(|number| format!("SKU-{number:04}")).collect(),
            prices,
            ranks,
            shelves,
            popularity: zipf(PRODUCTS, 0.95),
            on_a_shelf: zipf(PRODUCTS / CATEGORIES.len(), 0.8),
        }
    }

    /// The position of a product's category; all have the same size.
    fn category(product: usize) -> usize {
        product % CATEGORIES.len()
    }

    pub fn any(&self, random: &mut ChaCha8Rng) -> usize {
        self.ranks[self.popularity.sample(random) as usize - 1]
    }

    pub fn of_category(&self, random: &mut ChaCha8Rng, category: usize) -> usize {
        self.shelves[category][self.on_a_shelf.sample(random) as usize - 1]
    }

    pub fn table(&self, random: &mut ChaCha8Rng) -> Columns {
        const KINDS: [&str; 10] = ["Mug", "Lamp", "Chair", "Notebook", "Kettle", "Scarf", "Puzzle", "Plant", "Blanket", "Radio"];
        const MOODS: [&str; 8] = ["Plain", "Tiny", "Grand", "Quiet", "Crème", "Old", "Bright", "Nordic"];
        const BRANDS: [&str; 6] = ["Aalto & Sons", "Kaffeehaus", "O'Neill", "Pärnu", "Back\\Slash", "Sól"];
        const TAGS: [&str; 6] = ["new", "gift", "sale", "eco", "handmade", "last one"];
        let all = || 0..PRODUCTS;
        let tags: Vec<Vec<&str>> =
            all().map(|i| (0..random.random_range(0..4)).map(|n| TAGS[(i + n) % TAGS.len()]).collect()).collect();
        vec![
            ("product_code", text(self.codes.iter().map(Some))),
            ("title", text(all().map(|i| Some(format!("{} {} {}", MOODS[i % 8], KINDS[(i / 8) % 10], i / 80 + 1))))),
            ("category", int(all().map(|i| (i % 50 != 49).then_some(Self::category(i) as i64 + 1)))),
            ("brand", text(all().map(|i| (i % 11 != 10).then_some(BRANDS[i * 7 % 6])))),
            ("price", cents(self.prices.iter().copied())),
            ("tags", texts(tags.into_iter())),
            ("discontinued", boolean(all().map(|i| (i % 17 != 3).then_some(i % 23 == 0)))),
            ("launched_on", date(all().map(|i| Some(FIRST_DAY - 1_200 + (i as i32 * 37) % 1_200)))),
        ]
    }
}

fn zipf(n: usize, exponent: f64) -> Zipf<f64> {
    // Both are constants in range.
    Zipf::new(n as f64, exponent).expect("a positive size and exponent")
}

pub(super) fn product_prices(random: &mut ChaCha8Rng, products: &Products) -> Columns {
    let rows: Vec<(usize, i32)> =
        (0..PRODUCTS).flat_map(|p| (0..random.random_range(1..6)).map(move |i| (p, FIRST_DAY + i * 90))).collect();
    vec![
        ("sku", text(rows.iter().map(|(product, _)| Some(&products.codes[*product])))),
        ("valid_from", date(rows.iter().map(|(_, day)| Some(*day)))),
        ("price", cents(rows.iter().map(|(product, day)| products.prices[*product] * i64::from(90 + day % 21) / 100))),
    ]
}

pub(super) const CATEGORIES: [&str; 40] = [
    "Home",
    "Garden",
    "Kitchen",
    "Toys",
    "Music",
    "Office",
    "Café & Küche",
    "Sport",
    "Lighting",
    "Chairs",
    "Tables",
    "Children's toys",
    "DIY \\ Tools",
    "Bedding",
    "Bath",
    "Plants",
    "Seeds",
    "Pots",
    "Cups & mugs",
    "Kettles",
    "Knives",
    "Puzzles",
    "Board games",
    "Dolls",
    "Radios",
    "Headphones",
    "Records",
    "Notebooks",
    "Pens",
    "Desks",
    "Camping",
    "Cycling",
    "Running",
    "Winter sports",
    "Candles",
    "Rugs",
    "Curtains",
    "Art",
    "Gifts",
    "Sale 50 % off",
];

pub(super) fn categories() -> Columns {
    let ids = || (1..=CATEGORIES.len() as i64).chain([7]);
    vec![
        ("category_id", int(ids().map(Some))),
        ("name", text(CATEGORIES.iter().copied().chain(["Coffee (old)"]).map(Some))),
        ("parent_id", int(ids().map(|id| (id > 8).then_some(id % 8 + 1)))),
    ]
}
