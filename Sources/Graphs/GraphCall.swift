import Formats
import NumericTypes
import Tensors

/// One run of a node: its inputs and what it may use.
public struct GraphCall {
  /// The inputs, in order; nothing for those left out.
  public let inputs: [GraphValue?]
  /// Threads, memory and kernels.
  public let context: Context
  let run: GraphRun
  let scope: GraphScope

  /// A tensor that must be there.
  public func tensor(_ index: Int) throws -> GraphTensor {
    guard index < inputs.count, let value = inputs[index] else { throw Refusal("input \(index) is missing") }
    guard let tensor = value.tensor else { throw Refusal("input \(index) is \(value.kind), expected a tensor") }
    return tensor
  }

  /// A tensor that may be left out.
  public func optional(_ index: Int) throws -> GraphTensor? {
    guard index < inputs.count, inputs[index] != nil else { return nil }
    return try tensor(index)
  }

  /// A sequence.
  func sequence(_ index: Int) throws -> [GraphValue] {
    guard index < inputs.count, case .sequence(let values)? = inputs[index] else {
      throw Refusal("input \(index) is no sequence")
    }
    return values
  }

  /// All inputs as tensors, at least one.
  func tensors() throws -> [GraphTensor] {
    guard !inputs.isEmpty else { throw Refusal("there are no inputs") }
    return try inputs.indices.map { try tensor($0) }
  }

  /// A list of whole numbers from an integer tensor of at most one axis.
  func ints(_ index: Int) throws -> [Int] {
    let tensor = try tensor(index)
    guard tensor.type.isInteger, tensor.rank <= 1 else {
      throw Refusal("input \(index) is \(tensor.type.name) \(tensor.shape), expected a list of whole numbers")
    }
    return tensor.values(Int64.self).map { Int($0) }
  }

  func optionalInts(_ index: Int) throws -> [Int]? {
    try optional(index) == nil ? nil : try ints(index)
  }

  /// A single whole number.
  func int(_ index: Int) throws -> Int {
    let tensor = try tensor(index)
    guard tensor.type.isInteger, tensor.count == 1 else {
      throw Refusal("input \(index) is \(tensor.type.name) \(tensor.shape), expected a whole number")
    }
    return Int(tensor.values(Int64.self)[0])
  }

  /// A single number.
  func number(_ index: Int) throws -> Double {
    let tensor = try tensor(index)
    guard tensor.type.lane != .none, tensor.count == 1 else {
      throw Refusal("input \(index) is \(tensor.type.name) \(tensor.shape), expected a number")
    }
    return tensor.values(Double.self)[0]
  }

  // MARK: Making tensors

  /// Checks that a tensor of a shape may be made, and gives the number of its elements.
  @discardableResult
  func reserve(_ type: ONNXElementType, _ shape: [Int]) throws -> Int {
    try reserve(bytesEach: max(type.storedBytes, type == .string ? 16 : 1), shape)
  }

  /// Checks that numbers for the work in between may be had.
  @discardableResult
  func reserve(bytesEach: Int, _ shape: [Int]) throws -> Int {
    guard shape.count <= 64 else { throw Refusal("a tensor of \(shape.count) axes") }
    var count = 1
    for extent in shape {
      guard extent >= 0 else { throw Refusal("a tensor of shape \(shape)") }
      count = count.multipliedClamped(by: max(extent, 1))
    }
    let bytes = count.multipliedClamped(by: bytesEach)
    let limit = run.limits.memory
    guard bytes <= limit, context.allocator.liveBytes.addingClamped(bytes) <= limit else {
      throw TooLarge(needed: bytes, limit: limit)
    }
    return shape.contains(0) ? 0 : count
  }

  /// A tensor whose bytes `fill` writes.
  func make(
    _ type: ONNXElementType, _ shape: [Int], _ fill: (UnsafeMutableRawPointer) throws -> Void
  ) throws -> GraphTensor {
    let count = try reserve(type, shape)
    let storage = try Storage(byteCount: count * type.storedBytes, allocator: context.allocator)
    try fill(storage.base)
    return GraphTensor(type, shape, .bytes(storage, offset: 0))
  }

  /// A tensor of numbers, rounded to the type.
  ///
  /// - Throws: what the executor reports with the node's name: a size that does not fit, or too much memory.
  public func tensor(_ type: ONNXElementType, _ shape: [Int], _ values: [Double]) throws -> GraphTensor {
    try make(type, shape, values)
  }

  /// A tensor of numbers, stored as the type has them.
  package func make<Number: Lane>(
    _ type: ONNXElementType, _ shape: [Int], _ values: [Number]
  ) throws -> GraphTensor {
    guard type.lane != .none else { throw Refusal("numbers as \(type.name)") }
    guard values.count == shape.reduce(1, *) else { throw Refusal("\(values.count) numbers for shape \(shape)") }
    return try make(type, shape) { target in
      values.withUnsafeBufferPointer { buffer in
        if let base = buffer.baseAddress { Lanes.store(type, base, count: buffer.count, to: target) }
      }
    }
  }

  /// A tensor of truth values.
  func make(_ shape: [Int], _ values: [Bool]) throws -> GraphTensor {
    try make(.bool, shape, values.map { $0 ? Int64(1) : 0 })
  }

  /// A list of whole numbers.
  func make(ints: [Int]) throws -> GraphTensor { try make(.int64, [ints.count], ints.map { Int64($0) }) }

  /// A tensor of strings.
  func make(_ shape: [Int], strings: [String]) throws -> GraphTensor {
    try reserve(.string, shape)
    guard strings.count == shape.reduce(1, *) else { throw Refusal("\(strings.count) strings for shape \(shape)") }
    return GraphTensor(strings: strings, shape: shape)
  }

  /// What an operator of the engine made.
  func wrap(_ tensor: Tensor) -> GraphTensor { GraphTensor(context.contiguous(tensor)) }

  /// The tensor for the engine, as f32.
  func engine(_ x: GraphTensor) throws -> Tensor {
    if let tensor = x.tensor, tensor.dtype == .f32 { return tensor }
    guard x.type.lane != .none else { throw Refusal("\(x.type.name) where numbers are expected") }
    guard let tensor = try make(.float32, x.shape, x.values(Float.self)).tensor else { throw Refusal("no tensor") }
    return tensor
  }

  /// The numbers as another type, rounded.
  func convert(_ x: GraphTensor, to type: ONNXElementType) throws -> GraphTensor {
    if x.type == type { return x }
    switch type.lane {
    case .float: return try make(type, x.shape, x.values(Float.self))
    case .double: return try make(type, x.shape, x.values(Double.self))
    case .signed: return try make(type, x.shape, x.values(Int64.self))
    case .unsigned: return try make(type, x.shape, x.values(UInt64.self))
    case .none: throw Refusal("no numbers are converted to \(type.name)")
    }
  }

  /// Runs `body` for runs of `0..<count`, on all threads where that pays.
  func parallel(_ count: Int, grain: Int = 4096, _ body: (Range<Int>) -> Void) {
    if count <= 0 { return }
    let items = context.workers.items(count, grain: grain)
    let each = (count + items - 1) / items
    context.workers.run((count + each - 1) / each) { item, _ in
      body(item * each..<min(count, (item + 1) * each))
    }
  }
}

extension GraphTensor {
  /// Refuses a tensor that is not of one of the types.
  func expect(_ what: String, _ holds: (ONNXElementType) -> Bool) throws {
    guard holds(type) else { throw Refusal("\(type.name) \(shape) where \(what) are expected") }
  }
}
