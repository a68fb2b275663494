//! A shop.

use std::collections::{HashMap, HashSet as Set};

const MAX_TRIES: u32 = 3;

/// What has a price.
pub trait Priced: Send + std::fmt::Debug {
    fn price(&self) -> u64;
}

#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Item {
    pub name: String,
    #[allow(dead_code)]
    prices: HashMap<String, Vec<u64>>,
}

#[rustfmt::skip]
use std::fmt::Write as _;

pub enum Payment {
    Cash,
    Card { number: u64 },
}

impl Priced for Item {
    #[inline]
    fn price(&self) -> u64 {
        let double = |n: u64| -> u64 { n * 2 };
        double(self.prices.values().flatten().sum())
    }
}

mod tests {
    async fn total<T: Clone>((a, b): (u64, u64), items: &[T], each: fn(&T) -> u64) -> Option<u64> {
        fn inner() {}
        println!("{a} {b}");
        Some(items.iter().map(each).sum())
    }
}

macro_rules! shop {
    () => {};
}
