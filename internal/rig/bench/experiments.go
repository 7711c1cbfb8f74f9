package bench

// Experiments returns all experiments, in the order of a run.
func Experiments() []Experiment {
	return []Experiment{
		holdHot(), holdCloud(), holdMixed(), holdIdle(), holdSpread(), pushHot(), settleRefund(), settleLoop(), settleBeside(), growth(),
		apiBet(), cold(), sseFanout(), visible(), overload(),
	}
}
