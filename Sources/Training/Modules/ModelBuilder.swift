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
  /// The trained weights so far.
  public private(set) var parameters: [Parameter] = []
  /// What is kept beside them so far.
  public private(set) var buffers: [Parameter] = []
  private var scope = ""
  private var names: Set<String> = []

  /// A builder without parameters.
  public init(context: Context, seed: UInt64) {
    self.context = context
    self.seed = seed
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

  /// A new f32 parameter.
  ///
  /// - Precondition: the name is new in its scope.
  public mutating func weight(_ name: String, _ shape: Shape, _ initializer: Initializer) -> Weight {
    let name = take(name)
    var random = Random(seed: seed, stream: Self.stream(of: name))
    parameters.append(Parameter(name, initializer.tensor(shape, &random, context)))
    return Weight(index: parameters.count - 1)
  }

  /// A new f32 buffer of one value everywhere.
  ///
  /// - Precondition: the name is new in its scope.
  public mutating func buffer(_ name: String, _ shape: Shape, _ value: Double) -> Buffer {
    buffers.append(Parameter(take(name), context.full(shape, value)))
    return Buffer(index: buffers.count - 1)
  }

  private mutating func take(_ name: String) -> String {
    let full = scope + name
    precondition(names.insert(full).inserted, "two parameters of a model are named \(full)")
    return full
  }

  /// FNV-1a, 64 bits.
  private static func stream(of name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
