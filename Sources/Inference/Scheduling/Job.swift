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

  init(order: Order, prompt: [Int32]) throws {
    let options = order.options
    self.order = order
    self.prompt = prompt
    tokens = prompt
    usage = Usage(promptTokens: prompt.count)
    // A drawn seed is one that readers of JSON hold exactly, so that it can be given again.
    seed = options.seed ?? UInt64.random(in: 0..<1 << 53)
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

  var isCancelled: Bool { order.cancellation.isRequested }
  /// How many tokens the state has yet to see.
  var pendingCount: Int { tokens.count - (state?.tokens ?? 0) }
  /// Whether only the last token is to be seen.
  var isDecoding: Bool { pendingCount == 1 && usage.completionTokens > 0 }

  /// Takes over the session's state and keeps the longest beginning that the prompt shares with it.
  func begin(_ model: any LanguageModel) throws {
    begun = .now
    let session = order.session
    let (held, cached) = session.content.withLock { content in
      defer {
        content.state = nil
        content.tokens = []
      }
      return (content.state, content.tokens)
    }
    // At least one token must be computed, to have logits.
    var shared = 0
    while shared < min(cached.count, prompt.count - 1), cached[shared] == prompt[shared] { shared += 1 }
    if let held, held.tokens == cached.count, shared > 0, held.rewind(to: shared) {
      state = held
      usage.cachedTokens = shared
    } else {
      state = try model.makeState(capacity: contextLength)
    }
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
    return TokenBatch.Run(
      state: state, tokens: [tokens[tokens.count - 1]] + guess, logits: guess.isEmpty ? .last : .all)
  }

  /// The next part of the prompt.
  func promptChunk(_ count: Int) -> TokenBatch.Run {
    guard let state else { preconditionFailure("a generation steps after it has begun") }
    let start = state.tokens
    return TokenBatch.Run(
      state: state, tokens: Array(tokens[start..<start + count]),
      logits: start + count == tokens.count ? .last : .none)
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
    giveBack(answered: end != .cancelled || !text.isEmpty)
    order.events.yield(
      .finished(
        Completion(
          text: text, tokens: Array(tokens[prompt.count...]), reason: end, stopString: stopString, seed: seed,
          usage: usage, timings: timings())))
    order.events.finish()
  }

  /// Ends the generation with an error and gives the session back.
  func fail(_ error: any Error) {
    giveBack(answered: false)
    order.events.finish(throwing: error)
  }

  private func giveBack(answered: Bool) {
    isFinished = true
    let session = order.session
    let held = state
    state = nil
    session.content.withLock { content in
      if let held {
        content.state = held
        content.tokens = Array(tokens.prefix(held.tokens))
      }
      if answered, case .turn(let message) = order.request {
        content.messages.append(ChatMessage(role: .user, content: message))
        content.messages.append(ChatMessage(role: .assistant, content: text))
      }
    }
    session.engine.scheduler.unreserve()
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
