//! The lab's own clock: real time times a factor, so that an hour of installing fits into a minute.

use std::time::Instant;

/// Seconds of lab time since the lab was started.
pub type LabTime = f64;

/// Real time since the start, multiplied by the speed. The speed may change; lab time never jumps or goes back.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    since: Instant,
    base: LabTime,
    speed: f64,
}

impl Clock {
    /// A clock at zero. A speed that is not a positive number counts as 1.
    pub fn new(speed: f64) -> Self {
        Self { since: Instant::now(), base: 0.0, speed: sound(speed) }
    }

    /// Lab time now.
    pub fn now(&self) -> LabTime {
        self.base + self.since.elapsed().as_secs_f64() * self.speed
    }

    /// How many lab seconds pass in one real second.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Changes the speed from now on.
    #[cfg(feature = "testing")]
    pub fn set_speed(&mut self, speed: f64) {
        *self = Self { since: Instant::now(), base: self.now(), speed: sound(speed) };
    }

    /// Lets `duration` of lab time pass at once.
    #[cfg(feature = "testing")]
    pub fn advance(&mut self, duration: std::time::Duration) {
        self.base += duration.as_secs_f64();
    }
}

fn sound(speed: f64) -> f64 {
    if speed.is_finite() && speed > 0.0 { speed } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn time_goes_on_from_where_it_was_when_the_speed_changes() {
        let mut clock = Clock::new(1000.0);
        clock.advance(Duration::from_secs(3600));
        let before = clock.now();
        clock.set_speed(f64::NAN);
        assert!(before >= 3600.0 && clock.now() >= before);
        assert_eq!(clock.speed(), 1.0);
    }
}
