import Formats
import Inference
import Models
import Tensors

/// Sentences embedded by a sentence encoder, from text to vectors: tokenising and pooling included.
public struct EmbeddingCase: OperatorCase {
  /// The model's folder.
  public var model: String
  /// The same model as a graph for onnxruntime.
  public var graph: String
  /// A file with one sentence a line, which peers read too.
  public var file: String
  /// Its lines.
  public var sentences: [String]
  /// How products are computed on our side.
  public var compute: ComputeMode
  /// Multiply-adds of all sentences, in billions of operations.
  private let operations: Double

  /// A case over sentences that are in `file`, a line each.
  ///
  /// - Throws: what loading the model throws.
  public init(model: String, graph: String, file: String, sentences: [String], compute: ComputeMode) throws {
    self.model = model
    self.graph = graph
    self.file = file
    self.sentences = sentences
    self.compute = compute
    let embedder = try Embedder.open(model)
    let d = embedder.model.description
    let perToken = Double(d.layers) * (4 * Double(d.width * d.width) + 2 * Double(d.width * d.feedForward))
    let scores = 2 * Double(d.layers * d.width)
    operations = sentences.reduce(0) { sum, sentence in
      let n = Double(min(embedder.tokenizer.encode(sentence, parseSpecial: true).count, embedder.maxTokens))
      return sum + 2e-9 * n * (perToken + scores * n)
    }
  }

  /// `embed minilm, 1000 sentences`.
  public var name: String {
    let folder = model.split(separator: "/").last.map(String.init) ?? model
    return "embed \(folder), \(sentences.count) sentences\(compute == .f32 ? ", f32" : "")"
  }
  /// Sentences: speeds are sentences a second.
  public var work: Double { Double(sentences.count) }
  /// Sentences a second.
  public var unit: String { "sentences/s" }
  /// As peers are asked for it.
  public var request: [JSON.Member] { [JSON.Member("op", "embed"), JSON.Member("file", .string(file))] }

  /// Peers are started for this model.
  public func task(threads: Int) -> PeerCatalogue.Task? { .embeddings(folder: model, graph: graph) }

  /// The sentences a second that the best rate of f32 multiply-adds allows.
  public func ceiling(of machine: Ceilings) -> Double {
    (machine.chains[.f32]?.max ?? .nan) / (operations / Double(sentences.count))
  }

  /// Our own side.
  ///
  /// - Throws: what loading the model throws.
  public func contestant(_ context: Context) throws -> any OperatorContestant {
    try EmbeddingContestant(self, context: context)
  }

  /// Our vectors.
  ///
  /// - Throws: what loading and computing throws.
  public func vectors(_ context: Context) throws -> Embeddings {
    let options = EmbedderOptions(compute: compute)
    return try Embedder.open(Checkpoint(path: model), context: context, options: options).compute(sentences)
  }

  /// The least and the mean cosine of the angle between vectors of ours and of a peer's answer.
  ///
  /// - Throws: ``ProfilingError/peerFailed(name:problem:)`` for an answer of another shape.
  public static func agreement(
    _ ours: Embeddings, _ answer: JSON, of peer: String
  ) throws(ProfilingError) -> (least: Double, mean: Double) {
    let rows = answer["embeddings"]?.elements ?? []
    guard rows.count == ours.count, ours.count > 0 else {
      throw .peerFailed(name: peer, problem: "\(rows.count) vectors for \(ours.count) sentences")
    }
    var (least, sum) = (1.0, 0.0)
    for (index, row) in rows.enumerated() {
      let theirs = (row.elements ?? []).map { $0.double ?? .nan }
      guard theirs.count == ours.dimension else {
        throw .peerFailed(name: peer, problem: "a vector of \(theirs.count) where \(ours.dimension) are expected")
      }
      var (dot, left, right) = (0.0, 0.0, 0.0)
      for (x, y) in zip(ours[index], theirs) {
        dot += Double(x) * y
        left += Double(x) * Double(x)
        right += y * y
      }
      let cosine = dot / (left * right).squareRoot()
      // A NaN is no agreement.
      least = cosine >= least ? least : cosine.isNaN ? -1 : cosine
      sum += cosine
    }
    return (least, sum / Double(rows.count))
  }
}
