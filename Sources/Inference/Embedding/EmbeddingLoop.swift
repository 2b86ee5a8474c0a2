import Models
import Tensors
import Text

/// Makes vectors of the texts of all requests that are there: each step takes a text of each in turn until it is full, so a
/// short request waits for no long one.
struct EmbeddingLoop {
  let model: any EncoderModel
  let tokenizer: Tokenizer
  let context: Context
  let pooling: Pooling
  let maxTokens: Int
  let stepTokens: Int
  private var requests: [EmbeddingRequest] = []

  /// Texts whose tokens are had at once.
  private static let block = 64

  init(
    model: any EncoderModel, tokenizer: Tokenizer, context: Context, pooling: Pooling, maxTokens: Int, stepTokens: Int
  ) {
    self.model = model
    self.tokenizer = tokenizer
    self.context = context
    self.pooling = pooling
    self.maxTokens = maxTokens
    self.stepTokens = stepTokens
  }

  /// Works for whoever sends, until the mailbox is closed.
  mutating func run(_ mailbox: Mailbox<EmbeddingRequest>) {
    while let new = mailbox.receive(waits: requests.isEmpty) {
      for request in new { add(request) }
      step()
    }
  }

  /// Works for one request alone.
  mutating func run(_ request: EmbeddingRequest) {
    add(request)
    while !requests.isEmpty { step() }
  }

  private mutating func add(_ request: EmbeddingRequest) {
    if request.texts.isEmpty, !request.isCancelled() { request.finish() } else { requests.append(request) }
  }

  private mutating func step() {
    for request in requests where request.isCancelled() { request.fail(CancellationError()) }
    requests.removeAll(where: \.isFinished)
    read()
    let parts = gather()
    if parts.isEmpty { return }
    do {
      try evaluate(parts) { parts.allSatisfy { $0.request.isCancelled() } }
    } catch {
      // One request's failure is no other's.
      for part in parts {
        do { try evaluate([part], isCancelled: part.request.isCancelled) } catch { part.request.fail(error) }
      }
    }
    requests.removeAll(where: \.isFinished)
    // Who was first is last.
    if let first = requests.first {
      requests.removeFirst()
      requests.append(first)
    }
  }

  private typealias Part = (request: EmbeddingRequest, sequences: [[TokenID]])

  /// Makes tokens of the next texts of those that have none ready; texts are shared out to the threads.
  private func read() {
    let places = requests.filter(\.ready.isEmpty).flatMap { request in
      request.unread.prefix(Self.block).map { (request, $0) }
    }
    let texts = places.map { $0.0.texts[$0.1] }
    var sequences = [[TokenID]](repeating: [], count: texts.count)
    sequences.withUnsafeMutableBufferPointer { results in
      let box = SequenceBox(results)
      context.workers.run(texts.count) { [tokenizer] index, _ in
        box.results[index] = tokenizer.encode(texts[index], parseSpecial: true)
      }
    }
    for ((request, _), sequence) in zip(places, sequences) {
      request.add(cut(sequence), of: sequence.count)
    }
  }

  /// The next step's texts.
  private func gather() -> [Part] {
    var parts: [Part] = requests.map { ($0, []) }
    var (rows, isFull) = (0, false)
    while !isFull {
      isFull = true
      for (index, request) in requests.enumerated() {
        guard let count = request.ready.first?.count, rows == 0 || rows + count <= stepTokens else { continue }
        guard let tokens = request.next() else { continue }
        parts[index].sequences.append(tokens)
        rows += count
        isFull = false
      }
    }
    return parts.filter { !$0.sequences.isEmpty }
  }

  private func evaluate(_ parts: [Part], isCancelled: () -> Bool) throws {
    let vectors = try model.embed(parts.flatMap(\.sequences), pooling: pooling, isCancelled: isCancelled)
    withExtendedLifetime(vectors) {
      var next = vectors.pointer(as: Float.self)
      let width = model.description.width
      for part in parts {
        let count = part.sequences.count * width
        part.request.take(UnsafeBufferPointer(start: next, count: count))
        next += count
      }
    }
  }

  /// The first tokens, and the one at the end where the tokenizer sets one.
  private func cut(_ tokens: [TokenID]) -> [TokenID] {
    if tokens.count <= maxTokens { return tokens }
    guard tokenizer.vocabulary.special.addsEnd, maxTokens > 1, let last = tokens.last else {
      return Array(tokens.prefix(maxTokens))
    }
    return Array(tokens.prefix(maxTokens - 1)) + [last]
  }
}

/// Places that threads fill, each its own.
private struct SequenceBox: @unchecked Sendable {
  let results: UnsafeMutableBufferPointer<[TokenID]>
  init(_ results: UnsafeMutableBufferPointer<[TokenID]>) { self.results = results }
}
