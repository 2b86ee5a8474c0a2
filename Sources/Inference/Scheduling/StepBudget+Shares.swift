extension StepBudget {
  /// A prompt of which tokens are still to be computed.
  package struct Prompt {
    /// The tokens that are computed.
    package let depth: Int
    /// The tokens that are not.
    package let pending: Int
    /// The most of them that one step may take.
    package let chunkLimit: Int

    package init(depth: Int, pending: Int, chunkLimit: Int) {
      (self.depth, self.pending, self.chunkLimit) = (depth, pending, chunkLimit)
    }
  }

  /// How many of its tokens each prompt, in the order of age, gets of `tokens` beside single steps of `spent` units; `isAlone` says
  /// that nobody else runs or waits.
  ///
  /// No more than makes the step last ``target`` (four times that for one that is alone). Half of that is the oldest prompt's, so
  /// that none waits for ever; the other half goes to the prompts that have the least to go, so that a short one waits for no long
  /// one. A step in which a prompt ends is kept short: prompts of the same length are answered one after the other, not all at the
  /// end.
  package func shares(of tokens: Int, beside spent: Double, among prompts: [Prompt], isAlone: Bool) -> [Int] {
    var counts = [Int](repeating: 0, count: prompts.count)
    var tokens = tokens
    var (given, ends) = (0, false)
    // One that is alone can be stopped between layers; only who comes meanwhile waits for its step.
    var units = isAlone ? 4 * self.units : self.units - spent
    // What a step takes in any case.
    let least = min(tokens, isAlone ? Self.fullTokens : Self.leastTokens)
    func give(_ index: Int, _ share: Int) {
      let count = min(share, prompts[index].chunkLimit - counts[index])
      guard count > 0 else { return }
      units -= self.units(count, after: prompts[index].depth + counts[index])
      counts[index] += count
      tokens -= count
      given += count
      ends = ends || counts[index] == prompts[index].pending
    }
    func affordable(_ index: Int, _ units: Double, _ limit: Int) -> Int {
      self.tokens(for: units, after: prompts[index].depth + counts[index], limit: limit)
    }
    give(0, max(affordable(0, units / 2, tokens - tokens / 2), least - least / 2))
    let order = prompts.indices.sorted { (prompts[$0].pending, $0) < (prompts[$1].pending, $1) }
    for index in order where tokens > 0 {
      // Whose prompt ends in this step waits for the step's end, so others join only until products are at their fastest.
      let room = ends ? max(0, Self.fullTokens - given) : tokens
      give(index, affordable(index, units, min(tokens, room)))
    }
    // Where single steps alone take all the time, prompts still go on.
    for index in order where given < least && tokens > 0 { give(index, min(least - given, tokens)) }
    return counts
  }
}
