//! The campaign as a minimal loop written by hand: no rules, no universe, a binary heap. The limit that the engine is measured by.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::stream::Stream;
use crate::{Totals, backoff_nanos};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Submit,
    Start,
    Decide,
    SessionEnd,
    ResourceDone(u8),
}

#[derive(Clone)]
struct Campaign {
    stream: Stream,
    active: u8,
    deleting: u8,
    open: u8,
    attempts: u32,
}

/// What is due: the time, the serial number that breaks ties, the campaign, and what happens.
type Queue = BinaryHeap<Reverse<(u64, u64, u32, What)>>;

/// Plays campaigns `first..first + count` on one clock.
pub(crate) fn play(seed: u64, first: u32, count: u32, totals: &mut Totals) {
    let mut queue = Queue::with_capacity(count as usize * 8);
    let mut serial = 0;
    let mut campaigns: Vec<Campaign> = (first..first + count)
        .map(|c| Campaign {
            stream: Stream::of(seed, u64::from(c)),
            active: 0b11_1111,
            deleting: 0,
            open: 2,
            attempts: 0,
        })
        .collect();
    let mut put = |queue: &mut Queue, at: u64, c: u32, what: What| {
        serial += 1;
        queue.push(Reverse((at, serial, c, what)));
    };
    for (c, campaign) in (0..).zip(&mut campaigns) {
        put(&mut queue, campaign.stream.exponential(300.0), c, What::SessionEnd);
        put(&mut queue, campaign.stream.exponential(300.0), c, What::SessionEnd);
        put(&mut queue, campaign.stream.exponential(60.0), c, What::Submit);
    }
    while let Some(Reverse((now, _, c, what))) = queue.pop() {
        totals.events += 1;
        let campaign = &mut campaigns[c as usize];
        match what {
            What::Submit => {
                campaign.attempts += 1;
                totals.attempts += 1;
                let delay = campaign.stream.exponential(2.0);
                put(&mut queue, now + delay, c, What::Start);
            }
            What::Start => {
                let delay = campaign.stream.exponential(10.0);
                put(&mut queue, now + delay, c, What::Decide);
            }
            What::Decide => {
                let blocking = campaign.active | campaign.deleting;
                if blocking == 0 && campaign.open == 0 {
                    totals.completion = totals.completion.wrapping_add(now);
                    continue;
                }
                let named = (campaign.stream.next() & 63) as u8 & blocking;
                for i in (0..6).filter(|i| named >> i & 1 == 1) {
                    if campaign.active >> i & 1 == 0 {
                        continue;
                    }
                    campaign.active &= !(1 << i);
                    campaign.deleting |= 1 << i;
                    let delay = campaign.stream.exponential(20.0);
                    put(&mut queue, now + delay, c, What::ResourceDone(i));
                }
                let delay = backoff_nanos(campaign.attempts) + campaign.stream.exponential(1.0);
                put(&mut queue, now + delay, c, What::Submit);
            }
            What::SessionEnd => campaign.open -= 1,
            What::ResourceDone(i) => {
                campaign.deleting &= !(1 << i);
                if campaign.open > 0 && campaign.stream.unit() < 0.3 {
                    campaign.active |= 1 << i;
                }
            }
        }
    }
}
