// Gzip files and zip archives: whatever the bytes are, the result is a typed error with its place, or content within the
// limit that its checksum agrees with.
import Formats

private let limit = 1 << 20

func check(_ bytes: UnsafeRawBufferPointer) {
  let view = ByteView(bytes, keeper: nil)
  do throws(FormatError) {
    let content = try Gzip.decompressed(view, limit: limit)
    guard content.count <= limit else { fatalError("\(content.count) bytes") }
  } catch { prove(error, bytes.count) }
  // Checksums stop most changes of a gzip file: DEFLATE is also read as an entry that claims what it likes.
  do throws(FormatError) {
    let archive = try ZipFile(view)
    for entry in archive.entries {
      do throws(FormatError) {
        let content = try archive.content(of: entry, limit: limit)
        guard content.count == entry.bytes else { fatalError("\(content.count) bytes of \(entry.bytes)") }
      } catch { prove(error, bytes.count) }
    }
  } catch { prove(error, bytes.count) }
}

private func prove(_ error: FormatError, _ count: Int) {
  guard !error.description.isEmpty, let offset = error.offset, (0...count).contains(offset) else {
    fatalError("no place: \(error)")
  }
}

func seeds() -> [[UInt8]] {
  // A stored block, the fixed codes, and codes of its own, each with a wrong checksum that stops no decoding.
  let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
  let tail: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
  let stored: [UInt8] = [1, 3, 0, 0xFC, 0xFF, 65, 66, 67]
  let fixed: [UInt8] = [0x4B, 0x4C, 0x4A, 0x4E, 0x49, 0x4D, 0x4B, 0x04, 0x00]
  let dynamic: [UInt8] = [
    0x1D, 0xC6, 0x49, 0x01, 0x00, 0x00, 0x10, 0x40, 0xC0, 0xAC, 0xA3, 0x7F, 0x88, 0x3D, 0x3C, 0x20, 0x2A, 0x97, 0x9D,
    0x37, 0x5E, 0x1D, 0x0C,
  ]
  // An archive of one entry: its header, the data, the directory and the end.
  func archive(_ data: [UInt8], method: UInt8, size: UInt8) -> [UInt8] {
    let sizes: [UInt8] = [0, 0, 0, 0, UInt8(data.count), 0, 0, 0, size, 0, 0, 0]
    let local: [UInt8] = [0x50, 0x4B, 3, 4, 20, 0, 0, 0, method, 0, 0, 0, 0, 0] + sizes + [1, 0, 0, 0, 97]
    let entry: [UInt8] =
      [0x50, 0x4B, 1, 2, 20, 0, 20, 0, 0, 0, method, 0, 0, 0, 0, 0] + sizes + [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      + [0, 0, 0, 0, 0, 0, 0, 0, 97]
    return local + data + entry + [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, UInt8(entry.count), 0, 0, 0]
      + [UInt8(local.count + data.count), 0, 0, 0, 0, 0]
  }
  return [stored, fixed, dynamic].flatMap { data in
    [head + data + tail, archive(data, method: 8, size: 3), archive(data, method: 0, size: UInt8(data.count))]
  }
}
