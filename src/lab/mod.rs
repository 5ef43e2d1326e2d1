//! A simulated vCenter and a simulated packer, for `demo` and tests; it says so on screen.
