//! Tests of the product as a whole.
