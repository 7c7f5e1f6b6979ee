//! Values by number, in the order of their discovery.

/// An append-only list in fixed pieces.
///
/// Numbers stay valid, and growth copies nothing, so that the peak of memory is what the values take.
#[derive(Debug)]
pub(crate) struct Arena<T> {
    pieces: Vec<Vec<T>>,
}

const PIECE_BITS: u32 = 16;
const PIECE: usize = 1 << PIECE_BITS;

impl<T: Copy> Arena<T> {
    pub(crate) const fn new() -> Self {
        Self { pieces: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: T) {
        match self.pieces.last_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(value),
            Some(_) | None => self.push_to_new_piece(value),
        }
    }

    #[cold]
    fn push_to_new_piece(&mut self, value: T) {
        self.add_piece();
        self.push(value);
    }

    fn add_piece(&mut self) {
        self.pieces.push(Vec::with_capacity(PIECE));
    }

    /// Pushes all of them, in their order.
    pub(crate) fn extend(&mut self, mut values: &[T]) {
        while !values.is_empty() {
            match self.pieces.last_mut() {
                Some(piece) if piece.len() < PIECE => {
                    let (here, later) = values.split_at(values.len().min(PIECE - piece.len()));
                    piece.extend_from_slice(here);
                    values = later;
                }
                Some(_) | None => self.add_piece(),
            }
        }
    }

    /// The value numbered `number`, which must have been pushed.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> T {
        self.pieces[(number >> PIECE_BITS) as usize][number as usize & (PIECE - 1)]
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
    }

    /// Bytes that the values take. The rest of the last piece was never touched, so that it takes none.
    pub(crate) fn bytes(&self) -> u64 {
        (self.len() * size_of::<T>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_across_pieces() {
        let mut arena = Arena::new();
        let last = 2 * (1u32 << PIECE_BITS) + 5;
        for value in 0..=last {
            arena.push(u64::from(value) * 3);
        }
        let mut at_once = Arena::new();
        at_once.extend(&[0, 3]);
        at_once.extend(&(2..=u64::from(last)).map(|value| value * 3).collect::<Vec<_>>());
        assert_eq!(at_once.len(), arena.len());
        for number in [0, 1, (1 << PIECE_BITS) - 1, 1 << PIECE_BITS, last] {
            assert_eq!((arena.get(number), at_once.get(number)), (u64::from(number) * 3, u64::from(number) * 3));
        }
        assert_eq!(arena.bytes(), 8 * (u64::from(last) + 1));
    }
}
