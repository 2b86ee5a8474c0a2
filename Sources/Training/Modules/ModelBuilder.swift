import NumericTypes
import Tensors

/// Collects the parameters and buffers of a model while its layers are made; names come from the scopes.
///
/// ```swift
/// var builder = ModelBuilder(context: context, seed: 1)
/// let hidden = builder.within("hidden") { DenseLayer(&$0, from: 784, to: 128) }   // hidden.weight, hidden.bias
/// ```
/// What a parameter begins with depends on the seed and its name, not on the order in which layers are made.
public struct ModelBuilder {
  /// Where tensors are made.
  public let context: Context
  /// What the initial values depend on.
  public let seed: UInt64
  /// What matrices, kernels and tables are stored in, f32 or bf16; vectors are f32. An optimizer keeps f32 weights of
  /// bf16 ones and sums are f32 in either case.
  public let storage: DType
  /// The trained weights so far.
  public private(set) var parameters: [Parameter] = []
  /// What is kept beside them so far.
  public private(set) var buffers: [Parameter] = []
  /// Weights by name that are taken over in the place of fresh ones, each of the shape and type that it is to have.
  private let given: [String: Tensor]
  private var scope = ""
  private var names: Set<String> = []

  /// A builder without parameters.
  ///
  /// - Precondition: `storage` is f32 or bf16.
  public init(context: Context, seed: UInt64, storage: DType = .f32) {
    self.init(context: context, seed: seed, storage: storage, given: [:])
  }

  init(context: Context, seed: UInt64, storage: DType, given: [String: Tensor]) {
    precondition(storage == .f32 || storage == .bf16, "weights are not stored as \(storage.displayName)")
    self.context = context
    self.seed = seed
    self.storage = storage
    self.given = given
  }

  /// Runs `body` with `name` and a dot in front of the names that it gives.
  public mutating func within<Result>(
    _ name: String, _ body: (inout ModelBuilder) throws -> Result
  ) rethrows -> Result {
    let outer = scope
    scope += name + "."
    defer { scope = outer }
    return try body(&self)
  }

  /// A new parameter, in ``storage`` where it has two axes or more, else f32.
  ///
  /// - Precondition: the name is new in its scope.
  public mutating func weight(_ name: String, _ shape: Shape, _ initializer: Initializer) -> Weight {
    let name = take(name)
    if let values = given[name] {
      precondition(values.shape == shape, "the weights \(values.shape) are given for \(name), which is \(shape)")
      parameters.append(Parameter(name, values))
    } else {
      var random = Random(seed: seed, stream: Self.stream(of: name))
      let values = initializer.tensor(shape, &random, context)
      parameters.append(Parameter(name, shape.rank > 1 ? context.cast(values, to: storage) : values))
    }
    return Weight(index: parameters.count - 1)
  }

  /// A new parameter with these values.
  ///
  /// - Precondition: the name is new in its scope.
  mutating func weight(_ name: String, _ values: Tensor) -> Weight {
    parameters.append(Parameter(take(name), values))
    return Weight(index: parameters.count - 1)
  }

  /// A new f32 buffer of one value everywhere.
  ///
  /// - Precondition: the name is new in its scope.
  public mutating func buffer(_ name: String, _ shape: Shape, _ value: Double) -> Buffer {
    buffers.append(Parameter(take(name), context.full(shape, value)))
    return Buffer(index: buffers.count - 1)
  }

  /// A new buffer with these values.
  ///
  /// - Precondition: the name is new in its scope.
  mutating func buffer(_ name: String, _ values: Tensor) -> Buffer {
    buffers.append(Parameter(take(name), values))
    return Buffer(index: buffers.count - 1)
  }

  /// The stream of a layer that is random, by its name.
  ///
  /// - Precondition: the name is new in its scope.
  public mutating func stream(_ name: String) -> UInt64 { Self.stream(of: take(name)) }

  private mutating func take(_ name: String) -> String {
    let full = scope + name
    precondition(names.insert(full).inserted, "two parameters of a model are named \(full)")
    return full
  }

  /// FNV-1a, 64 bits.
  static func stream(of name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
