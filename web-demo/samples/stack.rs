//! A stack that remembers how tall it has been.

pub struct Stack<T> {
    items: Vec<T>,
    max_len: usize,
}

impl<T> Stack<T> {
    pub fn new() -> Self {
        Stack { items: Vec::new(), max_len: 0 }
    }

    pub fn push(&mut self, item: T) {
        self.items.push(item);
        self.max_len = self.max_len.max(self.items.len());
    }

    pub fn pop(&mut self) -> Option<T> {
        self.items.pop()
    }

    pub fn peek(&self) -> Option<&T> {
        self.items.last()
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        $0
    }

    pub fn max_len(&self) -> usize {
        self.max_len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_in_is_the_first_one_out() {
        let mut stack = Stack::new();
        stack.push(1);
        stack.push(2);
        assert_eq!(stack.pop(), Some(2));
        assert_eq!(stack.max_len(), 2);
    }
}
