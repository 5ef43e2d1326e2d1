//! In which order the lines are shown.

use super::lines::{LineRow, Lines};
use crate::config::Order;

impl Lines {
    /// The same in another order.
    #[must_use]
    pub fn ordered(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// The order in which they are shown.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Turns to the next order.
    pub fn turn_order(&mut self) {
        self.order = self.order.turned();
    }

    /// Those the filter leaves, in the order that was chosen.
    pub fn visible(&self) -> Vec<&LineRow> {
        let mut rows: Vec<&LineRow> = self.rows.iter().filter(|row| self.filter.passes(row)).collect();
        match self.order {
            Order::Matrix => {}
            // Stable: equals stay in the order of the matrix.
            Order::Trouble => rows.sort_by_cached_key(|row| std::cmp::Reverse(row.trouble())),
            Order::Name => rows.sort_by(|one, other| one.line.key.cmp(&other.line.key)),
            Order::Age => rows.sort_by_key(|row| row.generations.live.as_ref().and_then(|vm| vm.created)),
        }
        rows
    }
}
