import Formats
import NumericTypes
import Tensors

extension Checkpoint {
  /// A folder in Hugging Face's form, its configuration and weights translated by its architecture.
  ///
  /// - Throws: ``ModelError/unknownArchitecture(_:)``, ``/Formats/FormatError`` naming the key or the tensor.
  public convenience init(_ folder: HuggingFaceFolder) throws {
    let type = try folder.configuration.string("model_type")
    guard let architecture = Architecture.named(huggingFace: type), let translate = architecture.translate else {
      throw ModelError.unknownArchitecture(type)
    }
    let translation = try translate(folder)
    var tensors: [CheckpointTensor] = []
    var names: Set<String> = []
    for rule in translation.rules {
      let layers = rule.name.contains("{n}") ? rule.layers : 0..<1
      for layer in layers {
        let name = rule.name.replacing("{n}", with: "\(layer)")
        guard !names.contains(name) else { continue }
        var sources = rule.sources.map { $0.replacing("{n}", with: "\(layer)") }
        if let source = sources.first, source.contains("{e}") {
          // Most layers of most rules have none: only where the first is there are all named.
          let first = source.replacing("{e}", with: "0")
          let count = folder.tensors[first] == nil ? min(1, translation.experts) : translation.experts
          sources = (0..<count).map { source.replacing("{e}", with: "\($0)") }
        }
        guard var weight = try SourceWeight(sources, isStack: rule.isStack, in: folder) else {
          if let source = sources.first { try folder.refuseUnread(source) }
          continue
        }
        for change in rule.changes { weight = try weight.changed(change, name: sources[0]) }
        names.insert(name)
        tensors.append(
          try CheckpointTensor(
            name: name, dtype: weight.dtype, shape: weight.shape, infoOffset: 0, content: weight.content))
      }
    }
    for (name, values) in translation.vectors {
      tensors.append(
        try CheckpointTensor(
          name: name, dtype: .f32, shape: [values.count], infoOffset: 0,
          content: .made { target in values.withUnsafeBytes { target.copyMemory(from: $0) } }))
    }
    self.init(
      path: folder.path, entries: translation.entries, tensors: tensors, folder: folder, files: folder.storages)
  }
}

/// A weight of a folder on its way to the form that GGUF gives it.
private struct SourceWeight {
  var dtype: DType
  var shape: Shape
  var content: CheckpointTensor.Content

  /// The folder's tensor of a name, or the stack of those of several; nothing when there is none.
  init?(_ names: [String], isStack: Bool, in folder: HuggingFaceFolder) throws {
    guard let name = names.first, let first = folder.tensors[name] else { return nil }
    guard isStack else {
      self.init(dtype: first.dtype, shape: first.shape, content: .stored(first.storage, offset: first.offset))
      align()
      return
    }
    let parts = try names.map { name in
      guard let part = folder.tensors[name] else { throw FormatError.missingTensor(field: name) }
      guard part.dtype == first.dtype, part.shape == first.shape else {
        throw FormatError.wrongShape(
          field: name, offset: 0, found: part.shape.dimensions, expected: first.shape.dimensions)
      }
      return part
    }
    let bytes = try first.dtype.byteCount(of: first.shape.count)
    self.init(
      dtype: first.dtype, shape: try Shape(validating: [parts.count] + first.shape.dimensions),
      content: .made { target in
        for (index, part) in parts.enumerated() {
          target.baseAddress?.advanced(by: index * bytes)
            .copyMemory(from: part.storage.base + part.offset, byteCount: bytes)
        }
      })
  }

  init(dtype: DType, shape: Shape, content: CheckpointTensor.Content) {
    self.dtype = dtype
    self.shape = shape
    self.content = content
  }

  private var byteCount: Int { get throws { try dtype.byteCount(of: shape.count) } }

  /// Elements that lie at an address they cannot be read from are copied when they are asked for: a header may have any
  /// length.
  private mutating func align() {
    guard case .stored(let storage, let offset) = content, !offset.isMultiple(of: dtype.blockBytes) else { return }
    content = .made { target in
      target.copyMemory(from: UnsafeRawBufferPointer(start: storage.base + offset, count: target.count))
    }
  }

