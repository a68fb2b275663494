use std::marker::PhantomData;

/// A slice that several threads fill at places that they don't share.
#[derive(Clone, Copy)]
pub(crate) struct SharedMut<'a> {
    start: *mut f32,
    len: usize,
    lifetime: PhantomData<&'a mut [f32]>,
}

// SAFETY: `write` and `slice` are unsafe, and their callers promise disjoint places.
unsafe impl Send for SharedMut<'_> {}
unsafe impl Sync for SharedMut<'_> {}

impl<'a> SharedMut<'a> {
    pub(crate) fn new(slice: &'a mut [f32]) -> SharedMut<'a> {
        SharedMut { start: slice.as_mut_ptr(), len: slice.len(), lifetime: PhantomData }
    }

    /// # Safety
    /// No other thread reads or writes `idx` meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn write(self, idx: usize, value: f32) {
        debug_assert!(idx < self.len);
        unsafe { *self.start.add(idx) = value };
    }

    /// # Safety
    /// No other thread reads or writes the range meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn slice(self, range: std::ops::Range<usize>) -> &'a mut [f32] {
        assert!(range.start <= range.end && range.end <= self.len);
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}
