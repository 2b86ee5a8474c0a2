extension NexusEngine {
  /// The part of all state that is taken.
  private var stateShare: Double { Double(report.blocks - freeBlocks) / Double(report.blocks) }

  /// The division for a phase that begins: decided anew where the other runs.
  private mutating func divide(prompts: IterationBatch?, tokens: IterationBatch?) {
    guard let prompts, let tokens else { return }
    controller.decide(costs, prompts: prompts, tokens: tokens, stateShare: stateShare)
  }

  private mutating func count(_ machine: Int) {
    report.serving.machines[machine].mostBlocks = max(
      report.serving.machines[machine].mostBlocks, report.blocks - freeBlocks)
  }

  // MARK: Prompts

  /// What a prompt is put in order by, less than those of later ones. A score grows less by γ for every second, for all alike: the
  /// order is that of the scores at time zero.
  private func score(_ index: Int) -> Double {
    let sequence = sequences[index]
    return switch policy.prompts {
    case .arrival: sequence.request.arrival
    case .shortest(let ageing): Double(sequence.target - sequence.cached) + ageing * sequence.request.arrival
    }
  }

  /// The iteration's prompts in order, while they fit the budget; the first that does not ends it. One that alone does not fit is
  /// computed in parts. A prompt takes the blocks of all its tokens; where they are not free, those that have theirs go on.
  mutating func beginPrompts() {
    var batch = IterationBatch()
    prompts.members.removeAll(keepingCapacity: true)
    prompts.chunks.removeAll(keepingCapacity: true)
    var isFull = false
    let ordered = waiting.map { (index: $0, score: score($0)) }
      .sorted { $0.score < $1.score || ($0.score == $1.score && $0.index < $1.index) }
    for (index, _) in ordered where running.count + prompts.members.count < policy.batchSequences {
      let left = sequences[index].target - sequences[index].cached
      let room = policy.promptTokens - batch.promptTokens
      guard left <= room || batch.promptTokens == 0 else { break }
      if sequences[index].blocks == 0 {
        let need = blocks(sequences[index].target)
        isFull = isFull || need > freeBlocks
        guard !isFull else { continue }
        freeBlocks -= need
        sequences[index].blocks = need
      }
      let (count, past) = (min(left, room), sequences[index].cached)
      prompts.members.append(index)
      prompts.chunks.append(count)
      batch.promptTokens += count
      batch.promptPast += past
      batch.promptPairs += Double(count) * (Double(past) + (Double(count) + 1) / 2)
      guard count == left else { break }
    }
    guard !batch.isEmpty else { return }
    count(0)
    divide(prompts: batch, tokens: tokens.isBusy ? tokens.batch : nil)
    prompts.percent = controller.promptPercent
    begin(\.prompts, batch)
  }

  private mutating func begin(_ path: WritableKeyPath<Self, Stream>, _ batch: IterationBatch) {
    self[keyPath: path].isBusy = true
    self[keyPath: path].batch = batch
    self[keyPath: path].left = 1
    // No speed yet: what comes is scheduled.
    self[keyPath: path].seconds = 0
    self[keyPath: path].began = queue.now
  }

  mutating func finishPrompts() {
    account(0, prompts)
    prompts.isBusy = false
    for (index, tokens) in zip(prompts.members, prompts.chunks) {
      sequences[index].cached += tokens
      guard sequences[index].cached == sequences[index].target else { continue }
      waiting.removeAll { $0 == index }
      report.serving.machines[0].outputTokens += 1
      if emit(index) { finish(index) } else { running.append(index) }
    }
  }

  // MARK: Tokens

  /// One token of each sequence; who lacks a block takes that of a prompt that is not under computation, or of the latest sequence.
  mutating func beginTokens() {
    var batch = IterationBatch()
    tokens.members.removeAll(keepingCapacity: true)
    while tokens.members.count < running.count {
      let index = running[tokens.members.count]
      let cached = sequences[index].cached
      if cached == sequences[index].blocks * policy.blockTokens {
        guard makeRoom(keeping: tokens.members.count + 1) else { break }
        sequences[index].blocks += 1
        freeBlocks -= 1
      }
      tokens.members.append(index)
      batch.contextTokens += cached
    }
    batch.sequences = tokens.members.count
    guard !batch.isEmpty else { return }
    count(1)
    divide(prompts: prompts.isBusy ? prompts.batch : nil, tokens: batch)
    tokens.percent = 100 - controller.promptPercent
    begin(\.tokens, batch)
  }

  /// Whether a block is free or could be made so without the first `kept` sequences.
  private mutating func makeRoom(keeping kept: Int) -> Bool {
    while freeBlocks == 0 {
      if let index = waiting.last(where: {
        sequences[$0].blocks > 0 && !(prompts.isBusy && prompts.members.contains($0))
      }) {
        release(index)
      } else if running.count > kept, let index = running.popLast() {
        release(index)
        waiting.append(index)
      } else {
        return false
      }
      report.serving.preemptions += 1
    }
    return true
  }

  /// A sequence gives its blocks up; its tokens so far become part of its prompt.
  private mutating func release(_ index: Int) {
    freeBlocks += sequences[index].blocks
    sequences[index].blocks = 0
    sequences[index].target = sequences[index].request.promptTokens + sequences[index].generated
    sequences[index].cached = 0
  }

  mutating func finishTokens() {
    account(1, tokens)
    tokens.isBusy = false
    report.serving.machines[1].outputTokens += tokens.members.count
    var isDone = false
    for index in tokens.members {
      sequences[index].cached += 1
      guard emit(index) else { continue }
      finish(index)
      isDone = true
    }
    if isDone { running = running.filter { !sequences[$0].isGone } }
  }

  private mutating func account(_ machine: Int, _ stream: Stream) {
    report.serving.machines[machine].busy += queue.now - stream.began
    report.serving.machines[machine].iterations += 1
    report.serving.machines[machine].promptTokens += stream.batch.promptTokens
  }

  /// The sequence's next token; returns whether it is the last.
  private mutating func emit(_ index: Int) -> Bool {
    sequences[index].times.emit(at: queue.now, gaps: &report.serving.gaps)
  }

  private mutating func finish(_ index: Int) {
    freeBlocks += sequences[index].blocks
    sequences[index].blocks = 0
    // What its blocks held is gone with them.
    sequences[index].cached = 0
    sequences[index].isGone = true
    inSystem -= 1
    report.serving.answers.append(sequences[index].times.answer)
  }
}
