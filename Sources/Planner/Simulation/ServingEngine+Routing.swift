extension ServingEngine {
  /// Gives a sequence without state to a machine for its prompt and to one for its tokens; where there is none it waits
  /// until one is repaired.
  mutating func route(_ index: Int) throws(PlannerError) {
    guard let (prompts, tokens) = choose(sequences[index]) else {
      sequences[index].place = .parked
      parked.append(index)
      return
    }
    let request = sequences[index].request
    let whole = blocks(request.promptTokens + request.outputTokens)
    sequences[index].machine = prompts
    sequences[index].destination = tokens
    sequences[index].place = .line
    sequences[index].promisedHere = prompts == tokens ? whole : blocks(sequences[index].target)
    sequences[index].promisedThere = prompts == tokens ? 0 : whole
    nodes[prompts].promised += sequences[index].promisedHere
    nodes[tokens].promised += sequences[index].promisedThere
    nodes[prompts].waitingTokens += sequences[index].target
    nodes[prompts].line.append(index)
    try begin(prompts)
  }

  private mutating func choose(_ sequence: Sequence) -> (prompts: Int, tokens: Int)? {
    if let borrowing = policy.borrowing { return chooseBorrowing(sequence, borrowing) }
    guard let prompts = pick(.prompts) else { return nil }
    if nodes[prompts].machine.role == .both { return (prompts, prompts) }
    guard let tokens = chooseTokens() else { return nil }
    return (prompts, tokens)
  }

  /// A machine for the tokens of a sequence whose prompt was computed elsewhere.
  mutating func chooseTokens() -> Int? { pick(.tokens) }

  /// The next machine that takes a kind of work; of equals the first.
  private mutating func pick(_ work: ServingMachine.Role) -> Int? {
    func takes(_ node: Node) -> Bool { !node.isDown && (node.role == work || node.role == .both) }
    if policy.router == .roundRobin {
      let turn = turns[work, default: 0]
      for step in 0..<nodes.count {
        let index = (turn + step) % nodes.count
        guard takes(nodes[index]) else { continue }
        turns[work] = index + 1
        return index
      }
      return nil
    }
    // Where only tokens are computed no prompt waits: what is promised tells machines apart there.
    let byTokens = policy.router == .shortestQueue && work == .prompts
    return least(where: takes) { byTokens ? $0.waitingTokens : $0.promised }
  }

  /// The machine with the least key; of equals, as those where nothing waits, the one with the least state promised.
  private func least(where takes: (Node) -> Bool, _ key: (Node) -> Int) -> Int? {
    var found: (index: Int, key: Int, promised: Int)?
    for index in nodes.indices where takes(nodes[index]) {
      let (key, promised) = (key(nodes[index]), nodes[index].promised)
      if let best = found, (key, promised) >= (best.key, best.promised) { continue }
      found = (index, key, promised)
    }
    return found?.index
  }

  /// Splitwise's scheduler: its own pool, then machines that help already, then one of the other pool that begins to.
  private mutating func chooseBorrowing(
    _ sequence: Sequence, _ borrowing: ServingPolicy.Borrowing
  ) -> (prompts: Int, tokens: Int)? {
    let whole = blocks(sequence.request.promptTokens + sequence.request.outputTokens)
    func up(_ role: ServingMachine.Role) -> (Node) -> Bool { { !$0.isDown && $0.role == role } }
    var prompts: Int?
    for role in [ServingMachine.Role.prompts, .both] where prompts == nil {
      prompts = least(where: up(role), \.waitingTokens)
      if let found = prompts, nodes[found].waitingTokens > 0,
        nodes[found].waitingTokens + sequence.target > borrowing.promptTokens
      {
        prompts = nil
      }
    }
    var tokens: Int?
    for role in [ServingMachine.Role.tokens, .both] where tokens == nil {
      tokens = least(where: up(role), \.promised)
      if let found = tokens, nodes[found].promised + whole > nodes[found].machine.blocks { tokens = nil }
    }
    if prompts == nil, let helper = least(where: up(.tokens), \.waitingTokens) {
      prompts = helper
      borrow(helper)
    }
    if tokens == nil, let helper = least(where: up(.prompts), \.promised) {
      tokens = helper
      borrow(helper)
    }
    if let prompts, let tokens { return (prompts, tokens) }
    // All are full: mixed batching on the one with the shortest line.
    return least(where: { !$0.isDown }, \.waitingTokens).map { ($0, $0) }
  }

  private mutating func borrow(_ index: Int) {
    nodes[index].role = .both
    report.machines[index].borrowed += 1
  }

  /// A machine that helped and has nothing left to do goes back.
  mutating func goBackIfIdle(_ index: Int) {
    let node = nodes[index]
    guard node.role != node.machine.role, node.line.isEmpty, node.running.isEmpty, node.prefilling.isEmpty,
      node.joining.isEmpty, node.outgoing.isEmpty, node.leaving.isEmpty, node.arriving.isEmpty
    else { return }
    nodes[index].role = node.machine.role
  }

  // MARK: Moves

  /// A computed prompt goes to the machine of its tokens, as soon as that has room.
  mutating func send(_ index: Int) throws(PlannerError) {
    let source = sequences[index].machine
    if nodes[sequences[index].destination].isDown {
      nodes[sequences[index].destination].promised -= sequences[index].promisedThere
      let promised = sequences[index].promisedThere
      sequences[index].promisedThere = 0
      guard let other = chooseTokens() else {
        lose(index)
        return try route(index)
      }
      sequences[index].destination = other
      if other == source {
        sequences[index].promisedHere += promised
        nodes[other].promised += promised
        sequences[index].place = .running
        nodes[source].joining.append(index)
        return
      }
      sequences[index].promisedThere = promised
      nodes[other].promised += promised
    }
    sequences[index].place = .outgoing
    nodes[source].outgoing.append(index)
    let destination = sequences[index].destination
    nodes[destination].incoming.append(index)
    try admit(destination)
  }

  /// Reserves room for states that wait for it, in the order in which they came, and sets them moving.
  mutating func admit(_ index: Int) throws(PlannerError) {
    while let next = nodes[index].incoming.first {
      let sequence = sequences[next]
      // One that lost its state meanwhile, or went elsewhere.
      guard sequence.place == .outgoing, sequence.destination == index else {
        _ = nodes[index].incoming.popFirst()
        continue
      }
      let need = blocks(sequence.cached)
      guard need <= nodes[index].freeBlocks else { return }
      _ = nodes[index].incoming.popFirst()
      nodes[index].freeBlocks -= need
      nodes[index].arriving.append(next)
      sequences[next].reserved = need
      sequences[next].place = .moving
      let source = sequence.machine
      nodes[source].outgoing.removeAll { $0 == next }
      nodes[source].leaving.append(next)
      let bytes = Double(sequence.cached) * policy.stateBytes
      let wire = bytes / nodes[source].machine.link
      let start = max(queue.now, nodes[source].linkFree)
      var arrival: Double
      switch policy.transfer {
      case .serial(let latency):
        nodes[source].linkFree = start + wire
        arrival = start + wire + latency
      case .layerwise(let rest, _):
        // What the prompt's own computation did not hide.
        let left = max(0, wire - nodes[source].lastSeconds)
        nodes[source].linkFree = start + left
        arrival = start + max(rest, left)
      }
      arrival = max(arrival, queue.now)
      report.transfers += 1
      report.sentBytes += bytes
      try schedule(.received(sequence: Int32(next), epoch: sequence.epoch), at: arrival)
    }
  }

  /// A state has arrived: the sender's room is free, and the sequence gets tokens here.
  mutating func receive(_ index: Int) throws(PlannerError) {
    let (source, destination) = (sequences[index].machine, sequences[index].destination)
    report.receivedBytes += Double(sequences[index].cached) * policy.stateBytes
    nodes[source].leaving.removeAll { $0 == index }
    nodes[destination].arriving.removeAll { $0 == index }
    nodes[source].freeBlocks += sequences[index].blocks
    nodes[source].promised -= sequences[index].promisedHere
    sequences[index].blocks = sequences[index].reserved
    sequences[index].reserved = 0
    sequences[index].promisedHere = sequences[index].promisedThere
    sequences[index].promisedThere = 0
    sequences[index].machine = destination
    sequences[index].place = .running
    nodes[destination].joining.append(index)
    try begin(source)
    try begin(destination)
  }
}
