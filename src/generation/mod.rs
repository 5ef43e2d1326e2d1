//! `-build`, live and `-prev`: reading their state from names, and swapping them without losing the last good image.
