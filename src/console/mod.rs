//! The console as a value: state, messages, effects, and the driver that runs them. No terminal in here.
