extension ServingEngine {
  /// Begins the machine's next iteration, if it is up, at rest, and has something to compute.
  mutating func begin(_ index: Int) throws(PlannerError) {
    guard !nodes[index].isBusy, !nodes[index].isDown else { return }
    guard nodes[index].freeBlocks >= 0 else {
      throw .brokenLaw("\(nodes[index].machine.name) has \(nodes[index].freeBlocks) free blocks", at: queue.now)
    }
    try admit(index)
    nodes[index].running += nodes[index].joining
    nodes[index].joining.removeAll(keepingCapacity: true)
    var batch = IterationBatch()
    nodes[index].stepping = 0
    nodes[index].chunks.removeAll(keepingCapacity: true)
    let isWhole = policy.order == .promptsFirst
    if isWhole, nodes[index].skips < policy.mostSkips {
      takePrompts(index, &batch, whole: true)
      takeTokens(index, &batch)
    } else {
      takeTokens(index, &batch)
      takePrompts(index, &batch, whole: isWhole)
    }
    nodes[index].skips = nodes[index].stepping < nodes[index].running.count ? nodes[index].skips + 1 : 0
    guard !batch.isEmpty else { return goBackIfIdle(index) }
    var seconds = nodes[index].machine.iterations.seconds(of: batch) * nodes[index].slowdown
    if batch.promptTokens > 0, nodes[index].machine.role == .prompts,
      case .layerwise(_, let slowdown) = policy.transfer
    {
      seconds *= 1 + slowdown
    }
    guard seconds > 0, seconds < 1e12 else {
      throw .invalid(field: "iterations of \(nodes[index].machine.name)", problem: "\(seconds) s for \(batch)")
    }
    nodes[index].isBusy = true
    nodes[index].began = queue.now
    nodes[index].batch = batch
    let held = nodes[index].machine.blocks - nodes[index].freeBlocks
    report.machines[index].mostBlocks = max(report.machines[index].mostBlocks, held)
    try schedule(.iterationEnd(machine: Int32(index), epoch: nodes[index].epoch), at: queue.now + seconds)
  }

  /// One token of each running sequence, as far as rows and blocks reach; who lacks a block takes that of the latest.
  private mutating func takeTokens(_ index: Int, _ batch: inout IterationBatch) {
    let most = min(
      policy.batchSequences - nodes[index].chunks.count, max(0, policy.batchTokens - batch.promptTokens))
    var (count, context) = (0, 0)
    while count < nodes[index].running.count, count < most {
      let sequence = nodes[index].running[count]
      let cached = sequences[sequence].cached
      if cached == sequences[sequence].blocks * policy.blockTokens {
        guard makeRoom(index, keeping: count + 1, batch) else { break }
        sequences[sequence].blocks += 1
        nodes[index].freeBlocks -= 1
      }
      context += cached
      count += 1
    }
    nodes[index].stepping = count
    batch.sequences = count
    batch.contextTokens = context
  }

  /// Whether a block is free or could be made so without the first `kept` running sequences.
  private mutating func makeRoom(_ index: Int, keeping kept: Int, _ batch: IterationBatch) -> Bool {
    while nodes[index].freeBlocks == 0 {
      // Prompts that are in this very iteration stay.
      if batch.promptTokens == 0, let last = nodes[index].prefilling.popLast() {
        preempt(last, index)
      } else if nodes[index].running.count > kept, let last = nodes[index].running.popLast() {
        preempt(last, index)
      } else if let last = nodes[index].outgoing.popLast() {
        preempt(last, index)
      } else {
        return false
      }
    }
    return true
  }

  /// A sequence gives its blocks up and goes to the front of the line; its tokens so far become part of its prompt.
  private mutating func preempt(_ sequence: Int, _ index: Int) {
    report.preemptions += 1
    nodes[index].freeBlocks += sequences[sequence].blocks
    sequences[sequence].blocks = 0
    // What of a prompt was not computed is counted as waiting already.
    let known = sequences[sequence].place == .prefilling ? sequences[sequence].target - sequences[sequence].cached : 0
    sequences[sequence].target = sequences[sequence].request.promptTokens + sequences[sequence].generated
    sequences[sequence].cached = 0
    nodes[index].waitingTokens += sequences[sequence].target - known
    sequences[sequence].place = .line
    nodes[index].line.prepend(sequence)
  }

