import CVenturi
import Formats
import Models
import NumericTypes
import Tensors

/// Writes a model with its weights in other types, tensor after tensor: what it takes of memory does not grow with the
/// model.
///
/// ```swift
/// let checkpoint = try Checkpoint(path: "model-f16.gguf")
/// let quantizer = try ModelQuantizer(checkpoint, options: QuantizationOptions(recipe: .q4_K_M))
/// try quantizer.write(to: "model-q4_k_m.gguf", workers: Workers())
/// ```
public struct ModelQuantizer: Sendable {
  /// Where the work stands.
  public struct Progress: Sendable {
    /// The tensor that is next.
    public var tensor: String
    /// Its number, from 0.
    public var number: Int
    /// The number of tensors.
    public var count: Int
    /// The elements that are done.
    public var elements: Int
    /// All elements.
    public var total: Int
  }

  /// The model.
  public let checkpoint: Checkpoint
  /// What was asked for.
  public let options: QuantizationOptions
  /// What becomes of each tensor.
  public let plan: QuantizationPlan

  /// A quantiser of a model.
  ///
  /// - Throws: as ``QuantizationPlan/init(_:options:)``.
  public init(_ checkpoint: Checkpoint, options: QuantizationOptions) throws {
    self.checkpoint = checkpoint
    self.options = options
    plan = try QuantizationPlan(checkpoint, options: options)
  }

  /// Writes the file; it appears at `path` when it is whole.
  ///
  /// - Parameter report: called before each tensor; what it throws ends the work, and nothing is left behind.
  /// - Returns: the file's bytes.
  /// - Throws: ``CompressionError``; ``/Tensors/TensorError`` when a file cannot be written or the model changes
  ///   meanwhile; ``/Formats/FormatError/notWritable(field:reason:)`` for what GGUF cannot hold.
  @discardableResult
  public func write(
    to path: String, workers: Workers, report: (Progress) throws -> Void = { _ in }
  ) throws -> Int {
    for source in [checkpoint.path] + checkpoint.files.compactMap(\.mappedPath) where OutputFile.isSame(source, path) {
      throw CompressionError.sameFile(path: path)
    }
    let writer = try self.writer()
    let file = try OutputFile(replacing: path)
    let converter = TensorConverter(workers: workers)
    defer { converter.free() }
    try checkpoint.reading {
      var number = 0
      var elements = 0
      let total = plan.parameters
      try writer.write(to: file.write) { tensor, emit in
        let item = plan.items[number]
        try report(
          Progress(tensor: tensor.name, number: number, count: plan.items.count, elements: elements, total: total))
        try write(item, converter, emit)
        number += 1
        elements += item.tensor.count
      }
    }
    try file.commit()
    return file.byteCount
  }

  private func write(
    _ item: QuantizationPlan.Item, _ converter: TensorConverter, _ emit: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let values = try item.tensor.values()
    let shape = item.tensor.shape
    if item.isKept {
      try emit(UnsafeRawBufferPointer(start: values.pointer, count: item.tensor.byteCount))
    } else {
      let encoder = try RowEncoder(item.target)
      // Experts lie one after the other; each has columns of its own.
      let matrixRows = shape.rank > 1 ? shape[-2] : 1
      let matrices = matrixRows == 0 ? 0 : shape.rows / matrixRows
      let importance =
        encoder.usesImportance
        ? try options.importance?.weights(of: item.tensor.name, width: shape.last, matrices: matrices) : nil
      try converter.convert(
        values, name: item.tensor.name, with: encoder, importance: importance, matrixRows: matrixRows, emit: emit)
    }
    // What was read of a mapped file need not stay in memory.
    if values.storage.isMapped { vt_advise_done(values.pointer, item.tensor.byteCount) }
  }

  /// The file's metadata and the tensors that it will hold.
  private func writer() throws(FormatError) -> GGUFWriter {
    var writer = GGUFWriter()
    for entry in checkpoint.entries where !entry.key.hasPrefix("split.") { writer.set(entry.key, entry.value) }
    writer.set("general.quantization_version", .uint32(2))
    writer.set("general.file_type", .uint32(options.recipe.fileType))
    if let importance = options.importance {
      writer.set("quantize.imatrix.dataset", .string(importance.dataset))
      writer.set("quantize.imatrix.entries_count", .uint32(UInt32(clamping: importance.entries.count)))
      writer.set("quantize.imatrix.chunks_count", .uint32(UInt32(clamping: importance.chunks.count)))
    }
    for item in plan.items {
      try writer.add(tensor: item.tensor.name, dtype: item.target, shape: item.tensor.shape)
    }
    return writer
  }
}
