import Formats
import NumericTypes

/// What an architecture makes of a Hugging Face folder: GGUF's keys for its configuration, and where each weight that GGUF
/// names comes from.
///
/// ```swift
/// translation.set("llama.block_count", layers)
/// translation.map("model.layers.{n}.mlp.up_proj.weight", to: "blk.{n}.ffn_up.weight")
/// ```
/// `{n}` stands for every layer. `{e}` in a source stands for every expert, whose tensors are stacked into one. Sources
/// that the folder lacks are passed over: the model says what it misses. Where two sources give one weight, the first that
/// is there counts.
public struct HuggingFaceTranslation: Sendable {
  struct Rule: Sendable {
    /// One tensor, or several of one shape that are stacked.
    var sources: [String]
    var name: String
    var changes: [WeightChange]
    var layers: Range<Int>
    /// Whether even one source is a stack, of one.
    var isStack: Bool { sources.count > 1 || sources[0].contains("{e}") }
  }

  /// The number of layers, for `{n}`.
  public let layers: Int
  /// The number of experts, for `{e}`.
  public let experts: Int
  private(set) var entries: [GGUFEntry] = []
  private(set) var rules: [Rule] = []
  private(set) var vectors: [(name: String, values: [Float])] = []

  /// A translation for `architecture`, GGUF's name for it.
  public init(architecture: String, layers: Int, experts: Int = 0) {
    self.layers = layers
    self.experts = experts
    set("general.architecture", .string(architecture))
  }

  /// Sets a key.
  public mutating func set(_ key: String, _ value: GGUFValue) {
    entries.removeAll { $0.key == key }
    entries.append(GGUFEntry(key: key, value: value))
  }

  /// Sets a key to a size.
  public mutating func set(_ key: String, _ value: Int) { set(key, .uint32(UInt32(clamping: value))) }

  /// Sets a key to a number.
  public mutating func set(_ key: String, _ value: Double) { set(key, .float32(Float(value))) }

  /// Adds a vector that GGUF has as a weight and the folder as part of its configuration.
  public mutating func add(_ name: String, _ values: [Float]) { vectors.append((name, values)) }

  /// Says that the weight `name` is the folder's `source`, changed in the given ways one after the other; of the layers
  /// given, or of all.
  public mutating func map(_ source: String, to name: String, _ changes: WeightChange..., layers: Range<Int>? = nil) {
    rules.append(Rule(sources: [source], name: name, changes: changes, layers: layers ?? 0..<self.layers))
  }

  /// Says that the weight `name` is the folder's `sources`, which have one shape, stacked.
  public mutating func map(stacked sources: [String], to name: String, _ changes: WeightChange...) {
    rules.append(Rule(sources: sources, name: name, changes: changes, layers: 0..<layers))
  }
}

/// How a weight differs from the one that a folder has.
public enum WeightChange: Sendable {
  /// Some of the rows, in the order given: another arrangement of heads.
  case rows([Int])
  /// Neighbouring rows: a part of a fused matrix.
  case slice(Range<Int>)
  /// Columns for rows, of a matrix or of each one of a stack.
  case transposed
  /// Another shape of the same elements.
  case reshaped(@Sendable (Shape) -> Shape)
  /// Every element by a function, as f32.
  case mapped(@Sendable (Float) -> Float)

  /// The rows of q or k, whose heads turn halves, in the order in which they turn neighbours: row 2i of a head is its
  /// row i, row 2i + 1 its row i + headDim / 2.
  public static func rotaryPairs(heads: Int, headDim: Int) -> WeightChange {
    .rows(
      (0..<heads * headDim).map { row in
        let (head, place) = row.quotientAndRemainder(dividingBy: headDim)
        return head * headDim + place / 2 + place % 2 * (headDim / 2)
      })
  }
}