  /// Calls `body` with the elements' bytes.
  private static func withBytes<Result>(
    of content: CheckpointTensor.Content, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    switch content {
    case .stored(let storage, let offset):
      return try body(UnsafeRawBufferPointer(start: storage.base + offset, count: count))
    case .made(let make):
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
      defer { buffer.deallocate() }
      try make(buffer)
      return try body(UnsafeRawBufferPointer(buffer))
    }
  }

  func changed(_ change: WeightChange, name: String) throws -> SourceWeight {
    let (source, count) = (content, try byteCount)
    func failure(_ expected: String) -> FormatError {
      .inconsistent(field: name, offset: nil, problem: "its shape is \(shape) where \(expected) is expected")
    }
    switch change {
    case .rows(let order):
      guard shape.rank >= 1, let last = order.max(), last < shape[0] else {
        throw failure("at least \((order.max() ?? 0) + 1) rows")
      }
      let inner = Shape(Array(shape.dimensions.dropFirst()))
      let rowBytes = try dtype.byteCount(of: inner.count)
      let result = Shape([order.count] + inner.dimensions)
      return SourceWeight(
        dtype: dtype, shape: result,
        content: .made { target in
          try Self.withBytes(of: source, count: count) { bytes in
            guard let from = bytes.baseAddress, let to = target.baseAddress else { return }
            for (row, place) in order.enumerated() {
              (to + row * rowBytes).copyMemory(from: from + place * rowBytes, byteCount: rowBytes)
            }
          }
        })
    case .slice(let range):
      guard shape.rank >= 1, range.lowerBound >= 0, range.upperBound <= shape[0] else {
        throw failure("at least \(range.upperBound) rows")
      }
      let inner = Shape(Array(shape.dimensions.dropFirst()))
      let start = range.lowerBound * (try dtype.byteCount(of: inner.count))
      let result = Shape([range.count] + inner.dimensions)
      if case .stored(let storage, let offset) = source {
        return SourceWeight(dtype: dtype, shape: result, content: .stored(storage, offset: offset + start))
      }
      return SourceWeight(
        dtype: dtype, shape: result,
        content: .made { target in
          try Self.withBytes(of: source, count: count) { bytes in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + target.count]))
          }
        })
    case .transposed:
      guard shape.rank == 2 || shape.rank == 3, !dtype.isBlockQuantized else { throw failure("a plain matrix") }
      let (rows, columns, width) = (shape[-2], shape[-1], dtype.blockBytes)
      let stack = shape.rank == 3 ? shape[0] : 1
      return SourceWeight(
        dtype: dtype, shape: Shape(shape.dimensions.dropLast(2) + [columns, rows]),
        content: .made { target in
          try Self.withBytes(of: source, count: count) { bytes in
            guard let from = bytes.baseAddress, let to = target.baseAddress else { return }
            for matrix in 0..<stack {
              let (from, to) = (from + matrix * rows * columns * width, to + matrix * rows * columns * width)
              for row in 0..<rows {
                for column in 0..<columns {
                  (to + (column * rows + row) * width)
                    .copyMemory(from: from + (row * columns + column) * width, byteCount: width)
                }
              }
            }
          }
        })
    case .reshaped(let rule):
      let result = rule(shape)
      guard result.count == shape.count else { throw failure("\(result.count) elements") }
      return SourceWeight(dtype: dtype, shape: result, content: source)
    case .mapped(let function):
      let (elements, type) = (shape.count, dtype)
      guard type == .f32 || type == .f16 || type == .bf16 else {
        throw FormatError.wrongType(
          field: name, offset: 0, found: type.displayName, expected: "BF16, F16, F32")
      }
      return SourceWeight(
        dtype: .f32, shape: shape,
        content: .made { target in
          try Self.withBytes(of: source, count: count) { bytes in
            guard let from = bytes.baseAddress, elements > 0 else { return }
            let values = target.bindMemory(to: Float.self)
            decodeRow(type, count: elements, from: from, to: values.baseAddress.unsafelyUnwrapped)
            for index in 0..<elements { values[index] = function(values[index]) }
          }
        })
    }
  }
}
