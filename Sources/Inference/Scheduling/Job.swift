import Layers
import Models
import Text

/// A generation that runs: only the compute thread touches it once it is submitted.
final class Job {
  let order: Order
  let prompt: [Int32]
  let seed: UInt64
  /// The prompt and what was generated; the state holds a beginning of it.
  var tokens: [Int32]
  var state: (any MixerState)?
  var isFinished = false
  /// Its place in the order in which generations came.
  var number = 0
  /// Whether its state had to go; it waits for room to compute it again.
  private(set) var isPreempted = false
  /// An older generation that is about to compute so many tokens which this one shares.
  var awaited: (leader: Job, count: Int)?
  /// Lengths at which the state is to be kept in the store.
  var marks: Set<Int> = []
  /// What an ended generation leaves to the store.
  var kept: (tokens: [Int32], snapshot: any StateSnapshot)?
  var usage: Usage
  var sampler: Sampler
  var detokenizer: StreamingDetokenizer
  var stops: StopMatcher
  var lookup: PromptLookup?
  private var draft: DraftGuesser?
  private let matcher: GrammarMatcher?
  var text = ""
  var begun: ContinuousClock.Instant?
  var firstToken: ContinuousClock.Instant?
  var lastToken: ContinuousClock.Instant?
  /// Whether the last guesses were the draft's.
  private var isDrafted = false
  /// Why to finish once the step is accounted for.
  private var finishing: FinishReason?
  private var stopString: String?
  private let vocabulary: Vocabulary
  private let contextLength: Int
  /// The session's state and what it has seen, until the generation has one of its own.
  private var held: (state: any MixerState, tokens: [Int32])?
  /// How many tokens the state had after the last step whose outcome is known.
  private var settled = 0
  private var keepsPrefix = false
  /// The adapter that it uses, from when it runs until it ends.
  private(set) var adapter: AdapterRegistry.Lease?
  private var registry: AdapterRegistry?

  init(order: Order, prompt: [Int32]) throws {
    let options = order.options
    self.order = order
    self.prompt = prompt
    tokens = prompt
    usage = Usage(promptTokens: prompt.count)
    seed = order.seed
    sampler = Sampler(options, seed: seed)
    vocabulary = order.session.engine.tokenizer.vocabulary
    contextLength = order.session.engine.contextLength
    detokenizer = StreamingDetokenizer(vocabulary: vocabulary)
    stops = try StopMatcher(options.stop)
    let guesses = options.lookup ?? order.session.engine.options.settings.lookup ?? 0
    lookup = guesses > 0 ? PromptLookup(limit: guesses) : nil
    let drafted = options.draft ?? GenerationOptions.defaultDraft
    if let model = order.session.engine.draft, drafted > 0 {
      draft = DraftGuesser(model, limit: drafted, options: options, seed: seed)
    }
    matcher = try options.constraint.map {
      try GrammarMatcher($0, order.session.engine.tokenTrie(), allowsEnd: !options.ignoreEnd)
    }
  }

  var place: Place { order.place }
  var isCancelled: Bool { order.place.isCancelled }
  /// The version of its adapter; 0 for none. What one version has computed serves no other.
  private(set) var version = 0
  /// How many tokens the state has seen.
  var depth: Int { state?.tokens ?? 0 }
  /// How many tokens the state has yet to see.
  var pendingCount: Int { tokens.count - depth }
  /// Whether only the last token is to be seen.
  var isDecoding: Bool { pendingCount == 1 && usage.completionTokens > 0 }
  /// The most tokens of the next chunk: up to the next place at which the state is kept.
  var chunkLimit: Int {
    let depth = depth
    return (marks.filter { $0 > depth }.min() ?? tokens.count) - depth
  }

  /// Takes part from now on; the session's state is in its hands.
  ///
  /// - Throws: ``InferenceError/adapter(name:problem:)`` when its adapter cannot be loaded.
  func begin(keepsPrefix: Bool, _ adapters: AdapterRegistry? = nil) throws(InferenceError) {
    if begun == nil { begun = .now }
    isPreempted = false
    self.keepsPrefix = keepsPrefix
    if adapter == nil, let adapters, let name = order.session.engine.adapter {
      let lease = try adapters.acquire(name)
      (adapter, version, registry) = (lease, lease.version, adapters)
    }
    let version = version
    order.session.content.withLock { content in
      if let state = content.state, state.tokens == content.tokens.count, content.version == version {
        held = (state, content.tokens)
      }
      content.state = nil
      content.tokens = []
    }
  }

  /// How many of the first `most` tokens the session's state has seen and can go on from.
  func ownBeginning(most: Int) -> Int {
    guard let held else { return 0 }
    let count = min(held.tokens.shared(with: tokens[...]), most)
    return count == held.tokens.count || held.state.capabilities.contains(.truncate) ? count : 0
  }

  /// How many tokens from the first on are those of `others`.
  func shared(with others: [Int32]) -> Int { tokens.shared(with: others[...]) }

