import Formats
import NumericTypes

/// Importance as llama.cpp's `llama-imatrix` keeps it: a GGUF file with two tensors for each weight, `NAME.in_sum2`
/// [matrices, columns] and `NAME.counts` [matrices, 1].
extension Importance {
  /// The importance in a file.
  ///
  /// - Throws: ``/Formats/FormatError``, ``CompressionError/importance(name:problem:)``.
  public init(_ file: GGUFFile) throws {
    guard try file.stringIfPresent("general.type") == "imatrix" else {
      throw FormatError.invalidValue(
        field: "general.type", offset: file.entry("general.type")?.offset ?? 0,
        value: try file.stringIfPresent("general.type") ?? "missing", expected: "imatrix")
    }
    self.init()
    let datasets = file.entry("imatrix.datasets") == nil ? nil : try file.strings("imatrix.datasets")
    dataset = datasets.map { list in list.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ") } ?? ""
    chunks = (
      try file.uintIfPresent("imatrix.chunk_count", in: 0...1 << 40) ?? 0,
      try file.uintIfPresent("imatrix.chunk_size", in: 0...1 << 40) ?? 0
    )
    let suffix = ".in_sum2"
    for tensor in file.tensors where tensor.name.hasSuffix(suffix) {
      let name = String(tensor.name.dropLast(suffix.count))
      let counts = try file.tensor(name + ".counts")
      for part in [tensor, counts] where part.dtype != .f32 {
        throw FormatError.wrongType(
          field: part.name, offset: part.infoOffset, found: part.dtype.displayName, expected: "F32")
      }
      guard counts.count > 0, tensor.count.isMultiple(of: counts.count) else {
        throw CompressionError.importance(name: name, problem: "\(tensor.count) sums for \(counts.count) counts")
      }
      entries[name] = Entry(sums: Self.floats(file.data(of: tensor)), counts: Self.floats(file.data(of: counts)))
    }
    if entries.isEmpty { throw CompressionError.importance(name: "file", problem: "it has no sums") }
  }

  private static func floats(_ view: ByteView) -> [Float] {
    view.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { index in
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
      }
    }
  }

  /// The file.
  ///
  /// - Throws: ``/Formats/FormatError/notWritable(field:reason:)`` for a name that is too long for the format.
  public func encoded() throws(FormatError) -> [UInt8] {
    var writer = GGUFWriter()
    writer.set("general.type", .string("imatrix"))
    writer.set("imatrix.datasets", .array(GGUFArray([dataset])))
    writer.set("imatrix.chunk_count", .uint32(UInt32(clamping: chunks.count)))
    writer.set("imatrix.chunk_size", .uint32(UInt32(clamping: chunks.size)))
    for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
      let matrices = entry.counts.count
      let width = matrices == 0 ? 0 : entry.sums.count / matrices
      try Self.add(&writer, name + ".in_sum2", [matrices, width], entry.sums)
      try Self.add(&writer, name + ".counts", [matrices, 1], entry.counts)
    }
    return try writer.encoded()
  }

  private static func add(
    _ writer: inout GGUFWriter, _ name: String, _ shape: Shape, _ values: [Float]
  ) throws(FormatError) {
    var bytes: [UInt8] = []
    for value in values { bytes.append(littleEndian: value.bitPattern) }
    try writer.add(tensor: name, dtype: .f32, shape: shape, bytes: ByteView(copying: bytes))
  }
}
