import Formats
import Models
import NumericTypes
import Tensors

extension GPT {
  /// The model of a checkpoint of Llama's make, its weights decoded from whatever they are stored in: a GGUF file or a
  /// Hugging Face folder, to be trained on.
  ///
  /// GGUF files of this family keep the rows of queries and keys so that neighbours turn together; here halves do, as in
  /// Hugging Face's files, and the rows are put back in that order.
  ///
  /// - Parameters:
  ///   - checkpoint: the model.
  ///   - length: the longest row; the model's own context by default and at most.
  ///   - storage: what matrices are kept in, f32 or bf16.
  ///   - context: where to compute.
  /// - Throws: ``DataError/mismatch(field:found:expected:)`` for a model of another make; `FormatError` and `TensorError`
  ///   for a file that is not what it says, or changes meanwhile.
  public init(
    _ checkpoint: Checkpoint, length: Int? = nil, storage: DType = .f32, context: Context
  ) throws {
    let configuration = try GPTConfiguration(checkpoint, length: length)
    let weights = try checkpoint.reading {
      try CheckpointWeights(checkpoint: checkpoint, configuration: configuration, storage: storage, context: context)
        .named()
    }
    var builder = ModelBuilder(context: context, seed: 0, storage: storage, given: weights)
    self.init(configuration, &builder)
  }
}

extension GPTConfiguration {
  /// The sizes that a checkpoint of Llama's make says.
  ///
  /// - Throws: ``DataError``; `FormatError` for a key that is missing or out of its range.
  init(_ file: Checkpoint, length: Int?) throws {
    func refuse(_ field: String, _ found: String, _ expected: String) -> DataError {
      .mismatch(field: "\(file.path.isEmpty ? "the model" : file.path): \(field)", found: found, expected: expected)
    }
    let name = try file.string("general.architecture")
    guard name == "llama" else { throw refuse("general.architecture", name, "llama, whose make can be trained on,") }
    func key(_ rest: String) -> String { "llama.\(rest)" }
    let width = try file.uint(key("embedding_length"), in: 1...1 << 16)
    let heads = try file.uint(key("attention.head_count"), in: 1...1024)
    let context = try file.uint(key("context_length"), in: 1...1 << 24)
    for other in ["attention.key_length", "attention.value_length", "rope.dimension_count"] {
      let found = try file.uintIfPresent(key(other)) ?? width / heads
      if found * heads != width { throw refuse(key(other), "\(found)", "heads of \(width) / \(heads), turned whole,") }
    }
    let scaling = try file.stringIfPresent(key("rope.scaling.type")) ?? "none"
    if scaling != "none" { throw refuse(key("rope.scaling.type"), scaling, "plain rotary places") }
    for none in ["expert_count", "attention.sliding_window"] {
      let found = try file.uintIfPresent(key(none)) ?? 0
      if found > 0 { throw refuse(key(none), "\(found)", "layers without") }
    }
    if let length, length > context { throw refuse("length", "\(length)", "at most \(context) tokens") }
    let embedding = try file.tensor("token_embd.weight")
    guard embedding.shape.rank == 2 else { throw refuse(embedding.name, "\(embedding.shape)", "a matrix") }
    self = .llama(
      vocabulary: embedding.shape[0], length: length ?? context,
      layers: try file.uint(key("block_count"), in: 1...1024), width: width, heads: heads,
      kvHeads: try file.uintIfPresent(key("attention.head_count_kv"), in: 1...1024),
      hidden: try file.uint(key("feed_forward_length"), in: 1...1 << 20))
    positions = .rotary(base: Double(try file.floatIfPresent(key("rope.freq_base"), in: 1...1e12) ?? 10000))
    epsilon = try file.float(key("attention.layer_norm_rms_epsilon"), in: 0...1)
    try validate()
  }
}

/// The weights of a checkpoint under the names that ``GPT`` has for them.
private struct CheckpointWeights {
  /// A tensor of the file and where its rows go.
  private struct Source {
    var name: String
    var rows: Int
    /// Whether the rows are those of heads whose neighbours turn together.
    var turns = false
  }

  let checkpoint: Checkpoint
  let configuration: GPTConfiguration
  let storage: DType
  let context: Context

  private var headDim: Int { configuration.width / configuration.heads }

  /// What each weight is made of, its sources one below the other, and its columns; none for a vector.
  private var sources: [(name: String, columns: Int?, parts: [Source])] {
    let c = configuration
    let keyWidth = c.kvHeads * headDim
    var all: [(name: String, columns: Int?, parts: [Source])] = [
      ("embedding.weight", c.width, [Source(name: "token_embd.weight", rows: c.vocabulary)]),
      ("norm.weight", nil, [Source(name: "output_norm.weight", rows: c.width)]),
    ]
    for layer in 0..<c.layers {
      func source(_ name: String, _ rows: Int, turns: Bool = false) -> Source {
        Source(name: "blk.\(layer).\(name).weight", rows: rows, turns: turns)
      }
      func add(_ name: String, _ columns: Int?, _ parts: [Source]) {
        all.append(("layers.\(layer).\(name).weight", columns, parts))
      }
      add("norm1", nil, [source("attn_norm", c.width)])
      add(
        "attention.qkv", c.width,
        [
          source("attn_q", c.width, turns: true), source("attn_k", keyWidth, turns: true), source("attn_v", keyWidth),
        ])
      add("attention.output", c.width, [source("attn_output", c.width)])
      add("norm2", nil, [source("ffn_norm", c.width)])
      add("mlp.gate", c.width, [source("ffn_gate", c.hidden)])
      add("mlp.up", c.width, [source("ffn_up", c.hidden)])
      add("mlp.down", c.hidden, [source("ffn_down", c.width)])
    }
    return all
  }

  func named() throws -> [String: Tensor] {
    let sources = sources
    let known = Set(sources.flatMap { $0.parts.map(\.name) })
    if let other = checkpoint.tensors.first(where: { !known.contains($0.name) }) {
      throw DataError.mismatch(
        field: "\(checkpoint.path): \(other.name)", found: "\(other.shape)",
        expected: "a head tied to the embedding, plain rotary places and no biases: no such weights")
    }
    var weights: [String: Tensor] = [:]
    for (name, columns, parts) in sources {
      let rows = parts.reduce(0) { $0 + $1.rows }
      let values = context.empty(columns.map { [rows, $0] } ?? [rows])
      var at = values.pointer(as: Float.self)
      for part in parts {
        let tensor = try checkpoint.tensor(part.name, shape: columns.map { [part.rows, $0] } ?? [part.rows]).values()
        if !context.isRehearsal {
          decode(tensor, rows: columns == nil ? 1 : part.rows, turns: part.turns, to: at)
        }
        at += tensor.count
      }
      weights[name] = columns == nil ? values : context.cast(values, to: storage)
    }
    return weights
  }

  /// Decodes rows, those of heads from neighbours to halves.
  private func decode(_ tensor: Tensor, rows: Int, turns: Bool, to target: UnsafeMutablePointer<Float>) {
    let width = tensor.count / rows
    let rowBytes = width / tensor.dtype.blockLength * tensor.dtype.blockBytes
    let (dtype, source, headDim) = (tensor.dtype, UnsafeRawPointer(tensor.pointer), headDim)
    withExtendedLifetime(tensor) {
      for row in 0..<rows {
        let place = row % headDim
        let half = place / (headDim / 2)
        let from = turns ? row - place + 2 * (place % (headDim / 2)) + half : row
        decodeRow(dtype, count: width, from: source + from * rowBytes, to: target + row * width)
      }
    }
  }
}
