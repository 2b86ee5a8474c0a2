/// A zip archive, as numpy's `.npz` files are: its directory, and the content of one entry at a time.
///
/// Stored and deflated entries are read, archives over 4 GB too; encrypted and split ones are refused.
public struct ZipFile: Sendable {
  /// A file of the archive.
  public struct Entry: Sendable, Equatable {
    /// Its name, which may hold folders; nothing is ever written under it.
    public let name: String
    /// Its size.
    public let bytes: Int
    let method: UInt16
    let compressedBytes: Int
    let checksum: UInt32
    let headerOffset: Int
    /// Where the directory tells of it.
    let offset: Int
  }

  /// The entries in the order of the directory.
  public let entries: [Entry]
  private let bytes: ByteView
  private let directoryOffset: Int

  /// The most entries that are taken.
  public static let entryLimit = 1 << 16
  private static let endBytes = 22

  /// Reads the directory.
  ///
  /// - Throws: ``FormatError`` naming the field.
  public init(_ bytes: ByteView) throws(FormatError) {
    self.bytes = bytes
    (entries, directoryOffset) = try bytes.withUnsafeBytes { (raw) throws(FormatError) in try Self.directory(raw) }
  }

  /// What an entry holds, its checksum compared.
  ///
  /// - Parameters:
  ///   - entry: one of ``entries``.
  ///   - limit: the most bytes that it may hold.
  /// - Throws: ``FormatError`` naming the entry.
  public func content(of entry: Entry, limit: Int = 1 << 30) throws(FormatError) -> ByteView {
    guard entry.bytes <= limit else {
      throw .limitExceeded(
        field: "zip: size of \(entry.name)", offset: entry.offset, value: UInt64(entry.bytes), limit: UInt64(limit))
    }
    return try bytes.withUnsafeBytes { (raw) throws(FormatError) in
      var reader = ByteReader(raw, offset: entry.headerOffset)
      let magic = try reader.uint32("zip: header of \(entry.name)")
      guard magic == 0x0403_4B50 else {
        throw .invalidValue(
          field: "zip: header of \(entry.name)", offset: entry.headerOffset, value: "\(magic)", expected: "PK34")
      }
      _ = try reader.skip(22, "zip: header of \(entry.name)")
      let name = try reader.integer(UInt16.self, "zip: header of \(entry.name)")
      let extra = try reader.integer(UInt16.self, "zip: header of \(entry.name)")
      _ = try reader.skip(UInt64(name) + UInt64(extra), "zip: header of \(entry.name)")
      let place = try reader.skip(UInt64(entry.compressedBytes), "zip: data of \(entry.name)")
      guard place.upperBound <= directoryOffset else {
        throw .overlap(field: "zip: data of \(entry.name)", offset: place.lowerBound, other: "the directory")
      }
      let content: ByteView
      if entry.method == 0 {
        content = bytes[place]
      } else {
        let output = InflatedBytes(
          expecting: min(entry.bytes, place.count.multipliedClamped(by: 16)), limit: entry.bytes)
        let data = UnsafeRawBufferPointer(rebasing: raw[..<place.upperBound])
        let field = "zip: data of \(entry.name)"
        let end = try Inflater.inflate(data, at: place.lowerBound, field: field, into: output)
        guard end == place.upperBound, output.count == entry.bytes else {
          throw .inconsistent(
            field: field, offset: end,
            problem: "\(output.count) bytes in \(end - place.lowerBound), not \(entry.bytes) in \(place.count)")
        }
        content = output.view
      }
      let checksum = content.withUnsafeBytes { CRC32.of($0) }
      guard checksum == entry.checksum else {
        throw .inconsistent(
          field: "zip: checksum of \(entry.name)", offset: entry.offset,
          problem: "is \(entry.checksum), that of the content is \(checksum)")
      }
      return content
    }
  }

  private static func directory(_ raw: UnsafeRawBufferPointer) throws(FormatError) -> ([Entry], Int) {
    let end = try endOffset(raw)
    var reader = ByteReader(raw, offset: end + 4)
    let disk = try reader.uint32("zip: disks")
    guard disk == 0 || disk == 0xFFFF_FFFF else {
      throw .unsupported(field: "zip: disks", offset: end + 4, found: "a split archive", supported: "one file")
    }
    _ = try reader.skip(2, "zip: entries")
    var count = UInt64(try reader.integer(UInt16.self, "zip: entries"))
    var size = UInt64(try reader.uint32("zip: directory size"))
    var start = UInt64(try reader.uint32("zip: directory offset"))
    var last = end
    if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF, end >= 20,
      raw.loadUnaligned(fromByteOffset: end - 20, as: UInt32.self) == UInt32(littleEndian: 0x0706_4B50)
    {
      (count, size, start, last) = try largeEnd(raw, locator: end - 20)
    }
    guard count <= UInt64(entryLimit) else {
      throw .limitExceeded(field: "zip: entries", offset: end + 10, value: count, limit: UInt64(entryLimit))
    }
    guard size <= UInt64(last), start == UInt64(last) - size else {
      throw .inconsistent(
        field: "zip: directory offset", offset: end + 16,
        problem: "\(size) bytes at \(start), and the directory ends at \(last)")
    }
    reader = ByteReader(raw, offset: Int(start), budget: 1 << 26)
    var entries: [Entry] = []
    var seen: [String: Int] = [:]
    for index in 0..<Int(count) {
      let entry = try entry(&reader, "zip: entry \(index)", end: last)
      if let first = seen.updateValue(entry.offset, forKey: entry.name) {
        throw .duplicate(field: "zip: \(entry.name)", offset: entry.offset, first: first)
      }
      entries.append(entry)
    }
    guard reader.offset == last else {
      throw .inconsistent(
        field: "zip: directory size", offset: reader.offset, problem: "\(last - reader.offset) bytes after the entries")
    }
    return (entries, Int(start))
  }

