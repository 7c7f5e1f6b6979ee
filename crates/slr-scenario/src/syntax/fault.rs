//! What goes wrong in the world by itself.

use super::declare::{choice, record};
use super::kind::When;
use super::scalar::{Duration, Share, Text};
use crate::yaml::Spanned;

record! {
    /// Calls are answered `Throttling`.
    pub struct Throttle, "a throttling" {
        /// The operation whose calls are throttled.
        "throttle" => pub throttle: Text,
        /// Which part of the calls. Default: all.
        "share" => pub share: Option<Spanned<Share>>,
        /// From when on. Default: 0s.
        "from" => pub from: Option<Spanned<Duration>>,
        /// Until when. Default: the end of the run.
        "until" => pub until: Option<Spanned<Duration>>,
    }
}

record! {
    /// Clean-ups of resources fail, and the resources are back where they were.
    pub struct CleanUpFails, "a failing of clean-ups" {
        /// Which part of the clean-ups fails.
        "clean-up-fails" => pub share: Spanned<Share>,
        /// In which circumstances. Default: in-use.
        "while" => pub circumstance: Option<Spanned<When>>,
        /// Only resources of this kind. Default: all.
        "kind" => pub kind: Option<Text>,
    }
}

record! {
    /// No resource of a Region can be made, changed or cleaned up.
    pub struct RegionUnavailable, "an outage of a Region" {
        /// The Region.
        "region-unavailable" => pub region: Text,
        /// From when on. Default: 0s.
        "from" => pub from: Option<Spanned<Duration>>,
        /// Until when. Default: the end of the run.
        "until" => pub until: Option<Spanned<Duration>>,
    }
}

record! {
    /// A deletion task is unknown to polls for a while after it was handed out.
    pub struct LateVisibility, "a late visibility" {
        /// How long.
        "late-visibility" => pub delay: Spanned<Duration>,
        /// For tasks requested from when on. Default: 0s.
        "from" => pub from: Option<Spanned<Duration>>,
        /// For tasks requested until when. Default: the end of the run.
        "until" => pub until: Option<Spanned<Duration>>,
    }
}

choice! {
    /// Something that goes wrong in the world by itself.
    pub enum Fault, "a fault" {
        /// Calls are throttled.
        "throttle" => Throttle(Throttle),
        /// Clean-ups fail.
        "clean-up-fails" => CleanUpFails(CleanUpFails),
        /// A Region is unavailable.
        "region-unavailable" => RegionUnavailable(RegionUnavailable),
        /// A new task is unknown for a while.
        "late-visibility" => LateVisibility(LateVisibility),
    }
}

impl Throttle {
    /// Which part of the calls is throttled.
    #[must_use]
    pub fn share(&self) -> Share {
        self.share.as_ref().map_or(Share::WHOLE, |share| share.value)
    }
}

impl CleanUpFails {
    /// In which circumstances clean-ups fail.
    #[must_use]
    pub fn circumstance(&self) -> When {
        self.circumstance.as_ref().map_or(When::InUse, |when| when.value)
    }
}
