package accessreview

// SabotageRecord names the sandbox in which a revocation is written down and not carried out.
const SabotageRecord = "review.record_only"