  /// Gets a state that has seen the first `count` tokens: a snapshot's, or the session's.
  ///
  /// - Throws: what making a state throws.
  func start(from snapshot: (any StateSnapshot)?, count: Int, _ model: any LanguageModel) throws {
    defer { held = nil }
    state = nil
    if let snapshot {
      let fork = try model.makeState(capacity: contextLength)
      // One that cannot be had is computed anew.
      if (try? fork.restore(snapshot)) != nil, fork.tokens == count || fork.rewind(to: count) { state = fork }
    } else if let held, count > 0, held.tokens.count == count || held.state.rewind(to: count) {
      state = held.state
    }
    if state == nil { state = try model.makeState(capacity: contextLength) }
    settled = depth
    if usage.completionTokens == 0 { usage.cachedTokens = depth }
  }

  /// Gives up its state for want of memory; what it has said stays said.
  func standBack() {
    isPreempted = true
    state = nil
    awaited = nil
    marks = []
    settled = 0
  }

  /// The last token, with guesses of what comes after it: those of earlier text where there are any, else the draft's.
  func singleStep(guesses: Int, _ scratch: SamplingScratch) -> TokenBatch.Run {
    guard let state else { preconditionFailure("a generation steps after it has begun") }
    let room = min(
      guesses, (order.options.maxTokens ?? .max) - usage.completionTokens - 1,
      contextLength - tokens.count - 1)
    var guess = room > 0 ? lookup?.guess(after: tokens, limit: room) ?? [] : []
    if guess.isEmpty, room > 0, let draft {
      do { guess = try draft.guess(after: tokens, limit: room, scratch) } catch {
        // Guesses are a help only: a draft that fails is not asked again.
        self.draft = nil
      }
      isDrafted = true
    } else {
      isDrafted = false
    }
    return run(state, [tokens[tokens.count - 1]] + guess, logits: guess.isEmpty ? .last : .all)
  }

  /// The next part of the prompt.
  func promptChunk(_ count: Int) -> TokenBatch.Run {
    guard let state else { preconditionFailure("a generation steps after it has begun") }
    let start = state.tokens
    return run(state, Array(tokens[start..<start + count]), logits: start + count == tokens.count ? .last : .none)
  }

  /// The next tokens of the state. Which of them are the answer's depends on their places alone, so that guesses and what is
  /// computed again see what the same tokens saw one by one.
  private func run(_ state: any MixerState, _ next: [Int32], logits: TokenBatch.LogitRows) -> TokenBatch.Run {
    TokenBatch.Run(
      state: state, tokens: next, logits: logits, adapter: adapter?.adapter,
      answerTokens: min(next.count, max(0, state.tokens + next.count - prompt.count)))
  }

  /// Draws from the logits of a run and reports.
  ///
  /// Guesses were evaluated as if they were right. Drawing in order, each token depends on the logits, the history, the
  /// seed and the position only, so it is the token that would have been drawn without guessing; the first that differs
  /// from its guess makes the rows behind it void.
  func take(
    _ logits: Logits, rows: Range<Int>, of run: TokenBatch.Run, _ model: any LanguageModel, _ scratch: SamplingScratch
  ) throws {
    if usage.completionTokens == 0 {
      order.events.yield(.progress(prefilled: min(run.state.tokens, prompt.count), of: prompt.count))
    }
    let guesses = run.tokens.suffix(max(rows.count - 1, 0))
    var accepted = 0
    for (row, guess) in zip(rows, guesses.map(Optional.some) + [nil]) {
      let token = try draw(logits.row(row), scratch)
      if token == guess { accepted += 1 }
      if finishing != nil || token != guess { break }
    }
    if !guesses.isEmpty {
      usage.draftedTokens += guesses.count
      usage.acceptedTokens += accepted
      if isDrafted {
        draft?.learn(guessed: guesses.count, accepted: accepted)
      } else {
        lookup?.learn(guessed: guesses.count, accepted: accepted)
      }
      if accepted < guesses.count { try rewind(by: guesses.count - accepted, model) }
    }
    settled = depth
    if let finishing { finish(finishing) }
  }

  private func draw(_ row: UnsafeBufferPointer<Float>, _ scratch: SamplingScratch) throws -> Int32 {
    let options = order.options
    let token = try matcher.map { try drawAllowed(row, $0, scratch) } ?? sampler.draw(row, history: tokens, scratch)
    let now = ContinuousClock.now
    if firstToken == nil { firstToken = now }
    lastToken = now
    tokens.append(token)
    usage.completionTokens += 1
    lookup?.append(tokens)
    if options.tokenEvents || options.logProbabilities != nil {
      var event = GeneratedToken(id: token)
      if Int(token) < vocabulary.count { event.bytes = Array(try vocabulary.bytes(of: token)) }
      if let count = options.logProbabilities {
        (event.logProbability, event.alternatives) = scratch.logProbabilities(row, of: token, top: count)
      }
      order.events.yield(.token(event))
    }
    if !options.ignoreEnd, vocabulary.endsGeneration(token) {
      finishing = .stop
      return token
    }
    // A model may have more rows than its tokenizer has tokens; those rows have no text.
    if Int(token) < vocabulary.count { give(stops.append(try detokenizer.append(token))) }
    if finishing == nil, matcher?.isComplete == true { finishing = .stop }
    if finishing == nil, usage.completionTokens == options.maxTokens || tokens.count >= contextLength {
      finishing = .length
    }
    return token
  }

