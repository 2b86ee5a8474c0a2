/// A GGUF file with one thing wrong, and who must find it. The classes G1 to G20 are those by which parsers of this
/// format have been attacked.
public struct MalformedGGUF: Sendable {
  /// What is wrong.
  public enum Category: String, Sendable, CaseIterable {
    case header = "magic or version"
    case tensorType = "tensor type"
    case duplicate = "name that occurs twice"
    case g1 = "G1 counts multiplied into an allocation"
    case g2 = "G2 string lengths that wrap"
    case g3 = "G3 array count times element size"
    case g4 = "G4 more axes than four"
    case g5 = "G5 failure in the middle of a parse"
    case g6 = "G6 sum of tensor sizes wraps"
    case g7 = "G7 product of extents wraps"
    case g8 = "G8 data outside of the file"
    case g9 = "G9 alignment"
    case g10 = "G10 a gibibyte declared"
    case g11 = "G11 array of another type than assumed"
    case g12 = "G12 arrays in arrays"
    case g13 = "G13 tokens"
    case g14 = "G14 vocabulary that refers outside itself"
    case g15 = "G15 hyper-parameters"
    case g16 = "G16 tensors that do not fit the architecture"
    case g17 = "G17 split files"
    case g18 = "G18 chat template"
    case g19 = "G19 weights that are no numbers"
    case g20 = "G20 truncation and flipped bits"
  }

  /// The step that must refuse the file with a typed error.
  public enum Stage: String, Sendable, CaseIterable {
    /// Parsing the file.
    case parse
    /// Building the tokenizer.
    case vocabulary
    /// Compiling the chat template.
    case template
    /// Reading the hyper-parameters, and holding them against the vocabulary.
    case configuration
    /// Finding the weights.
    case weights
    /// None of loading: the chat template must be stopped when it renders a conversation, and plain text be answered.
    case chat
    /// None: the file is valid, and running it must neither trap nor spoil other sequences.
    case survives
  }

  /// A short name, unique.
  public let name: String
  /// What is wrong.
  public let category: Category
  /// The step that must refuse it.
  public let stage: Stage
  /// The field that the error must name, for files that parsing refuses.
  public let field: String?
  private let make: @Sendable () -> [UInt8]

  /// The file, made anew each time.
  public var bytes: [UInt8] { make() }

  /// All files.
  public static let all: [MalformedGGUF] =
    headers + tensorTypes + duplicates + counts + strings + arrays + ranks + failures + sums + products + places
    + alignments + gibibytes + narrowArrays + nestedArrays + tokens + references + hyperparameters + weights + splits
    + templates + notNumbers + truncations

  /// Files whose error is found on the way to the model, made by changing a complete one.
  static func llama(
    _ category: Category, _ stage: Stage, _ name: String, field: String? = nil,
    _ change: @escaping @Sendable (inout GGUFImage) -> Void
  ) -> MalformedGGUF {
    MalformedGGUF(name: name, category: category, stage: stage, field: field) {
      var model = TinyLlama()
      model.dtype = .q4_0
      var image = model.image()
      change(&image)
      return image.encoded()
    }
  }

  /// Files that parsing refuses, made by changing a small one.
  static func small(
    _ category: Category, _ name: String, field: String, _ change: @escaping @Sendable (inout GGUFImage) -> Void
  ) -> MalformedGGUF {
    MalformedGGUF(name: name, category: category, stage: .parse, field: field) {
      var image = base
      change(&image)
      return image.encoded()
    }
  }

  /// Files that parsing refuses, made by changing the bytes of a small one.
  static func bytes(
    _ category: Category, _ name: String, field: String, _ change: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) -> MalformedGGUF {
    MalformedGGUF(name: name, category: category, stage: .parse, field: field) { change(base.encoded()) }
  }

  /// A small valid file: five entries, a tensor of 128 bytes and one of 68.
  public static let base: GGUFImage = {
    var image = GGUFImage()
    image.set("general.architecture", string: "llama")
    image.set("a.number", uint32: 7)
    image.set("a.text", string: "text")
    image.set("a.strings", strings: [Array("one".utf8), [], Array("three".utf8)])
    image.set("a.numbers", int32s: [1, 2, 3, 4])
    var noise = GGUFNoise(seed: 9)
    image.tensors = [
      GGUFImage.Tensor("x.weight", extents: [8, 4], type: 0, data: noise.weights(32, dtype: .f32, scale: 1)),
      GGUFImage.Tensor("y.weight", extents: [32, 2], type: 8, data: noise.weights(64, dtype: .q8_0, scale: 1)),
    ]
    return image
  }()
}
