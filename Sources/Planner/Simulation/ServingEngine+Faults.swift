extension ServingEngine {
  /// Draws the stragglers and each machine's first failure.
  mutating func scheduleFaults() throws(PlannerError) {
    guard let faults else { return }
    for index in nodes.indices {
      if nodes[index].random.uniform() < faults.stragglers { nodes[index].slowdown = faults.slowdown }
      try scheduleFailure(index)
    }
  }

  private mutating func scheduleFailure(_ index: Int) throws(PlannerError) {
    guard let mean = faults?.secondsBetweenFailures else { return }
    try queue.schedule(
      .failure(machine: Int32(index)), at: queue.now + nodes[index].random.exponential(mean: mean))
  }

  /// The machine and all state on it are gone; its sequences begin again elsewhere, with their tokens as part of the
  /// prompt.
  mutating func fail(_ index: Int) throws(PlannerError) {
    report.machines[index].failures += 1
    if nodes[index].isBusy { account(index, until: queue.now) }
    nodes[index].isBusy = false
    nodes[index].isDown = true
    nodes[index].epoch += 1
    down += 1
    var lost = nodes[index].prefilling + nodes[index].running + nodes[index].joining + nodes[index].outgoing
    lost += nodes[index].leaving
    lost += nodes[index].line.takeAll()
    for sequence in nodes[index].leaving {
      nodes[sequences[sequence].destination].arriving.removeAll { $0 == sequence }
    }
    // The senders' state is intact, but the sequence is routed anew: it may be that no other machine takes tokens.
    var senders: [Int] = []
    for sequence in nodes[index].arriving {
      senders.append(sequences[sequence].machine)
      nodes[sequences[sequence].machine].leaving.removeAll { $0 == sequence }
    }
    lost += nodes[index].arriving
    for sequence in nodes[index].incoming.takeAll()
    where sequences[sequence].place == .outgoing && sequences[sequence].destination == index
      && sequences[sequence].machine != index && !lost.contains(sequence)
    {
      senders.append(sequences[sequence].machine)
      nodes[sequences[sequence].machine].outgoing.removeAll { $0 == sequence }
      lost.append(sequence)
    }
    nodes[index].prefilling.removeAll()
    nodes[index].chunks.removeAll()
    nodes[index].running.removeAll()
    nodes[index].stepping = 0
    nodes[index].joining.removeAll()
    nodes[index].outgoing.removeAll()
    nodes[index].leaving.removeAll()
    nodes[index].arriving.removeAll()
    nodes[index].skips = 0
    nodes[index].linkFree = queue.now
    nodes[index].role = nodes[index].machine.role
    for sequence in lost { lose(sequence) }
    guard let faults else { return }
    try queue.schedule(
      .repair(machine: Int32(index)),
      at: queue.now + nodes[index].random.exponential(mean: faults.repairSeconds))
    for sequence in lost { try route(sequence) }
    for sender in senders { try begin(sender) }
  }

  /// Takes all state from a sequence that is in no list any more.
  mutating func lose(_ index: Int) {
    let sequence = sequences[index]
    if sequence.place == .moving { report.lostBytes += Double(sequence.cached) * policy.stateBytes }
    if sequence.place == .line || sequence.place == .prefilling {
      nodes[sequence.machine].waitingTokens -= sequence.target - sequence.cached
    }
    if sequence.cached > 0 { report.losses += 1 }
    release(index)
    sequences[index].epoch += 1
    sequences[index].cached = 0
    sequences[index].target = sequence.request.promptTokens + sequence.generated
    sequences[index].place = .parked
  }

  /// The machine is back, empty; who waited for one is routed.
  mutating func repair(_ index: Int) throws(PlannerError) {
    nodes[index].isDown = false
    down -= 1
    try scheduleFailure(index)
    let waiting = parked
    parked.removeAll()
    for sequence in waiting { try route(sequence) }
    try begin(index)
  }

  /// Nothing is under way and yet there are sequences: computed prompts wait for room in a ring. Their own machines go
  /// on with them.
  mutating func unstick() throws(PlannerError) {
    for index in nodes.indices where !nodes[index].isDown {
      let waiting = nodes[index].outgoing
      nodes[index].outgoing.removeAll()
      for sequence in waiting {
        let promised = sequences[sequence].promisedThere
        nodes[sequences[sequence].destination].promised -= promised
        nodes[index].promised += promised
        sequences[sequence].promisedHere += promised
        sequences[sequence].promisedThere = 0
        sequences[sequence].destination = index
        sequences[sequence].place = .running
        nodes[index].running.append(sequence)
      }
      try begin(index)
    }
    if live == 0, inSystem > 0, down == 0 {
      throw .brokenLaw("\(inSystem) requests wait and nothing happens", at: queue.now)
    }
  }
}