  /// Draws a token that the constraint allows, and goes on in it.
  private func drawAllowed(
    _ row: UnsafeBufferPointer<Float>, _ matcher: GrammarMatcher, _ scratch: SamplingScratch
  ) throws -> Int32 {
    if let likeliest = sampler.likeliest(row, scratch), try matcher.advance(likeliest) { return likeliest }
    // Where the likeliest tokens fit, the others need not be looked at.
    let narrow = try matcher.narrowMask()
    if narrow == nil, let token = try sampler.draw(row, history: tokens, scratch, asking: matcher),
      try matcher.advance(token)
    {
      return token
    }
    let mask = try narrow ?? matcher.mask()
    if mask.isEmpty { throw InferenceError.noTokenAllowed(position: tokens.count) }
    let token = try sampler.draw(row, history: tokens, scratch, allowed: mask)
    guard try matcher.advance(token) else { throw InferenceError.noTokenAllowed(position: tokens.count) }
    return token
  }

  private func give(_ outcome: StopMatcher.Outcome) {
    give(outcome.text)
    if let stop = outcome.stop {
      finishing = .stopString
      stopString = order.options.stop[stop]
    }
  }

  private func give(_ piece: String) {
    if piece.isEmpty { return }
    text += piece
    order.events.yield(.text(piece))
  }

  /// Makes the state forget the last tokens; one that cannot is built anew, and nothing is guessed any more.
  private func rewind(by count: Int, _ model: any LanguageModel) throws {
    guard let held = state, !held.rewind(to: held.tokens - count) else { return }
    state = try model.makeState(capacity: contextLength)
    lookup = nil
    draft = nil
  }

  /// Ends the generation and gives the session back.
  func finish(_ reason: FinishReason) {
    if stopString == nil {
      give(stops.append(detokenizer.finish()))
      // The replacement of a broken character cannot complete a stop string that is followed by nothing, but may be one.
      if stopString == nil { give(stops.finish()) }
    }
    let end = finishing == .stopString ? .stopString : reason
    keep()
    giveBack(answered: end != .cancelled || !text.isEmpty, end == .cancelled ? .cancelled : .completed)
    order.events.yield(
      .finished(
        Completion(
          text: text, tokens: Array(tokens[prompt.count...]), reason: end, stopString: stopString, seed: seed,
          usage: usage, timings: timings())))
    order.events.finish()
  }

  /// Ends the generation with an error and gives the session back.
  func fail(_ error: any Error) {
    // A step that went wrong half-way may have left tokens in the state that are not text.
    if let state, state.tokens != settled, !state.rewind(to: settled) { self.state = nil }
    giveBack(answered: false, .failed)
    order.events.finish(throwing: error)
  }

  /// Leaves what was computed to the store.
  private func keep() {
    guard keepsPrefix, let state, 1...tokens.count ~= state.tokens, let snapshot = try? state.snapshot() else { return }
    kept = (Array(tokens.prefix(state.tokens)), snapshot)
  }

  private func giveBack(answered: Bool, _ outcome: Admission.Outcome) {
    isFinished = true
    let session = order.session
    let left = state.map { ($0, Array(tokens.prefix($0.tokens))) } ?? held
    state = nil
    held = nil
    awaited = nil
    if let adapter { registry?.release(adapter) }
    adapter = nil
    session.content.withLock { content in
      if let left { (content.state, content.tokens, content.version) = (left.0, left.1, version) }
      if answered, case .turn(let message) = order.request {
        content.messages.append(ChatMessage(role: .user, content: message))
        content.messages.append(ChatMessage(role: .assistant, content: text))
      }
    }
    place.end(outcome)
    session.release()
  }

  private func timings() -> GenerationTimings {
    let begun = begun ?? order.submitted
    var timings = GenerationTimings()
    timings.queueSeconds = order.submitted.seconds(to: begun)
    guard let firstToken, let lastToken else { return timings }
    timings.promptSeconds = begun.seconds(to: firstToken)
    timings.timeToFirstTokenSeconds = order.submitted.seconds(to: firstToken)
    timings.generationSeconds = firstToken.seconds(to: lastToken)
    if timings.promptSeconds > 0 {
      timings.promptTokensPerSecond = Double(usage.promptTokens - usage.cachedTokens) / timings.promptSeconds
    }
    if timings.generationSeconds > 0 {
      timings.generationTokensPerSecond = Double(usage.completionTokens - 1) / timings.generationSeconds
    }
    return timings
  }
}
