/// Reads DEFLATE (RFC 1951) from untrusted bytes: whatever they are, the result is what they hold or a ``FormatError`` with
/// its place, and never more memory than the limit.
///
/// The room has its own reader because its parsers need no system library; files of training data and numpy's archives are
/// compressed so.
struct Inflater {
  private let bytes: UnsafeRawBufferPointer
  private let field: String
  private let output: InflatedBytes
  /// The next byte to take into ``bits``.
  private var at: Int
  /// Bits to come, the next one lowest. Above ``bitCount`` stand bits that will be read again.
  private var bits: UInt64 = 0
  private var bitCount = 0

  private static let fixedLengths: [UInt8] =
    (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
  /// The order in which the lengths of the code for lengths stand.
  private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  private init(_ bytes: UnsafeRawBufferPointer, at: Int, field: String, output: InflatedBytes) {
    self.bytes = bytes
    self.at = at
    self.field = field
    self.output = output
  }

  /// Appends to `output` what the stream that begins at `offset` holds.
  ///
  /// - Returns: where the stream ends.
  /// - Throws: ``FormatError`` naming `field`.
  static func inflate(
    _ bytes: UnsafeRawBufferPointer, at offset: Int, field: String, into output: InflatedBytes
  ) throws(FormatError) -> Int {
    var inflater = Inflater(bytes, at: offset, field: field, output: output)
    let first = output.count
    while true {
      let isLast = try inflater.take(1) == 1
      switch try inflater.take(2) {
      case 0: try inflater.stored()
      case 1:
        guard let literals = HuffmanTable(lengths: fixedLengths[...], mayBeIncomplete: false),
          let distances = HuffmanTable(lengths: [UInt8](repeating: 5, count: 32)[...], mayBeIncomplete: false)
        else { throw inflater.failure("the fixed codes are none") }
        try inflater.compressed(literals, distances, first: first)
      case 2:
        let (literals, distances) = try inflater.codes()
        try inflater.compressed(literals, distances, first: first)
      default: throw inflater.failure("a block of type 3")
      }
      if isLast { return inflater.position }
    }
  }

  /// The byte that the next bit belongs to.
  private var position: Int { at - bitCount / 8 }

  private func failure(_ problem: String) -> FormatError {
    .inconsistent(field: field, offset: position, problem: "not DEFLATE: \(problem)")
  }

  private var end: FormatError { .truncated(field: field, offset: bytes.count, needed: 1, available: 0) }

  private var full: FormatError {
    .budgetExceeded(field: field, offset: position, needed: output.limit.addingClamped(1), budget: output.limit)
  }

  @inline(__always)
  private mutating func refill() {
    if at + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      bits |= word << UInt64(bitCount)
      let taken = (63 - bitCount) >> 3
      at += taken
      bitCount += 8 * taken
    } else {
      while bitCount <= 55, at < bytes.count {
        bits |= UInt64(bytes[at]) << UInt64(bitCount)
        at += 1
        bitCount += 8
      }
    }
  }

  @inline(__always)
  private mutating func drop(_ count: Int) {
    bits >>= UInt64(count)
    bitCount -= count
  }

  /// The next `count` bits, 16 at most.
  private mutating func take(_ count: Int) throws(FormatError) -> Int {
    if bitCount < count { refill() }
    guard bitCount >= count else { throw end }
    let value = Int(truncatingIfNeeded: bits & (1 << UInt64(count) - 1))
    drop(count)
    return value
  }

  private mutating func symbol(_ table: HuffmanTable) throws(FormatError) -> Int {
    if bitCount < 15 { refill() }
    let entry = table.entries[Int(truncatingIfNeeded: bits & table.mask)]
    let length = Int(entry & 15)
    guard length <= bitCount else { throw end }
    guard length > 0 else { throw bitCount == 0 ? end : failure("bits that are no code") }
    drop(length)
    return Int(entry >> 4)
  }

  private mutating func stored() throws(FormatError) {
    drop(bitCount & 7)
    at -= bitCount / 8
    (bits, bitCount) = (0, 0)
    guard bytes.count - at >= 4 else { throw end }
    let length = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self))
    let check = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 2, as: UInt16.self))
    guard length == ~check else { throw failure("the length of a stored block is \(length) and not \(~check)") }
    at += 4
    let count = Int(length)
    guard bytes.count - at >= count else { throw end }
    guard output.reserve(count) else { throw full }
    UnsafeMutableRawBufferPointer(start: output.base + output.count, count: count)
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[at..<at + count]))
    output.count += count
    at += count
  }

  /// The codes that stand before a block.
  private mutating func codes() throws(FormatError) -> (HuffmanTable, HuffmanTable) {
    let literals = try take(5) + 257
    let distances = try take(5) + 1
    let lengthCodes = try take(4) + 4
    guard literals <= 286, distances <= 30 else {
      throw failure("\(literals) codes for bytes and lengths, \(distances) for distances")
    }
    var short = [UInt8](repeating: 0, count: 19)
    for index in 0..<lengthCodes { short[Self.lengthOrder[index]] = UInt8(try take(3)) }
    guard let table = HuffmanTable(lengths: short[...], mayBeIncomplete: false) else {
      throw failure("the code for the lengths of codes is none")
    }
    var lengths: [UInt8] = []
    while lengths.count < literals + distances {
      let symbol = try symbol(table)
      let (value, repeats): (UInt8, Int)
      switch symbol {
      case 0..<16: (value, repeats) = (UInt8(symbol), 1)
      case 16:
        guard let last = lengths.last else { throw failure("a repeated length where there is none before") }
        (value, repeats) = (last, 3 + (try take(2)))
      case 17: (value, repeats) = (0, 3 + (try take(3)))
      default: (value, repeats) = (0, 11 + (try take(7)))
      }
      guard lengths.count + repeats <= literals + distances else { throw failure("too many lengths of codes") }
      lengths += repeatElement(value, count: repeats)
    }
    guard lengths[256] > 0 else { throw failure("no code for the end of the block") }
    guard let first = HuffmanTable(lengths: lengths[..<literals], mayBeIncomplete: true) else {
      throw failure("the code for bytes and lengths is none")
    }
    guard let second = HuffmanTable(lengths: lengths[literals...], mayBeIncomplete: true) else {
      throw failure("the code for distances is none")
    }
    return (first, second)
  }

  /// A block of literals and copies; copies reach back to `first` at most.
  private mutating func compressed(
    _ literals: HuffmanTable, _ distances: HuffmanTable, first: Int
  ) throws(FormatError) {
    while true {
      let symbol = try symbol(literals)
      if symbol < 256 {
        if output.count == output.capacity, !output.reserve(1) { throw full }
        output.base[output.count] = UInt8(truncatingIfNeeded: symbol)
        output.count += 1
        continue
      }
      if symbol == 256 { return }
      let index = symbol - 257
      var length: Int
      switch index {
      case ..<8: length = index + 3
      case 8..<28:
        let extra = index >> 2 - 1
        length = (4 + index & 3) << extra + 3
        length += try take(extra)
      case 28: length = 258
      default: throw failure("a length that is none")
      }
      let code = try self.symbol(distances)
      guard code < 30 else { throw failure("a distance that is none") }
      var distance = code + 1
      if code >= 4 {
        let extra = code >> 1 - 1
        distance = (2 + code & 1) << extra + 1
        distance += try take(extra)
      }
      guard distance <= output.count - first else {
        throw failure("a copy from \(distance) bytes back where there are \(output.count - first)")
      }
      guard output.reserve(length) else { throw full }
      output.copy(length: length, distance: distance)
    }
  }
}
