import NumericTypes

extension GGUFParser {
  /// What the file says of a tensor, before its place is proved.
  private struct Description {
    var name: String
    var dtype: DType
    var extents: [Int]
    var byteCount: Int
    var relativeOffset: UInt64
    var infoOffset: Int
    var offsetOffset: Int
  }

  /// Reads the tensor descriptions and proves where the data lies: inside of the file, aligned, no two sharing bytes.
  mutating func tensors(
    count: Int, alignment: Int
  ) throws(FormatError) -> (tensors: [GGUFTensor], index: [String: Int], dataOffset: Int) {
    try reader.charge(
      count * (MemoryLayout<Description>.stride + MemoryLayout<GGUFTensor>.stride + 128), "tensor count")
    var descriptions: [Description] = []
    var index: [String: Int] = [:]
    descriptions.reserveCapacity(count)
    index.reserveCapacity(count)
    for number in 0..<count {
      let description = try self.description(number)
      if let first = index.updateValue(number, forKey: description.name) {
        throw .duplicate(
          field: description.name, offset: description.infoOffset, first: descriptions[first].infoOffset)
      }
      descriptions.append(description)
    }
    let end = reader.offset
    // The end is below the file's size and the alignment at most 2³⁰, so that this cannot overflow.
    let dataOffset = (end + alignment - 1) / alignment * alignment
    var tensors: [GGUFTensor] = []
    tensors.reserveCapacity(count)
    for description in descriptions {
      tensors.append(try place(description, dataOffset: dataOffset, alignment: alignment))
    }
    try refuseOverlap(tensors)
    return (tensors, index, dataOffset)
  }

  private mutating func description(_ number: Int) throws(FormatError) -> Description {
    let infoOffset = reader.offset
    let name = try self.name("tensor[\(number)].name", limit: limits.tensorNameBytes)
    let rankOffset = reader.offset
    let rank = try reader.uint32("\(name) (dimension count)")
    guard UInt64(rank) <= limits.rank else {
      throw .limitExceeded(
        field: "\(name) (dimension count)", offset: rankOffset, value: UInt64(rank), limit: limits.rank)
    }
    var extents: [Int] = []
    var count = 1
    for axis in 0..<Int(rank) {
      let extentOffset = reader.offset
      let raw = try reader.uint64("\(name) (dimension \(axis))")
      // Zero extents count as one here: strides multiply the others, and must not overflow either.
      guard let extent = Int(exactly: raw), let product = Self.product(count, max(extent, 1)) else {
        throw .overflow(
          field: "\(name) (dimension \(axis))", offset: extentOffset,
          computation: "the element count of [\((extents.map(String.init) + [String(raw)]).joined(separator: ", "))]")
      }
      count = product
      extents.append(extent)
    }
    let typeOffset = reader.offset
    let code = try reader.uint32("\(name) (type)")
    guard let dtype = GGUFTensorType.dtype(ofCode: code) else {
      throw .unsupportedTensorType(
        field: "\(name) (type)", offset: typeOffset, code: code, name: GGUFTensorType.name(ofCode: code))
    }
    let row = extents.first ?? 1
    guard row.isMultiple(of: dtype.blockLength) else {
      throw .invalidValue(
        field: "\(name) (dimension 0)", offset: rankOffset + 4, value: "\(row)",
        expected: "a multiple of \(dtype.blockLength) for type \(dtype.displayName)")
    }
    guard let byteCount = Self.product(count / dtype.blockLength, dtype.blockBytes) else {
      throw .overflow(
        field: "\(name) (size)", offset: infoOffset,
        computation: "the bytes of \(count) elements of \(dtype.displayName)")
    }
    let offsetOffset = reader.offset
    let relativeOffset = try reader.uint64("\(name) (offset)")
    return Description(
      name: name, dtype: dtype, extents: extents, byteCount: extents.contains(0) ? 0 : byteCount,
      relativeOffset: relativeOffset, infoOffset: infoOffset, offsetOffset: offsetOffset)
  }

  private func place(
    _ description: Description, dataOffset: Int, alignment: Int
  ) throws(FormatError) -> GGUFTensor {
    let field = "\(description.name) (offset)"
    let relative = description.relativeOffset
    guard relative.isMultiple(of: UInt64(alignment)) else {
      throw .invalidValue(
        field: field, offset: description.offsetOffset, value: "\(relative)", expected: "a multiple of \(alignment)")
    }
    guard let offset = Int(exactly: relative) else {
      throw .overflow(field: field, offset: description.offsetOffset, computation: "\(dataOffset) + \(relative)")
    }
    let (start, startOverflow) = dataOffset.addingReportingOverflow(offset)
    let (end, endOverflow) = start.addingReportingOverflow(description.byteCount)
    guard !startOverflow, !endOverflow else {
      throw .overflow(
        field: field, offset: description.offsetOffset,
        computation: "\(dataOffset) + \(relative) + \(description.byteCount)")
    }
    // Data may begin past the end only where there is none: a file of empty tensors need not be padded.
    let isEmpty = description.byteCount == 0
    guard end <= fileSize || (isEmpty && offset == 0) else {
      throw .truncated(
        field: field, offset: description.offsetOffset, needed: UInt64(description.byteCount),
        available: max(fileSize - start, 0))
    }
    return GGUFTensor(
      name: description.name, dtype: description.dtype, extents: description.extents,
      byteRange: min(start, fileSize)..<min(end, fileSize), infoOffset: description.infoOffset)
  }

  private func refuseOverlap(_ tensors: [GGUFTensor]) throws(FormatError) {
    let occupied = tensors.filter { !$0.byteRange.isEmpty }.sorted {
      ($0.byteRange.lowerBound, $0.infoOffset) < ($1.byteRange.lowerBound, $1.infoOffset)
    }
    for (first, second) in zip(occupied, occupied.dropFirst())
    where second.byteRange.lowerBound < first.byteRange.upperBound {
      throw .overlap(field: second.name, offset: second.infoOffset, other: first.name)
    }
  }

  private static func product(_ a: Int, _ b: Int) -> Int? {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? nil : product
  }
}
