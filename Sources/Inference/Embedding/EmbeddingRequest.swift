import Text

/// Texts that are to become vectors, and how far that is; only one thread at a time touches it.
final class EmbeddingRequest {
  let texts: [String]
  let isCancelled: () -> Bool
  private let report: (Int) -> Void
  private let end: (Result<Embeddings, any Error>) -> Void
  private let dimension: Int
  /// The tokens of the texts that come next, cut to what the model takes.
  private(set) var ready: ArraySlice<[TokenID]> = []
  private var counts: [Int] = []
  private var truncated: [Int] = []
  private var values: [Float] = []
  /// The texts whose vectors are there.
  private var done = 0
  private(set) var isFinished = false

  init(
    _ texts: [String], dimension: Int, isCancelled: @escaping () -> Bool, report: @escaping (Int) -> Void,
    end: @escaping (Result<Embeddings, any Error>) -> Void
  ) {
    self.texts = texts
    self.dimension = dimension
    self.isCancelled = isCancelled
    self.report = report
    self.end = end
    values.reserveCapacity(texts.count * dimension)
    counts.reserveCapacity(texts.count)
  }

  /// The texts whose tokens are to be had next.
  var unread: Range<Int> { counts.count..<texts.count }

  /// Takes the tokens of the next text, of `count` tokens before it was cut.
  func add(_ tokens: [TokenID], of count: Int) {
    if tokens.count < count { truncated.append(counts.count) }
    counts.append(count)
    ready.append(tokens)
  }

  /// Takes the next text's tokens out.
  func next() -> [TokenID]? { ready.popFirst() }

  /// Takes the vectors of the next texts.
  func take(_ vectors: UnsafeBufferPointer<Float>) {
    values.append(contentsOf: vectors)
    done += vectors.count / dimension
    report(done)
    if done == texts.count { finish() }
  }

  /// Hands the vectors over.
  func finish() {
    isFinished = true
    end(.success(Embeddings(dimension: dimension, values: values, tokens: counts, truncated: truncated)))
  }

  /// Ends with an error.
  func fail(_ error: any Error) {
    isFinished = true
    end(.failure(error))
  }
}