  /// Where the record at the end begins; a comment may stand behind it.
  private static func endOffset(_ raw: UnsafeRawBufferPointer) throws(FormatError) -> Int {
    guard raw.count >= endBytes else {
      throw .truncated(field: "zip: end", offset: 0, needed: UInt64(endBytes), available: raw.count)
    }
    let last = raw.count - endBytes
    for offset in stride(from: last, through: max(0, last - 0xFFFF), by: -1)
    where raw[offset] == 0x50
      && UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) == 0x0605_4B50
    {
      let comment = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: offset + 20, as: UInt16.self))
      if offset + endBytes + Int(comment) == raw.count { return offset }
    }
    throw .badMagic(field: "zip: end", offset: 0, found: Array(raw.prefix(4)), expected: "a zip archive")
  }

  /// The same of archives that are too large for the short record.
  private static func largeEnd(
    _ raw: UnsafeRawBufferPointer, locator: Int
  ) throws(FormatError) -> (count: UInt64, size: UInt64, start: UInt64, end: Int) {
    var reader = ByteReader(raw, offset: locator + 8)
    let offset = try reader.uint64("zip: end")
    guard offset <= UInt64(locator), locator - Int(offset) >= 56 else {
      throw .invalidValue(
        field: "zip: end", offset: locator + 8, value: "\(offset)", expected: "56 bytes before \(locator)")
    }
    reader = ByteReader(raw, offset: Int(offset))
    let magic = try reader.uint32("zip: end")
    guard magic == 0x0606_4B50 else {
      throw .invalidValue(field: "zip: end", offset: Int(offset), value: "\(magic)", expected: "PK66")
    }
    _ = try reader.skip(28, "zip: end")
    let count = try reader.uint64("zip: entries")
    let size = try reader.uint64("zip: directory size")
    return (count, size, try reader.uint64("zip: directory offset"), Int(offset))
  }

  private static func entry(_ reader: inout ByteReader, _ field: String, end: Int) throws(FormatError) -> Entry {
    let start = reader.offset
    let magic = try reader.uint32(field)
    guard magic == 0x0201_4B50 else {
      throw .invalidValue(field: field, offset: start, value: "\(magic)", expected: "PK12")
    }
    _ = try reader.skip(4, field)
    let flags = try reader.integer(UInt16.self, "\(field): flags")
    guard flags & 1 == 0 else {
      throw .unsupported(field: "\(field): flags", offset: start + 8, found: "encryption", supported: "plain entries")
    }
    let method = try reader.integer(UInt16.self, "\(field): method")
    guard method == 0 || method == 8 else {
      throw .unsupported(
        field: "\(field): method", offset: start + 10, found: "\(method)", supported: "0 (stored) and 8 (DEFLATE)")
    }
    _ = try reader.skip(4, "\(field): time")
    let checksum = try reader.uint32("\(field): checksum")
    var sizes = [UInt64(try reader.uint32("\(field): size")), UInt64(try reader.uint32("\(field): size"))]
    let nameBytes = try reader.integer(UInt16.self, "\(field): name")
    let extraBytes = try reader.integer(UInt16.self, "\(field): extra")
    let commentBytes = try reader.integer(UInt16.self, "\(field): comment")
    _ = try reader.skip(8, "\(field): attributes")
    sizes.append(UInt64(try reader.uint32("\(field): header offset")))
    let nameOffset = reader.offset
    let name = try reader.text(UInt64(nameBytes), "\(field): name")
    try FileNames.proveName(name, "\(field): name", offset: nameOffset, limit: 4096)
    let extraEnd = reader.offset + Int(extraBytes)
    while reader.offset < extraEnd {
      let kind = try reader.integer(UInt16.self, "\(field): extra")
      let length = try reader.integer(UInt16.self, "\(field): extra")
      let stop = reader.offset + Int(length)
      guard stop <= extraEnd else {
        throw .inconsistent(field: "\(field): extra", offset: reader.offset, problem: "a part that is longer than all")
      }
      if kind == 1 {
        // Sizes that 32 bits cannot hold; only those stand here.
        for place in [1, 0, 2] where sizes[place] == 0xFFFF_FFFF && reader.offset + 8 <= stop {
          sizes[place] = try reader.uint64("\(field): extra")
        }
      }
      _ = try reader.skip(UInt64(max(0, stop - reader.offset)), "\(field): extra")
    }
    guard reader.offset == extraEnd else {
      throw .inconsistent(field: "\(field): extra", offset: reader.offset, problem: "its parts go past its end")
    }
    _ = try reader.skip(UInt64(commentBytes), "\(field): comment")
    for size in sizes where size > UInt64(Int.max) {
      throw .overflow(field: "\(field): size", offset: start, computation: "\(size)")
    }
    guard sizes[2] < UInt64(end) else {
      throw .invalidValue(
        field: "\(field): header offset", offset: start + 42, value: "\(sizes[2])", expected: "less than \(end)")
    }
    guard method == 8 || sizes[0] == sizes[1] else {
      throw .inconsistent(
        field: "\(field): size", offset: start + 20, problem: "\(sizes[1]) bytes are stored in \(sizes[0])")
    }
    return Entry(
      name: name, bytes: Int(sizes[1]), method: method, compressedBytes: Int(sizes[0]), checksum: checksum,
      headerOffset: Int(sizes[2]), offset: start)
  }
}
