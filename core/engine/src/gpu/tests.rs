//! Shaders beside the naive functions.