  /// Prompts in the order of the line, as far as rows and blocks reach.
  private mutating func takePrompts(_ index: Int, _ batch: inout IterationBatch, whole: Bool) {
    func room() -> Int { policy.batchTokens - batch.promptTokens - batch.sequences }
    func add(_ sequence: Int, _ tokens: Int) {
      nodes[index].chunks.append(tokens)
      guard tokens > 0 else { return }
      let past = sequences[sequence].cached
      batch.promptTokens += tokens
      batch.promptPast += past
      batch.promptPairs += Double(tokens) * (Double(past) + (Double(tokens) + 1) / 2)
    }
    for sequence in nodes[index].prefilling {
      let left = sequences[sequence].target - sequences[sequence].cached
      add(sequence, max(0, min(left, room())))
    }
    while let sequence = nodes[index].line.first, batch.sequences + nodes[index].chunks.count < policy.batchSequences {
      let tokens = sequences[sequence].target
      let space = room()
      if whole {
        // One that is longer than any iteration runs without other prompts.
        let isLong = tokens > policy.batchTokens
        guard tokens <= space || (isLong && batch.promptTokens == 0) else { break }
      } else {
        guard space > 0 else { break }
      }
      let need = blocks(tokens)
      guard need <= nodes[index].freeBlocks else { break }
      _ = nodes[index].line.popFirst()
      nodes[index].freeBlocks -= need
      sequences[sequence].blocks = need
      sequences[sequence].place = .prefilling
      nodes[index].prefilling.append(sequence)
      add(sequence, whole ? tokens : min(tokens, space))
    }
  }

  /// The iteration's tokens appear, all at its end.
  mutating func finishIteration(_ index: Int) throws(PlannerError) {
    let now = queue.now
    account(index, until: now)
    let batch = nodes[index].batch
    report.machines[index].promptTokens += batch.promptTokens
    report.machines[index].outputTokens += batch.sequences
    nodes[index].isBusy = false
    step(index, at: now)
    let (prompts, chunks) = (nodes[index].prefilling, nodes[index].chunks)
    nodes[index].prefilling.removeAll(keepingCapacity: true)
    var done: [Int] = []
    for (sequence, tokens) in zip(prompts, chunks) {
      sequences[sequence].cached += tokens
      nodes[index].waitingTokens -= tokens
      guard sequences[sequence].cached == sequences[sequence].target else {
        nodes[index].prefilling.append(sequence)
        continue
      }
      report.machines[index].outputTokens += 1
      if emit(sequence, at: now) {
        finish(sequence)
      } else if sequences[sequence].destination == index {
        sequences[sequence].place = .running
        nodes[index].running.append(sequence)
      } else {
        done.append(sequence)
      }
    }
    for sequence in done { try send(sequence) }
    try begin(index)
  }

  /// Busy time and the trace, of an iteration that ends or is cut off.
  mutating func account(_ index: Int, until now: Double) {
    let seconds = now - nodes[index].began
    nodes[index].lastSeconds = seconds
    report.machines[index].busy += seconds
    report.machines[index].iterations += 1
    if report.spans.count < mostSpans {
      report.spans.append(
        ServingReport.Span(machine: index, start: nodes[index].began, seconds: seconds, batch: nodes[index].batch))
    }
  }

  /// A token of each stepping sequence; those at their end leave, the others keep their order.
  private mutating func step(_ index: Int, at now: Double) {
    let stepping = nodes[index].stepping
    var kept = 0
    for place in 0..<stepping {
      let sequence = nodes[index].running[place]
      sequences[sequence].cached += 1
      if emit(sequence, at: now) {
        finish(sequence)
      } else {
        nodes[index].running[kept] = sequence
        kept += 1
      }
    }
    if kept < stepping { nodes[index].running.removeSubrange(kept..<stepping) }
  }

  /// The sequence's next token; returns whether it is the last.
  private mutating func emit(_ sequence: Int, at now: Double) -> Bool {
    sequences[sequence].times.emit(at: now, gaps: &report.gaps)
  }

  private mutating func finish(_ index: Int) {
    release(index)
    sequences[index].place = .gone
    inSystem -= 1
    report.answers.append(sequences[index].times.answer)
  }

  /// Gives back all that the sequence holds or was promised.
  mutating func release(_ index: Int) {
    let sequence = sequences[index]
    nodes[sequence.machine].freeBlocks += sequence.blocks
    nodes[sequence.destination].freeBlocks += sequence.reserved
    nodes[sequence.machine].promised -= sequence.promisedHere
    nodes[sequence.destination].promised -= sequence.promisedThere
    sequences[index].blocks = 0
    sequences[index].reserved = 0
    sequences[index].promisedHere = 0
    sequences[index].promisedThere = 0
  }
}
