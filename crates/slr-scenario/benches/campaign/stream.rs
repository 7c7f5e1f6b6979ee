//! The campaign's own random stream: `SplitMix64`, one per campaign, so that any correct engine comes to the same totals.

/// A campaign's stream.
#[derive(Debug, Clone)]
pub(crate) struct Stream(u64);

impl Stream {
    /// The stream of a campaign.
    pub(crate) fn of(seed: u64, campaign: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(campaign.wrapping_mul(0xD1B5_4A32_D192_ED03)))
    }

    /// The next 64 bits.
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in [0, 1).
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double's mantissa exactly")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// An exponential delay with this mean in seconds, in nanoseconds.
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the model truncates")]
    pub(crate) fn exponential(&mut self, mean_seconds: f64) -> u64 {
        (-(1.0 - self.unit()).ln() * (mean_seconds * 1e9)) as u64
    }
}
